//! What comes to the pool: arrivals, work per event and the pool's speed in every step.

use super::STEP_S;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use rand_distr::{Distribution, Gamma, Poisson, StandardNormal};
use scaleiq_core::estimation::DEFAULT_WORK_MS;
use scaleiq_core::units::UnixSeconds;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Most steps in one load: ten years. Guards against a mistyped interval that would eat the memory.
const MAX_STEPS: u64 = 64_000_000;
/// The quantile of a load that counts as its peak: the share of steps that [`Scale::PeakJobs`] lets be below
/// it, and of the needs that a constant pool is made for.
pub const PEAK_QUANTILE: f64 = 0.995;

/// A recorded series of event counts on a regular grid.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a> {
    /// Start of the first interval.
    pub start: UnixSeconds,
    /// Length of every interval.
    pub interval_s: u32,
    /// Events in each interval; a value that is not finite means "not recorded" and is interpolated.
    pub counts_events: &'a [f32],
}

/// How large a load is made.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Scale {
    /// The recorded rates, unchanged.
    AsIs,
    /// Scaled so that the 99.5 % quantile of the rate keeps this many jobs fully busy.
    PeakJobs(f32),
}

/// How a series becomes a load. The default is the referee's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadSettings {
    /// How large the load is made.
    pub scale: Scale,
    /// Median work of one event on one job, in milliseconds.
    pub work_ms: f32,
    /// Spread of the slow drift of the work: standard deviation of its logarithm.
    pub work_drift: f32,
    /// Seconds over which that drift forgets itself (time constant of an AR(1) process).
    pub work_drift_s: f32,
    /// Variance over mean of the arrivals in a step; 1 is Poisson, more is burstier.
    pub dispersion: f32,
    /// Coefficient of variation of the pool's speed from step to step.
    pub speed_cv: f32,
}

impl Default for LoadSettings {
    fn default() -> Self {
        Self {
            scale: Scale::PeakJobs(40.0),
            work_ms: DEFAULT_WORK_MS,
            work_drift: 0.15,
            work_drift_s: 7200.0,
            dispersion: 4.0,
            speed_cv: 0.05,
        }
    }
}

/// What happens in one step of [`STEP_S`] seconds, whatever the policy does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Step {
    /// The true mean rate behind the arrivals, in events per second.
    pub rate_per_s: f32,
    /// Events that arrive, all at the step's start.
    pub arrivals_events: f32,
    /// Work of one event on one job, in seconds.
    pub work_s: f32,
    /// The pool's speed; 1 is nominal.
    pub speed: f32,
}

/// Why there is no load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// The series is shorter than one step, or nothing in it was recorded.
    Empty,
    /// The series has more than ten years of steps.
    TooLong,
    /// Scaling to a peak needs one, and the 99.5 % quantile of the rate is 0 or beyond all bounds.
    NoPeak,
    /// A setting is negative or not finite; the field's name.
    Setting(&'static str),
    /// A step holds a negative or infinite number, or no work; its index.
    Step(usize),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "the series holds no whole step of {STEP_S} s"),
            Self::TooLong => write!(f, "the series has more than {MAX_STEPS} steps of {STEP_S} s"),
            Self::NoPeak => write!(f, "the series has no peak to scale by"),
            Self::Setting(field) => write!(f, "setting `{field}` is negative or not finite"),
            Self::Step(index) => write!(f, "step {index} holds a number that cannot be"),
        }
    }
}

impl std::error::Error for LoadError {}

/// Arrivals, work and speed for every step: the same for every policy that is run on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    start: UnixSeconds,
    steps: Vec<Step>,
}

