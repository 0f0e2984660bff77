//! The arrival rate at lead time: the forecast, corrected by what has happened since it was made.
//!
//! A forecast is up to an interval old, and a burst is seconds old. How far the present error of the
//! forecast and the present trend carry to lead time is learned from the workload itself, by a ridge
//! regression on two numbers that forgets within a day (recursive least squares; Haykin, Adaptive
//! Filter Theory), and so is how far such nowcasts usually are off.

use super::rate::{Rate, weight};
use crate::forecast::{Forecast, Q50, Q99};
use crate::learned::learned;
use crate::parameters::NowcastParams;
use crate::units::{DAY_S, UnixSeconds};
use heapless::Deque;

/// Nowcasts that wait for what came true.
const PENDING: usize = 40;

#[derive(Clone, Copy, Debug, Default)]
struct Pending {
    due: UnixSeconds,
    forecast: f32,
    inputs: [f32; 2],
    scale: f32,
    said: f32,
    /// Usual error when it was said.
    error: f32,
    /// The most that could be prepared for then.
    most: f32,
}
learned!(Pending { due, forecast, inputs, scale, said, error, most });

impl Pending {
    /// The scale of what was said or of what came true, whichever is larger: a burst after a silence
    /// is large against the silence, and not against itself.
    fn scale(&self, observed: f32, mean: f32, p: &NowcastParams) -> f32 {
        self.scale.max(scale(observed, mean, p))
    }
}

/// Size of errors at `rate`, where `mean` is the mean rate.
fn scale(rate: f32, mean: f32, p: &NowcastParams) -> f32 {
    mean * libm::powf(rate / mean + p.min_share, p.error_power)
}

/// The mean arrival rate of a sample.
#[derive(Clone, Copy, Debug)]
pub(super) struct Observed {
    /// End of the sample.
    pub(super) end: UnixSeconds,
    /// Its length in seconds.
    pub(super) span_s: f32,
    /// Events per second.
    pub(super) rate: f32,
}

/// What lies ahead at lead time, in events per second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Ahead {
    /// The median.
    pub(super) median: f32,
    /// The usual error of the median.
    pub(super) error: f32,
    /// Where the present trend leads.
    pub(super) trend: f32,
    /// The most that the forecast's 0.99 quantile, or the highest rate of the last days, can justify to
    /// be prepared for.
    pub(super) most: f32,
}
learned!(Ahead { median, error, trend, most });

/// Learns to nowcast.
#[derive(Clone, Debug)]
pub(super) struct Nowcast {
    pending: Deque<Pending, PENDING>,
    moments: [f32; 3],
    products: [f32; 2],
    weights: [f32; 2],
    fast: f32,
    slow: f32,
    seen: f32,
    ahead: Ahead,
    missed: f32,
    overwhelmed: bool,
    woken: bool,
}
learned!(Nowcast {
    pending,
    moments,
    products,
    weights,
    fast,
    slow,
    seen,
    ahead,
    missed,
    overwhelmed,
    woken
});

impl Nowcast {
    /// A nowcast that has learned nothing.
    #[inline(always)] // made in its place: see `Controller::new`
    pub(super) fn new(p: &NowcastParams) -> Self {
        Self {
            pending: Deque::new(),
            moments: [0.0; 3],
            products: [0.0; 2],
            weights: [p.prior_error, p.prior_trend],
            fast: p.first_error,
            slow: p.first_error,
            seen: 0.0,
            ahead: Ahead::default(),
            missed: 0.0,
            overwhelmed: false,
            woken: false,
        }
    }

