//! Command line of the ScaleIQ trainer.

use clap::Parser as _;
use std::process::ExitCode;
use trainer::cli::Cli;
use trainer::runtime::stop;

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Err(error) = stop::listen() {
        eprintln!("warning: Ctrl-C will not save: {error}");
    }
    cli.run().unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
