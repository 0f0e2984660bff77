//! `run.json`: where a run comes from, so that it can be made again.

use super::run::{Run, RunError};
use crate::config::Config;
use crate::data::Corpus;
use crate::runtime::files::write_json;
use crate::runtime::memory;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::process::Command;

/// Where a run comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The command that began it.
    pub command: String,
    /// Version of the trainer.
    pub trainer_version: String,
    /// Commit of the folder in which it was begun, with a `+` where files had changed; `None` where that
    /// is no repository.
    pub commit: Option<String>,
    /// Seed of every random number.
    pub seed: u64,
    /// Device, by its driver's name.
    pub device: String,
    /// Threads.
    pub threads: usize,
    /// Data by name, with its fingerprint.
    pub data: BTreeMap<String, String>,
    /// When it began, in RFC 3339.
    pub began: String,
    /// When it ended; `None` while it is trained or was broken off.
    pub ended: Option<String>,
    /// The most memory that the process that ended it has held, in MiB; `None` where the system does not tell.
    #[serde(default)]
    pub peak_memory_mib: Option<f64>,
}

impl Manifest {
    /// Of a run that begins now, or goes on: its beginning stays then.
    #[must_use]
    pub fn begin(run: &Run, command: &str, config: &Config, corpus: &Corpus, device: &str) -> Self {
        let before = Self::read(run);
        Self {
            command: command.into(),
            trainer_version: env!("CARGO_PKG_VERSION").into(),
            commit: before.as_ref().map_or_else(commit, |before| before.commit.clone()),
            seed: config.seed,
            device: device.into(),
            threads: rayon::current_num_threads(),
            data: corpus.fingerprints.clone(),
            began: before.map_or_else(now, |before| before.began),
            ended: None,
            peak_memory_mib: None,
        }
    }

    /// The manifest of a run; runs of version 0.1 have none.
    #[must_use]
    pub fn read(run: &Run) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(run.manifest()).ok()?).ok()
    }

    /// Writes it into the run's folder.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, run: &Run) -> Result<(), RunError> {
        Ok(write_json(&run.manifest(), self)?)
    }

    /// The same at its end.
    #[must_use]
    pub fn ended(self) -> Self {
        Self { ended: Some(now()), peak_memory_mib: memory::peak_mib(), ..self }
    }
}

fn now() -> String {
    format!("{:.0}", jiff::Timestamp::now())
}

fn commit() -> Option<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_string())
    };
    let commit = git(&["rev-parse", "HEAD"])?;
    let changed = git(&["status", "--porcelain", "--untracked-files=no"])?;
    Some(if changed.is_empty() { commit } else { commit + "+" })
}
