//! Rules without a network: the rungs below the plan.

use super::choice::{Choice, Policy, Stage};
use super::observation::Observation;
use crate::estimation::Estimate;
use crate::forecast::Q90;
use crate::settings::Settings;
use crate::units::Jobs;

/// Jobs for the present rate at the reactive rule's utilisation, and the backlog over the catch-up time.
#[must_use]
pub fn reactive_jobs(s: &Estimate, settings: &Settings) -> Jobs {
    let jobs = s.offered_load(s.rate.0) / settings.parameters.guard.reactive_utilisation;
    Jobs::ceil(s.with_backlog(jobs, settings))
}

/// Jobs for the present rate, whatever is forecast: the rung below the quantile rule, on its own.
#[derive(Clone, Copy, Debug)]
pub struct Reactive;

impl Policy for Reactive {
    fn choose(&mut self, s: &Estimate, _: &Observation, settings: &Settings) -> Choice {
        Choice::new(Stage::Reactive, reactive_jobs(s, settings))
    }
}

/// Jobs for a quantile of the forecast at lead time, and the backlog over the catch-up time;
/// without a forecast, the reactive rule.
#[derive(Clone, Copy, Debug)]
pub struct QuantileRule {
    /// Index into [`crate::forecast::QUANTILES`].
    pub quantile: usize,
}

impl Default for QuantileRule {
    fn default() -> Self {
        Self { quantile: Q90 }
    }
}

impl Policy for QuantileRule {
    fn choose(&mut self, s: &Estimate, _: &Observation, settings: &Settings) -> Choice {
        let (stage, jobs) = if s.has_forecast {
            let rate = s.lead_rates.get(self.quantile).copied().unwrap_or(s.rate.0);
            (Stage::QuantileRule, Jobs::ceil(s.with_backlog(s.offered_load(rate), settings) - 1e-3))
        } else {
            (Stage::Reactive, reactive_jobs(s, settings))
        };
        Choice::new(stage, jobs)
    }
}
