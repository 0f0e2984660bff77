//! A day of work at thirty times its speed, through real NATS JetStream queues: worker processes that the
//! agent scales, beside a static pool of them that gets the same events.
//!
//! ```text
//! apt-get install nats-server
//! cargo run -p agent --example nats                     the whole day, in 48 minutes
//! cargo run -p agent --example nats -- --minutes 5      its first two hours and a half
//! ```
//!
//! One program is all of it: the generator and the tally (here), the workers, and the agent, which starts
//! itself again for its pool.

mod broker;
mod day;
mod play;
mod tally;
mod worker;

use agent::app::Components;
use clap::Parser;
use std::process::ExitCode;

/// What the agent is told of: its own commands that this program is started with.
const OF_THE_AGENT: [&str; 3] = ["run", "pool-keeper", "pool-worker"];

/// A day of work through NATS JetStream, with workers scaled by ScaleIQ and a static pool beside them.
#[derive(Parser, Debug)]
pub(crate) struct Args {
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
    log: Option<std::path::PathBuf>,
    /// Chooses the day and its noise.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    let done = match words.get(1).map(String::as_str) {
        Some(word) if OF_THE_AGENT.contains(&word) => {
            return agent::cli::main(&Components::default());
        }
        Some("work") => worker::work(words.get(2).map_or("", String::as_str)),
        _ => play::play(&Args::parse()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
