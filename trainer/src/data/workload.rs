//! Workloads to play: a load, and the forecasts that were made of it once.

use super::recording::{Recording, peak};
use anyhow::{Context, Result, ensure};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use scaleiq_core::forecast::{Forecast, ForecastModel, ForecastPipeline, Forecaster};
use scaleiq_core::interval::{Interval, IntervalLength};
use scaleiq_core::units::UnixSeconds;
use scaleiq_workload::sim::{Load, LoadSettings, STEP_S, Scale, Step};
use std::ops::Range;
use std::sync::Arc;

/// Model intervals of a workload.
pub const LENGTH: IntervalLength = IntervalLength::TWO_MINUTES;
/// Fewest and most jobs that a randomly scaled load's peak keeps busy.
const PEAK_JOBS: [f32; 2] = [3.0, 200.0];
const STEPS_PER_INTERVAL: usize = (LENGTH.seconds() / STEP_S) as usize;

/// Forecasts all intervals of a load in one go: the answer to interval `k` is the forecast from its
/// end, or `None` while too little is known.
pub type ForecastAll<'a> = &'a mut dyn FnMut(&[Interval]) -> Vec<Option<Forecast>>;

/// The forecasts of `network` among the experts: the usual [`ForecastAll`]. Loads are gathered at the
/// controller's interval, whatever they were made from. It ends where `stop` says so.
#[must_use]
pub fn forecast_all<M: ForecastModel + Clone>(
    network: &M,
    intervals: &[Interval],
    stop: &dyn Fn() -> bool,
) -> Vec<Option<Forecast>> {
    let mut pipeline = ForecastPipeline::new(LENGTH, network.clone());
    let known = intervals.iter().take_while(|_| !stop());
    known.map(|interval| pipeline.push(interval)).collect()
}

/// A load with its forecasts. Cloning shares both.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Its name in reports.
    pub name: String,
    /// Jobs that its peak keeps busy.
    pub peak_jobs: f32,
    load: Arc<Load>,
    forecasts: CachedForecasts,
}

impl Workload {
    /// Makes a load of `recording` and forecasts it.
    ///
    /// # Errors
    /// If the recording cannot be a load, or the forecasts do not fit its intervals.
    pub fn new(
        name: impl Into<String>,
        recording: &Recording,
        settings: &LoadSettings,
        seed: u64,
        forecast: ForecastAll<'_>,
    ) -> Result<Self> {
        let name = name.into();
        let load = recording.load(settings, seed).with_context(|| format!("series `{name}`"))?;
        let (first_step, intervals) = intervals(&load);
        ensure!(!intervals.is_empty(), "series `{name}` is shorter than a model interval");
        let all = forecast(&intervals);
        ensure!(
            all.len() == intervals.len() && all.iter().any(Option::is_some),
            "series `{name}`: {} forecasts for {} intervals",
            all.iter().flatten().count(),
            intervals.len()
        );
        let needs = load.steps().iter().map(|s| s.rate_per_s * s.work_s).collect();
        let peak_jobs = peak(needs).context("a load without a step")?;
        let forecasts =
            CachedForecasts { first_end: intervals[0].end, first_step, all: all.into() };
        Ok(Self { name, peak_jobs, load: Arc::new(load), forecasts })
    }

    /// The same with randomly drawn scale (a peak of 3 to 200 jobs, but at most `max_jobs`), work,
    /// drift and burstiness.
    ///
    /// # Errors
    /// As [`Workload::new`].
    pub fn randomised(
        name: impl Into<String>,
        recording: &Recording,
        max_jobs: f32,
        seed: u64,
        forecast: ForecastAll<'_>,
    ) -> Result<Self> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let [low, high] = PEAK_JOBS;
        let settings = LoadSettings {
            scale: Scale::PeakJobs(log_uniform(&mut rng, low.min(max_jobs), high.min(max_jobs))),
            work_ms: log_uniform(&mut rng, 10.0, 2000.0),
            work_drift: between(&mut rng, 0.02, 0.25),
            dispersion: log_uniform(&mut rng, 1.0, 8.0),
            ..LoadSettings::default()
        };
        Self::new(name, recording, &settings, seed, forecast)
    }

    /// The whole load.
    #[must_use]
    pub fn load(&self) -> &Load {
        &self.load
    }

    /// Its forecasts, to be replayed by a controller.
    #[must_use]
    pub fn forecasts(&self) -> CachedForecasts {
        self.forecasts.clone()
    }

    /// Steps in which forecasts are known.
    #[must_use]
    pub fn playable(&self) -> Range<usize> {
        let known = self.forecasts.all.iter().position(Option::is_some).unwrap_or(0);
        let first = self.forecasts.first_step + known * STEPS_PER_INTERVAL;
        first..self.load.steps().len()
    }

    /// A part of the load, as a load. Ranges beyond its end are cut.
    ///
    /// # Panics
    /// If nothing is left of the range.
    #[must_use]
    pub fn slice(&self, steps: Range<usize>) -> Load {
        let all = self.load.steps();
        let end = steps.end.min(all.len());
        let part: Vec<Step> = all[steps.start.min(end)..end].to_vec();
        let start = self.load.start().plus(steps.start as i64 * i64::from(STEP_S));
        Load::from_steps(start, part).expect("a part of a good load is good")
    }
}

