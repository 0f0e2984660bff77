//! Made-up arrivals for training: any shape of traffic that a queue may see, drawn at random.

use crate::traffic::burst::BurstTrain;
pub use crate::traffic::burst::Bursts;
use crate::traffic::random::{Memory, between, chance, count, log_between, normal, stream};
use rand_core::Rng;
use scaleiq_core::interval::IntervalLength;
use scaleiq_core::units::DAY_S;
use std::f64::consts::TAU;

/// No interval has more events than this.
const MAX_EVENTS: f64 = 1e8;
/// Lasting changes move the logarithm of the level no farther than this.
const MAX_SHIFT: f64 = 2.0;

/// A spike of work that comes on schedule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Batch {
    /// Seconds from one to the next.
    pub period_s: f64,
    /// Seconds from midnight to the first.
    pub offset_s: f64,
    /// Seconds that it lasts.
    pub width_s: f64,
    /// Its height, as a part of the level.
    pub height: f64,
}

/// Noise with a memory, on the logarithm of the rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    /// Standard deviation.
    pub deviation: f64,
    /// Seconds after which it has forgotten two thirds.
    pub tau_s: f64,
}

/// What a made-up series is like. The clock starts at a midnight.
#[derive(Clone, Debug, PartialEq)]
pub struct SyntheticSpec {
    /// Chooses the noise; two series of one seed and spec are equal.
    pub seed: u64,
    /// Mean events per interval before everything below.
    pub level_events: f64,
    /// How far the level follows the day: 0 not at all, 1 down to nothing at its trough.
    pub daily_strength: f64,
    /// Amplitude and phase (in turns) of the day's first three harmonics.
    pub harmonics: [(f64, f64); 3],
    /// Above 1 the peak is narrow, below 1 the trough is.
    pub sharpness: f64,
    /// How much one day differs from the next: standard deviation of the logarithm of its level.
    pub day_deviation: f64,
    /// Factor of each day of the week; the first day of the series is the first one.
    pub weekdays: [f64; 7],
    /// Growth of the logarithm of the level in a week.
    pub trend_per_week: f64,
    /// Slow and fast noise.
    pub noise: [Noise; 2],
    /// Coefficient of variation of the rate within an interval, beyond Poisson.
    pub rate_cv: f64,
    /// Bursts and campaigns.
    pub bursts: Option<Bursts>,
    /// Scheduled work.
    pub batch: Option<Batch>,
    /// Lasting changes of the level: how many in a week.
    pub shifts_per_week: f64,
    /// Standard deviation of the logarithm of such a change.
    pub shift_deviation: f64,
    /// No interval has more than this times the level (an upstream limit).
    pub plateau: Option<f64>,
    /// Spells without arrivals: how many in a week.
    pub outages_per_week: f64,
    /// Spells in which nothing was measured: how many in a week.
    pub gaps_per_week: f64,
    /// Mean length of both, in seconds.
    pub outage_s: f64,
}

