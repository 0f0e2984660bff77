//! What is held while nothing fresh and whole is known.

use super::Controller;
use crate::decision::{Constraint, Decision};
use crate::estimation::NoEstimate;
use crate::forecast::Forecaster;
use crate::guard::Guard;
use crate::plausibility::Doubt;
use crate::policy::{Choice, Policy, Stage};
use crate::units::{Jobs, UnixSeconds};

impl<F: Forecaster, P: Policy> Controller<F, P> {
    /// In doubt, hold: the last number wanted; before there was one, what was last seen to run. Where
    /// samples come and say nothing for a while, or do not come, the last forecast and the time without
    /// sight may raise it.
    pub(super) fn hold(&mut self, now: UnixSeconds, missing: NoEstimate) -> Decision {
        let last = self.observer.last();
        let ready = last.and_then(|s| s.jobs_ready).unwrap_or_default();
        let starting = last.and_then(|s| s.jobs_starting).unwrap_or_default();
        let have = Jobs(ready.0.saturating_add(starting.0));
        let wanted = self.memory.last_wanted.unwrap_or(have);
        let blind_for_s = self.sighted.map_or(0, |at| now.since(at));
        let (by, held) = match missing {
            NoEstimate::Stale => (Constraint::Stale, wanted),
            NoEstimate::Missing | NoEstimate::Late
                if blind_for_s > i64::from(self.settings.parameters.guard.blind_after_s) =>
            {
                let foreseen = self.observer.foreseen(now, self.forecast.as_ref(), &self.settings);
                // Counts that were read and are doubted are no sign of a rise; where changes stop the
                // pool, those of a guess do more harm than it can avert.
                let read = [Doubt::Silence, Doubt::Counts].iter().any(|d| self.doubts.contains(*d));
                let holds = read || self.observer.changes_are_costly();
                let raised = if holds { wanted } else { self.raised(blind_for_s) };
                (Constraint::Missing, wanted.max(foreseen).max(raised))
            }
            NoEstimate::Missing | NoEstimate::Late => (Constraint::Missing, wanted),
        };
        let (jobs, changes) = Guard::hold(by, wanted, held, &self.settings);
        let choice = Choice::new(Stage::Hold, wanted);
        Decision { changes, current_jobs: wanted, ..self.decision(now, jobs, choice) }
    }

    /// The number decided last in sight, raised for `blind_for_s` without it.
    fn raised(&self, blind_for_s: i64) -> Jobs {
        let p = &self.settings.parameters.guard;
        let minutes = (blind_for_s - i64::from(p.blind_after_s)) as f32 / 60.0;
        let factor = (1.0 + p.blind_raise * minutes).min(p.max_blind_raise);
        let seen = self.memory.last_seen.unwrap_or_default();
        Jobs::round(factor * seen.as_f32())
    }
}