/// The whole intervals on the epoch's grid, and the step at which the first begins. What depends on
/// the policy (backlog, jobs) is as in a pool that never lacks jobs.
fn intervals(load: &Load) -> (usize, Vec<Interval>) {
    let length = i64::from(LENGTH.seconds());
    let skip_s = (-load.start().0).rem_euclid(length);
    // A start off the 5 s grid shifts counts by less than a step.
    let first_step = skip_s as usize / STEP_S as usize;
    let first_end = load.start().0 + skip_s + length;
    let steps = load.steps().get(first_step..).unwrap_or_default();
    let close = |(k, steps): (usize, &[Step])| {
        let events: f32 = steps.iter().map(|s| s.arrivals_events).sum();
        let work_s: f32 = steps.iter().map(|s| s.arrivals_events * s.work_s).sum();
        Interval {
            end: UnixSeconds(first_end + k as i64 * length),
            arrivals_events: Some(events),
            processed_events: Some(events),
            backlog_events: Some(0.0),
            queued_events: Some(0.0),
            work_ms: (events > 0.0).then(|| 1000.0 * work_s / events),
            jobs_ready: None,
        }
    };
    (first_step, steps.chunks_exact(STEPS_PER_INTERVAL).enumerate().map(close).collect())
}

/// Replays forecasts that were made once, by the time of the interval.
#[derive(Clone, Debug)]
pub struct CachedForecasts {
    first_end: UnixSeconds,
    first_step: usize,
    all: Arc<[Option<Forecast>]>,
}

impl Forecaster for CachedForecasts {
    fn push(&mut self, interval: &Interval) -> Option<Forecast> {
        let index = interval.end.since(self.first_end) / i64::from(LENGTH.seconds());
        self.all.get(usize::try_from(index).ok()?)?.clone()
    }
}

/// A number from `low..high`.
pub fn between(rng: &mut ChaCha8Rng, low: f32, high: f32) -> f32 {
    let unit = (rng.next_u32() >> 8) as f32 / (1u32 << 24) as f32;
    low + (high - low) * unit
}

/// A number from `low..high`, each factor as likely.
pub fn log_uniform(rng: &mut ChaCha8Rng, low: f32, high: f32) -> f32 {
    between(rng, low.ln(), high.ln()).exp()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use scaleiq_core::forecast::{ForecastSource, QUANTILES, STEPS};

    /// As now, give or take an eighth per quantile.
    pub(crate) fn persistence(intervals: &[Interval]) -> Vec<Option<Forecast>> {
        let forecast = |i: &Interval| {
            let now = i.arrivals_events?;
            let row = std::array::from_fn(|q| now * (0.7 + 0.1 * q as f32));
            let grid: [[f32; QUANTILES.len()]; STEPS] = [row; STEPS];
            Forecast::new(i.end, LENGTH, grid, ForecastSource::Baseline).ok()
        };
        intervals.iter().map(forecast).collect()
    }

    /// Two days of a wave.
    pub(crate) fn waves(days: usize) -> Vec<f32> {
        let wave = |k: usize| (k as f32 / 720.0 * std::f32::consts::TAU).sin();
        (0..720 * days).map(|k| 1000.0 + 700.0 * wave(k)).collect()
    }

    pub(crate) fn workload(seed: u64) -> Workload {
        let counts = waves(2);
        let recording =
            Recording { start: UnixSeconds(1_000_020), interval_s: 120, counts_events: counts };
        let most = f32::INFINITY;
        Workload::randomised("waves", &recording, most, seed, &mut persistence).unwrap()
    }

    #[test]
    fn intervals_lie_on_the_grid_and_hold_the_arrivals() {
        let w = workload(1);
        let (first_step, all) = intervals(&w.load);
        assert_eq!(all[0].end.0 % 120, 0);
        assert_eq!(w.load.start().0 + 5 * first_step as i64 + 120, all[0].end.0);
        let by_hand: f32 =
            w.load.steps()[first_step..first_step + 24].iter().map(|s| s.arrivals_events).sum();
        assert_eq!(all[0].arrivals_events, Some(by_hand));
        assert_eq!(w.playable().start, first_step);
    }

    #[test]
    fn forecasts_are_found_by_time() {
        let w = workload(1);
        let mut cache = w.forecasts();
        let end = w.forecasts.first_end.plus(1200);
        let forecast = cache.push(&Interval::missing(end)).unwrap();
        assert_eq!(forecast.origin, end);
        assert!(cache.push(&Interval::missing(end.plus(-1_000_000))).is_none());
        assert!(cache.push(&Interval::missing(end.plus(1_000_000))).is_none());
    }

    #[test]
    fn a_slice_keeps_its_time() {
        let w = workload(2);
        let slice = w.slice(100..200);
        assert_eq!(slice.start(), w.load.start().plus(500));
        assert_eq!(slice.steps(), &w.load.steps()[100..200]);
    }
}
