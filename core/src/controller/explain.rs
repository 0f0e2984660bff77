//! Why a number is what it is, and what is expected of it.

use crate::decision::Reason;
use crate::estimation::Estimate;
use crate::policy::{Choice, NEUTRAL, Prospect, jobs_for_action, prospect};
use crate::settings::Settings;
use crate::units::Jobs;

/// What is expected of the number decided and of the nearest alternative.
pub(super) fn prospects(
    jobs: Jobs,
    choice: &Choice,
    s: &Estimate,
    settings: &Settings,
) -> [Prospect; 2] {
    let limits = settings.limits;
    let taken = choice.action.unwrap_or(NEUTRAL);
    let best = choice.q_values.as_ref().and_then(|q| best_but(taken, q));
    let other = best.map(|action| jobs_for_action(action, s, settings));
    let fewer = Jobs(jobs.0.saturating_sub(1));
    let neighbour =
        if fewer >= limits.min() && jobs.0 > 0 { fewer } else { Jobs(jobs.0.saturating_add(1)) };
    let other = other.map(|o| limits.clamp(o)).filter(|o| *o != jobs).unwrap_or(neighbour);
    [jobs, other].map(|jobs| prospect(jobs, s, settings))
}

/// The action of the highest value but for `taken`.
fn best_but(taken: usize, q_values: &[f32]) -> Option<usize> {
    let others = q_values.iter().enumerate().filter(|(k, _)| *k != taken);
    others.max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(k, _)| k)
}

/// Why `jobs` were decided, in a word.
pub(super) fn reason(choice: &Choice, jobs: Jobs, s: &Estimate, settings: &Settings) -> Reason {
    let have = s.current_jobs();
    let limits = settings.limits;
    if jobs > have {
        if s.wait_s() > settings.parameters.guard.catch_up_wait * settings.sla_s {
            Reason::CatchUp
        } else if s.offered_load(s.rate.0) > have.as_f32() || !s.has_forecast {
            Reason::LoadNow
        } else {
            Reason::ForecastRise
        }
    } else if jobs < have {
        if s.has_forecast { Reason::ForecastFall } else { Reason::LoadNow }
    } else if s.overdue && choice.jobs > jobs {
        Reason::Overdue
    } else if s.max_jobs.is_some_and(|most| choice.jobs > most) {
        Reason::Useless
    } else if s.stalled {
        Reason::Stalled
    } else if choice.jobs > limits.max() || choice.jobs < limits.min() {
        Reason::AtLimit
    } else if choice.jobs < have {
        Reason::HeldByGuard
    } else {
        Reason::Steady
    }
}
