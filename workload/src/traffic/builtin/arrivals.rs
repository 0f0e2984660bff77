//! Arrivals of the sample: a day, a week, campaigns and noise, with four amplitudes to be solved for.

use super::rows::{LENGTH, ROWS, hour, weekday};
use super::statistics::{TARGETS, p95};
use crate::traffic::burst::{BurstTrain, Bursts};
use crate::traffic::random::{Memory, chance, log_between, normal, stream};

/// Middle of the peak hour and of the trough hour, UTC.
const PEAK: f64 = 2.5;
const TROUGH: f64 = 16.5;
/// The peak has a narrow crown (a nightly batch): its share of the way up, and its width in hours.
const CROWN: (f64, f64) = (0.2, 0.7);
/// Monday to Friday, relative to each other.
const WORKDAYS: [f64; 5] = [1.02, 1.06, 1.03, 0.98, 0.91];
/// Hours around midnight in which the level of one day becomes that of the next.
const DAY_BLEND_HOURS: f64 = 2.0;
/// Noise on the logarithm of the rate: standard deviation and memory in hours.
const NOISE: [(f64, f64); 3] = [(0.2, 36.0), (0.2, 4.0), (0.08, 0.2)];
/// Coefficient of variation of the count of one interval, beyond Poisson.
const RATE_CV: f64 = 0.04;
/// Campaigns and retries: 10 minutes to 5 hours.
const CAMPAIGNS: Bursts = Bursts {
    per_day: 6.0,
    height: 0.35,
    tail: 2.4,
    highest: 8.0,
    shortest_s: 600.0,
    longest_s: 18_000.0,
};
/// Where overlapping campaigns saturate (a limit upstream), on the scale of their height.
const MAX_CAMPAIGN: f64 = 1.6;
/// Times without a source: how many per day, and their shortest and longest in intervals.
const OUTAGES: (f64, f64, f64) = (0.03, 5.0, 25.0);
/// What still arrives then.
const OUTAGE_LEVEL: f64 = 0.01;
/// Most rounds of fitting, and how well a figure is met before the last of them.
const ROUNDS: usize = 80;
const CLOSE_ENOUGH: f64 = 5e-4;

/// What is solved for.
#[derive(Clone, Copy, Debug)]
struct Amplitudes {
    peak: f64,
    trough: f64,
    weekend: f64,
    campaigns: f64,
}

/// What does not depend on the amplitudes, drawn once.
struct Draws {
    /// 0 at the trough, 1 at the peak.
    shape: f64,
    /// Level of the working day that it is; 0 on weekends.
    workday: f64,
    /// 1 on weekends, 0 on working days.
    weekend: f64,
    /// Trend, noise and outages.
    factor: f64,
    /// Campaigns, as a part of the level.
    campaign: f64,
    /// Chance within the interval, in standard deviations.
    chance: f64,
}

impl Draws {
    fn events(&self, with: Amplitudes) -> f64 {
        let day = with.trough + (with.peak - with.trough) * self.shape;
        let week = self.workday + self.weekend * with.weekend;
        let mean = day * week * self.factor * (1.0 + with.campaigns * self.campaign);
        let deviation = (mean + (RATE_CV * mean).powi(2)).sqrt();
        (mean + deviation * self.chance).round().max(0.0)
    }
}

/// Arrivals per interval whose statistics are the published ones.
pub(super) fn fitted(seed: u64, measured: &[bool]) -> Vec<f64> {
    let draws = draws(seed, measured.len());
    let known: Vec<usize> = (0..ROWS).filter(|k| measured.get(*k) == Some(&true)).collect();
    let mut with = Amplitudes { peak: 7000.0, trough: 2000.0, weekend: 0.33, campaigns: 1.0 };
    // Each amplitude moves one figure most, so each is scaled by what that figure lacks; in small
    // steps, because all of them move the others too.
    for _ in 0..ROUNDS {
        let lacking = lacking(&draws, &known, with);
        if lacking.iter().all(|ratio| (ratio - 1.0).abs() < CLOSE_ENOUGH) {
            break;
        }
        let [peak, trough, weekend, percentile] = lacking;
        with.peak *= peak.sqrt();
        with.trough *= trough.sqrt();
        with.weekend *= weekend;
        with.campaigns = (with.campaigns * percentile).clamp(0.05, 5.0);
    }
    draws.iter().map(|draws| draws.events(with)).collect()
}

