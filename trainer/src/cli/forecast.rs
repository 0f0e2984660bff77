//! `trainer forecast`: a model's forecasts over a file.

use super::values::{at_least_one, parse_steps, parse_time};
use crate::config::{Config, DeviceChoice};
use crate::data::{Track, file};
use crate::evaluate::forecasts::{Course, Origin, WARM_DAYS, rolling_planned};
use crate::experiment::tuning::tune;
use crate::export::runnable;
use crate::learn::run_loop::Tick;
use crate::model::runnable::Runnable;
use crate::model::weights::Weights;
use crate::runtime::device;
use crate::runtime::files::write_atomic;
use crate::runtime::progress::Progress;
use crate::runtime::stop;
use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};
use scaleiq_core::forecast::{ForecastModel, ForecastPipeline, NoModel, Q10, Q50, Q90, STEPS};
use scaleiq_core::interval::{Interval, IntervalLength};
use scaleiq_core::units::UnixSeconds;
use scaleiq_workload::{ReadOptions, Series};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Options of `trainer forecast`.
#[derive(Args, Debug)]
pub struct ForecastArgs {
    /// CSV with the traffic to forecast; columns `holiday` and `campaign` say what is planned, also
    /// in rows at its end without a count
    #[arg(long, value_name = "FILE")]
    pub data: PathBuf,
    /// Forecast the future: so many intervals after the last row, up to 24
    #[arg(long, value_name = "N", value_parser = parse_steps, conflicts_with_all = ["stride", "steps"])]
    pub horizon: Option<usize>,
    /// First origin: seconds since 1970 or RFC 3339, such as 2025-07-01T00:00:00Z
    #[arg(
        long,
        value_name = "TIME",
        value_parser = parse_time,
        allow_negative_numbers = true,
        required_unless_present = "horizon",
        conflicts_with = "horizon"
    )]
    pub from: Option<UnixSeconds>,
    /// Intervals from one origin to the next
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = at_least_one)]
    pub stride: usize,
    /// Intervals to forecast from each origin, up to 24
    #[arg(long, value_name = "N", default_value_t = STEPS, value_parser = parse_steps)]
    pub steps: usize,
    /// CSV to write [default: to stdout]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Columns: origin, step and quantiles, or those of Nixtla's libraries
    #[arg(long, value_enum, default_value_t = Style::Plain)]
    pub style: Style,
    /// Folder of the model, or `none` to forecast without a network [default: models/edge]
    #[arg(long, value_name = "DIR")]
    pub model: Option<PathBuf>,
    /// Take the network as it is; else it is first tuned, on the CPU, to the rows before the first
    /// origin, which takes a minute or two
    #[arg(long)]
    pub no_tune: bool,
    /// How data files are read.
    #[command(flatten)]
    pub reading: ReadOptions,
}

/// Columns of the CSV.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Style {
    /// origin,step,q10,q50,q90
    Plain,
    /// unique_id,ds,cutoff,scaleiq and the ends of its bands
    Nixtla,
}

/// Writes the forecasts from each `--stride`-th row from `--from` on, or from the last row. An origin is the
/// time stamp (start) of the last row known; a forecast uses every row up to it and none after, but
/// for what is planned in the rows that it speaks of. Rows at the end that only say so are no
/// origins.
///
/// # Errors
/// If the data or the model cannot be read, or the output cannot be written.
pub fn run(args: &ForecastArgs) -> Result<()> {
    let series = file::read(&args.data, &args.reading)?;
    for note in &series.notes {
        eprintln!("note: {note}");
    }
    let length = IntervalLength::new(series.length_s.max(120))?;
    let mut series = series.resample(length);
    if !series.plans.is_empty() {
        series.rows.truncate(series.measured());
    }
    let course = course(args, &series.rows, length)?;
    let is_none = args.model.as_deref() == Some(Path::new("none"));
    let network =
        (!is_none).then(|| network(args, &series.rows, length, course.from)).transpose()?;
    let rows = (series.rows.len() - course.start) as u64;
    let mut progress = Progress::begin("forecast", rows, 0);
    let origins = match network {
        Some(network) => origins(network, &series, length, course, &mut progress),
        None => origins(NoModel, &series, length, course, &mut progress),
    };
    ensure!(!stop::requested(), "interrupted; nothing is written");
    let steps = args.horizon.unwrap_or(args.steps);
    let csv = match args.style {
        Style::Plain => plain(&origins, length, steps),
        Style::Nixtla => nixtla(&origins, &args.data, length, steps),
    };
    match &args.out {
        Some(out) => write_atomic(out, csv.as_bytes())?,
        None => print!("{csv}"),
    }
    let to = args.out.as_ref().map_or("stdout".into(), |out| out.display().to_string());
    progress.end(&format!("{} origins -> {to}", origins.len()));
    Ok(())
}

