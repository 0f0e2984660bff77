//! The network among other experts: what a workload teaches while it runs, without training.
//!
//! ```text
//! network ---------------\
//! last value, smoothing --> mixture per step (online) -> median -> band (online) -> quantiles
//! yesterday, last week ---/
//! regressions (online) --/          ^
//!                     planned events (online)
//! ```
//!
//! No one forecaster wins everywhere: persistence when traffic collapses, regressions on regular
//! days, the network where patterns are not linear. Everything here costs the same for every
//! interval and remembers a fixed amount.

mod band;
mod effect;
mod experts;
mod mixture;
mod predictors;
mod regression;

pub(super) use band::NORMAL;
pub(super) use experts::NETWORK;
pub use experts::{EXPERT_NAMES, EXPERTS, OWN_SEASONS};

use super::grid::{HORIZONS, Q10, Q25, Q50, Q75, Q90, QUANTILES, QuantileGrid, STEPS};
use super::plan::Ahead;
use crate::history::ModelHistory;
use crate::interval::IntervalLength;
use crate::learned::learned;
use crate::ring::Ring;
use crate::units::UnixSeconds;
use band::Band;
use effect::Effects;
use experts::{FIRST_OWN, FIRST_WEIGHTS, NETWORK_ALONE, OWN_WEIGHT, Opinions};
use mixture::Mixture;
use nalgebra::SVector;
use predictors::{NARROW, View, WIDE, Warp, Warped};
use regression::{Regression, triangle};
use serde::{Deserialize, Serialize};

/// Weights of a new value in the two smoothings.
const SMOOTHING: [f32; 2] = [0.1, 0.3];
/// Points over which the level of a past season is compared with the present one.
const LEVEL_POINTS: usize = 4;
/// Days after which a sample counts half: slow, fast and short regression.
const HALF_LIFE_DAYS: [f32; 3] = [30.0, 4.0, 7.0];
/// Days over which the level is averaged that counts are warped by.
const LEVEL_DAYS: f32 = 7.0;
/// Quartile distance of a normal distribution in mean absolute deviations.
const QUARTILES: f32 = 2.0 * 0.6745 * 1.2533;

/// Which parts adapt to the workload. All do; each can be held still to measure what it is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adaptation {
    /// Weights of the experts; without it the network speaks alone.
    pub mixture: bool,
    /// Width of the band; without it the network's own spread stands.
    pub band: bool,
}

impl Default for Adaptation {
    fn default() -> Self {
        Self { mixture: true, band: true }
    }
}

/// What a forecast is made of, at each of [`HORIZONS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Makeup {
    /// Weight of each expert.
    pub weights: [[f32; EXPERTS]; HORIZONS.len()],
    /// Distance of the 0.1 and the 0.9 quantile from the mixture, in mean absolute errors.
    pub band: [[f32; 2]; HORIZONS.len()],
    /// Mean absolute error expected, in square roots of events.
    pub error_size: [f32; HORIZONS.len()],
    /// By what share of itself the median would be less without the network.
    pub network_effect: [f32; HORIZONS.len()],
}
learned!(Makeup { weights, band, error_size, network_effect });

/// What was issued at one moment about the steps ahead, in square roots of events.
#[derive(Clone, Copy, Debug, Default)]
struct Issued {
    /// What the experts say, who know of no plans.
    opinions: [Opinions; STEPS],
    median: [f32; STEPS],
    size: [f32; STEPS],
}
learned!(Issued { opinions, median, size });

/// Experts, their mixture, and the band around it.
#[derive(Clone, Debug)]
pub(super) struct Ensemble {
    length: IntervalLength,
    slow: Regression<WIDE, { triangle(WIDE) }>,
    fast: Regression<WIDE, { triangle(WIDE) }>,
    short: Regression<NARROW, { triangle(NARROW) }>,
    mixture: Mixture,
    band: Band,
    /// The last forecasts, newest first; `None` where there was none.
    issued: Ring<Option<Issued>, STEPS>,
    /// The last value known and the smoothed ones, in square roots of events.
    last: Option<f32>,
    smoothed: [Option<f32>; 2],
    level: Level,
    /// Intervals of the user's own seasons; 0 where there is none.
    own_seasons: [usize; OWN_SEASONS],
    effects: Effects,
    adaptation: Adaptation,
}
learned!(
    Ensemble {
        slow, fast, short, mixture, band, issued, last, smoothed, level, effects
    } built { length, own_seasons, adaptation }
);

