//! `trainer monitor`: whether a model still fits, day by day; for people and for cron.

use super::traffic::TrafficArgs;
use super::values::{at_least_one, parse_time};
use crate::model::runnable::Runnable;
use crate::monitor::days::{days, played};
use crate::monitor::verdict::{FEWEST_DAYS, Figure, REFERENCE_DAYS, Verdict, verdicts};
use crate::runtime::progress::Progress;
use crate::runtime::stop;
use anyhow::{Result, ensure};
use clap::{ArgGroup, Args};
use scaleiq_core::interval::IntervalLength;
use scaleiq_core::units::{DAY_S, UnixSeconds};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Exit status where something has drifted; 1 is an error.
const DRIFT: u8 = 3;
/// Features named on a line.
const NAMED: usize = 3;

/// Options of `trainer monitor`.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("what").required(true).args(["data", "journal"])))]
pub struct MonitorArgs {
    /// The traffic to judge and, if there is, up to nine weeks before it.
    #[command(flatten)]
    pub traffic: TrafficArgs,
    /// Folder of the model [default: models/edge]
    #[arg(long, value_name = "DIR")]
    pub model: Option<PathBuf>,
    /// Days to judge, up to the last whole one of the file
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = at_least_one)]
    pub days: usize,
    /// Last day to judge: a moment within it [default: the last whole day]
    #[arg(long, value_name = "TIME", value_parser = parse_time, allow_negative_numbers = true)]
    pub until: Option<UnixSeconds>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Holds each day against up to three weeks before it. Exit status 0: nothing has drifted; 3: something
/// has; 1: an error.
///
/// # Errors
/// If the data or the model cannot be read, or there are too few days.
pub fn run(args: &MonitorArgs) -> Result<ExitCode> {
    let series = args.traffic.series()?;
    let length = IntervalLength::new(series.length_s.max(120))?;
    let series = series.resample(length);
    let rows = &series.rows[..series.measured()];
    let (_, network) = Runnable::open(args.model.as_deref())?;
    let end = rows.last().map_or(0, |row| row.end.0);
    // The day of the last moment is whole only if it ends there.
    let last = args.until.map_or(day_of(end) - 1, |until| day_of(until.0));
    let judged = last + 1 - args.days as i64;
    let first = judged - REFERENCE_DAYS as i64;
    let rows = &rows[..rows.partition_point(|row| day_of(row.end.0 - 1) <= last)];
    let mut progress = Progress::begin("monitor", played(rows, first), 0);
    let tick = |row| progress.set(row, String::new);
    let days = days(rows, length, network, first, tick, &stop::requested)?;
    let verdicts = verdicts(&days, judged);
    ensure!(
        !verdicts.is_empty(),
        "{}: no day has {FEWEST_DAYS} whole days before it to be held against",
        args.traffic.place().unwrap_or(Path::new("")).display()
    );
    progress.end(&format!("{} days judged, {} known", verdicts.len(), days.len()));
    match args.json {
        true => println!("{}", serde_json::to_string_pretty(&verdicts)?),
        false => print!("{}", text(&verdicts)),
    }
    let drifts = verdicts.iter().any(|verdict| verdict.drifts);
    Ok(if drifts { ExitCode::from(DRIFT) } else { ExitCode::SUCCESS })
}

fn text(verdicts: &[Verdict]) -> String {
    let mut text = String::new();
    for verdict in verdicts {
        let word = if verdict.drifts { "DRIFT" } else { "ok" };
        // Writing to a string does not fail.
        let _ = write!(text, "{}  {word:5}", verdict.day);
        for figure in &verdict.figures {
            let mark = if figure.drifts { "!" } else { "" };
            let _ = write!(
                text,
                "  {} {}{mark} ({})",
                figure.name,
                number(figure, figure.value),
                range(figure)
            );
        }
        text.push('\n');
        if !verdict.features.is_empty() {
            let named = verdict.features.iter().take(NAMED).map(|figure| figure.name);
            let more = verdict.features.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let names = named.collect::<Vec<_>>().join(", ");
            let _ = writeln!(text, "            new to it: {names}{more}");
        }
    }
    let drifted = verdicts.iter().filter(|verdict| verdict.drifts).count();
    let _ = writeln!(
        text,
        "in brackets the least and the most of the days before: {FEWEST_DAYS} for arrivals, up to \
         {REFERENCE_DAYS} for error and\ncoverage of the forecast {} intervals ahead. {}",
        scaleiq_core::forecast::HORIZONS[0],
        match drifted {
            0 => "Nothing has drifted.".into(),
            n => format!(
                "On {n} of {} days something has: `trainer refresh` tunes the model to what is new.",
                verdicts.len()
            ),
        }
    );
    text
}

fn day_of(seconds: i64) -> i64 {
    seconds.div_euclid(i64::from(DAY_S))
}

fn range(figure: &Figure) -> String {
    figure.range.map(|end| number(figure, end)).join("..")
}

fn number(figure: &Figure, value: f64) -> String {
    match figure.name {
        "arrivals" if value < 10.0 => format!("{value:.2}"),
        "arrivals" => format!("{value:.0}"),
        _ => format!("{:.1} %", 100.0 * value),
    }
}