    /// Takes the sample that `rate` has just taken, and looks `lead_s` ahead. `room` is by how much more
    /// than what was seen or forecast may be prepared for.
    pub(super) fn push(
        &mut self,
        observed: Observed,
        rate: &Rate,
        forecast: Option<&Forecast>,
        lead_s: f32,
        room: f32,
        p: &NowcastParams,
    ) {
        let Observed { end, span_s, rate: observed } = observed;
        let mean = rate.mean() + 1e-3;
        self.missed *= libm::expf(-span_s / (lead_s + p.missed_s));
        self.learn(end, span_s, observed, mean, p);
        let level = rate.level().unwrap_or(observed);
        let at = |seconds: f32| match forecast {
            Some(f) => f.rate(end.plus(seconds as i64), Q50).0,
            None => level,
        };
        let (now, then) = (at(-0.5 * span_s), at(lead_s));
        let forecast_trend =
            (at(p.trend_ahead_s) - at(-p.trend_behind_s)) / (p.trend_ahead_s + p.trend_behind_s);
        let inputs = [
            (level - now) * libm::expf(-lead_s / p.error_fades_s),
            (rate.trend() - forecast_trend) * lead_s,
        ];
        let [a, b] = self.weights;
        let median = (then + a * inputs[0] + b * inputs[1]).max(0.0);
        let scale = scale(level, mean, p);
        let usual = libm::sqrtf(self.fast * self.slow);
        let rise = rate.trend() * lead_s.min(p.trend_lasts_s);
        let by_chance = p.rise_by_chance * libm::sqrtf(level / span_s);
        let rise = if rise > 0.0 { (rise - by_chance).max(0.0) } else { rise };
        let trend = level + rise.min(p.max_rise * level);
        let spread = forecast.map_or(0.0, |f| f.rate(end.plus(lead_s as i64), Q99).0 - then);
        let most = room * (median + spread).max(rate.highest());
        self.ahead = Ahead { median, error: usual * scale, trend, most };
        let due = end.plus(lead_s as i64);
        // One nowcast in a `PENDING`-th of the lead is enough, however often samples come.
        let apart_s = (lead_s / (PENDING - 2) as f32) as i64;
        let is_new = self.pending.back().is_none_or(|p| due.since(p.due) >= apart_s);
        if is_new {
            let Ahead { error, most, .. } = self.ahead;
            let pending = Pending { due, forecast: then, inputs, scale, said: median, error, most };
            // When it is full nothing is learned from this one.
            let _ = self.pending.push_back(pending);
        }
    }

    /// What lies ahead as of the last sample.
    pub(super) fn ahead(&self) -> Ahead {
        self.ahead
    }

    /// Whether more came than anything could have justified to be prepared for.
    pub(super) fn is_overwhelmed(&self) -> bool {
        self.overwhelmed
    }

    /// Whether traffic came back of which a lead time before there was next to none, and none was
    /// forecast: errors of a pool at rest are small, and no margin made of them prepares for that.
    pub(super) fn is_woken(&self) -> bool {
        self.woken
    }

    /// Usual errors by which what came was more than the median said of it, at most, of late.
    pub(super) fn missed(&self) -> f32 {
        self.missed
    }

    fn learn(
        &mut self,
        end: UnixSeconds,
        span_s: f32,
        observed: f32,
        mean: f32,
        p: &NowcastParams,
    ) {
        let keep = 1.0 - weight(span_s, DAY_S as f32);
        while let Some(said) = self.pending.front().copied().filter(|said| said.due <= end) {
            let _ = self.pending.pop_front();
            // What was due within a gap has no outcome.
            if said.due < end.plus(-(span_s as i64)) {
                continue;
            }
            let scale = said.scale(observed, mean, p);
            let clip = |x: f32| (x / scale).max(-p.max_off).min(p.max_off);
            let error = clip(observed - said.forecast);
            let [x, y] = said.inputs.map(clip);
            let [xx, xy, yy] = self.moments;
            self.moments = [xx * keep + x * x, xy * keep + x * y, yy * keep + y * y];
            let [xe, ye] = self.products;
            self.products = [xe * keep + x * error, ye * keep + y * error];
            self.solve(p);
            self.missed = self.missed.max((observed - said.said) / said.error.max(1e-9));
            self.overwhelmed = observed > p.beyond * said.most;
            self.woken = said.said < p.at_rest * mean && observed > p.back * mean;
            let off = clip(observed - said.said).abs();
            self.seen += 1.0;
            self.fast += weight(span_s, p.fast_s) * (off - self.fast);
            let slow = weight(span_s, DAY_S as f32).max(1.0 / (self.seen + p.first_worth));
            self.slow += slow * (off - self.slow);
        }
    }

