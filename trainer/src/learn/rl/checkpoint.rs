//! Saves a run between rounds and continues it to the bit.
//!
//! ```text
//! "SIQDQN01" | SHA-256 of the rest (32 bytes) | postcard: config, round, networks, optimizer, replay
//! ```

use super::dqn::{DqnTrainer, Progress};
use crate::data::workload::Workload;
use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

const MAGIC: &[u8; 8] = b"SIQDQN01";
const HASH: usize = 32;

impl DqnTrainer {
    /// Saves the run. The file is replaced in one go: a crash leaves the old one or the new one.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let body = postcard::to_allocvec(&self.progress).context("encoding the run")?;
        let beside = path.with_extension("partial");
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&beside)?;
            file.write_all(MAGIC)?;
            file.write_all(&Sha256::digest(&body))?;
            file.write_all(&body)?;
            file.sync_all()?;
            fs::rename(&beside, path)
        };
        write().with_context(|| format!("saving {}", path.display()))
    }

    /// Continues a saved run. Give the same workloads to get what the unbroken run would give.
    ///
    /// # Errors
    /// If the file cannot be read, is damaged, or is no checkpoint of this version.
    pub fn load(
        path: &Path,
        workloads: Vec<Workload>,
        held_out: Vec<Workload>,
        device: &Device,
    ) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        let progress = decode(&bytes).with_context(|| format!("{}", path.display()))?;
        Self::continued(progress, workloads, held_out, device)
    }
}

fn decode(bytes: &[u8]) -> Result<Progress> {
    let rest = bytes.strip_prefix(MAGIC).context("no checkpoint of this version")?;
    let (hash, body) = rest.split_at_checked(HASH).context("the checkpoint is cut off")?;
    ensure!(Sha256::digest(body).as_slice() == hash, "the checkpoint is damaged");
    postcard::from_bytes(body).context("the checkpoint does not fit this version")
}
