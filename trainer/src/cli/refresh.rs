//! `trainer refresh`: tunes a model to recent data, and lets the result take its place only where it is
//! better, and not by chance.

use super::traffic::TrafficArgs;
use super::train::command_line;
use crate::config::{Config, DeviceChoice};
use crate::data::Track;
use crate::evaluate::paired::Ratio;
use crate::export::SignKey;
use crate::learn::run_loop::Tick;
use crate::monitor::promotion::candidate;
use crate::monitor::versions::Versions;
use crate::runtime::device;
use crate::runtime::progress::Progress;
use crate::runtime::stop;
use anyhow::{Result, ensure};
use clap::{ArgGroup, Args};
use scaleiq_core::forecast::HORIZONS;
use scaleiq_core::interval::IntervalLength;
use scaleiq_workload::Series;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Exit status where the old model stays.
const STAYS: u8 = 4;

/// Options of `trainer refresh`.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("what").required(true).args(["data", "journal", "rollback"])))]
pub struct RefreshArgs {
    /// The traffic to tune to.
    #[command(flatten)]
    pub traffic: TrafficArgs,
    /// Folder of versions; `current` in it is the model in force [default: versions]
    #[arg(long, value_name = "DIR", default_value = "versions")]
    pub versions: PathBuf,
    /// Model to begin with, where there is no version yet [default: models/edge]
    #[arg(long, value_name = "DIR")]
    pub model: Option<PathBuf>,
    /// Days at the end that judge and are not learned from
    #[arg(long, value_name = "N", default_value_t = 14)]
    pub hold_back: u32,
    /// Private key to sign the new version with, as `trainer key` writes it
    #[arg(long, value_name = "FILE", conflicts_with = "rollback")]
    pub sign_key: Option<PathBuf>,
    /// Put the version in force again that was before
    #[arg(long, conflicts_with = "model")]
    pub rollback: bool,
}

/// Exit status 0: a new version is in force; 4: the old one stays; 1: an error.
///
/// # Errors
/// If the data, the model or the folder of versions cannot be used.
pub fn run(args: &RefreshArgs) -> Result<ExitCode> {
    let versions = Versions::open(&args.versions)?;
    let Some(data) = args.traffic.place() else {
        let version = versions.roll_back()?;
        println!("version {version} is in force again: {}", versions.current_path().display());
        return Ok(ExitCode::SUCCESS);
    };
    // Before the work, not behind it.
    let key = args.sign_key.as_deref().map(SignKey::read).transpose()?;
    let series = args.traffic.series()?;
    let fingerprint = series.fingerprint();
    let track = track(data, &series, args.hold_back)?;
    let from = match versions.current()? {
        Some(version) => Some(versions.folder(version)),
        None => args.model.clone(),
    };
    let config = Config::default().tuning();
    // The CPU gives the same network each time, to the bit.
    let device = device::choose(DeviceChoice::Cpu)?.device;
    let mut progress = Progress::begin("tuning", config.forecaster.total_steps(0) as u64, 0);
    let tick = |tick: Tick| progress.set(tick.steps as u64, || tick.note.into());
    let candidate = candidate(from.as_deref(), &track, &config, &device, tick, &stop::requested)?;
    for (horizon, ratio) in HORIZONS.iter().zip(&candidate.ratios) {
        println!("{horizon:>2} intervals ahead: {}", ratio.map_or("not known".into(), told));
    }
    let shown = from.as_deref().map_or("the shipped model".into(), |at| at.display().to_string());
    if !candidate.is_better() {
        println!("{shown} stays: nothing shows that the tuned one is better and nowhere worse");
        return Ok(ExitCode::from(STAYS));
    }
    let version = versions.next()?;
    let data = BTreeMap::from([(track.name.clone(), fingerprint)]);
    candidate.write(&versions.folder(version), from.as_deref(), &command_line(), data)?;
    if let Some(key) = key {
        key.sign(&versions.folder(version))?;
    }
    versions.put_in_force(version, &format!("better than {shown} on {}", track.name))?;
    println!("version {version} is in force: {}", versions.current_path().display());
    Ok(ExitCode::SUCCESS)
}

fn track(path: &Path, series: &Series, hold_back: u32) -> Result<Track> {
    let length = IntervalLength::new(series.length_s.max(120))?;
    let series = series.resample(length);
    let rows = series.rows[..series.measured()].to_vec();
    let held = hold_back as usize * length.steps_per_day();
    let test_from = rows.len().saturating_sub(held);
    ensure!(
        test_from > held,
        "{}: {} days are too few to hold {hold_back} of them back",
        path.display(),
        rows.len() / length.steps_per_day()
    );
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(Track { name, plans: series.plans, length, validation_from: test_from, test_from, rows })
}

fn told(ratio: Ratio) -> String {
    let percent = |ratio: f64| 100.0 * (ratio - 1.0);
    format!(
        "the tuned one errs {:+.1} % (likely {:+.1} to {:+.1} %, {} blocks of time)",
        percent(ratio.ratio),
        percent(ratio.low),
        percent(ratio.high),
        ratio.blocks
    )
}
