//! Where samples come from.

use std::path::PathBuf;

/// Where samples come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// They are posted to `/ingest`.
    #[default]
    Http,
    /// JSON lines on stdin.
    Stdin,
    /// JSON lines in a file, which is followed as it grows.
    File(PathBuf),
}
