//! The scaling policy: a dueling double DQN that plays simulated pools.

pub mod actors;
pub mod environment;
pub mod judge;
pub mod learner;
mod player;
pub mod replay;
mod round;
pub mod settings;
pub mod steering;
pub mod training;