impl Ensemble {
    #[inline(always)] // made in its place: see `Controller::new`
    pub(super) fn new(length: IntervalLength, adaptation: Adaptation) -> Self {
        let day = length.steps_per_day() as f32;
        let [slow, fast, short] = HALF_LIFE_DAYS.map(|days| days * day);
        Self {
            length,
            slow: Regression::new(slow.max(8.0 * WIDE as f32)),
            fast: Regression::new(fast.max(4.0 * WIDE as f32)),
            short: Regression::new(short.max(8.0 * NARROW as f32)),
            mixture: Mixture::new(
                if adaptation.mixture { FIRST_WEIGHTS } else { NETWORK_ALONE },
                day / 4.0,
            ),
            band: Band::new(day / 8.0),
            issued: Ring::default(),
            last: None,
            smoothed: [None; 2],
            level: Level { days: LEVEL_DAYS * day, ..Level::default() },
            own_seasons: [0; OWN_SEASONS],
            effects: Effects::new(),
            adaptation,
        }
    }

    /// Takes seasons beside day and week, in seconds: each is an expert of its own, if it is at least two
    /// intervals long. Call it before anything was pushed.
    pub(super) fn set_seasons(&mut self, seasons_s: &[u32]) {
        for (k, (own, season_s)) in self.own_seasons.iter_mut().zip(seasons_s).enumerate() {
            let steps = (season_s / self.length.seconds()) as usize;
            if steps >= 2 && self.adaptation.mixture {
                *own = steps;
                self.mixture.enrol(FIRST_OWN + k, OWN_WEIGHT);
            }
        }
    }

    /// Takes what is planned for the interval that is pushed next and for those after it.
    pub(super) fn set_planned(&mut self, ahead: &Ahead) {
        self.effects.set_planned(ahead);
    }

    /// Forgets what belongs to the moment and keeps what was learned: the clock has jumped.
    pub(super) fn restart(&mut self) {
        self.issued = Ring::default();
        self.last = None;
        self.smoothed = [None; 2];
        self.effects.restart();
    }

    /// Learns from the interval that `history` was given last, and forecasts from its end, `origin`.
    /// `network` is the network's own forecast, or what stands in for it.
    pub(super) fn push(
        &mut self,
        history: &ModelHistory,
        origin: UnixSeconds,
        network: Option<&QuantileGrid>,
    ) -> Option<(QuantileGrid, Makeup)> {
        self.effects.advance();
        if let Some(events) = history.arrivals_ago(0) {
            self.score(libm::sqrtf(events));
            self.level.add(events);
        }
        self.learn(history, origin);
        let forecast = network.map(|network| self.forecast(history, origin, network));
        self.effects.done();
        self.issued.push(forecast.as_ref().map(|(issued, _)| *issued));
        forecast.map(|(_, answer)| answer)
    }

    /// Compares what was issued about this interval, 1 to [`STEPS`] intervals ago, with the truth.
    fn score(&mut self, truth: f32) {
        for step in 0..STEPS {
            if let Some(Some(issued)) = self.issued.ago(step) {
                let opinions = &issued.opinions[step];
                self.effects.learn(step, self.mixture.mix(step, opinions), truth);
                let factor = self.effects.factor_since(step);
                if self.adaptation.mixture {
                    self.mixture.learn(step, &opinions.map(|value| value * factor), truth);
                }
                if self.adaptation.band {
                    self.band.learn(step, truth - issued.median[step], issued.size[step]);
                }
            }
        }
        self.last = Some(truth);
        for (smoothed, weight) in self.smoothed.iter_mut().zip(SMOOTHING) {
            *smoothed = Some(smoothed.map_or(truth, |old| old + weight * (truth - old)));
        }
    }

    /// The regressions learn what followed the moment [`STEPS`] intervals ago.
    fn learn(&mut self, history: &ModelHistory, origin: UnixSeconds) {
        let then = origin.plus(-(STEPS as i64 * i64::from(self.length.seconds())));
        if let Some((wide, followed)) = self.view(history, then, STEPS, Warp::Log).sample() {
            self.slow.learn(&wide, &followed);
            self.short.learn(&narrow(&wide), &followed);
        }
        if let Some((wide, followed)) = self.view(history, then, STEPS, Warp::Root).sample() {
            self.fast.learn(&wide, &followed);
        }
    }

