//! `trainer forecast`: a model's forecasts over a file.

use crate::cli::ForecastArgs;
use crate::config::{Config, DeviceChoice};
use crate::data::Track;
use crate::device;
use crate::evaluate::forecasts::{Course, rolling_planned};
use crate::export::engine;
use crate::model::weights::Weights;
use crate::progress::Progress;
use crate::run::write_atomic;
use crate::train::tuning::tune;
use anyhow::{Result, ensure};
use scaleiq_core::forecast::{Perception, Q10, Q50, Q90};
use scaleiq_core::interval::{Interval, IntervalLength};
use scaleiq_core::model::{Bundle, FORECASTER_INT8, ForecastNetwork};
use scaleiq_workload::Series;
use std::fmt::Write as _;

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
    let perception = Perception::new(length, network);
    let course = Course { start: 0, from, stride: args.stride };
    let origins = rolling_planned(perception, &series.rows, &series.plans, course, |row| {
        if row % 256 == 0 {
            progress.set(row as u64, String::new);
        }
    });
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
    let mut best = f32::INFINITY;
    let files = tune(weights, &track, &config, &device.device, |step, validation| {
        best = validation.map_or(best, |loss| best.min(loss));
        progress.set(step as u64, || format!("validation {best:.4}"));
    })?;
    progress.end(&format!("validation {best:.4}"));
    engine(&files, FORECASTER_INT8)
}
