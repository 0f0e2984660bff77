//! What was carried out, and whether there is anything to do.

use scaleiq_core::decision::Decision;
use scaleiq_core::units::Jobs;
use std::time::Duration;
use tokio::time::Instant;

/// Remembers the last number carried out.
#[derive(Clone, Debug)]
pub struct Ledger {
    settle: Duration,
    applied: Option<(Jobs, Instant)>,
}

impl Ledger {
    /// Nothing was carried out yet. A change is given `settle` to show in the samples before it is
    /// asked for again.
    #[must_use]
    pub fn new(settle: Duration) -> Self {
        Self { settle, applied: None }
    }

    /// Whether `decision` asks for anything new: another number than the last one carried out, or
    /// the same that the samples still do not show.
    #[must_use]
    pub fn is_due(&self, decision: &Decision, now: Instant) -> bool {
        let differs = decision.jobs != decision.have;
        match self.applied {
            None => differs,
            Some((jobs, _)) if jobs != decision.jobs => true,
            Some((_, at)) => differs && now.duration_since(at) >= self.settle,
        }
    }

    /// `jobs` was carried out.
    pub fn done(&mut self, jobs: Jobs, now: Instant) {
        self.applied = Some((jobs, now));
    }

    /// Something failed: what is in force is not known, so the samples alone count.
    pub fn failed(&mut self) {
        self.applied = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scaleiq_core::decision::Reason;
    use scaleiq_core::policy::Stage;
    use scaleiq_core::settings::Base;
    use scaleiq_core::units::UnixSeconds;

    fn decision(jobs: u32, have: u32) -> Decision {
        Decision {
            epoch: 1,
            at: UnixSeconds(0),
            jobs: Jobs(jobs),
            have: Jobs(have),
            stage: Stage::Dqn,
            base: Base::Required,
            multiplier: None,
            q_values: None,
            proposed: Jobs(jobs),
            changes: Default::default(),
            reason: Reason::Steady,
            outlook: None,
            prospects: None,
            doubts: Default::default(),
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
        assert!(!ledger.is_due(&decision(5, 5), after(90)));
    }
}