impl Load {
    /// Makes a load from a series: interpolated rates, drifting work, bursty counts, uneven speed.
    ///
    /// # Errors
    /// If the series or a setting cannot be used; see [`LoadError`].
    pub fn from_series(
        series: &Series<'_>,
        settings: &LoadSettings,
        seed: u64,
    ) -> Result<Self, LoadError> {
        check(settings)?;
        let counts = fill_gaps(series.counts_events).ok_or(LoadError::Empty)?;
        let step_count = counts.len() as u64 * u64::from(series.interval_s) / u64::from(STEP_S);
        if step_count > MAX_STEPS {
            return Err(LoadError::TooLong);
        }
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut rates = Vec::with_capacity(step_count as usize);
        let mut works_s = Vec::with_capacity(step_count as usize);
        let keep = libm::exp(-f64::from(STEP_S) / f64::from(settings.work_drift_s).max(1e-3));
        let noise = f64::from(settings.work_drift) * libm::sqrt(1.0 - keep * keep);
        let mut drift = 0.0;
        for step in 0..step_count {
            let normal: f64 = StandardNormal.sample(&mut rng);
            drift = keep * drift + noise * normal;
            works_s.push(f64::from(settings.work_ms) / 1000.0 * libm::exp(drift));
            let middle_s = (step as f64 + 0.5) * f64::from(STEP_S);
            rates.push(rate_at(&counts, f64::from(series.interval_s), middle_s).max(0.0));
        }
        let scale = match settings.scale {
            Scale::AsIs => 1.0,
            Scale::PeakJobs(jobs) => {
                let mut needs: Vec<f64> = rates.iter().zip(&works_s).map(|(r, w)| r * w).collect();
                let peak = quantile(&mut needs, PEAK_QUANTILE).ok_or(LoadError::Empty)?;
                let scale = f64::from(jobs) / peak;
                if !scale.is_finite() {
                    return Err(LoadError::NoPeak);
                }
                scale
            }
        };
        let speed_variance = f64::from(settings.speed_cv) * f64::from(settings.speed_cv);
        // A spread of 0 is refused by the distribution, and then the speed is simply nominal.
        let speeds = Gamma::new(1.0 / speed_variance, speed_variance).ok();
        let mut steps = Vec::with_capacity(step_count as usize);
        for (rate, work_s) in rates.into_iter().zip(works_s) {
            let rate = rate * scale;
            let mean = rate * f64::from(STEP_S);
            steps.push(Step {
                rate_per_s: rate as f32,
                arrivals_events: arrivals(mean, f64::from(settings.dispersion), &mut rng) as f32,
                work_s: work_s as f32,
                speed: speeds.map_or(1.0, |s| s.sample(&mut rng)) as f32,
            });
        }
        Self::from_steps(series.start, steps)
    }

    /// A load whose steps are already known (a recording, or a hand-made scenario).
    ///
    /// # Errors
    /// If there is no step, or one with a negative or infinite number or without work.
    pub fn from_steps(start: UnixSeconds, steps: Vec<Step>) -> Result<Self, LoadError> {
        let good = |v: f32| v.is_finite() && v >= 0.0;
        let is_sound = |s: &Step| {
            let parts = [s.rate_per_s, s.arrivals_events, s.speed];
            parts.into_iter().all(good) && s.work_s.is_finite() && s.work_s > 0.0
        };
        let bad = steps.iter().position(|s| !is_sound(s));
        match bad {
            Some(index) => Err(LoadError::Step(index)),
            None if steps.is_empty() => Err(LoadError::Empty),
            None if steps.len() as u64 > MAX_STEPS => Err(LoadError::TooLong),
            None => Ok(Self { start, steps }),
        }
    }

    /// When the first step begins.
    #[must_use]
    pub fn start(&self) -> UnixSeconds {
        self.start
    }

    /// Every step, in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// How long it lasts, in seconds.
    #[must_use]
    pub fn duration_s(&self) -> u64 {
        self.steps.len() as u64 * u64::from(STEP_S)
    }

    /// Jobs that the true mean rate of a step keeps fully busy.
    pub(super) fn need_jobs(&self, step: u32) -> f64 {
        let step = self.steps.get(step as usize);
        step.map_or(0.0, |s| f64::from(s.rate_per_s) * f64::from(s.work_s))
    }

