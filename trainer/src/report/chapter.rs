//! What a run saved, for its report.

use crate::evaluate::view::SeriesView;
use crate::experiment::curves::{Curves, Point};
use crate::experiment::results::Results;
use crate::experiment::run::Run;
use anyhow::{Context as _, Result};
use std::path::Path;

/// What a run saved.
#[derive(Debug)]
pub struct Chapter {
    /// The run's folder, as it was named.
    pub name: String,
    /// Figures on held-out data; `None` while it is trained.
    pub results: Option<Results>,
    /// Forecasts; runs of version 0.1 have none.
    pub view: Option<SeriesView>,
    /// Learning curves, and how fast they were learned.
    pub points: Vec<Point>,
    /// Settings, as YAML.
    pub config: String,
}

impl Chapter {
    /// Reads what a run saved.
    ///
    /// # Errors
    /// If there is no run, or a file of it cannot be read.
    pub fn read(run: &Run) -> Result<Self> {
        Ok(Self {
            name: run.dir().display().to_string(),
            results: read_json(&run.metrics())?,
            view: read_json(&run.forecasts())?,
            points: [Curves::read(&run.curves())?, Curves::read(&run.pace())?].concat(),
            config: std::fs::read_to_string(run.config_path()).unwrap_or_default(),
        })
    }
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    if !path.exists() {
        return Ok(None);
    }
    let json = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    serde_json::from_slice(&json).map(Some).with_context(|| format!("reading {}", path.display()))
}
