//! What was carried out, and whether there is anything to do.

use scaleiq_core::decision::Decision;
use scaleiq_core::units::Jobs;
use std::time::Duration;
use tokio::time::Instant;

/// Remembers the last number carried out.
#[derive(Clone, Debug)]
pub struct Ledger {
    settle: Duration,
    applied: Applied,
}

/// What is in force, as far as the agent had to do with it.
#[derive(Clone, Copy, Debug)]
enum Applied {
    /// Whatever there was before.
    Nothing,
    /// The number carried out then.
    Number(Jobs, Instant),
    /// What failed half-way may have changed something or nothing.
    Unknown,
}

impl Ledger {
    /// Nothing was carried out yet. A change is given `settle` to show in the samples before it is
    /// asked for again.
    #[must_use]
    pub fn new(settle: Duration) -> Self {
        Self { settle, applied: Applied::Nothing }
    }

    /// Whether `decision` asks for anything new: another number than the last one carried out, or
    /// the same that the samples still do not show.
    #[must_use]
    pub fn is_due(&self, decision: &Decision, now: Instant) -> bool {
        match self.applied {
            Applied::Number(jobs, _) if jobs != decision.jobs => true,
            Applied::Unknown => true,
            Applied::Nothing | Applied::Number(..) => {
                decision.jobs != self.in_force(decision.current_jobs, now)
            }
        }
    }

    /// The number in force: the last one carried out, or the `have` of the samples once it had its
    /// time to show there.
    #[must_use]
    pub fn in_force(&self, have: Jobs, now: Instant) -> Jobs {
        match self.applied {
            Applied::Number(jobs, at) if now.duration_since(at) < self.settle => jobs,
            Applied::Nothing | Applied::Number(..) | Applied::Unknown => have,
        }
    }

    /// `jobs` was carried out.
    pub fn done(&mut self, jobs: Jobs, now: Instant) {
        self.applied = Applied::Number(jobs, now);
    }

    /// Something failed: until something succeeds, each decision is carried out, also one that the
    /// samples show already.
    pub fn failed(&mut self) {
        self.applied = Applied::Unknown;
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use scaleiq_core::decision::Reason;
    use scaleiq_core::policy::Stage;
    use scaleiq_core::settings::Base;
    use scaleiq_core::units::UnixSeconds;

    /// A decision that says nothing else.
    pub(in crate::actuate) fn decision(jobs: u32, have: u32) -> Decision {
        Decision {
            epoch: 1,
            at: UnixSeconds(0),
            jobs: Jobs(jobs),
            current_jobs: Jobs(have),
            stage: Stage::Plan,
            base: Base::Required,
            multiplier: None,
            q_values: None,
            proposed: Jobs(jobs),
            changes: Default::default(),
            reason: Reason::Steady,
            outlook: None,
            prospects: None,
            doubts: Default::default(),
            preference: None,
            forecast: None,
        }
    }

    #[test]
    fn only_changes_are_carried_out() {
        let start = Instant::now();
        let after = |s| start + Duration::from_secs(s);
        let mut ledger = Ledger::new(Duration::from_secs(30));
        assert!(!ledger.is_due(&decision(4, 4), start));
        assert!(ledger.is_due(&decision(5, 4), start));
        ledger.done(Jobs(5), start);
        assert!(!ledger.is_due(&decision(5, 4), after(10)), "it is on its way");
        assert!(ledger.is_due(&decision(5, 4), after(30)), "it never came");
        assert!(!ledger.is_due(&decision(5, 5), after(90)));
        assert!(ledger.is_due(&decision(4, 5), after(90)));
        ledger.failed();
        assert!(ledger.is_due(&decision(5, 5), after(90)), "who knows what is on its way");
    }

    #[test]
    fn what_is_in_force_is_what_was_carried_out_until_the_samples_show_it() {
        let start = Instant::now();
        let mut ledger = Ledger::new(Duration::from_secs(30));
        assert_eq!(ledger.in_force(Jobs(4), start), Jobs(4));
        ledger.done(Jobs(9), start);
        assert_eq!(ledger.in_force(Jobs(4), start), Jobs(9));
        assert_eq!(ledger.in_force(Jobs(8), start + Duration::from_secs(30)), Jobs(8));
    }
}
