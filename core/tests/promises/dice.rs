//! A policy, a forecaster and a network that say anything.

use scaleiq_core::estimation::Estimate;
use scaleiq_core::forecast::{Forecast, ForecastSource, Forecaster, QUANTILES, STEPS};
use scaleiq_core::interval::{Interval, IntervalLength};
use scaleiq_core::policy::{ACTIONS, Choice, OBSERVATION, Observation, Policy, Stage, ValueModel};
use scaleiq_core::settings::Settings;
use scaleiq_core::units::Jobs;

/// Histories per promise.
pub(crate) const HISTORIES: u32 = 100_000;

/// Says anything, the same for the same seed.
#[derive(Clone, Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    /// Mostly small numbers, sometimes absurd ones.
    pub(crate) fn number(&mut self) -> f32 {
        match self.roll(8) {
            0 => 0.0,
            1 => 1e9,
            _ => self.roll(30_000) as f32 / 100.0,
        }
    }
}

impl Policy for Dice {
    fn choose(&mut self, _: &Estimate, _: &Observation, _: &Settings) -> Choice {
        let jobs = Jobs(self.number() as u32);
        Choice::new(Stage::Network, jobs)
    }
}

impl Forecaster for Dice {
    fn push(&mut self, interval: &Interval) -> Option<Forecast> {
        if self.roll(4) == 0 {
            return None;
        }
        let row: [f32; QUANTILES.len()] = core::array::from_fn(|_| self.number());
        let length = IntervalLength::TWO_MINUTES;
        Forecast::new(interval.end, length, [row; STEPS], ForecastSource::Model).ok()
    }
}

impl ValueModel for Dice {
    type Error = &'static str;

    fn values(&mut self, _: &[f32; OBSERVATION]) -> Result<[f32; ACTIONS], Self::Error> {
        match self.roll(3) {
            0 => Err("broken"),
            1 => Ok([f32::NAN; ACTIONS]),
            _ => Ok(core::array::from_fn(|_| self.number())),
        }
    }
}
