//! What ends the process with its own exit code.

use std::fmt;

/// A command line or configuration that cannot be used, as opposed to something that failed on the
/// way: the process ends with exit code 2.
#[derive(Debug)]
pub struct UsageError(pub String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}
