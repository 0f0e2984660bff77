//! What carries decisions out.

use std::time::Duration;

/// What carries decisions out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Actuator {
    /// Nothing: each change is logged.
    #[default]
    DryRun,
    /// One JSON decision a line on stdout.
    Stdout,
    /// A command, run for each change.
    Exec {
        /// Program and arguments; at least one word.
        command: Vec<String>,
        /// How long it may run.
        timeout: Duration,
    },
}
