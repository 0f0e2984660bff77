//! What the forecasting network sees, built from history, features and the calendar.
//!
//! Everything is made free of scale first: `z = sqrt(events / level)`, where `level` is the mean of
//! the last day or so. The square root evens out the noise of counts (Anscombe 1948); dividing by
//! the level lets one network serve 5 events a minute and 5 million. All values are changes from an
//! *anchor*, the smoothed last `z`, so that a network that answers 0 says "no change", and they are
//! told in *swings*, the distance that `z` usually moves within the steps ahead: otherwise noisy
//! traffic would be all that training is about, and smooth traffic would drown in rounding.

use super::{QUANTILES, QuantileGrid, STEPS};
use crate::features::{self, Features, Unit};
use crate::history::ModelHistory;
use crate::interval::IntervalLength;
use crate::units::{DAY_S, UnixSeconds, WEEK_S};

/// Resolutions of the recent window: 1, 5 and 30 intervals a point.
pub const LEVELS: usize = 3;
/// Channels per resolution: value and "is known".
pub const CHANNELS: usize = 2;
/// Points per resolution.
pub const WINDOW: usize = 32;
/// Past seasons looked at: 1..=7 days and 2, 3, 4 weeks ago.
pub const SLOTS: usize = 10;
/// Points before the anchor of a past season, by which it is recognised.
pub const SLOT_CONTEXT: usize = 12;
/// Numbers per season: context, what followed ([`STEPS`] changes), its level against today's, age
/// in weeks, same kind of day, and "is known".
pub const SLOT_WIDTH: usize = SLOT_CONTEXT + STEPS + 4;
/// Known-future numbers per step: sine and cosine of the day (two harmonics) and of the week.
pub const CALENDAR: usize = 6;
/// The streaming features, made free of scale. Those of other columns than arrivals read 0: see `HEARD`.
pub const CONTEXT: usize = features::COUNT;
/// Which features the network is told: those of the calendar and of arrivals. What a pool makes of the
/// arrivals (processed events, backlog, jobs) says nothing of those that will come, but it tells which
/// rule scales the pool, and a network learns that by heart: trained with the columns of simulated pools,
/// hidden at random, it was up to 13 % worse with them than without where another pool worked, and hardly
/// ever better by more than 1 %.
const HEARD: [bool; CONTEXT] = {
    let mut heard = [false; CONTEXT];
    let mut k = 0;
    while k < CONTEXT {
        heard[k] = k < features::CALENDAR_FEATURES || is_of_arrivals(features::SPECS[k].name);
        k += 1;
    }
    heard
};

const fn is_of_arrivals(name: &str) -> bool {
    let (name, series) = (name.as_bytes(), b"arrivals");
    let mut k = 0;
    while k < series.len() && k < name.len() && name[k] == series[k] {
        k += 1;
    }
    k == series.len()
}

/// Days ago of each seasonal slot.
const SLOT_DAYS: [usize; SLOTS] = [1, 2, 3, 4, 5, 6, 7, 14, 21, 28];

/// How counts were made free of scale, to turn answers back into events.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Events per interval that are called 1.
    pub level: f32,
    /// The smoothed last `z`, which all values are relative to.
    pub anchor: f32,
    /// How far `z` usually moves within [`STEPS`] intervals; above 0.
    pub swing: f32,
}

impl Scale {
    /// Events to swings from the anchor.
    #[must_use]
    pub fn relative(&self, events: f32) -> f32 {
        (self.z(events) - self.anchor) / self.swing
    }

    fn z(&self, events: f32) -> f32 {
        libm::sqrtf(events.max(0.0) / self.level)
    }

    /// Swings from the anchor back to events.
    #[must_use]
    pub fn events(&self, relative: f32) -> f32 {
        let z = (relative * self.swing + self.anchor).max(0.0);
        z * z * self.level
    }

    /// The network's answer (changes from the anchor, `[step][quantile]`) as events.
    #[must_use]
    pub fn grid(&self, changes: &[f32; STEPS * QUANTILES.len()]) -> QuantileGrid {
        let mut grid = [[0.0; QUANTILES.len()]; STEPS];
        for (out, change) in grid.iter_mut().flatten().zip(changes) {
            *out = self.events(*change);
        }
        grid
    }
}

