//! `trainer report`: a page of one run or of several beside each other.

use crate::experiment::run::{RUNS, Run};
use crate::report::chapter::Chapter;
use crate::report::runs::{live_page, page};
use crate::report::serve::serve;
use crate::runtime::files::write_atomic;
use crate::runtime::stop;
use anyhow::Result;
use clap::Args;
use std::net::SocketAddr;
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
    /// Serve the page to this machine instead, made anew at each look: runs may still be trained
    /// [default address: 127.0.0.1:9186]
    #[arg(
        long,
        value_name = "ADDRESS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "127.0.0.1:9186",
        conflicts_with = "out"
    )]
    pub serve: Option<SocketAddr>,
}

/// Writes the page, which needs nothing else, no network either; or serves it until Ctrl-C.
///
/// # Errors
/// If a folder holds no run, or the page cannot be written or served.
pub fn run(args: &ReportArgs) -> Result<()> {
    let folders = match args.runs.as_slice() {
        [] => vec![Run::latest_dir(Path::new(RUNS))?],
        named => named.to_vec(),
    };
    let runs: Vec<Run> =
        folders.iter().map(|folder| Ok(Run::open(folder)?.0)).collect::<Result<_>>()?;
    if let Some(address) = args.serve {
        let made = move || Ok(live_page(&chapters(&runs)?));
        let began = |address| eprintln!("report: http://{address}, until Ctrl-C");
        return serve(address, made, began, stop::requested);
    }
    let out = match (&args.out, runs.as_slice()) {
        (Some(out), _) => out.clone(),
        (None, [run]) => run.report(),
        (None, _) => PathBuf::from("report.html"),
    };
    write_atomic(&out, page(&chapters(&runs)?).as_bytes())?;
    eprintln!("report: {}", out.display());
    Ok(())
}

fn chapters(runs: &[Run]) -> Result<Vec<Chapter>> {
    runs.iter().map(Chapter::read).collect()
}
