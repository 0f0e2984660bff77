//! Training loops.

pub mod ablation;
pub mod adamw;
mod checkpoint;
pub mod dqn;
pub mod environment;
pub mod evaluate;
pub mod forecaster;
pub mod learner;
pub mod loss;
pub mod policy;
pub mod replay;
pub mod stages;
pub mod tuning;
pub mod workload;
