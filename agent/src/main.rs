//! The ScaleIQ agent.

use agent::app::Components;
use std::process::ExitCode;

fn main() -> ExitCode {
    agent::cli::main(&Components::default())
}
