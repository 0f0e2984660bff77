//! How the loop keeps to the limits in force: those configured, as people change them for a while.

use super::{Control, Event};
use crate::decide::limits::{Draft, LimitsInForce, Override, Overrides, Refused};
use scaleiq_core::units::{Jobs, UnixSeconds};

impl Control {
    /// Brings the limits up to date at `now`: what decides is told, and it is recorded.
    pub(super) fn keep_limits(&mut self, now: UnixSeconds) {
        let ended = self.overrides.take_ended(now);
        for entry in &ended {
            tracing::info!(id = entry.id, "override ended: {}", entry.sentence());
        }
        let jobs = self.jobs_in_force();
        let held = jobs.is_some_and(|jobs| self.overrides.hold(jobs));
        if held || !ended.is_empty() {
            self.store.save(&self.overrides);
        }
        let in_force = self.in_force_at(now, jobs);
        if in_force == self.limits {
            return;
        }
        let (min, max) = (in_force.limits.min(), in_force.limits.max());
        let why =
            if in_force.why.is_empty() { "as configured".into() } else { in_force.why.join("; ") };
        tracing::info!("{min} to {max} jobs from now on: {why}");
        self.settings.limits = in_force.limits;
        self.decider.set_limits(in_force.limits);
        self.recorder.limits(now, &in_force);
        self.audience.tell(Event::Limits(&in_force));
        // What is held is held within other limits now.
        self.held = None;
        self.limits = in_force;
        self.show_limits();
    }

    /// A pause by schedule goes on holding what it has held.
    fn in_force_at(&self, now: UnixSeconds, jobs: Option<Jobs>) -> LimitsInForce {
        let Self { configured, schedule, overrides, .. } = self;
        LimitsInForce::at(now, *configured, schedule, overrides, jobs)
    }

    /// A person sets an override.
    pub(super) fn set_override(&mut self, draft: Draft) -> Result<Override, Refused> {
        let now = self.clock.now().ours;
        let entry = self.overrides.set(draft, now, self.jobs_in_force())?;
        tracing::info!(id = entry.id, "override set: {}", entry.sentence());
        self.overrides_changed(now);
        Ok(entry)
    }

    /// A person ends the override `id`; `None` if there is none.
    pub(super) fn end_override(&mut self, id: u64) -> Option<Override> {
        let entry = self.overrides.end(id)?;
        tracing::info!(id, "override ended by hand: {}", entry.sentence());
        self.overrides_changed(self.clock.now().ours);
        Some(entry)
    }

    fn overrides_changed(&mut self, now: UnixSeconds) {
        self.store.save(&self.overrides);
        self.keep_limits(now);
        self.show_limits();
        self.look();
    }

    fn jobs_in_force(&self) -> Option<Jobs> {
        self.decisions.borrow().as_ref().map(|last| last.decision.jobs)
    }

    fn show_limits(&self) {
        let (limits, overrides): (_, Overrides) = (self.limits.clone(), self.overrides.clone());
        self.view.send_modify(|view| {
            let mut next = (**view).clone();
            next.limits = limits;
            next.overrides = overrides;
            *view = next.into();
        });
    }
}
