//! Command line of the ScaleIQ agent.

use agent::cli::Cli;
use agent::platform::{logging, stop};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Err(error) = logging::start() {
        eprintln!("error: cannot log: {error}");
        return ExitCode::FAILURE;
    }
    if let Err(error) = stop::outlive_hangups() {
        eprintln!("error: cannot wait for signals: {error}");
        return ExitCode::FAILURE;
    }
    let code = cli.run();
    logging::flush();
    code
}
