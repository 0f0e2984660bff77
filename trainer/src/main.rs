//! Command line of the ScaleIQ trainer.

use clap::Parser as _;
use std::process::ExitCode;
use trainer::cli::Cli;
use trainer::runtime::stop;

/// A step of training takes and gives back hundreds of megabytes: it is a fifth faster where they stay with the
/// program than where the system maps them anew each time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
