//! From a user's history to a load: scaled if specified, with the work that was recorded.

use crate::decide::Calendar;
use anyhow::{bail, ensure};
use scaleiq_core::estimation::DEFAULT_WORK_MS;
use scaleiq_core::interval::Interval;
use scaleiq_core::units::{DAY_S, UnixSeconds};
use scaleiq_workload::Series;
use scaleiq_workload::sim::{self, Load, LoadSettings, PEAK_QUANTILE, STEP_S, Scale};
use std::sync::Arc;

/// A backtest scores at least this much.
const MIN_SCORED_S: u64 = 6 * 3600;

/// A recorded series on a regular grid, holes as NaN.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// Start of the first interval.
    pub start: UnixSeconds,
    /// Length of every interval.
    pub interval_s: u32,
    /// Events that arrived in each.
    pub arrivals_events: Vec<f32>,
    /// Work of an event in each.
    pub work_ms: Vec<f32>,
    /// What was planned.
    pub planned: Calendar,
}

/// What the user wants of a history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spec {
    /// Jobs that the peak keeps busy; `None`: the rates as they were.
    pub peak_jobs: Option<f32>,
    /// Work of an event where none was recorded.
    pub work_ms: Option<f32>,
    /// Days at the start that are not scored.
    pub warm_days: f64,
    /// Only this many last days are scored.
    pub days: Option<f64>,
    /// Seed of the arrivals within an interval.
    pub seed: u64,
}

impl History {
    /// The days that are recorded.
    #[must_use]
    pub fn days(&self) -> f64 {
        self.span_s() as f64 / f64::from(DAY_S)
    }

    fn span_s(&self) -> u64 {
        self.arrivals_events.len() as u64 * u64::from(self.interval_s)
    }

    /// The load that `spec` makes of it, and how many seconds of it are warm-up.
    ///
    /// # Errors
    /// If the history is too short, or is no load.
    pub fn load(mut self, spec: &Spec) -> anyhow::Result<(Arc<Load>, u32)> {
        let warm_s = (spec.warm_days * f64::from(DAY_S)) as u64;
        if let Some(days) = spec.days {
            self.keep_last(warm_s + (days * f64::from(DAY_S)) as u64);
        }
        if self.span_s() < warm_s + MIN_SCORED_S {
            bail!(
                "the history holds {:.1} days: a backtest needs {} days to learn from \
                 (--warm-days) and at least {} hours more to be judged on",
                self.days(),
                spec.warm_days,
                MIN_SCORED_S / 3600,
            );
        }
        let recorded = spec.work_ms.is_none() && self.work_ms.iter().any(|w| w.is_finite());
        let fallback_ms = spec.work_ms.unwrap_or(DEFAULT_WORK_MS);
        let works_ms = if recorded { self.filled_work_ms(fallback_ms) } else { Vec::new() };
        if let Some(peak_jobs) = spec.peak_jobs {
            self.scale(peak_jobs, &works_ms, fallback_ms)?;
        }
        let settings = LoadSettings {
            scale: Scale::AsIs,
            work_ms: fallback_ms,
            // Recorded work drifts by itself.
            work_drift: if recorded { 0.0 } else { LoadSettings::default().work_drift },
            ..LoadSettings::default()
        };
        let series = sim::Series {
            start: self.start,
            interval_s: self.interval_s,
            counts_events: &self.arrivals_events,
        };
        let mut load = Load::from_series(&series, &settings, spec.seed)?;
        if recorded {
            load = with_work(&load, &works_ms, self.interval_s)?;
        }
        Ok((Arc::new(load), u32::try_from(warm_s)?))
    }

    fn keep_last(&mut self, span_s: u64) {
        let keep = usize::try_from(span_s / u64::from(self.interval_s.max(1)));
        let drop = self.arrivals_events.len().saturating_sub(keep.unwrap_or(usize::MAX));
        self.arrivals_events.drain(..drop);
        self.work_ms.drain(..drop.min(self.work_ms.len()));
        self.start = self.start.plus(drop as i64 * i64::from(self.interval_s));
    }

    /// The recorded work, the last one known carried over holes.
    fn filled_work_ms(&self, fallback_ms: f32) -> Vec<f32> {
        let usable = |w: &f32| w.is_finite() && *w > 0.0;
        let mut last = self.work_ms.iter().copied().find(usable).unwrap_or(fallback_ms);
        let fill = |w: &f32| {
            if usable(w) {
                last = *w;
            }
            last
        };
        self.work_ms.iter().map(fill).collect()
    }

