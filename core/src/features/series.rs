//! Lags, rolling statistics and smoothing of one series at the reference's four windows.

use super::extremes::Extreme;
use super::spec::{PER_SERIES, PER_WINDOW};
use crate::learned::learned;
use crate::ring::Ring;

/// Windows and lags in intervals.
pub(super) const WINDOWS: [usize; 4] = [6, 12, 24, 72];
const LONGEST: usize = 72;
/// |z| above which a value is an anomaly.
const ANOMALY: f32 = 2.5;

/// Running sums over one window.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    sum: f64,
    squares: f64,
    known: u32,
}
learned!(Sums { sum, squares, known });

impl Sums {
    fn add(&mut self, value: Option<f32>, sign: f64) {
        if let Some(v) = value.map(f64::from) {
            self.sum += sign * v;
            self.squares += sign * v * v;
            self.known = self.known.wrapping_add_signed(sign as i32);
        }
    }

    /// Mean and sample standard deviation; `None` if less than half of the window is known.
    fn moments(self, window: usize) -> Option<(f32, f32)> {
        if 2 * self.known < window as u32 || self.known < 2 {
            return None;
        }
        let n = f64::from(self.known);
        let variance = (self.squares - self.sum * self.sum / n) / (n - 1.0);
        Some(((self.sum / n) as f32, libm::sqrt(variance.max(0.0)) as f32))
    }
}

/// One series.
#[derive(Clone, Debug)]
pub(super) struct SeriesFeatures {
    values: Ring<Option<f32>, { LONGEST + 1 }>,
    sums: [Sums; 4],
    smoothed: [Option<f32>; 4],
    smallest: (Extreme<6>, Extreme<12>, Extreme<24>, Extreme<72>),
    largest: (Extreme<6>, Extreme<12>, Extreme<24>, Extreme<72>),
    since_recount: usize,
}
learned!(SeriesFeatures { values, sums, smoothed, smallest, largest, since_recount });

/// What other families need of a series.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Summary {
    pub(super) mean: Option<f32>,
    pub(super) deviation: Option<f32>,
    pub(super) largest: Option<f32>,
}

impl SeriesFeatures {
    pub(super) fn new() -> Self {
        Self {
            values: Ring::default(),
            sums: [Sums::default(); 4],
            smoothed: [None; 4],
            smallest: (
                Extreme::smallest(),
                Extreme::smallest(),
                Extreme::smallest(),
                Extreme::smallest(),
            ),
            largest: (
                Extreme::largest(),
                Extreme::largest(),
                Extreme::largest(),
                Extreme::largest(),
            ),
            since_recount: 0,
        }
    }

    pub(super) fn push(&mut self, value: Option<f32>) {
        for (sums, window) in self.sums.iter_mut().zip(WINDOWS) {
            sums.add(value, 1.0);
            // Before the push, the value that now leaves the window is `window - 1` ago.
            sums.add(self.values.ago(window - 1).flatten(), -1.0);
        }
        self.values.push(value);
        self.recount();
        if let Some(v) = value {
            for (smoothed, window) in self.smoothed.iter_mut().zip(WINDOWS) {
                let weight = 2.0 / (window as f32 + 1.0);
                *smoothed = Some(smoothed.map_or(v, |old| old + weight * (v - old)));
            }
        }
        let Self { smallest: s, largest: l, .. } = self;
        s.0.push(value);
        s.1.push(value);
        s.2.push(value);
        s.3.push(value);
        l.0.push(value);
        l.1.push(value);
        l.2.push(value);
        l.3.push(value);
    }

    /// Sums that only add and subtract drift apart from the truth; once in a longest window they
    /// are made anew, which is O(1) per push on average.
    fn recount(&mut self) {
        self.since_recount += 1;
        if self.since_recount < LONGEST {
            return;
        }
        self.since_recount = 0;
        for (sums, window) in self.sums.iter_mut().zip(WINDOWS) {
            *sums = Sums::default();
            (0..window).for_each(|age| sums.add(self.values.ago(age).flatten(), 1.0));
        }
    }

    /// The features, in the order of the list.
    pub(super) fn features(&self) -> [f32; 4 * PER_WINDOW + PER_SERIES] {
        let now = self.values.ago(0).flatten();
        let smallest = [
            self.smallest.0.get(),
            self.smallest.1.get(),
            self.smallest.2.get(),
            self.smallest.3.get(),
        ];
        let largest = [
            self.largest.0.get(),
            self.largest.1.get(),
            self.largest.2.get(),
            self.largest.3.get(),
        ];
        let mut out = [f32::NAN; 4 * PER_WINDOW + PER_SERIES];
        let ([value], rest) = out.split_at_mut(1) else { return out };
        *value = now.unwrap_or(f32::NAN);
        let (windows, rest) = rest.split_at_mut(4 * PER_WINDOW);
        for (k, out) in windows.chunks_mut(PER_WINDOW).enumerate() {
            let lag = self.values.ago(WINDOWS[k]).flatten();
            let moments = self.sums[k].moments(WINDOWS[k]);
            let difference = now.zip(lag).map(|(now, lag)| now - lag);
            let change = difference.zip(lag).map(|(difference, lag)| difference / lag.max(1.0));
            let features = [
                lag,
                moments.map(|m| m.0),
                moments.map(|m| m.1),
                moments.and(smallest[k]),
                moments.and(largest[k]),
                self.smoothed[k],
                difference,
                change,
            ];
            out.copy_from_slice(&features.map(|f| f.unwrap_or(f32::NAN)));
        }
        let z = now.zip(self.sums[3].moments(LONGEST)).map(|(now, (mean, deviation))| {
            if deviation > 1e-6 * mean.abs() { (now - mean) / deviation } else { 0.0 }
        });
        let anomaly = z.map(|z| f32::from(u8::from(z.abs() > ANOMALY)));
        rest.copy_from_slice(&[z, anomaly].map(|f| f.unwrap_or(f32::NAN)));
        out
    }

    pub(super) fn summary(&self) -> Summary {
        let moments = self.sums[3].moments(LONGEST);
        Summary {
            mean: moments.map(|m| m.0),
            deviation: moments.map(|m| m.1),
            largest: moments.and(self.largest.3.get()),
        }
    }
}
