//! `agent pool-keeper` and `agent pool-worker`: what the agent starts itself as for a pool of processes.

use crate::actuate::processes;

/// Options of `agent pool-worker`.
#[derive(clap::Args, Debug)]
pub struct WorkerArgs {
    /// The process that keeps the pool.
    #[arg(long)]
    keeper: u32,
    /// Program and arguments.
    #[arg(last = true)]
    command: Vec<String>,
}

/// Keeps a pool until stdin ends.
///
/// # Errors
/// As [`processes::keep`].
pub fn keep() -> anyhow::Result<()> {
    Ok(processes::keep()?)
}

/// Becomes a worker.
///
/// # Errors
/// As [`processes::become_worker`].
pub fn work(args: &WorkerArgs) -> anyhow::Result<()> {
    Err(processes::become_worker(args.keeper, &args.command).into())
}