    /// The same without arrivals in the steps for which `is_silent` holds; it is asked in order.
    pub(super) fn silenced(&self, mut is_silent: impl FnMut(u32) -> bool) -> Self {
        let mut silenced = self.clone();
        for (index, step) in (0..).zip(&mut silenced.steps) {
            if is_silent(index) {
                (step.rate_per_s, step.arrivals_events) = (0.0, 0.0);
            }
        }
        silenced
    }
}

fn check(settings: &LoadSettings) -> Result<(), LoadError> {
    let peak = match settings.scale {
        Scale::AsIs => 1.0,
        Scale::PeakJobs(jobs) => jobs,
    };
    for (field, value) in [
        ("scale", peak),
        ("work_ms", settings.work_ms),
        ("work_drift", settings.work_drift),
        ("work_drift_s", settings.work_drift_s),
        ("dispersion", settings.dispersion),
        ("speed_cv", settings.speed_cv),
    ] {
        if !(value.is_finite() && value >= 0.0) {
            return Err(LoadError::Setting(field));
        }
    }
    Ok(())
}

/// Draws a line over holes and holds the first and last known value to the ends; `None` if nothing
/// is known.
fn fill_gaps(counts: &[f32]) -> Option<Vec<f64>> {
    let mut out: Vec<f64> = Vec::with_capacity(counts.len());
    let mut last: Option<f64> = None;
    for (index, count) in counts.iter().enumerate().filter(|(_, c)| c.is_finite()) {
        let count = f64::from(*count);
        let from = last.unwrap_or(count);
        let (begin, span) = (out.len(), (index + 1 - out.len()) as f64);
        for k in begin..=index {
            out.push(from + (count - from) * ((k + 1 - begin) as f64 / span));
        }
        last = Some(count);
    }
    out.resize(counts.len(), last?);
    Some(out)
}

/// The rate at `at_s` seconds after the start: a line between the middles of the intervals.
fn rate_at(counts: &[f64], interval_s: f64, at_s: f64) -> f64 {
    let place = (at_s / interval_s - 0.5).max(0.0);
    let index = place as usize;
    let here = counts.get(index).or(counts.last()).copied().unwrap_or(0.0);
    let next = counts.get(index + 1).copied().unwrap_or(here);
    (here + (next - here) * (place - index as f64)) / interval_s
}

/// A count with the given mean and index of dispersion: Poisson around a gamma-distributed mean.
fn arrivals(mean: f64, dispersion: f64, rng: &mut ChaCha8Rng) -> f64 {
    let excess = dispersion - 1.0;
    let mean = match Gamma::new((mean / excess).max(1e-9), excess) {
        Ok(gamma) if excess > 0.0 && mean > 0.0 => gamma.sample(rng),
        _ => mean,
    };
    // A mean of 0 is refused by the distribution.
    Poisson::new(mean).map_or(0.0, |poisson| poisson.sample(rng))
}

