//! A deterministic queueing simulator: a recorded series of arrivals against a pool of jobs.
//!
//! ```text
//! series -> Load -> Simulator <-> policy -> Score
//! ```
//!
//! The trainer's environment, the agent's backtest and demo, and the tests share it. It replays the
//! physics of the project's referee (a script outside this repository) in the same order within a step, so that a policy
//! trained or judged here meets the same world there; `tests/sim_parity.rs` holds the two together.
//! The same build and seed give the same bits (`num-traits` takes its logarithms from the platform
//! where another crate turns on its `std`, so two builds may differ in a last digit).
//!
//! What goes wrong in real life is in [`faults`].
//!
//! A [`Load`] holds its steps, a [`Simulator`] a wait histogram and the jobs that are starting: nothing
//! grows with the length of a backlog.

mod dice;
pub mod faults;
pub mod live;
mod load;
mod pool;
mod simulator;
mod tally;
mod world;

pub use load::{Load, LoadError, LoadSettings, PEAK_QUANTILE, Scale, Series, Step};
pub use simulator::{Simulator, TickCost, run};
pub use tally::Score;
pub use world::World;

/// Seconds of simulated time in one step: the resolution of every time in here.
pub const STEP_S: u32 = 5;
/// Seconds from sample to sample where nothing else is asked for.
pub const TICK_S: u32 = 30;
