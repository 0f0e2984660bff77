//! Rules without a network: the rungs below the DQN.

use super::{Choice, Policy, Stage, State};
use crate::forecast::Q90;
use crate::settings::Settings;
use crate::situation::Situation;
use crate::units::Jobs;

/// Utilisation that the reactive rule aims at: HPA users' usual 70..80 %.
const REACTIVE_UTILISATION: f32 = 0.8;

/// A pool up to this much larger than required is left as it is: a change costs a pause in many
/// systems, and the next minute may need the jobs again.
const SLACK: f32 = 1.1;

/// Enough jobs for `least`, or the present ones if they are enough and not above `most`. Where each
/// change costs a pause, a pool that must grow grows to `most` at once instead of job by job.
pub(super) fn keep_within(least: f32, most: f32, s: &Situation) -> Jobs {
    // A thousandth of a job is no reason for another one.
    let [least, most] = [least, most].map(|jobs| Jobs::ceil(jobs - 1e-3));
    let have = s.have();
    match have {
        _ if have >= least && have <= most => have,
        _ if have < least && s.changes_are_dear() => most,
        _ => least,
    }
}

/// Jobs for the present rate at 80 % utilisation, and the backlog over the catch-up time.
#[must_use]
pub fn reactive_jobs(s: &Situation, settings: &Settings) -> Jobs {
    let jobs = s.need(s.rate.0) / REACTIVE_UTILISATION;
    Jobs::ceil(s.with_backlog(jobs, settings.catch_up_s, settings))
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
    fn choose(&mut self, s: &Situation, _: &State, settings: &Settings) -> Choice {
        let (stage, jobs) = if s.has_forecast {
            let required = s.required(self.quantile, settings);
            (Stage::QuantileRule, keep_within(required, required * SLACK, s))
        } else {
            (Stage::Reactive, reactive_jobs(s, settings))
        };
        Choice { stage, action: None, q_values: None, jobs }
    }
}
