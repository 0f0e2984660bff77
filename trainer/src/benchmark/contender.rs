//! Who plays.

use scaleiq_core::estimation::Estimate;
use scaleiq_core::policy::{Choice, Observation, Plan, Policy, Stage};
use scaleiq_core::settings::Settings;
use scaleiq_workload::baselines::Baseline;
use std::str::FromStr;

/// Around 1, in the steps of a network's actions, and what was best on development traffic in between.
const MULTIPLIERS_PLAYED: [f32; 5] = [0.8, 0.87, 0.94, 1.06, 1.15];
/// Below the widest margin that the plan may have.
const CAPS_PLAYED: [f32; 4] = [4.0, 8.0, 15.0, 25.0];

/// A policy that is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contender {
    /// The Q-network of the model.
    Dqn,
    /// The plan that the Q-network multiplies, as it is.
    Planner,
    /// The fewest jobs by playing what may come.
    SamplePaths,
    /// Jobs for the 0.9 quantile of the forecast.
    QuantileRule,
    /// Jobs for the present rate.
    Reactive,
    /// The plan times a constant, which is the knob: what a network has to beat that found nothing but
    /// that plans are too large.
    Multiplier,
    /// The plan with a margin that widens no further than the knob.
    MarginCap,
    /// A rule that people use, at each of its knobs; or the bound.
    Baseline(Baseline),
    /// The smallest pool that never changes and keeps the SLA.
    Static,
}

impl Contender {
    /// Ours, all under the same controller and guard.
    pub const OURS: [Self; 5] =
        [Self::Dqn, Self::Planner, Self::SamplePaths, Self::QuantileRule, Self::Reactive];

    /// The plan with one number changed for good.
    pub const CONSTANTS: [Self; 2] = [Self::Multiplier, Self::MarginCap];

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let ours = Self::OURS.into_iter().chain(Self::CONSTANTS);
        let baselines = Baseline::ALL.into_iter().map(Self::Baseline);
        ours.chain(baselines).chain([Self::Static])
    }

    /// Its name in tables and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dqn => "dqn",
            Self::Planner => "planner",
            Self::SamplePaths => "sample-paths",
            Self::QuantileRule => "quantile-rule",
            Self::Reactive => "reactive",
            Self::Multiplier => "multiplier",
            Self::MarginCap => "margin-cap",
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

    /// What can be set, if it is played at several settings.
    #[must_use]
    pub fn knobs(self) -> &'static [f32] {
        match self {
            Self::Baseline(baseline) => baseline.knobs(),
            Self::Multiplier => &MULTIPLIERS_PLAYED,
            Self::MarginCap => &CAPS_PLAYED,
            Self::Dqn
            | Self::Planner
            | Self::SamplePaths
            | Self::QuantileRule
            | Self::Reactive
            | Self::Static => &[],
        }
    }

    /// Runs that it counts for in a progress bar.
    #[must_use]
    pub fn runs(self) -> u64 {
        match self {
            // As many halvings as it takes to find one size among the usual limits.
            Self::Static => 8,
            other => other.knobs().len().max(1) as u64,
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

/// The plan times a constant.
#[derive(Clone, Copy, Debug)]
pub struct Multiplied(pub f32);

impl Policy for Multiplied {
    fn choose(&mut self, estimate: &Estimate, _: &Observation, settings: &Settings) -> Choice {
        let jobs = Plan::new(estimate, settings).jobs(self.0, estimate, settings);
        Choice::new(Stage::Plan, jobs)
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
        insta::assert_snapshot!(error, @"no such policy; there are dqn, planner, sample-paths, quantile-rule, reactive, multiplier, margin-cap, hpa, keda-lag, ds2, linear-trend, seasonal, oracle, static");
    }

    #[test]
    fn who_knows_what_comes_is_no_baseline() {
        let baselines = Contender::all().filter(|contender| contender.is_baseline()).count();
        assert_eq!(baselines, Baseline::ALL.len() - 1);
    }
}