/// The network's inputs, row-major, batch 1. Field by field an input of the ONNX graph.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelInput {
    /// `[LEVELS][CHANNELS][WINDOW]`, oldest first.
    pub recent: [[[f32; WINDOW]; CHANNELS]; LEVELS],
    /// `[SLOTS][SLOT_WIDTH]`.
    pub seasons: [[f32; SLOT_WIDTH]; SLOTS],
    /// `[STEPS][CALENDAR]`.
    pub calendar: [[f32; CALENDAR]; STEPS],
    /// `[CONTEXT]`.
    pub context: [f32; CONTEXT],
    /// How to read the answer.
    pub scale: Scale,
}

impl ModelInput {
    /// Looks at everything known at `origin`, the end of the last interval. `None` until one
    /// count is known.
    #[must_use]
    pub fn build(
        history: &ModelHistory,
        features: &Features,
        origin: UnixSeconds,
        length: IntervalLength,
    ) -> Option<Self> {
        let scale = measure_scale(history)?;
        Some(Self {
            recent: recent(history, &scale),
            seasons: seasons(history, &scale, origin, length),
            calendar: core::array::from_fn(|step| {
                let middle_s = (step as i64 * 2 + 1) * i64::from(length.seconds()) / 2;
                calendar(origin.plus(middle_s))
            }),
            context: context(features, &scale),
            scale,
        })
    }
}

/// Level: mean of the known points of the coarse window (about a day and a third), or of the fine
/// window while the coarse one is young. Anchor: the last known points, weighted 1/2, 1/3, 1/6; of
/// the coarse window if a gap is as long as the fine one.
fn measure_scale(history: &ModelHistory) -> Option<Scale> {
    let mean = |values: &mut dyn Iterator<Item = f32>| {
        let (mut sum, mut n) = (0.0f32, 0.0f32);
        for v in values {
            sum += v;
            n += 1.0;
        }
        (n > 0.0).then(|| sum / n)
    };
    let fine = mean(&mut (0..WINDOW).filter_map(|k| history.arrivals_ago(k)));
    let coarse = mean(&mut (0..WINDOW).filter_map(|k| history.coarse_ago(k)));
    // A level far below what is seen now would blow `z` up: follow the present within 16x.
    let level = coarse.or(fine)?.max(fine.unwrap_or(0.0) / 16.0);
    let level = if level > 1e-6 { level } else { 1.0 };
    let scale = Scale { level, anchor: 0.0, swing: 1.0 };
    let anchor = |last: &mut dyn Iterator<Item = f32>| {
        let (mut sum, mut weight) = (0.0, 0.0);
        for (value, w) in last.zip([3.0, 2.0, 1.0]) {
            sum += w * scale.z(value);
            weight += w;
        }
        (weight > 0.0).then(|| sum / weight)
    };
    let anchor = anchor(&mut (0..WINDOW).filter_map(|k| history.arrivals_ago(k)))
        .or_else(|| anchor(&mut (0..WINDOW).filter_map(|k| history.coarse_ago(k))))?;
    Some(Scale { anchor, swing: measure_swing(history, &scale), ..scale })
}

/// Least swing: traffic that stands still says nothing about how far it may move.
const MIN_SWING: f32 = 0.01;
/// Fewest changes of the coarse window that say how far traffic drifts, and the drift in steps of
/// the fine window before.
const FEWEST_DRIFTS: usize = 4;
const FIRST_DRIFT: f32 = 2.0;

/// Mean change from one coarse point to the next (about [`STEPS`] intervals), which is drift, and
/// from one interval to the next, which is noise.
fn measure_swing(history: &ModelHistory, scale: &Scale) -> f32 {
    let step = mean_change(scale, |k| history.arrivals_ago(k)).map_or(0.0, |(step, _)| step);
    let drift = match mean_change(scale, |k| history.coarse_ago(k)) {
        Some((drift, changes)) if changes >= FEWEST_DRIFTS => drift,
        _ => FIRST_DRIFT * step,
    };
    libm::sqrtf(drift * drift + step * step).max(MIN_SWING)
}

/// Mean |change| of `z` between neighbours of a window, and how many changes are known.
fn mean_change(scale: &Scale, ago: impl Fn(usize) -> Option<f32>) -> Option<(f32, usize)> {
    let (mut sum, mut n) = (0.0, 0);
    for k in 1..WINDOW {
        if let (Some(new), Some(old)) = (ago(k - 1), ago(k)) {
            sum += libm::fabsf(scale.z(new) - scale.z(old));
            n += 1;
        }
    }
    (n > 0).then(|| (sum / n as f32, n))
}

