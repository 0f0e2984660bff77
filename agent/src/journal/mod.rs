//! The journal: every sample that was taken and every decision that was made, so that a restart
//! loses nothing and any decision can be made again.
//!
//! ```text
//! folder/00000007.journal   header, then samples and decisions in the order in which they came
//! folder/00000008.journal   ... a file that is full is followed by the next; the oldest are deleted
//! ```
//!
//! A decision follows from the model, the settings and all that the controller was told before: the
//! samples, and the moments at which it was asked. All of that is here, so a decision is repeated
//! by telling a new controller the same. Each is recorded with a hash over these inputs.
//!
//! The state of a run is built from the records from a certain file on, its *root*. Once that file
//! is deleted, the decisions of that run can still be read but no longer be repeated. So a run builds
//! on no more than the newer half of the files, and the other half is how long it can be repeated.

mod aftermath;
mod basis;
pub mod explain;
mod folder;
mod past;
mod record;
mod resume;
mod tell;
mod verify;
mod walk;
mod write;

pub use aftermath::{Aftermath, Decided, aftermaths};
pub use folder::Limits;
pub use past::{Seen, see};
pub use record::{Carried, Digest, Recorded, Run, RunContext};
pub use resume::{Past, Resumed, resume};
pub use verify::{Checked, Summary, Unknown, Verdict, verify};
pub use walk::Place;
pub use write::{Journal, Medium};

use crate::config::{Fields, File, Whole};
use std::io;
use std::path::PathBuf;

/// Where the journal is, and how large it may become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalConfig {
    /// The folder. It belongs to one agent.
    pub folder: PathBuf,
    /// How much is kept.
    pub limits: Limits,
}

impl JournalConfig {
    /// The settings of `journal`.
    pub fn fields(f: &mut Fields<'_>) -> Option<Self> {
        let folder = f.required("folder", "where samples and decisions are recorded", File);
        let mib = f.or("file_mib", "size of a file in MiB", Whole(1..=1024), 4);
        let files = f.or("files", "files that are kept", Whole(2..=1000), 10);
        let limits = Limits { file_bytes: u64::from(mib) << 20, files: files as usize };
        Some(Self { folder: folder?.value, limits })
    }
}

/// Why a journal cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The system says so.
    #[error("journal {path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process writes here.
    #[error("journal {0} is in use by another agent: each needs a folder of its own")]
    InUse(PathBuf),
    /// What was written is not what is there.
    #[error("journal {path}, byte {offset}: {what}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the record begins that cannot be read.
        offset: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Made by a version of this program that writes other files.
    #[error("journal {path} has format {found}, this program reads {}", record::FORMAT)]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u8,
    },
    /// There is nothing to read.
    #[error("there is no journal in {0}")]
    Empty(PathBuf),
}
