//! The networks that are trained.

mod dropout;
pub mod forecaster;
mod fused;
mod kernels;
pub mod noisy;
pub mod q_network;
pub mod runnable;
pub mod weights;
