//! The plan, multiplied by an action.

use super::action::{MULTIPLIERS, NEUTRAL};
use super::plan::Plan;
use crate::estimation::Estimate;
use crate::settings::{Base, Settings};
use crate::units::Jobs;

/// Jobs that `MULTIPLIERS[action]` stands for. On the base `required` it is applied to the [`Plan`]:
/// a pool that fits the multiplied plan is left as it is. A multiplier other than 1 on the base
/// `current` always moves by at least one job (the reference's `int(1 * 1.5)` could never leave 1).
/// On either base 1 leaves the plan as it is, so that a network that never acts costs nothing.
#[must_use]
pub fn jobs_for_action(action: usize, estimate: &Estimate, settings: &Settings) -> Jobs {
    let multiplier = MULTIPLIERS.get(action).copied().unwrap_or(1.0);
    let have = estimate.current_jobs();
    let scaled = Jobs::round(have.as_f32() * multiplier);
    match settings.base {
        Base::Current if multiplier > 1.0 => scaled.max(Jobs(have.0.saturating_add(1))),
        Base::Current if multiplier < 1.0 => scaled.min(Jobs(have.0.saturating_sub(1))),
        _ => Plan::new(estimate, settings).jobs(multiplier, estimate, settings),
    }
}

/// What of the plan those jobs are, so that an action can be held: the plan goes on to follow the load, and
/// the pool to be as much more or less than it.
#[must_use]
pub fn multiplier_of_action(action: usize, estimate: &Estimate, settings: &Settings) -> f32 {
    match settings.base {
        Base::Current if action != NEUTRAL => {
            let jobs = jobs_for_action(action, estimate, settings);
            jobs.as_f32() / Plan::new(estimate, settings).goal.max(1.0)
        }
        _ => MULTIPLIERS.get(action).copied().unwrap_or(1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::examples::{estimate, settings};
    use crate::policy::{OBSERVATION, Planner, Policy};

    #[test]
    fn a_multiplier_moves_the_plan() {
        let jobs = |action| jobs_for_action(action, &estimate(10, 100.0, 0.0), &settings());
        assert_eq!(jobs(NEUTRAL), Jobs(10));
        assert!(jobs(8) >= Jobs(18) && jobs(0) <= Jobs(6), "{:?} {:?}", jobs(8), jobs(0));
    }

    #[test]
    fn a_multiplier_of_current_always_moves_by_a_job() {
        let settings = Settings { base: Base::Current, ..settings() };
        let s = estimate(1, 100.0, 0.0);
        let jobs = |action| jobs_for_action(action, &s, &settings);
        assert_eq!([jobs(NEUTRAL - 1), jobs(NEUTRAL + 1)], [Jobs(0), Jobs(2)]);
    }

    #[test]
    fn an_action_is_a_part_of_the_plan_on_either_base() {
        let s = estimate(20, 100.0, 0.0);
        let goal = Plan::new(&s, &settings()).goal;
        for (base, action, expected) in [
            (Base::Required, 3, MULTIPLIERS[3]),
            (Base::Current, 3, 19.0 / goal),
            (Base::Current, NEUTRAL, 1.0),
        ] {
            let settings = Settings { base, ..settings() };
            assert_eq!(multiplier_of_action(action, &s, &settings), expected, "{base:?} {action}");
        }
    }

    #[test]
    fn one_leaves_the_plan_as_it_is_on_either_base() {
        for (ready, rate, backlog) in [(1, 100.0, 0.0), (40, 100.0, 0.0), (10, 90.0, 9000.0)] {
            let s = estimate(ready, rate, backlog);
            let plan = Planner.choose(&s, &[0.0; OBSERVATION], &settings()).jobs;
            for base in [Base::Required, Base::Current] {
                let settings = Settings { base, ..settings() };
                assert_eq!(jobs_for_action(NEUTRAL, &s, &settings), plan, "{base:?} {ready}");
            }
        }
    }
}