/// Published over measured: peak hour, trough hour, weekend ratio, 95th percentile.
fn lacking(draws: &[Draws], known: &[usize], with: Amplitudes) -> [f64; 4] {
    let [mut peak, mut trough, mut weekend, mut workday] = [(0.0, 0.0); 4];
    let mut all = Vec::with_capacity(known.len());
    let add = |sum: &mut (f64, f64), events: f64| {
        sum.0 += events;
        sum.1 += 1.0;
    };
    for k in known {
        let Some(draws) = draws.get(*k) else { continue };
        let events = draws.events(with);
        all.push(events);
        match hour(*k) as u32 {
            2 => add(&mut peak, events),
            16 => add(&mut trough, events),
            _ => {}
        }
        add(if weekday(*k) >= 5 { &mut weekend } else { &mut workday }, events);
    }
    let mean = |(sum, count): (f64, f64)| sum / f64::max(count, 1.0);
    [
        TARGETS.peak_mean / mean(peak),
        TARGETS.trough_mean / mean(trough),
        TARGETS.weekend_ratio * mean(workday) / mean(weekend),
        TARGETS.p95 / p95(&mut all),
    ]
}

fn draws(seed: u64, rows: usize) -> Vec<Draws> {
    let rng = &mut stream(seed, 3);
    let steps_per_hour = LENGTH.steps_per_day() as f64 / 24.0;
    let mut noise = NOISE.map(|(sd, hours)| Memory::new(sd, hours * steps_per_hour, rng));
    let bursts = &mut stream(seed, 4);
    let mut campaigns = BurstTrain::new(CAMPAIGNS, f64::from(LENGTH.seconds()));
    let outages = &mut stream(seed, 5);
    let mut outage_left = 0.0;
    (0..rows)
        .map(|k| {
            let days = k as f64 / LENGTH.steps_per_day() as f64;
            // Slow growth, and a wave of ten weeks.
            let trend = 6e-4 * (days - 75.0) + 0.05 * (days / 70.0 * std::f64::consts::TAU).sin();
            let log = trend + noise.iter_mut().map(|noise| noise.next(rng)).sum::<f64>();
            if outage_left > 0.0 {
                outage_left -= 1.0;
            } else if chance(outages, OUTAGES.0 / LENGTH.steps_per_day() as f64) {
                outage_left = log_between(outages, OUTAGES.1, OUTAGES.2).round();
            }
            let on = if outage_left > 0.0 { OUTAGE_LEVEL } else { 1.0 };
            let (workday, weekend) = week(k);
            Draws {
                shape: shape(hour(k)),
                workday,
                weekend,
                factor: log.exp() * on,
                campaign: campaigns.next(bursts).min(MAX_CAMPAIGN),
                chance: normal(rng),
            }
        })
        .collect()
}

/// The day: a slow way down from the peak to the trough, a faster way up, and the crown.
fn shape(hour: f64) -> f64 {
    let since_peak = (hour - PEAK).rem_euclid(24.0);
    let down = TROUGH - PEAK;
    let turn = match since_peak < down {
        true => since_peak / down,
        false => 1.0 - (since_peak - down) / (24.0 - down),
    };
    let wave = 0.5 + 0.5 * (std::f64::consts::PI * turn).cos();
    let from_peak = since_peak.min(24.0 - since_peak) / CROWN.1;
    let crown = (-0.5 * from_peak * from_peak).exp();
    (1.0 - CROWN.0) * wave.powf(0.85) + CROWN.0 * crown
}

/// Working-day level and weekend share of a row, blended over midnight.
fn week(k: usize) -> (f64, f64) {
    let of = |day: usize| match WORKDAYS.get(day % 7) {
        Some(level) => (*level, 0.0),
        None => (0.0, 1.0),
    };
    let (day, hour) = (weekday(k), hour(k));
    let (today, yesterday, tomorrow) = (of(day), of(day + 6), of(day + 1));
    let blend = |a: (f64, f64), b: (f64, f64), part: f64| {
        (a.0 + (b.0 - a.0) * part, a.1 + (b.1 - a.1) * part)
    };
    let half = DAY_BLEND_HOURS / 2.0;
    if hour < half {
        blend(yesterday, today, 0.5 + 0.5 * hour / half)
    } else if hour > 24.0 - half {
        blend(today, tomorrow, 0.5 - 0.5 * (24.0 - hour) / half)
    } else {
        today
    }
}
