//! The command line: one file per subcommand.

pub mod backtest;
pub mod check;
pub mod demo;
pub mod flash_model;
mod history;
#[cfg(feature = "http")]
pub mod overrides;
pub mod pipe;
#[cfg(unix)]
pub mod pool;
pub mod replay;
pub mod run;
pub mod schema;
mod span;
mod when;

use crate::app::Components;
use crate::error::UsageError;
use crate::platform::{logging, stop};
use crate::text::causes;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Exit code for a command line or configuration that cannot be used.
pub const USAGE: u8 = 2;

const EXAMPLES: &str = "\
Examples:
  agent                                  the demo: a day of load in a minute, in the terminal
  agent check --config scaleiq.yaml      is this configuration sound?
  agent schema > scaleiq.schema.json     what a configuration may hold, for editors
  agent run --config scaleiq.yaml        beside a worker: observe, decide, act, serve REST
  agent pipe < samples.jsonl             JSON lines in, one decision a line out
  agent override set --min 12 --until 14:00 --why campaign
  agent replay --journal journal         is each recorded decision made again? why was it made?
  agent flash-model --port /dev/ttyACM0  give a device that decides the built-in model
  agent backtest --help                  what would it have done on my own history?

Exit codes: 0 all is well, 1 it failed, 2 the command line or the configuration is wrong.
Logs go to stderr; RUST_LOG=debug shows more of them.";

const DEMO_EXAMPLES: &str = "\
Examples:
  agent demo                    a simulated day in a minute and a half, with a page
  agent demo --once             an hour without waiting, then the summary
  agent demo --speed 60 --for 5m --world kafka";

const BACKTEST_EXAMPLES: &str = "\
Examples:
  agent backtest --data history.csv --max-jobs 40
  agent backtest --data history.csv --world slow --html report.html
  agent backtest --data history.csv --days 14 --peak-jobs 60 --json figures.json
  agent backtest --prometheus http://prometheus:9090 --query 'sum(rate(jobs_enqueued_total[2m]))' --html report.html";

/// Predictive auto-scaler for queue workers: forecasts the load and says how many jobs should run.
#[derive(Debug, Parser)]
#[command(name = "agent", version, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do; `demo` if nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What the agent can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Shows the agent at work on a built-in day of load.
    #[command(after_help = DEMO_EXAMPLES)]
    Demo(demo::DemoArgs),
    /// Replays a recorded history and prints what the agent would have cost and kept.
    #[command(after_help = BACKTEST_EXAMPLES)]
    Backtest(Box<backtest::BacktestArgs>),
    /// Reads samples as JSON lines from stdin and writes one decision a line to stdout.
    Pipe(pipe::PipeArgs),
    /// Runs beside a worker: observes it, decides, acts, and serves REST and metrics.
    Run(run::RunArgs),
    /// Sets limits or a pause by hand, for a while, in an agent that runs.
    #[cfg(feature = "http")]
    Override(overrides::OverrideArgs),
    /// Makes the decisions of a journal again, bit by bit, and explains them.
    Replay(replay::ReplayArgs),
    /// Checks a configuration and the model that it names, and changes nothing.
    Check(check::CheckArgs),
    /// Prints the JSON schema of the configuration, for editors and other checkers.
    Schema,
    /// Gives a device on a serial line another model.
    FlashModel(flash_model::FlashModelArgs),
    /// Keeps the processes of a pool: started by the agent itself.
    #[cfg(unix)]
    #[command(hide = true)]
    PoolKeeper,
    /// Becomes a process of a pool: started by its keeper.
    #[cfg(unix)]
    #[command(hide = true)]
    PoolWorker(pool::WorkerArgs),
}

/// The program: reads the command line and runs it, with configurations that may choose from `components`.
#[must_use]
pub fn main(components: &Components) -> ExitCode {
    let cli = Cli::parse();
    if let Err(error) = logging::start() {
        eprintln!("error: cannot log: {error}");
        return ExitCode::FAILURE;
    }
    if let Err(error) = stop::outlive_hangups() {
        eprintln!("error: cannot wait for signals: {error}");
        return ExitCode::FAILURE;
    }
    let code = cli.run(components);
    logging::flush();
    code
}

impl Cli {
    /// Runs the command chosen, with configurations that may choose from `components`. Errors are
    /// printed to stderr.
    #[must_use]
    pub fn run(self, components: &Components) -> ExitCode {
        let done = match self.command {
            // All of the demo's options have defaults, which only the parser knows.
            None => return Self::parse_from(["agent", "demo"]).run(components),
            Some(Command::Demo(args)) => demo::run(&args),
            Some(Command::Backtest(args)) => backtest::run(&args),
            Some(Command::Pipe(args)) => pipe::run(&args, components),
            Some(Command::Run(args)) => run::run(&args, components),
            #[cfg(feature = "http")]
            Some(Command::Override(args)) => overrides::run(&args, components),
            Some(Command::Replay(args)) => replay::run(&args),
            Some(Command::Check(args)) => check::run(&args, components),
            Some(Command::Schema) => schema::run(components),
            Some(Command::FlashModel(args)) => flash_model::run(&args),
            #[cfg(unix)]
            Some(Command::PoolKeeper) => pool::keep(),
            #[cfg(unix)]
            Some(Command::PoolWorker(args)) => pool::work(&args),
        };
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                logging::say(&format!("error: {}", causes(error.as_ref())));
                let usage = error.chain().any(|e| e.is::<UsageError>());
                ExitCode::from(if usage { USAGE } else { 1 })
            }
        }
    }
}