fn recent(history: &ModelHistory, scale: &Scale) -> [[[f32; WINDOW]; CHANNELS]; LEVELS] {
    let mut out = [[[0.0; WINDOW]; CHANNELS]; LEVELS];
    for (level, [values, known]) in out.iter_mut().enumerate() {
        for (k, (value, known)) in values.iter_mut().zip(known).rev().enumerate() {
            let count = match level {
                0 => history.arrivals_ago(k),
                1 => history.mid_ago(k),
                _ => history.coarse_ago(k),
            };
            if let Some(count) = count {
                (*value, *known) = (clip(scale.relative(count)), 1.0);
            }
        }
    }
    out
}

fn seasons(
    history: &ModelHistory,
    scale: &Scale,
    origin: UnixSeconds,
    length: IntervalLength,
) -> [[f32; SLOT_WIDTH]; SLOTS] {
    let mut out = [[0.0; SLOT_WIDTH]; SLOTS];
    for (slot, days) in out.iter_mut().zip(SLOT_DAYS) {
        let back = days * length.steps_per_day();
        // The interval that ended `back` intervals before the origin has age `back`; the one that
        // followed it by `h` steps has age `back - h`, which is in the past as long as h <= back.
        let z_ago = |age: usize| history.arrivals_ago(age).map(|v| scale.z(v));
        let (mut sum, mut weight) = (0.0, 0.0);
        for (z, w) in (0..SLOT_CONTEXT).filter_map(|k| z_ago(back + k)).zip([3.0, 2.0, 1.0]) {
            sum += w * z;
            weight += w;
        }
        if weight == 0.0 || back < STEPS {
            continue;
        }
        let anchor = sum / weight;
        let (context, rest) = slot.split_at_mut(SLOT_CONTEXT);
        let (following, facts) = rest.split_at_mut(STEPS);
        for (k, value) in context.iter_mut().rev().enumerate() {
            *value = z_ago(back + k).map_or(0.0, |z| clip((z - anchor) / scale.swing));
        }
        for (h, value) in following.iter_mut().enumerate() {
            *value = z_ago(back - 1 - h).map_or(0.0, |z| clip((z - anchor) / scale.swing));
        }
        let then = origin.plus(-((days as i64) * i64::from(DAY_S)));
        let same_kind = is_weekend(then) == is_weekend(origin);
        facts.copy_from_slice(&[
            clip((anchor - scale.anchor) / scale.swing),
            days as f32 / 7.0,
            f32::from(u8::from(same_kind)),
            1.0,
        ]);
    }
    out
}

/// Saturday or Sunday, UTC. 1970-01-01 was a Thursday.
fn is_weekend(t: UnixSeconds) -> bool {
    (t.0.div_euclid(i64::from(DAY_S)) + 3).rem_euclid(7) >= 5
}

fn calendar(t: UnixSeconds) -> [f32; CALENDAR] {
    let turn = |period_s: u32, harmonic: f32| {
        let phase = t.0.rem_euclid(i64::from(period_s)) as f32 / period_s as f32;
        let angle = core::f32::consts::TAU * harmonic * phase;
        (libm::sinf(angle), libm::cosf(angle))
    };
    let (a, b) = turn(DAY_S, 1.0);
    let (c, d) = turn(DAY_S, 2.0);
    let (e, f) = turn(WEEK_S, 1.0);
    [a, b, c, d, e, f]
}

/// Features in events are divided by the level; all are compressed to `sign(x) ln(1 + |x|)`;
/// what is not yet defined is 0.
fn context(features: &Features, scale: &Scale) -> [f32; CONTEXT] {
    let mut out = [0.0; CONTEXT];
    let told = features.as_slice().iter().zip(&features::SPECS).zip(HEARD);
    for (out, ((value, spec), _)) in out.iter_mut().zip(told).filter(|(_, (_, heard))| *heard) {
        let value = match spec.unit {
            Unit::Events => value / scale.level,
            _ => *value,
        };
        if value.is_finite() {
            *out = libm::copysignf(libm::log1pf(libm::fabsf(value)), value);
        }
    }
    out
}

/// Keeps one wild count from flooding the network.
fn clip(swings: f32) -> f32 {
    swings.clamp(-8.0, 8.0)
}