/// The quantile with linear interpolation between neighbours; reorders the values.
fn quantile(values: &mut [f64], q: f64) -> Option<f64> {
    let place = q * values.len().checked_sub(1)? as f64;
    let (_, low, above) = values.select_nth_unstable_by(place as usize, f64::total_cmp);
    let low = *low;
    let high = above.iter().copied().min_by(f64::total_cmp).unwrap_or(low);
    Some(low + (high - low) * (place - libm::floor(place)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(counts: &[f32]) -> Series<'_> {
        Series { start: UnixSeconds(1_000), interval_s: 60, counts_events: counts }
    }

    #[test]
    fn holes_are_bridged() {
        let nan = f32::NAN;
        let filled = fill_gaps(&[nan, 2.0, nan, nan, 8.0, nan]).unwrap();
        assert_eq!(filled, [2.0, 2.0, 4.0, 6.0, 8.0, 8.0]);
        assert_eq!(fill_gaps(&[nan]), None);
    }

    #[test]
    fn rates_run_between_the_middles() {
        let at = |s| rate_at(&[60.0, 120.0], 60.0, s);
        assert_eq!([at(0.0), at(30.0), at(60.0), at(90.0), at(119.0)], [1.0, 1.0, 1.5, 2.0, 2.0]);
    }

    #[test]
    fn quantiles_interpolate() {
        assert_eq!(quantile(&mut [3.0, 1.0, 2.0], 0.75), Some(2.5));
        assert_eq!(quantile(&mut [3.0], 0.995), Some(3.0));
        assert_eq!(quantile(&mut [], 0.5), None);
    }

    #[test]
    fn a_load_has_the_moments_it_was_asked_for() {
        let settings = LoadSettings { work_drift: 0.0, ..LoadSettings::default() };
        let load = Load::from_series(&series(&[600.0; 2000]), &settings, 1).unwrap();
        let n = load.steps().len() as f64;
        assert_eq!(n, 24_000.0);
        let moments = |f: fn(&Step) -> f32| {
            let mean = load.steps().iter().map(|s| f64::from(f(s))).sum::<f64>() / n;
            let square = load.steps().iter().map(|s| libm::pow(f64::from(f(s)) - mean, 2.0));
            (mean, square.sum::<f64>() / n)
        };
        let (mean, variance) = moments(|s| s.arrivals_events);
        assert!((mean * 0.0736 / 5.0 / 40.0 - 1.0).abs() < 0.01, "{mean}");
        assert!((variance / mean / 4.0 - 1.0).abs() < 0.05, "{}", variance / mean);
        let (mean, variance) = moments(|s| s.speed);
        assert!((mean - 1.0).abs() < 0.002 && (libm::sqrt(variance) - 0.05).abs() < 0.002);
    }

    #[test]
    fn work_drifts_slowly_and_by_fifteen_percent() {
        let load =
            Load::from_series(&series(&[60.0; 40_000]), &LoadSettings::default(), 2).unwrap();
        let logs: Vec<f64> =
            load.steps().iter().map(|s| libm::log(f64::from(s.work_s) / 0.0736)).collect();
        let n = logs.len() as f64;
        let variance = logs.iter().map(|x| x * x).sum::<f64>() / n;
        assert!((libm::sqrt(variance) - 0.15).abs() < 0.03, "{}", libm::sqrt(variance));
        let lagged = logs.iter().zip(logs.iter().skip(1440)).map(|(a, b)| a * b).sum::<f64>() / n;
        assert!((lagged / variance - libm::exp(-1.0)).abs() < 0.12, "{}", lagged / variance);
    }

    #[test]
    fn what_cannot_be_a_load_is_refused() {
        let make = |counts: &[f32], settings| Load::from_series(&series(counts), &settings, 0);
        let usual = LoadSettings::default();
        assert_eq!(make(&[], usual), Err(LoadError::Empty));
        assert_eq!(make(&[f32::NAN], usual), Err(LoadError::Empty));
        assert_eq!(make(&[0.0; 9], usual), Err(LoadError::NoPeak));
        let as_is = LoadSettings { scale: Scale::AsIs, ..usual };
        assert!(make(&[0.0; 9], as_is).is_ok_and(|l| l.duration_s() == 540));
        let bad = LoadSettings { speed_cv: f32::NAN, ..usual };
        assert_eq!(make(&[1.0], bad), Err(LoadError::Setting("speed_cv")));
        let plain = LoadSettings { dispersion: 0.0, speed_cv: 0.0, work_drift_s: 0.0, ..usual };
        assert!(make(&[600.0; 9], plain).is_ok());
        let step = Step { work_s: 0.0, ..Step::default() };
        let load = Load::from_steps(UnixSeconds(0), std::vec![step]);
        assert_eq!(load, Err(LoadError::Step(0)));
    }
}
