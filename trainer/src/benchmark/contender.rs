//! Who plays.

use scaleiq_core::estimation::Estimate;
use scaleiq_core::policy::{Choice, Observation, Policy, Stage, reactive_jobs};
use scaleiq_core::settings::Settings;
use scaleiq_workload::baselines::Baseline;
use std::str::FromStr;

/// A policy that is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contender {
    /// The Q-network of the model.
    Dqn,
    /// The plan that the Q-network multiplies, as it is.
    Planner,
    /// Jobs for the 0.9 quantile of the forecast.
    QuantileRule,
    /// Jobs for the present rate.
    Reactive,
    /// A rule that people use, at each of its knobs; or the bound.
    Baseline(Baseline),
    /// The smallest pool that never changes and keeps the SLA.
    Static,
}

impl Contender {
    /// Ours, all under the same controller and guard.
    pub const OURS: [Self; 4] = [Self::Dqn, Self::Planner, Self::QuantileRule, Self::Reactive];

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let baselines = Baseline::ALL.into_iter().map(Self::Baseline);
        Self::OURS.into_iter().chain(baselines).chain([Self::Static])
    }

    /// Its name in tables and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dqn => "dqn",
            Self::Planner => "planner",
            Self::QuantileRule => "quantile-rule",
            Self::Reactive => "reactive",
            Self::Baseline(baseline) => baseline.name(),
            Self::Static => "static",
        }
    }

    /// Whether it is a rule that somebody could have in place of ours. The oracle is none, nor is a
    /// static pool whose size is known from what comes.
    #[must_use]
    pub fn is_baseline(self) -> bool {
        matches!(self, Self::Baseline(baseline) if !baseline.is_bound())
    }

    /// Runs that it counts for in a progress bar.
    #[must_use]
    pub fn runs(self) -> u64 {
        match self {
            Self::Baseline(baseline) => baseline.knobs().len() as u64,
            // As many halvings as it takes to find one size among the usual limits.
            Self::Static => 8,
            Self::Dqn | Self::Planner | Self::QuantileRule | Self::Reactive => 1,
        }
    }
}

impl FromStr for Contender {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::all().find(|contender| contender.name() == text).ok_or_else(|| {
            let names: Vec<&str> = Self::all().map(Self::name).collect();
            format!("no such policy; there are {}", names.join(", "))
        })
    }
}

/// Jobs for the present rate, whatever is forecast: the rung below the quantile rule, on its own.
#[derive(Clone, Copy, Debug)]
pub struct Reactive;

impl Policy for Reactive {
    fn choose(&mut self, estimate: &Estimate, _: &Observation, settings: &Settings) -> Choice {
        let jobs = reactive_jobs(estimate, settings);
        Choice::new(Stage::Reactive, jobs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_and_others_are_refused() {
        for contender in Contender::all() {
            assert_eq!(contender.name().parse(), Ok(contender));
        }
        let error = "hpaa".parse::<Contender>().unwrap_err();
        insta::assert_snapshot!(error, @"no such policy; there are dqn, planner, quantile-rule, reactive, hpa, keda-lag, ds2, linear-trend, seasonal, oracle, static");
    }

    #[test]
    fn who_knows_what_comes_is_no_baseline() {
        let baselines = Contender::all().filter(|contender| contender.is_baseline()).count();
        assert_eq!(baselines, Baseline::ALL.len() - 1);
    }
}
