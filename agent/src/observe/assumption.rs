//! A pool of which nobody tells how large it is, and who is told of it.

use super::{Warning, WarningKind};
use scaleiq_core::decision::Decision;
use scaleiq_core::plausibility::Doubt;
use scaleiq_core::policy::Stage;
use scaleiq_core::units::UnixSeconds;

/// Seconds between two warnings: one with each sample would hide every other one.
const SAY_EVERY_S: i64 = 900;

/// Says now and then that the number of jobs is assumed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Assumption {
    said: Option<UnixSeconds>,
}

impl Assumption {
    /// What is to be said in the answer to the samples that `decision` was made on, if anything is and
    /// was not said lately.
    pub fn warning(&mut self, decision: &Decision) -> Option<Warning> {
        let Some(message) = Self::note(decision) else {
            self.said = None;
            return None;
        };
        if self.said.is_some_and(|at| decision.at.since(at).abs() < SAY_EVERY_S) {
            return None;
        }
        self.said = Some(decision.at);
        Some(Warning::of_field("jobs_ready", WarningKind::Assumed, message))
    }

    /// What is assumed of the pool for `decision`; `None` if its jobs were told.
    #[must_use]
    pub fn note(decision: &Decision) -> Option<String> {
        let have = decision.current_jobs.0;
        decision.doubts.contains(Doubt::Pool).then(|| match decision.stage {
            Stage::Hold => format!("field `jobs_ready` is missing: {have} jobs are held"),
            _ => format!(
                "field `jobs_ready` is missing: {have} jobs are assumed, those decided last; at the start, \
                 those that the events keep busy"
            ),
        })
    }
}
