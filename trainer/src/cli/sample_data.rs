//! `trainer sample-data`: the built-in sample traffic as a file.

use super::values::at_least_one;
use crate::evaluate::metrics::quantile;
use anyhow::{Context as _, Result};
use clap::Args;
use scaleiq_core::interval::Interval;
use scaleiq_core::units::DAY_S;
use scaleiq_workload::traffic::builtin::{SampleSpec, generate};
use std::path::PathBuf;

/// Options of `trainer sample-data`.
#[derive(Args, Debug)]
pub struct SampleDataArgs {
    /// CSV to write
    #[arg(long, value_name = "FILE", default_value = "sample.csv")]
    pub out: PathBuf,
    /// Rows of 2 minutes [default: 107144, March to July 2025]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub rows: Option<usize>,
    /// Another sample of the same kind
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

/// Writes the sample and prints its statistics beside those that the reference published.
///
/// # Errors
/// If the file cannot be written.
pub fn run(args: &SampleDataArgs) -> Result<()> {
    let mut spec = SampleSpec::default();
    spec.rows = args.rows.unwrap_or(spec.rows);
    spec.seed = args.seed.unwrap_or(spec.seed);
    let series = generate(&spec);
    series.write_csv(&args.out).with_context(|| format!("cannot write {}", args.out.display()))?;
    println!("wrote {} rows to {}\n", series.rows.len(), args.out.display());
    print!("{}", table(&series.rows, series.length_s));
    Ok(())
}

/// The statistics as a table.
fn table(rows: &[Interval], length_s: u32) -> String {
    let starts = |row: &Interval| row.end.0 - i64::from(length_s);
    let day = i64::from(DAY_S);
    let arrivals = |keep: &dyn Fn(i64) -> bool| -> Vec<f64> {
        let kept = rows.iter().filter(|row| keep(starts(row)));
        kept.filter_map(|row| row.arrivals_events.map(f64::from)).collect()
    };
    // 1970-01-01 was a Thursday.
    let weekend = |start: i64| (start.div_euclid(day) + 3).rem_euclid(7) >= 5;
    let hours: Vec<Option<f64>> =
        (0..24).map(|h| mean(&arrivals(&|start| start.rem_euclid(day) / 3600 == h))).collect();
    let known = || hours.iter().enumerate().filter_map(|(hour, mean)| Some((hour, (*mean)?)));
    let peak = known().max_by(|a, b| a.1.total_cmp(&b.1));
    let trough = known().min_by(|a, b| a.1.total_cmp(&b.1));
    let (weekends, weekdays) = (mean(&arrivals(&weekend)), mean(&arrivals(&|s| !weekend(s))));
    let lower = weekends.zip(weekdays).map(|(end, day)| 100.0 * (1.0 - end / day));
    let work: Vec<f64> = rows.iter().filter_map(|r| r.work_ms.map(f64::from)).collect();
    let queue: Vec<f64> = rows.iter().filter_map(|r| r.queued_events.map(f64::from)).collect();
    let hour = |found: Option<(usize, f64)>| {
        found.map_or("–".into(), |(hour, events)| format!("{hour:02}:00, {events:.0} events"))
    };
    let number = |value: Option<f64>, digits: usize, unit: &str| {
        value.map_or("–".into(), |value| format!("{value:.digits$}{unit}"))
    };
    let lines = [
        ("rows", rows.len().to_string(), "107144"),
        ("busiest hour (UTC)", hour(peak), "02:00, 5835 events"),
        ("calmest hour (UTC)", hour(trough), "16:00, 1740 events"),
        ("weekends lower by", number(lower, 0, " %"), "67 %"),
        (
            "95 % quantile",
            number(quantile(&arrivals(&|_| true), 0.95), 0, " events"),
            "10134 events",
        ),
        ("mean work of an event", number(mean(&work), 1, " ms"), "73.6 ms"),
        ("mean queue", number(mean(&queue), 0, " events"), "5763 events"),
        ("longest queue", number(quantile(&queue, 1.0), 0, " events"), "501708 events"),
    ];
    let mut text = format!("{:24}{:>22}{:>22}\n", "figure", "this sample", "published");
    for (name, found, published) in lines {
        text += &format!("{name:24}{found:>22}{published:>22}\n");
    }
    text
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use scaleiq_core::units::UnixSeconds;

    #[test]
    fn statistics_of_a_small_sample() {
        // Thursday 00:00 and 05:00, Saturday 00:00.
        let row = |start: i64, arrivals| Interval {
            end: UnixSeconds(start + 120),
            arrivals_events: Some(arrivals),
            work_ms: Some(70.0),
            queued_events: Some(arrivals / 10.0),
            ..Interval::default()
        };
        let rows = [row(0, 200.0), row(5 * 3600, 1000.0), row(2 * 86_400, 300.0)];
        let text = table(&rows, 120);
        insta::assert_snapshot!(text, @r"
        figure                             this sample             published
        rows                                         3                107144
        busiest hour (UTC)          05:00, 1000 events    02:00, 5835 events
        calmest hour (UTC)           00:00, 250 events    16:00, 1740 events
        weekends lower by                         50 %                  67 %
        95 % quantile                       930 events          10134 events
        mean work of an event                  70.0 ms               73.6 ms
        mean queue                           50 events           5763 events
        longest queue                       100 events         501708 events
        ");
    }
}
