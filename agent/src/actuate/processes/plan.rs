//! What agent and keeper tell each other, as JSON lines.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How workers are kept: the first line that a keeper reads. Each further one is the number wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Plan {
    /// Program and arguments of a worker; at least one word.
    pub(super) words: Vec<String>,
    /// From SIGTERM until a worker that goes on is killed.
    pub(super) grace: Duration,
    /// From its start until a worker counts as ready.
    pub(super) ready_after: Duration,
    /// Where locks lie.
    pub(super) folder: PathBuf,
}

/// How the pool is: a line that a keeper writes whenever it has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Report {
    /// Workers that were asked for last.
    pub(super) wanted: u32,
    /// Workers that work, but for those that are to end.
    pub(super) ready: u32,
    /// Workers that were started again and again, and end by themselves.
    pub(super) failing: u32,
    /// How the last of them ended.
    pub(super) last_end: Option<String>,
    /// Process groups of all workers there are.
    pub(super) groups: Vec<u32>,
}

/// The pool as it was seen last; `None` while no keeper reports.
pub(super) type Seen = Arc<watch::Sender<Option<Report>>>;