    /// Scales the counts so that the peak (the 99.5 % quantile of need) keeps `peak_jobs` busy.
    fn scale(&mut self, peak_jobs: f32, works_ms: &[f32], fallback_ms: f32) -> anyhow::Result<()> {
        let works = works_ms.iter().copied().chain(std::iter::repeat(fallback_ms));
        let needs = self.arrivals_events.iter().zip(works).map(|(events, ms)| events * ms / 1000.0);
        let mut needs: Vec<f32> = needs.filter(|need| need.is_finite()).collect();
        ensure!(!needs.is_empty(), "the history holds no arrivals");
        let place = ((needs.len() - 1) as f64 * PEAK_QUANTILE) as usize;
        let (_, peak, _) = needs.select_nth_unstable_by(place, f32::total_cmp);
        let factor = peak_jobs * self.interval_s as f32 / *peak;
        ensure!(factor.is_finite(), "the history has no peak to scale to {peak_jobs} jobs");
        for events in &mut self.arrivals_events {
            *events *= factor;
        }
        Ok(())
    }
}

impl From<&Series> for History {
    fn from(series: &Series) -> Self {
        // Rows after the last measurement only say what is planned: nothing of them was served.
        let measured = if series.plans.is_empty() { series.rows.len() } else { series.measured() };
        let rows = || series.rows.iter().take(measured);
        let column = |value: fn(&Interval) -> Option<f32>| {
            rows().map(|row| value(row).unwrap_or(f32::NAN)).collect()
        };
        Self {
            start: series.start,
            interval_s: series.length_s,
            arrivals_events: column(|row| row.arrivals_events),
            work_ms: column(|row| row.work_ms),
            planned: Calendar::from(series),
        }
    }
}

/// The load with recorded work in place of the assumed one.
fn with_work(load: &Load, works_ms: &[f32], interval_s: u32) -> anyhow::Result<Load> {
    let mut steps = load.steps().to_vec();
    for (index, step) in steps.iter_mut().enumerate() {
        let interval = index as u64 * u64::from(STEP_S) / u64::from(interval_s);
        let work_ms = usize::try_from(interval).ok().and_then(|i| works_ms.get(i));
        step.work_s = work_ms.map_or(step.work_s, |ms| ms / 1000.0);
    }
    Ok(Load::from_steps(load.start(), steps)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::replay::static_jobs;

    const SPEC: Spec = Spec { peak_jobs: None, work_ms: None, warm_days: 1.0, days: None, seed: 1 };

    fn history(days: usize) -> History {
        History {
            start: UnixSeconds(0),
            interval_s: 120,
            arrivals_events: vec![12_000.0; days * 720],
            work_ms: vec![f32::NAN; days * 720],
            planned: Calendar::default(),
        }
    }

    #[test]
    fn too_short_is_said_in_days() {
        let error = history(1).load(&SPEC).unwrap_err().to_string();
        assert!(error.contains("1.0 days") && error.contains("--warm-days"), "{error}");
    }

    #[test]
    fn recorded_work_is_used_and_holes_are_bridged() {
        let mut h = history(2);
        h.work_ms[0] = 50.0;
        let (load, warm_s) = h.load(&SPEC).unwrap();
        assert_eq!(warm_s, 86_400);
        assert!(load.steps().iter().all(|s| s.work_s == 0.05));
        assert_eq!(static_jobs(&load).0, 5);
    }

    #[test]
    fn peaks_are_scaled() {
        let mut h = history(2);
        h.work_ms.fill(100.0);
        let spec = Spec { peak_jobs: Some(30.0), ..SPEC };
        assert_eq!(static_jobs(&h.load(&spec).unwrap().0).0, 30);
        let mut silent = history(2);
        silent.arrivals_events.fill(0.0);
        assert!(silent.load(&spec).is_err());
    }

    #[test]
    fn the_last_days_can_be_kept() {
        let spec = Spec { days: Some(2.0), ..SPEC };
        let (load, _) = history(9).load(&spec).unwrap();
        assert_eq!(load.duration_s(), 3 * 86_400);
        assert_eq!(load.start(), UnixSeconds(6 * 86_400));
    }
}