impl SyntheticSpec {
    /// Draws a kind of traffic: from a trickle to 50,000 events per interval, from noise to clockwork.
    pub fn random(rng: &mut impl Rng) -> Self {
        let seed = rng.next_u64();
        let sparse = chance(rng, 0.1);
        let level_events =
            if sparse { log_between(rng, 0.05, 5.0) } else { log_between(rng, 5.0, 50_000.0) };
        let seasonal = chance(rng, 0.85);
        let phase = unit_phase(rng);
        let second = if chance(rng, 0.6) { between(rng, 0.0, 0.6) } else { 0.0 };
        let third = if chance(rng, 0.4) { between(rng, 0.0, 0.4) } else { 0.0 };
        Self {
            seed,
            level_events,
            daily_strength: if seasonal { between(rng, 0.05, 1.0) } else { 0.0 },
            harmonics: [(1.0, phase), (second, unit_phase(rng)), (third, unit_phase(rng))],
            sharpness: log_between(rng, 0.5, 3.0),
            day_deviation: if chance(rng, 0.5) { between(rng, 0.0, 0.25) } else { 0.03 },
            weekdays: weekdays(rng),
            trend_per_week: if chance(rng, 0.5) { 0.08 * normal(rng) } else { 0.0 },
            noise: [
                Noise {
                    deviation: log_between(rng, 0.01, 0.35),
                    tau_s: log_between(rng, 1.0, 48.0) * 3600.0,
                },
                Noise {
                    deviation: log_between(rng, 0.01, 0.3),
                    tau_s: log_between(rng, 1.0, 60.0) * 60.0,
                },
            ],
            rate_cv: if chance(rng, 0.6) { log_between(rng, 0.01, 0.6) } else { 0.0 },
            bursts: chance(rng, 0.6).then(|| random_bursts(rng)),
            batch: chance(rng, 0.3).then(|| random_batch(rng)),
            shifts_per_week: if chance(rng, 0.3) { between(rng, 0.1, 2.0) } else { 0.0 },
            shift_deviation: between(rng, 0.1, 0.8),
            plateau: chance(rng, 0.12).then(|| between(rng, 1.1, 2.5)),
            outages_per_week: if chance(rng, 0.2) { between(rng, 0.1, 2.0) } else { 0.0 },
            gaps_per_week: if chance(rng, 0.3) { between(rng, 0.1, 4.0) } else { 0.0 },
            outage_s: log_between(rng, 300.0, 4.0 * 3600.0),
        }
    }

    /// Level of the day's shape at a time of day in turns (0..1), 1 at its mean.
    fn day(&self, turn: f64) -> f64 {
        let mut sum = 0.0;
        let mut most = 0.0;
        for (k, (amplitude, phase)) in self.harmonics.iter().enumerate() {
            sum += amplitude * (TAU * ((k + 1) as f64 * turn - phase)).cos();
            most += amplitude.abs();
        }
        if most <= 0.0 {
            return 1.0;
        }
        let shape = (0.5 + 0.5 * sum / most).clamp(0.0, 1.0).powf(self.sharpness);
        (1.0 - self.daily_strength) + 2.0 * self.daily_strength * shape
    }
}

fn unit_phase(rng: &mut impl Rng) -> f64 {
    between(rng, 0.0, 1.0)
}

fn weekdays(rng: &mut impl Rng) -> [f64; 7] {
    let mut days = [1.0; 7];
    if !chance(rng, 0.7) {
        return days;
    }
    let weekend = between(rng, 0.15, 1.4);
    let spread = between(rng, 0.0, 0.1);
    let first = (rng.next_u64() % 7) as usize;
    for (k, day) in days.iter_mut().enumerate() {
        let base = if (k + first) % 7 < 2 { weekend } else { 1.0 };
        *day = base * (spread * normal(rng)).exp();
    }
    days
}

fn random_bursts(rng: &mut impl Rng) -> Bursts {
    let shortest_s = log_between(rng, 120.0, 1800.0);
    Bursts {
        per_day: log_between(rng, 0.1, 8.0),
        height: log_between(rng, 0.2, 2.0),
        tail: between(rng, 1.3, 4.0),
        highest: between(rng, 2.0, 12.0),
        shortest_s,
        longest_s: shortest_s * log_between(rng, 2.0, 24.0),
    }
}

fn random_batch(rng: &mut impl Rng) -> Batch {
    const PERIODS_S: [f64; 8] =
        [900.0, 1800.0, 3600.0, 3600.0, 7200.0, 14_400.0, 43_200.0, 86_400.0];
    let period_s = PERIODS_S.get((rng.next_u64() % 8) as usize).copied().unwrap_or(3600.0);
    Batch {
        period_s,
        offset_s: between(rng, 0.0, period_s),
        width_s: log_between(rng, 60.0, period_s / 3.0),
        height: log_between(rng, 0.3, 8.0),
    }
}

/// A spell that comes at random and lasts an exponential time.
struct Spell {
    probability: f64,
    mean_steps: f64,
    left: f64,
}

impl Spell {
    fn new(per_week: f64, mean_s: f64, step_s: f64) -> Self {
        let probability = per_week * step_s / (7.0 * f64::from(DAY_S));
        Self { probability, mean_steps: mean_s / step_s, left: 0.0 }
    }

