//! The forecasting network, trained on windows of recorded and made-up traffic.

pub mod adamw;
mod gradients;
pub mod infer;
pub mod loss;
pub mod plan;
pub mod probe;
pub mod training;