    fn view<'a>(
        &self,
        history: &'a ModelHistory,
        origin: UnixSeconds,
        age: usize,
        warp: Warp,
    ) -> View<'a> {
        let scale = Warped { warp, level: self.level.get() };
        View { history, length: self.length, origin, age, scale }
    }

    fn forecast(
        &self,
        history: &ModelHistory,
        origin: UnixSeconds,
        network: &QuantileGrid,
    ) -> (Issued, (QuantileGrid, Makeup)) {
        let opinions = self.opinions(history, origin, network);
        let mut grid: QuantileGrid = [[0.0; QUANTILES.len()]; STEPS];
        let mut issued = Issued { opinions, median: [0.0; STEPS], size: [0.0; STEPS] };
        for (step, row) in grid.iter_mut().enumerate() {
            let factor = self.effects.factor_ahead(step);
            let median = factor * self.mixture.mix(step, &opinions[step]);
            // More to come is more to be wrong about; a lull need not be any surer.
            let size = factor.max(1.0) * self.band.size(step, spread(&network[step]));
            for (value, factor) in row.iter_mut().zip(self.band.factors(step)) {
                let root = (median + factor * size).max(0.0);
                *value = root * root;
            }
            (issued.median[step], issued.size[step]) = (median, size);
        }
        let at = |step: usize| step - 1;
        let makeup = Makeup {
            weights: HORIZONS.map(|h| self.mixture.weights(at(h))),
            band: HORIZONS.map(|h| {
                let factors = self.band.factors(at(h));
                [factors[Q10], factors[Q90]]
            }),
            error_size: HORIZONS.map(|h| issued.size[at(h)]),
            network_effect: HORIZONS
                .map(|h| self.mixture.effect(at(h), &issued.opinions[at(h)], NETWORK)),
        };
        (issued, (grid, makeup))
    }

    /// What each expert expects, `[step][expert]`, in square roots of events.
    fn opinions(
        &self,
        history: &ModelHistory,
        origin: UnixSeconds,
        network: &QuantileGrid,
    ) -> [Opinions; STEPS] {
        let log = self.view(history, origin, 0, Warp::Log);
        let root = self.view(history, origin, 0, Warp::Root);
        // Changes on their scales; without an anchor there is nothing that they could change.
        let from_log = log.anchor().map(|anchor| {
            let wide = log.wide(anchor);
            let [slow, short] = [self.slow.predict(&wide), self.short.predict(&narrow(&wide))];
            [slow, short].map(|changes| changes.add_scalar(anchor))
        });
        let from_root =
            root.anchor().map(|anchor| self.fast.predict(&root.wide(anchor)).add_scalar(anchor));
        core::array::from_fn(|step| {
            let network = libm::sqrtf(network[step][Q50].max(0.0));
            let last = self.last.unwrap_or(network);
            let smoothed = self.smoothed.map(|value| value.unwrap_or(last));
            let [slow, short] = match &from_log {
                Some(both) => both.each_ref().map(|v| libm::sqrtf(log.scale.back(v[step]))),
                None => [last; 2],
            };
            let fast = from_root.as_ref().map(|v| libm::sqrtf(root.scale.back(v[step])));
            let season = |steps: usize| season(history, steps, step).unwrap_or(last);
            let day = self.length.steps_per_day();
            let [yesterday, last_week] = [1, 7].map(|days| season(days * day));
            let own = self.own_seasons.map(season);
            let fast = fast.unwrap_or(last);
            let [slowly, quickly] = smoothed;
            let others: [f32; FIRST_OWN] =
                [network, last, slowly, quickly, yesterday, last_week, slow, fast, short];
            let mut opinions = [last; EXPERTS];
            for (opinion, value) in opinions.iter_mut().zip(others.into_iter().chain(own)) {
                *opinion = value;
            }
            opinions
        })
    }
}

/// The value at the same phase of the last season of `steps` intervals that is known at `step`, moved by
/// how much the level differs; after a gap, when the present level is not known, as it was.
fn season(history: &ModelHistory, steps: usize, step: usize) -> Option<f32> {
    let back = steps * (1 + step.checked_div(steps)?);
    let value = |age: usize| history.arrivals_ago(age).map(libm::sqrtf);
    let (mut difference, mut known) = (0.0, 0.0f32);
    for k in 0..LEVEL_POINTS {
        if let (Some(now), Some(then)) = (value(k), value(back + k)) {
            difference += now - then;
            known += 1.0;
        }
    }
    Some((value(back.checked_sub(step + 1)?)? + difference / known.max(1.0)).max(0.0))
}

/// The predictors of the short regression, which come first.
fn narrow(wide: &SVector<f32, WIDE>) -> SVector<f32, NARROW> {
    wide.fixed_rows::<NARROW>(0).into_owned()
}

/// Mean absolute error that a row of quantiles expects, in square roots of events.
fn spread(row: &[f32; QUANTILES.len()]) -> f32 {
    let root = |q: usize| libm::sqrtf(row[q].max(0.0));
    (root(Q75) - root(Q25)).max(0.0) / QUARTILES
}

/// Mean events per interval: of everything at first, of about a week later.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    mean: f32,
    seen: f32,
    days: f32,
}
learned!(Level { mean, seen } built { days });

impl Level {
    fn add(&mut self, events: f32) {
        self.seen = (self.seen + 1.0).min(self.days.max(1.0));
        self.mean += (events - self.mean) / self.seen;
    }

    /// Above 0 also where nothing ever came.
    fn get(self) -> f32 {
        if self.mean > 1e-6 { self.mean } else { 1.0 }
    }
}

#[cfg(test)]
mod tests;