    fn next(&mut self, rng: &mut impl Rng) -> bool {
        if self.left > 0.0 {
            self.left -= 1.0;
        } else if chance(rng, self.probability) {
            self.left = -self.mean_steps * (1.0 - between(rng, 0.0, 1.0)).ln();
        }
        self.left > 0.0
    }
}

/// Makes `rows` intervals of `length`: counts of arrivals, NaN where nothing was measured. A longer
/// series of the same spec starts with the shorter one.
#[must_use]
pub fn generate(spec: &SyntheticSpec, rows: usize, length: IntervalLength) -> Vec<f32> {
    let step_s = f64::from(length.seconds());
    let day_s = f64::from(DAY_S);
    let rng = &mut stream(spec.seed, 1);
    let mut noise = spec.noise.map(|n| Memory::new(n.deviation, n.tau_s / step_s, rng));
    let mut bursts = spec.bursts.map(|bursts| BurstTrain::new(bursts, step_s));
    let mut outage = Spell::new(spec.outages_per_week, spec.outage_s, step_s);
    let mut gap = Spell::new(spec.gaps_per_week, spec.outage_s, step_s);
    let shift_probability = spec.shifts_per_week * step_s / (7.0 * day_s);
    let (mut shift, mut day_level, mut today) = (0.0, 0.0, usize::MAX);
    // The shape of the day is the same every day: computed once.
    let steps = length.steps_per_day();
    let shape: Vec<f64> = (0..steps).map(|k| spec.day((k as f64 + 0.5) / steps as f64)).collect();

    let mut counts = Vec::with_capacity(rows);
    for k in 0..rows {
        let time_s = k as f64 * step_s;
        let day = k / steps;
        if day != today {
            today = day;
            day_level = spec.day_deviation * normal(rng);
        }
        if shift_probability > 0.0 && chance(rng, shift_probability) {
            shift = (shift + spec.shift_deviation * normal(rng)).clamp(-MAX_SHIFT, MAX_SHIFT);
        }
        let [slow, fast] = &mut noise;
        let log = slow.next(rng)
            + fast.next(rng)
            + day_level
            + shift
            + spec.trend_per_week * time_s / (7.0 * day_s);
        let season = shape.get(k % steps).copied().unwrap_or(1.0)
            * spec.weekdays.get(day % 7).copied().unwrap_or(1.0);
        let mut parts = 1.0 + bursts.as_mut().map_or(0.0, |bursts| bursts.next(rng));
        if let Some(batch) = spec.batch {
            parts += batch.height * overlap(batch, time_s, step_s) / season.max(0.05);
        }
        let mut mean = spec.level_events * season * parts * log.exp();
        if let Some(plateau) = spec.plateau {
            mean = mean.min(plateau * spec.level_events);
        }
        if outage.next(rng) {
            mean = 0.0;
        }
        let events = count(rng, mean.min(MAX_EVENTS), spec.rate_cv) as f32;
        counts.push(if gap.next(rng) { f32::NAN } else { events });
    }
    counts
}

