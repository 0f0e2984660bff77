//! From intervals to forecasts: keeps history and features, asks the network and the experts beside
//! it, and does without the network when it fails.

use super::ensemble::{Adaptation, Ensemble};
use super::ghost;
use super::{
    Ahead, Baseline, Forecast, ForecastSource, ModelInput, QUANTILES, QuantileGrid, STEPS,
};
use crate::features::{FeatureBank, Features};
use crate::history::ModelHistory;
use crate::interval::{Interval, IntervalLength};
use crate::learned::learned;
use crate::units::UnixSeconds;

/// A trained network: inputs to changes from the anchor, `[STEPS][QUANTILES]` row-major.
pub trait ForecastModel {
    /// Why an inference failed.
    type Error: core::fmt::Display;

    /// Runs the network once.
    ///
    /// # Errors
    /// Whatever the engine reports; the caller falls back to the baseline.
    fn infer(&mut self, input: &ModelInput) -> Result<[f32; STEPS * QUANTILES.len()], Self::Error>;
}

/// Anything that turns a stream of intervals into forecasts. The live one is [`ForecastPipeline`];
/// training replays forecasts that were computed once.
pub trait Forecaster {
    /// Takes the next interval; gives the forecast from its end, or `None` while nothing is known.
    fn push(&mut self, interval: &Interval) -> Option<Forecast>;

    /// Takes an interval that others follow at once, from whose end no forecast is wanted: a hole, or a
    /// sample of hours, costs one forecast and not one for each interval.
    fn pass(&mut self, interval: &Interval) {
        let _ = self.push(interval);
    }
}

/// History, features, a network and the experts beside it.
#[derive(Clone, Debug)]
pub struct ForecastPipeline<M> {
    length: IntervalLength,
    history: ModelHistory,
    features: FeatureBank,
    latest: Option<Features>,
    last_end: Option<UnixSeconds>,
    ensemble: Ensemble,
    model: M,
    failures: u32,
}
learned!(
    [M] ForecastPipeline<M> {
        history, features, latest, last_end, ensemble, failures
    } built { length, model }
);

impl<M: ForecastModel> ForecastPipeline<M> {
    /// An empty memory over `model`.
    #[must_use]
    #[inline(always)] // made in its place: see `Controller::new`
    pub fn new(length: IntervalLength, model: M) -> Self {
        Self::adapting(length, model, Adaptation::default())
    }

    /// An empty memory over `model` of which only some parts adapt: for measuring the others.
    #[must_use]
    #[inline(always)] // made in its place: see `Controller::new`
    pub fn adapting(length: IntervalLength, model: M, adaptation: Adaptation) -> Self {
        Self {
            length,
            history: ModelHistory::default(),
            features: FeatureBank::new(length),
            latest: None,
            last_end: None,
            ensemble: Ensemble::new(length, adaptation),
            model,
            failures: 0,
        }
    }

    /// Takes seasons beside day and week, in seconds; [`super::OWN_SEASONS`] at most, and each at least
    /// two intervals long: others are left out. Call it before anything was pushed.
    pub fn set_seasons(&mut self, seasons_s: &[u32]) {
        self.ensemble.set_seasons(seasons_s);
    }

    /// Remembers an interval without forecasting, and without the experts learning from it: for
    /// training, which only wants the network's inputs. An interval that does not follow the last
    /// one (a hole too long to be filled) starts the memory anew.
    pub fn remember(&mut self, interval: &Interval) {
        let expected = self.last_end.map(|end| end.plus(i64::from(self.length.seconds())));
        if expected.is_some_and(|end| end != interval.end) {
            self.history = ModelHistory::default();
            self.features = FeatureBank::new(self.length);
            self.ensemble.restart();
        }
        self.last_end = Some(interval.end);
        let interval = self.without_ghosts(interval);
        self.history.push(&interval);
        self.latest = Some(self.features.push(&interval));
    }

    /// The interval as far as its count is believed; a ghost before it is taken out of the history.
    fn without_ghosts(&mut self, interval: &Interval) -> Interval {
        let Some(events) = interval.arrivals_events else { return *interval };
        let day = self.length.steps_per_day();
        if let Some(mean) = ghost::mended(&self.history, events, day) {
            self.history.amend_last(mean);
        }
        let believed = ghost::believed(&self.history, events, day);
        Interval { arrivals_events: Some(believed), ..*interval }
    }

