//! Where recent traffic is read from: a file, or what an agent has recorded.

use crate::data::file;
use anyhow::{Context as _, Result};
use clap::Args;
use scaleiq_workload::{ReadOptions, Series};
use std::path::{Path, PathBuf};

/// Options that name recent traffic.
#[derive(Args, Debug)]
pub struct TrafficArgs {
    /// CSV with recent traffic
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
    /// Instead of a file: the folder of an agent's journal. It is only read, so the agent may go on
    #[arg(long, value_name = "DIR")]
    pub journal: Option<PathBuf>,
    /// How data files are read.
    #[command(flatten)]
    pub reading: ReadOptions,
}

impl TrafficArgs {
    /// The file or folder that is named; `None` if there is none.
    #[must_use]
    pub fn place(&self) -> Option<&Path> {
        self.data.as_deref().or(self.journal.as_deref())
    }

    /// Reads it, and says on stderr what was noticed.
    ///
    /// # Errors
    /// Whatever is wrong with it, with its place.
    pub fn series(&self) -> Result<Series> {
        let series = match (&self.data, &self.journal) {
            (Some(file), _) => file::read(file, &self.reading)?,
            (None, journal) => {
                let folder = journal.as_deref().context("--data or --journal is needed")?;
                Series::read_journal(folder, self.reading.interval)?
            }
        };
        series.notes.iter().for_each(|note| eprintln!("note: {note}"));
        Ok(series)
    }
}