    fn solve(&mut self, p: &NowcastParams) {
        let [xx, xy, yy] = self.moments;
        let (xx, yy) = (xx + p.prior_worth, yy + p.prior_worth);
        let [xe, ye] = self.products;
        let (xe, ye) = (xe + p.prior_worth * p.prior_error, ye + p.prior_worth * p.prior_trend);
        let determinant = xx * yy - xy * xy;
        let weights = [(yy * xe - xy * ye) / determinant, (xx * ye - xy * xe) / determinant];
        // With the prior on the diagonal only numbers out of range can spoil it.
        if determinant > 0.0 && weights.iter().all(|w| w.is_finite()) {
            self.weights = weights;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn play(rates: impl Iterator<Item = f32>) -> Nowcast {
        let (mut rate, mut nowcast) = (Rate::default(), Nowcast::new(&NowcastParams::DEFAULT));
        let p = &NowcastParams::DEFAULT;
        for (k, observed) in rates.enumerate() {
            let end = UnixSeconds(30 * (k as i64 + 1));
            rate.push(end, 30.0, observed);
            nowcast.push(Observed { end, span_s: 30.0, rate: observed }, &rate, None, 90.0, 1.3, p);
        }
        nowcast
    }

    #[test]
    fn a_lasting_ramp_is_carried_to_lead_time() {
        let ahead = play((0..2000).map(|k| 100.0 + k as f32)).ahead();
        // 2099 now, one more every 30 s.
        assert!((ahead.median - 2102.0).abs() < 2.0, "{ahead:?}");
        assert!(ahead.error < 20.0);
    }

    #[test]
    fn a_trend_that_never_lasts_is_not_believed() {
        // Jumps that come back at once.
        let ahead = play((0..4000).map(|k| if k % 7 == 6 { 160.0 } else { 100.0 })).ahead();
        assert!((ahead.median - 108.0).abs() < 25.0, "{ahead:?}");
    }

    #[test]
    fn errors_are_told_in_events() {
        let still = play((0..3000).map(|_| 50.0)).ahead();
        assert!(still.error < 0.5, "{still:?}");
        let mut state = 1u32;
        let noise = (0..3000).map(move |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            50.0 + 10.0 * ((state >> 8) as f32 / (1u32 << 23) as f32 - 1.0)
        });
        let noisy = play(noise).ahead();
        assert!((3.0..12.0).contains(&noisy.error), "{noisy:?}");
    }

    #[test]
    fn a_rise_that_may_be_chance_leads_nowhere() {
        let rise = |events: f32| {
            let counts = (0..400).map(|k| 1.0 + 0.2 * (k % 3) as f32).chain([1.6, 1.8]);
            let ahead = play(counts.map(|count| count * events / 30.0)).ahead();
            let level = ahead.trend * 30.0 / events;
            (level - 1.8) / 1.8
        };
        assert!(rise(5.0) < 0.0 && rise(5000.0) > 0.1, "{} {}", rise(5.0), rise(5000.0));
    }

    #[test]
    fn traffic_that_is_back_from_nothing_is_told_from_a_burst() {
        let calm = |k: u32| 100.0 + (k % 3) as f32;
        let woken = |quiet: f32| {
            let rates = (0..1000).map(calm).chain((0..60).map(|_| quiet)).chain([100.0, 100.0]);
            play(rates).is_woken()
        };
        assert!(woken(0.0));
        assert!(!woken(30.0));
    }
}