    /// Says what the user has planned for the interval that is pushed next and for those after it.
    /// It holds for that one push; what is not told is not planned.
    pub fn set_planned(&mut self, ahead: &Ahead) {
        self.ensemble.set_planned(ahead);
    }

    /// The network's inputs at the end of the last interval; `None` while no count is known.
    #[must_use]
    pub fn input(&self) -> Option<ModelInput> {
        ModelInput::build(&self.history, self.latest.as_ref()?, self.last_end?, self.length)
    }

    /// The network's own quantiles. A network that fails or answers with a non-finite number is
    /// replaced by the baseline within this very call (promise S-6).
    fn ask_network(&mut self, input: &ModelInput) -> (QuantileGrid, ForecastSource) {
        match self.model.infer(input) {
            Ok(changes) if changes.iter().all(|c| c.is_finite()) => {
                (input.scale.grid(&changes), ForecastSource::Model)
            }
            _ => {
                self.failures = self.failures.saturating_add(1);
                (Baseline::quantiles(input), ForecastSource::Baseline)
            }
        }
    }

    /// Puts another network in the place of this one; what was learned beside it stays.
    pub fn replace_model(&mut self, model: M) {
        self.model = model;
    }

    /// The features of the last interval.
    #[must_use]
    pub fn features(&self) -> Option<&Features> {
        self.latest.as_ref()
    }

    /// How often the network failed.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

// Never inlined where stacks are probed: their frames are large, and the gatherer that calls them may return
// early (`docs/stack-probes.md`). A microcontroller has no probes, and no room for one more copy of the input.
impl<M: ForecastModel> Forecaster for ForecastPipeline<M> {
    #[cfg_attr(not(target_os = "none"), inline(never))]
    fn push(&mut self, interval: &Interval) -> Option<Forecast> {
        self.remember(interval);
        let network = self.input().map(|input| self.ask_network(&input));
        let grid = network.as_ref().map(|(grid, _)| grid);
        let mixed = self.ensemble.push(&self.history, interval.end, grid);
        let ((events, makeup), (_, source)) = mixed.zip(network)?;
        let forecast = Forecast::new(interval.end, self.length, events, source).ok()?;
        Some(Forecast { makeup: Some(makeup), ..forecast })
    }

    #[cfg_attr(not(target_os = "none"), inline(never))]
    fn pass(&mut self, interval: &Interval) {
        self.remember(interval);
        let _ = self.ensemble.push(&self.history, interval.end, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A network that says "no change", or fails.
    struct Fake(Option<f32>);

    impl ForecastModel for Fake {
        type Error = &'static str;
        fn infer(
            &mut self,
            _: &ModelInput,
        ) -> Result<[f32; STEPS * QUANTILES.len()], &'static str> {
            self.0.map(|change| [change; STEPS * QUANTILES.len()]).ok_or("no network")
        }
    }

    fn play(
        network: Option<f32>,
        n: usize,
        known: impl Fn(usize) -> bool,
    ) -> Vec<Option<Forecast>> {
        let mut pipeline = ForecastPipeline::new(IntervalLength::TWO_MINUTES, Fake(network));
        let interval = |k: usize| Interval {
            arrivals_events: known(k).then_some(100.0),
            ..Interval::missing(UnixSeconds(120 * (k as i64 + 1)))
        };
        (0..n).map(|k| pipeline.push(&interval(k))).collect()
    }

    #[test]
    fn a_gap_longer_than_the_window_is_still_forecast() {
        let forecasts = play(Some(0.0), 400, |k| (50..150).contains(&k));
        assert!(forecasts[..50].iter().all(Option::is_none));
        assert!(forecasts[50..].iter().all(Option::is_some));
        let row = forecasts[399].as_ref().unwrap().events[3];
        assert!((row[crate::forecast::Q50] - 100.0).abs() < 1.0, "{row:?}");
    }

    #[test]
    fn a_network_that_fails_is_done_without() {
        for broken in [None, Some(f32::NAN), Some(f32::INFINITY)] {
            let last = play(broken, 60, |_| true).pop().flatten().unwrap();
            assert_eq!(last.source, ForecastSource::Baseline);
            assert!((last.events[0][crate::forecast::Q50] - 100.0).abs() < 1.0);
        }
        let last = play(Some(0.0), 60, |_| true).pop().flatten().unwrap();
        assert_eq!(last.source, ForecastSource::Model);
    }
}
