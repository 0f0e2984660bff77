//! The plan, multiplied by an action.

use super::action::{MULTIPLIERS, NEUTRAL};
use super::plan::Plan;
use crate::estimation::Estimate;
use crate::learned::learned;
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

/// Seconds for which an action is held (an option; Sutton, Precup & Singh 1999): what a pool is told for the
/// time between two samples the guard's window and its start-up time leave without effect.
pub const HELD_S: f32 = 1200.0;

/// An action in force: the plan goes on to follow the load, and the pool is to be as much more or less than it
/// as the action made of it when it was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HeldAction {
    action: usize,
    /// What of the plan the action made.
    multiplier: f32,
    /// Seconds for which it stays in force.
    left_s: f32,
}
learned!(HeldAction { action, multiplier, left_s });

impl HeldAction {
    /// Takes `action`, and the jobs that it asks for.
    #[must_use]
    pub fn taken(action: usize, s: &Estimate, settings: &Settings) -> (Self, Jobs) {
        let jobs = jobs_for_action(action, s, settings);
        let multiplier = match settings.base {
            Base::Current if action != NEUTRAL => {
                jobs.as_f32() / Plan::new(s, settings).goal.max(1.0)
            }
            _ => MULTIPLIERS.get(action).copied().unwrap_or(1.0),
        };
        (Self { action, multiplier, left_s: HELD_S }, jobs)
    }

    /// The same a sample later, and the jobs that it asks for now; `None` once its time is over.
    #[must_use]
    pub fn later(self, s: &Estimate, settings: &Settings) -> Option<(Self, Jobs)> {
        let left_s = self.left_s - s.sample_s;
        let jobs = || Plan::new(s, settings).jobs(self.multiplier, s, settings);
        (left_s > 0.0).then(|| (Self { left_s, ..self }, jobs()))
    }

    /// Which action it is.
    #[must_use]
    pub fn action(&self) -> usize {
        self.action
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
            let (held, jobs) = HeldAction::taken(action, &s, &settings);
            assert_eq!(held.multiplier, expected, "{base:?} {action}");
            assert_eq!(jobs, jobs_for_action(action, &s, &settings), "{base:?} {action}");
        }
    }

    #[test]
    fn an_action_is_held_for_its_time() {
        let (settings, s) = (settings(), estimate(10, 100.0, 0.0));
        let (taken, _) = HeldAction::taken(NEUTRAL, &s, &settings);
        let held = std::iter::successors(Some(taken), |held| {
            held.later(&s, &settings).map(|(held, _)| held)
        });
        assert_eq!(held.count(), (HELD_S / s.sample_s) as usize);
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
