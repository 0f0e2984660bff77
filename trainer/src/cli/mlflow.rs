//! `trainer mlflow`: runs that a server lacks.

use crate::config::MlflowConfig;
use crate::experiment::manifest::Manifest;
use crate::experiment::run::Run;
use crate::tracking::mirror::{Status, send};
use anyhow::{Context as _, Result};
use clap::Args;
use std::path::PathBuf;

/// Options of `trainer mlflow`.
#[derive(Args, Debug)]
pub struct MlflowArgs {
    /// Folders of runs
    #[arg(value_name = "RUN", required = true)]
    pub runs: Vec<PathBuf>,
    /// The server [default: that of each run's settings]
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// The experiment they belong to there
    #[arg(long, value_name = "NAME", requires = "url")]
    pub experiment: Option<String>,
}

/// Sends what the server does not have of each run.
///
/// # Errors
/// If a folder holds no run, no server is known, or it does not answer or refuses.
pub fn run(args: &MlflowArgs) -> Result<()> {
    for folder in &args.runs {
        let (run, config) = Run::open(folder)?;
        let named =
            args.url.as_deref().map(|url| MlflowConfig::at(url, args.experiment.as_deref()));
        let settings = named.or_else(|| config.mlflow.clone()).with_context(|| {
            format!(
                "{}: its settings name no `mlflow` server: name one with --url",
                folder.display()
            )
        })?;
        let ended = Manifest::read(&run).is_some_and(|manifest| manifest.ended.is_some());
        send(&run, &config, &settings, if ended { Status::Finished } else { Status::Stopped })?;
        eprintln!("{}: told to {}", folder.display(), settings.url);
    }
    Ok(())
}