/// The part of a step that lies in a batch.
fn overlap(batch: Batch, time_s: f64, step_s: f64) -> f64 {
    let period = batch.period_s.max(1.0);
    let width = batch.width_s.min(period);
    // Seconds of batches up to a time.
    let busy = |t: f64| {
        let turn = (t - batch.offset_s) / period;
        turn.floor() * width + (turn.fract() + 1.0).fract().min(width / period) * period
    };
    ((busy(time_s + step_s) - busy(time_s)) / step_s).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> SyntheticSpec {
        let none = Noise { deviation: 0.0, tau_s: 60.0 };
        SyntheticSpec {
            seed: 5,
            level_events: 1000.0,
            daily_strength: 0.0,
            harmonics: [(1.0, 0.0), (0.0, 0.0), (0.0, 0.0)],
            sharpness: 1.0,
            day_deviation: 0.0,
            weekdays: [1.0; 7],
            trend_per_week: 0.0,
            noise: [none; 2],
            rate_cv: 0.0,
            bursts: None,
            batch: None,
            shifts_per_week: 0.0,
            shift_deviation: 0.0,
            plateau: None,
            outages_per_week: 0.0,
            gaps_per_week: 0.0,
            outage_s: 600.0,
        }
    }

    fn mean(values: &[f32]) -> f32 {
        values.iter().sum::<f32>() / values.len() as f32
    }

    #[test]
    fn every_kind_is_finite_and_varied() {
        let mut rng = stream(11, 0);
        let (mut gaps, mut low, mut high) = (0, 0, 0);
        for _ in 0..300 {
            let spec = SyntheticSpec::random(&mut rng);
            let counts = generate(&spec, 3000, IntervalLength::TWO_MINUTES);
            assert_eq!(counts.len(), 3000);
            let known: Vec<f32> = counts.iter().copied().filter(|c| !c.is_nan()).collect();
            assert!(known.iter().all(|c| (0.0..=2e8).contains(c)), "{spec:?}");
            gaps += usize::from(known.len() < counts.len());
            low += usize::from(!known.is_empty() && mean(&known) < 5.0);
            high += usize::from(!known.is_empty() && mean(&known) > 5000.0);
        }
        assert!(gaps > 20 && low > 15 && high > 40, "gaps {gaps}, low {low}, high {high}");
    }

    #[test]
    fn the_same_seed_gives_the_same_series_and_its_beginning() {
        let spec = SyntheticSpec::random(&mut stream(2, 0));
        let long = generate(&spec, 2000, IntervalLength::TWO_MINUTES);
        let short = generate(&spec, 500, IntervalLength::TWO_MINUTES);
        let bits = |v: &[f32]| v.iter().map(|c| c.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&long[..500]), bits(&short));
        assert_ne!(spec, SyntheticSpec::random(&mut stream(3, 0)));
    }

    #[test]
    fn days_and_weeks_show() {
        let spec = SyntheticSpec {
            daily_strength: 0.8,
            weekdays: [1.0, 1.0, 1.0, 1.0, 1.0, 0.2, 0.2],
            ..plain()
        };
        let counts = generate(&spec, 14 * 720, IntervalLength::TWO_MINUTES);
        // The first harmonic's phase is 0: the peak is at midnight, the trough at noon.
        assert!((mean(&counts[..30]) / 1800.0 - 1.0).abs() < 0.02, "{}", mean(&counts[..30]));
        assert!((mean(&counts[345..375]) / 200.0 - 1.0).abs() < 0.1);
        let ratio = mean(&counts[5 * 720..7 * 720]) / mean(&counts[..5 * 720]);
        assert!((ratio / 0.2 - 1.0).abs() < 0.02, "{ratio}");
    }

    #[test]
    fn batches_come_on_schedule() {
        let batch = Batch { period_s: 3600.0, offset_s: 600.0, width_s: 240.0, height: 4.0 };
        let spec = SyntheticSpec { batch: Some(batch), ..plain() };
        let counts = generate(&spec, 720, IntervalLength::TWO_MINUTES);
        for (k, count) in counts.iter().enumerate() {
            let wanted = if matches!(k % 30, 5 | 6) { 5000.0 } else { 1000.0 };
            assert!((count / wanted - 1.0).abs() < 0.2, "row {k}: {count}");
        }
    }

    #[test]
    fn outages_are_zero_and_gaps_are_not() {
        let spec = SyntheticSpec { outages_per_week: 20.0, gaps_per_week: 20.0, ..plain() };
        let counts = generate(&spec, 5040, IntervalLength::TWO_MINUTES);
        assert!(counts.contains(&0.0));
        assert!(counts.iter().any(|c| c.is_nan()));
    }

    #[test]
    fn a_hundred_thousand_rows_take_no_time() {
        let begin = std::time::Instant::now();
        let spec = SyntheticSpec {
            rate_cv: 0.3,
            bursts: Some(random_bursts(&mut stream(1, 1))),
            ..plain()
        };
        assert_eq!(generate(&spec, 100_000, IntervalLength::TWO_MINUTES).len(), 100_000);
        // Generous: tests run unoptimised and on busy machines.
        assert!(begin.elapsed().as_secs_f64() < 5.0, "{:?}", begin.elapsed());
    }
}
