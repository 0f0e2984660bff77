//! The scaling policy: a dueling double DQN that plays simulated pools.

mod checkpoint;
pub mod dqn;
pub mod environment;
pub mod judge;
pub mod learner;
pub mod replay;
