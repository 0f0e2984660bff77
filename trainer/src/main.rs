//! Command line of the ScaleIQ trainer.

use clap::Parser as _;
use std::process::ExitCode;
use trainer::cli::{Cli, Command};
use trainer::{command, interrupt};

fn main() -> ExitCode {
    let command = Cli::parse().into_command();
    if let Err(error) = interrupt::listen() {
        eprintln!("warning: Ctrl-C will not save: {error}");
    }
    let result = match &command {
        Command::Train(args) => command::train::run(args),
        Command::Forecast(args) => command::forecast::run(args).map(|()| ExitCode::SUCCESS),
        Command::Evaluate(args) => command::evaluate::run(args).map(|()| ExitCode::SUCCESS),
        Command::BenchPolicies(args) => {
            command::bench_policies::run(args).map(|()| ExitCode::SUCCESS)
        }
        Command::Ablate(args) => command::ablate::run(args).map(|()| ExitCode::SUCCESS),
        Command::SampleData(args) => command::sample_data::run(args).map(|()| ExitCode::SUCCESS),
        Command::Pack(args) => command::pack::run(args).map(|()| ExitCode::SUCCESS),
        Command::Doctor(args) => command::doctor::run(args).map(|()| ExitCode::SUCCESS),
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
