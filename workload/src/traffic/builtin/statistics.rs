//! The figures by which the sample is held to the reference's data.

use crate::series::Series;
use scaleiq_core::units::DAY_S;
use std::fmt;

/// What is published of the reference's data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Targets {
    /// Mean arrivals per interval from 02:00 to 03:00 UTC, the peak.
    pub peak_mean: f64,
    /// Mean arrivals per interval from 16:00 to 17:00 UTC, the trough.
    pub trough_mean: f64,
    /// Mean arrivals on Saturdays and Sundays (UTC) over those on other days.
    pub weekend_ratio: f64,
    /// Arrivals that 5 % of the intervals are above.
    pub p95: f64,
    /// Mean work per event in milliseconds.
    pub work_ms: f64,
    /// Mean backlog in events.
    pub backlog_mean: f64,
    /// Largest backlog in events.
    pub backlog_max: f64,
}

/// What is published of the reference's data.
pub const TARGETS: Targets = Targets {
    peak_mean: 5835.0,
    trough_mean: 1740.0,
    weekend_ratio: 0.33,
    p95: 10_134.0,
    work_ms: 73.6,
    backlog_mean: 5763.0,
    backlog_max: 501_708.0,
};

/// The same figures of any series, over its measured intervals.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// Intervals, measured or not.
    pub rows: usize,
    /// Mean arrivals per interval in each UTC hour of the day.
    pub hourly_mean: [f64; 24],
    /// Mean arrivals on Saturdays and Sundays (UTC) over those on other days.
    pub weekend_ratio: f64,
    /// 95th percentile of the arrivals.
    pub p95: f64,
    /// Share of intervals with more arrivals than the published 95th percentile.
    pub share_above: f64,
    /// Mean work per event in milliseconds.
    pub work_ms: f64,
    /// Mean backlog in events.
    pub backlog_mean: f64,
    /// Largest backlog in events.
    pub backlog_max: f64,
}

#[derive(Clone, Copy, Default)]
struct Mean {
    sum: f64,
    count: f64,
}

impl Mean {
    fn add(&mut self, value: Option<f32>) {
        if let Some(value) = value {
            self.sum += f64::from(value);
            self.count += 1.0;
        }
    }

    /// NaN if nothing was measured.
    fn value(self) -> f64 {
        self.sum / self.count
    }
}

impl Statistics {
    /// Measures a series. Figures of columns that it lacks are NaN.
    #[must_use]
    pub fn of(series: &Series) -> Statistics {
        let mut hours = [Mean::default(); 24];
        let (mut weekend, mut workday) = (Mean::default(), Mean::default());
        let (mut work, mut backlog) = (Mean::default(), Mean::default());
        let mut backlog_max = f64::NAN;
        let mut arrivals: Vec<f64> = Vec::with_capacity(series.rows.len());
        for row in &series.rows {
            let start = row.end.0 - i64::from(series.length_s);
            let day_s = i64::from(DAY_S);
            if let Some(hour) = hours.get_mut((start.rem_euclid(day_s) / 3600) as usize) {
                hour.add(row.arrivals_events);
            }
            // The epoch began on a Thursday; 5 and 6 are Saturday and Sunday.
            match (start.div_euclid(day_s) + 3).rem_euclid(7) {
                5 | 6 => weekend.add(row.arrivals_events),
                _ => workday.add(row.arrivals_events),
            }
            arrivals.extend(row.arrivals_events.map(f64::from));
            work.add(row.work_ms);
            backlog.add(row.backlog_events);
            backlog_max = row.backlog_events.map_or(backlog_max, |b| backlog_max.max(b.into()));
        }
        let above = arrivals.iter().filter(|events| **events > TARGETS.p95).count();
        let known = arrivals.len();
        Statistics {
            rows: series.rows.len(),
            hourly_mean: hours.map(Mean::value),
            weekend_ratio: weekend.value() / workday.value(),
            p95: p95(&mut arrivals),
            share_above: above as f64 / known as f64,
            work_ms: work.value(),
            backlog_mean: backlog.value(),
            backlog_max,
        }
    }

    /// The UTC hour with the most arrivals.
    #[must_use]
    pub fn peak_hour(&self) -> usize {
        self.hours().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(hour, _)| hour)
    }

    /// The UTC hour with the fewest arrivals.
    #[must_use]
    pub fn trough_hour(&self) -> usize {
        self.hours().min_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(hour, _)| hour)
    }

    fn hours(&self) -> impl Iterator<Item = (usize, &f64)> {
        self.hourly_mean.iter().enumerate()
    }
}

/// The 95th percentile (nearest rank), NaN of nothing. Changes the order of the values.
pub(super) fn p95(values: &mut [f64]) -> f64 {
    let rank = (values.len() as f64 * 0.95).ceil() as usize;
    match rank.checked_sub(1) {
        Some(k) => *values.select_nth_unstable_by(k, f64::total_cmp).1,
        None => f64::NAN,
    }
}

impl fmt::Display for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mean = |hour: usize| self.hourly_mean.get(hour).copied().unwrap_or(f64::NAN);
        let (peak, trough) = (self.peak_hour(), self.trough_hour());
        writeln!(f, "{:<34}{:>12}{:>12}", "figure", "measured", "published")?;
        let mut line = |name: &str, measured: f64, published: f64| {
            writeln!(f, "{name:<34}{measured:>12.3}{published:>12.3}")
        };
        line("rows", self.rows as f64, super::rows::ROWS as f64)?;
        line("peak hour (UTC)", peak as f64, 2.0)?;
        line("mean arrivals in it", mean(peak), TARGETS.peak_mean)?;
        line("trough hour (UTC)", trough as f64, 16.0)?;
        line("mean arrivals in it", mean(trough), TARGETS.trough_mean)?;
        line("weekend over weekday", self.weekend_ratio, TARGETS.weekend_ratio)?;
        line("95th percentile of arrivals", self.p95, TARGETS.p95)?;
        line("share above the published one", self.share_above, 0.05)?;
        line("mean work (ms)", self.work_ms, TARGETS.work_ms)?;
        line("mean backlog", self.backlog_mean, TARGETS.backlog_mean)?;
        line("largest backlog", self.backlog_max, TARGETS.backlog_max)?;
        write!(f, "hourly means:")?;
        self.hourly_mean.iter().try_for_each(|mean| write!(f, " {mean:.0}"))
    }
}