/// The forecasts of a network among the experts, or of these alone.
fn origins(
    network: impl ForecastModel,
    series: &Series,
    length: IntervalLength,
    course: Course,
    progress: &mut Progress,
) -> Vec<Origin> {
    let pipeline = ForecastPipeline::new(length, network);
    rolling_planned(pipeline, &series.rows, &series.plans, course, |row| {
        if row % 256 == 0 {
            progress.set((row - course.start) as u64, String::new);
        }
        !stop::requested()
    })
}

/// Which rows are played and forecast from.
fn course(args: &ForecastArgs, rows: &[Interval], length: IntervalLength) -> Result<Course> {
    let length_s = i64::from(length.seconds());
    let Some(time) = args.from else {
        let from = rows.len().checked_sub(1);
        let from = from.with_context(|| format!("{}: no row", args.data.display()))?;
        // Of one forecast nobody wants to wait for the rows of years ago.
        let start = from.saturating_sub(WARM_DAYS * length.steps_per_day());
        return Ok(Course { start, from, stride: 1 });
    };
    let from = rows.partition_point(|row| row.end.0 - length_s < time.0);
    ensure!(
        from < rows.len(),
        "{}: no row at or after --from {}",
        args.data.display(),
        shown(time.0)
    );
    Ok(Course { start: 0, from, stride: args.stride })
}

fn plain(origins: &[Origin], length: IntervalLength, steps: usize) -> String {
    let mut csv = String::from("origin,step,q10,q50,q90\n");
    for origin in origins {
        let time = origin.forecast.origin.0 - i64::from(length.seconds());
        for (step, q) in origin.forecast.events.iter().take(steps).enumerate() {
            // Writing to a string does not fail.
            let _ = writeln!(csv, "{time},{},{},{},{}", step + 1, q[Q10], q[Q50], q[Q90]);
        }
    }
    csv
}

/// The columns of `statsforecast` and its like: `cutoff` is the last row known, as in their
/// cross-validation.
fn nixtla(origins: &[Origin], data: &Path, length: IntervalLength, steps: usize) -> String {
    let id = data.file_stem().unwrap_or_default().to_string_lossy().replace([',', '"'], "_");
    let length_s = i64::from(length.seconds());
    let mut csv = String::from(
        "unique_id,ds,cutoff,scaleiq,scaleiq-lo-95,scaleiq-lo-80,scaleiq-hi-80,scaleiq-hi-95\n",
    );
    for origin in origins {
        let cutoff = origin.forecast.origin.0 - length_s;
        for (step, q) in origin.forecast.events.iter().take(steps).enumerate() {
            let ds = cutoff + length_s * (step as i64 + 1);
            let (ds, cutoff) = (shown(ds), shown(cutoff));
            let [low, high] = [q[OUTER[0]], q[OUTER[1]]];
            // Writing to a string does not fail.
            let _ =
                writeln!(csv, "{id},{ds},{cutoff},{},{low},{},{},{high}", q[Q50], q[Q10], q[Q90]);
        }
    }
    csv
}

fn shown(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| seconds.to_string(), |time| time.to_string())
}

/// Places of the 0.025 and 0.975 quantile.
const OUTER: [usize; 2] = [0, 7];
/// Rows before the first origin below which the network is not tuned: a week of 5-minute rows.
const FEWEST_TO_TUNE: usize = 2000;

/// The model's network, tuned to the rows before `from` unless that is not wanted.
fn network(
    args: &ForecastArgs,
    rows: &[Interval],
    length: IntervalLength,
    from: usize,
) -> Result<Runnable> {
    if args.no_tune || from < FEWEST_TO_TUNE {
        if !args.no_tune {
            eprintln!(
                "note: {from} rows before the first origin are too few to tune on ({FEWEST_TO_TUNE})"
            );
        }
        return Ok(Runnable::open(args.model.as_deref())?.1);
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
    let tuned = tune(weights, &track, &config, &device.device, tick, &stop::requested)?;
    progress.end(&best);
    runnable(&tuned.files)
}
