//! `trainer report`: a page of one run or of several beside each other.

use crate::experiment::run::{RUNS, Run};
use crate::report::chapter::Chapter;
use crate::report::runs::page;
use crate::runtime::files::write_atomic;
use anyhow::Result;
use clap::Args;
use std::path::{Path, PathBuf};

/// Options of `trainer report`.
#[derive(Args, Debug)]
pub struct ReportArgs {
    /// Folders of runs [default: the latest one]
    #[arg(value_name = "RUN")]
    pub runs: Vec<PathBuf>,
    /// Page to write [default: report.html in the run's folder; of several, in this one]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Writes the page: it needs nothing else, no network either.
///
/// # Errors
/// If a folder holds no run, or the page cannot be written.
pub fn run(args: &ReportArgs) -> Result<()> {
    let folders = match args.runs.as_slice() {
        [] => vec![Run::latest_dir(Path::new(RUNS))?],
        named => named.to_vec(),
    };
    let runs: Vec<Run> =
        folders.iter().map(|folder| Ok(Run::open(folder)?.0)).collect::<Result<_>>()?;
    let chapters: Vec<Chapter> = runs.iter().map(Chapter::read).collect::<Result<_>>()?;
    let out = match (&args.out, runs.as_slice()) {
        (Some(out), _) => out.clone(),
        (None, [run]) => run.report(),
        (None, _) => PathBuf::from("report.html"),
    };
    write_atomic(&out, page(&chapters).as_bytes())?;
    eprintln!("report: {}", out.display());
    Ok(())
}
