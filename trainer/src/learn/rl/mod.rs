//! The scaling policy: a dueling double DQN that plays simulated pools.

pub mod environment;
pub mod judge;
pub mod learner;
pub mod replay;
mod round;
pub mod settings;
pub mod steering;
pub mod training;
