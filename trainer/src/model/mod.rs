//! The networks that are trained.

pub mod forecaster;
pub mod noisy;
pub mod q_network;
pub mod runnable;
pub mod weights;
