//! The forecasting network, trained on windows of recorded and made-up traffic.

pub mod adamw;
pub mod forecaster;
pub mod loss;
