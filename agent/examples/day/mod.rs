//! A day of work at thirty times its speed, through a real queue: worker processes that the agent scales,
//! beside a static pool of them that gets the same events, and both beside the simulator's word on them.
//!
//! An example brings the queue ([`Queue`]) and the agent's configuration for it; all else is here. One program
//! is all of it: the generator and the tally, the workers, and the agent, which starts itself again for its
//! pool.

mod play;
mod queue;
mod report;
mod server;
mod simulated;
mod tally;
mod told;
mod traffic;
mod worker;

use agent::app::Components;
use clap::Parser;
pub(crate) use queue::{Queue, Taken};
use std::path::PathBuf;
use std::process::ExitCode;

/// What the agent is told of: its own commands that this program is started with.
const OF_THE_AGENT: [&str; 3] = ["run", "pool-keeper", "pool-worker"];

/// A day of work through a real queue, with workers scaled by ScaleIQ and a static pool beside them.
#[derive(Parser, Debug)]
struct Args {
    /// Minutes to play; the day takes 48.
    #[arg(long, default_value_t = 48.0)]
    minutes: f64,
    /// Hour of the day at which it begins.
    #[arg(long, default_value_t = 0.0)]
    from_hour: f64,
    /// Jobs that the day's peak keeps busy.
    #[arg(long, default_value_t = 12.0)]
    peak_jobs: f64,
    /// Workers of the static pool; a tenth more than the peak keeps busy if left out.
    #[arg(long = "static")]
    static_jobs: Option<u32>,
    /// File in which agent and workers log; nowhere if left out.
    #[arg(long)]
    log: Option<PathBuf>,
    /// Chooses the day and its noise.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Plays the day in the simulator alone, which takes a second.
    #[arg(long)]
    simulated: bool,
}

/// Runs the example of `Q`, whose agent has the configuration `config`.
pub(crate) fn main<Q: Queue>(config: &str) -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    let done = match words.get(1).map(String::as_str) {
        Some(word) if OF_THE_AGENT.contains(&word) => {
            return agent::cli::main(&Components::default());
        }
        Some("work") => worker::work::<Q>(words.get(2).map_or("", String::as_str)),
        _ => play::play::<Q>(&Args::parse(), config),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
