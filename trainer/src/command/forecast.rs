//! `trainer forecast`: a model's forecasts over a file.

use crate::cli::ForecastArgs;
use crate::evaluate::forecasts::{Course, rolling};
use crate::progress::Progress;
use crate::run::write_atomic;
use anyhow::{Result, ensure};
use scaleiq_core::forecast::{Q10, Q50, Q90};
use scaleiq_core::interval::IntervalLength;
use scaleiq_core::model::Bundle;
use scaleiq_data::Series;
use std::fmt::Write as _;

/// Writes `origin,step,q10,q50,q90` for each `--stride`-th row from `--from` on. An origin is the
/// time stamp (start) of the last row known; a forecast uses every row up to it and none after.
///
/// # Errors
/// If the data or the model cannot be read, or the output cannot be written.
pub fn run(args: &ForecastArgs) -> Result<()> {
    let bundle = match &args.model {
        Some(folder) => Bundle::load(folder)?,
        None => Bundle::shipped()?,
    };
    let series = Series::read_csv(&args.data)?;
    let length = IntervalLength::new(series.length_s.max(120))?;
    let series = series.resample(length);
    let length_s = i64::from(length.seconds());
    let from = series.rows.partition_point(|row| row.end.0 - length_s < args.from.0);
    ensure!(
        from < series.rows.len(),
        "{}: no row at or after --from {}",
        args.data.display(),
        args.from.0
    );
    let mut progress = Progress::begin("forecast", series.rows.len() as u64, 0);
    let perception = bundle.perception(length);
    let course = Course { start: 0, from, stride: args.stride };
    let origins = rolling(perception, &series.rows, course, |row| {
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
