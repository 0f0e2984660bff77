//! `trainer forecast`: a model's forecasts over a file.

use super::values::{at_least_one, parse_steps, parse_time};
use crate::config::{Config, DeviceChoice};
use crate::data::Track;
use crate::evaluate::forecasts::{Course, rolling_planned};
use crate::experiment::tuning::tune;
use crate::export::engine;
use crate::learn::run_loop::Tick;
use crate::model::weights::Weights;
use crate::runtime::device;
use crate::runtime::files::write_atomic;
use crate::runtime::progress::Progress;
use crate::runtime::stop;
use anyhow::{Result, ensure};
use clap::Args;
use scaleiq_core::forecast::STEPS;
use scaleiq_core::forecast::{ForecastPipeline, Q10, Q50, Q90};
use scaleiq_core::interval::{Interval, IntervalLength};
use scaleiq_core::model::{Bundle, FORECASTER_INT8, ForecastNetwork};
use scaleiq_core::units::UnixSeconds;
use scaleiq_workload::ReadOptions;
use scaleiq_workload::Series;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Options of `trainer forecast`.
#[derive(Args, Debug)]
pub struct ForecastArgs {
    /// CSV with the traffic to forecast; columns `holiday` and `campaign` say what is planned, also
    /// in rows at its end without a count
    #[arg(long, value_name = "FILE")]
    pub data: PathBuf,
    /// First origin: seconds since 1970 or RFC 3339, such as 2025-07-01T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = parse_time, allow_negative_numbers = true)]
    pub from: UnixSeconds,
    /// Intervals from one origin to the next
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = at_least_one)]
    pub stride: usize,
    /// Intervals to forecast from each origin, up to 24
    #[arg(long, value_name = "N", default_value_t = STEPS, value_parser = parse_steps)]
    pub steps: usize,
    /// CSV to write
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Folder of the model [default: models/edge]
    #[arg(long, value_name = "DIR")]
    pub model: Option<PathBuf>,
    /// Take the network as it is; else it is first tuned, on the CPU, to the rows before --from,
    /// which takes a minute or two
    #[arg(long)]
    pub no_tune: bool,
    /// How data files are read.
    #[command(flatten)]
    pub reading: ReadOptions,
}

/// Writes `origin,step,q10,q50,q90` for each `--stride`-th row from `--from` on. An origin is the
/// time stamp (start) of the last row known; a forecast uses every row up to it and none after, but
/// for what is planned in the rows that it speaks of. Rows at the end that only say so are no
/// origins.
///
/// # Errors
/// If the data or the model cannot be read, or the output cannot be written.
pub fn run(args: &ForecastArgs) -> Result<()> {
    let series = Series::read_csv_with(&args.data, &args.reading)?;
    for note in &series.notes {
        eprintln!("note: {note}");
    }
    let length = IntervalLength::new(series.length_s.max(120))?;
    let mut series = series.resample(length);
    if !series.plans.is_empty() {
        series.rows.truncate(series.measured());
    }
    let length_s = i64::from(length.seconds());
    let from = series.rows.partition_point(|row| row.end.0 - length_s < args.from.0);
    ensure!(
        from < series.rows.len(),
        "{}: no row at or after --from {}",
        args.data.display(),
        args.from.0
    );
    let network = network(args, &series.rows, length, from)?;
    let mut progress = Progress::begin("forecast", series.rows.len() as u64, 0);
    let pipeline = ForecastPipeline::new(length, network);
    let course = Course { start: 0, from, stride: args.stride };
    let origins = rolling_planned(pipeline, &series.rows, &series.plans, course, |row| {
        if row % 256 == 0 {
            progress.set(row as u64, String::new);
        }
        !stop::requested()
    });
    ensure!(!stop::requested(), "interrupted; {} is not written", args.out.display());
    let mut csv = String::from("origin,step,q10,q50,q90\n");
    for origin in &origins {
        let time = origin.forecast.origin.0 - length_s;
        for (step, q) in origin.forecast.events.iter().take(args.steps).enumerate() {
            // Writing to a string does not fail.
            let _ = writeln!(csv, "{time},{},{},{},{}", step + 1, q[Q10], q[Q50], q[Q90]);
        }
    }
    write_atomic(&args.out, csv.as_bytes())?;
    progress.end(&format!("{} origins -> {}", origins.len(), args.out.display()));
    Ok(())
}

/// Rows before `--from` below which the network is not tuned: a week of 5-minute rows.
const FEWEST_TO_TUNE: usize = 2000;

/// The model's network, tuned to the rows before `from` unless that is not wanted.
fn network(
    args: &ForecastArgs,
    rows: &[Interval],
    length: IntervalLength,
    from: usize,
) -> Result<ForecastNetwork> {
    if args.no_tune || from < FEWEST_TO_TUNE {
        if !args.no_tune {
            eprintln!("note: {from} rows before --from are too few to tune on ({FEWEST_TO_TUNE})");
        }
        let bundle = match &args.model {
            Some(folder) => Bundle::load(folder)?,
            None => Bundle::shipped()?,
        };
        return Ok(bundle.forecaster().clone());
    }
    let weights = match &args.model {
        Some(folder) => Weights::load(folder)?,
        None => Weights::shipped()?,
    };
    let track = Track {
        name: args.data.display().to_string(),
        rows: rows[..from].to_vec(),
        plans: Vec::new(),
        length,
        validation_from: from,
        test_from: from,
    };
    let config = Config::default().tuning();
    // The CPU gives the same network each time, to the bit.
    let device = device::choose(DeviceChoice::Cpu)?;
    let steps = config.forecaster.total_steps(0) as u64;
    let mut progress = Progress::begin("tuning", steps, 0);
    let mut best = String::new();
    let tick = |tick: Tick| {
        best = tick.best.map_or_else(String::new, |best| format!("validation {best:.4}"));
        progress.set(tick.steps as u64, || best.clone());
    };
    let files = tune(weights, &track, &config, &device.device, tick, &stop::requested)?;
    progress.end(&best);
    engine(&files, FORECASTER_INT8)
}
