//! The plan, multiplied by an action.

use super::action::MULTIPLIERS;
use super::plan::Plan;
use crate::settings::{Base, Settings};
use crate::situation::Situation;
use crate::units::Jobs;

/// Jobs that `MULTIPLIERS[action]` stands for. On the base `required` it is applied to the [`Plan`]:
/// a pool that fits the multiplied plan is left as it is. A multiplier other than 1 on the base
/// `current` always moves by at least one job (the reference's `int(1 * 1.5)` could never leave 1).
/// On either base 1 leaves the plan as it is, so that a network that never acts costs nothing.
#[must_use]
pub fn jobs_for_action(action: usize, situation: &Situation, settings: &Settings) -> Jobs {
    let multiplier = MULTIPLIERS.get(action).copied().unwrap_or(1.0);
    let have = situation.have();
    let scaled = Jobs::round(have.as_f32() * multiplier);
    match settings.base {
        Base::Current if multiplier > 1.0 => scaled.max(Jobs(have.0.saturating_add(1))),
        Base::Current if multiplier < 1.0 => scaled.min(Jobs(have.0.saturating_sub(1))),
        _ => Plan::new(situation, settings).jobs(multiplier, situation, settings),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::examples::{settings, situation};
    use crate::policy::{NEUTRAL, Planner, Policy, STATE};

    #[test]
    fn a_multiplier_moves_the_plan() {
        let jobs = |action| jobs_for_action(action, &situation(10, 100.0, 0.0), &settings());
        assert_eq!(jobs(NEUTRAL), Jobs(10));
        assert!(jobs(8) >= Jobs(18) && jobs(0) <= Jobs(6), "{:?} {:?}", jobs(8), jobs(0));
    }

    #[test]
    fn a_multiplier_of_current_always_moves_by_a_job() {
        let settings = Settings { base: Base::Current, ..settings() };
        let s = situation(1, 100.0, 0.0);
        let jobs = |action| jobs_for_action(action, &s, &settings);
        assert_eq!([jobs(NEUTRAL - 1), jobs(NEUTRAL + 1)], [Jobs(0), Jobs(2)]);
    }

    #[test]
    fn one_leaves_the_plan_as_it_is_on_either_base() {
        for (ready, rate, backlog) in [(1, 100.0, 0.0), (40, 100.0, 0.0), (10, 90.0, 9000.0)] {
            let s = situation(ready, rate, backlog);
            let plan = Planner.choose(&s, &[0.0; STATE], &settings()).jobs;
            for base in [Base::Required, Base::Current] {
                let settings = Settings { base, ..settings() };
                assert_eq!(jobs_for_action(NEUTRAL, &s, &settings), plan, "{base:?} {ready}");
            }
        }
    }
}
