//! Predictive scaling as cloud providers offer it beside target tracking.

use super::hpa::HpaRule;
use super::rule::ScalingRule;
use scaleiq_core::estimation::DEFAULT_WORK_MS;
use scaleiq_core::sample::Sample;
use scaleiq_core::units::{DAY_S, Jobs, WEEK_S};
use std::collections::VecDeque;

/// The larger of target tracking ([`HpaRule`]) and a seasonal forecast: the highest rate of the same
/// half-hour to come a day and a week ago, averaged, at the level of the last half-hour against that
/// of the day before (at least half, at most twice).
///
/// It remembers a week of ticks, which must be of one length.
#[derive(Clone, Debug)]
pub struct SeasonalRule {
    /// Knob: the utilisation aimed at, by both.
    target: f32,
    tracking: HpaRule,
    /// Events per second in each tick, the latest last.
    rates: VecDeque<f32>,
    /// Work of an event when it was last seen.
    work_ms: f32,
}

impl SeasonalRule {
    pub(super) const NAME: &'static str = "seasonal";
    /// The usual target of target tracking.
    pub const DEFAULT_TARGET: f32 = 0.7;
    /// Targets worth a try, cheapest first.
    pub const TARGETS: [f32; 14] =
        [0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5, 0.45, 0.4, 0.35, 0.3];
    const AHEAD_S: u32 = 1800;
    const LEVELS: (f32, f32) = (0.5, 2.0);

    /// A rule with this target utilisation.
    #[must_use]
    pub fn new(target: f32) -> Self {
        let tracking = HpaRule::new(target);
        Self { target, tracking, rates: VecDeque::new(), work_ms: DEFAULT_WORK_MS }
    }

    /// Jobs for the seasonal forecast; 0 before there has been a day.
    fn forecast(&self, interval_s: u32) -> Jobs {
        let ticks = |span_s: u32| (span_s / interval_s.max(1)).max(1) as usize;
        let (day, window) = (ticks(DAY_S), ticks(Self::AHEAD_S));
        let highest = |period_s| {
            let from = self.rates.len().checked_sub(ticks(period_s))?;
            let same = self.rates.range(from..(from + window).min(self.rates.len()));
            Some(same.fold(0.0, |highest: f32, rate| highest.max(*rate)))
        };
        let maxima = [DAY_S, WEEK_S].map(highest);
        let known = maxima.iter().flatten().count();
        if known == 0 {
            return Jobs(0);
        }
        let season = maxima.iter().flatten().sum::<f32>() / known as f32;
        // Where the day before was silent the level is as high as it may be.
        let level = if self.rates.len() > day + window {
            let until = |end: usize| self.rates.range(end - window..end).sum::<f32>() + 1e-9;
            until(self.rates.len()) / until(self.rates.len() - day)
        } else {
            1.0
        };
        let level = level.clamp(Self::LEVELS.0, Self::LEVELS.1);
        Jobs::ceil(season * level * self.work_ms / 1000.0 / self.target)
    }
}

impl Default for SeasonalRule {
    fn default() -> Self {
        Self::new(Self::DEFAULT_TARGET)
    }
}

impl ScalingRule for SeasonalRule {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn decide(&mut self, sample: &Sample) -> Jobs {
        self.work_ms = sample.work_ms.known().unwrap_or(self.work_ms);
        let arrivals = sample.arrivals_events.known();
        let rate = arrivals.map(|events| events / sample.interval_s as f32);
        // A tick that was not seen keeps its place in the week, as the one before it.
        let last = self.rates.back().copied().unwrap_or(0.0);
        self.rates.push_back(rate.unwrap_or(last));
        while self.rates.len() > (WEEK_S / sample.interval_s.max(1)) as usize {
            self.rates.pop_front();
        }
        let tracked = self.tracking.decide(sample);
        match rate {
            Some(_) => tracked.max(self.forecast(sample.interval_s)),
            None => tracked,
        }
    }
}
