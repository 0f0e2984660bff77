//! The agent with a source and an actuator of one's own, each in one file and registered by one line:
//!
//! ```text
//! cargo run -p agent --example toy -- schema
//! printf 'mode: active\nsource: {type: waves}\nactuator: {type: note, path: jobs.txt}\n' > toy.yaml
//! cargo run -p agent --example toy -- run --config toy.yaml
//! ```

mod actuator;
mod source;

use agent::app::Components;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut components = Components::default();
    components.sources.push(&source::WAVES);
    components.actuators.push(&actuator::NOTE);
    agent::cli::main(&components)
}
