//! Changes nothing.

use super::actuator::{Actuator, ActuatorSettings, ActuatorVariant, Applying, Outcome, Tools};
use super::order::Order;
use std::io;
use std::sync::Arc;

/// `actuator: {type: dry_run}`.
pub const DRY_RUN: ActuatorVariant = ActuatorVariant {
    word: "dry_run",
    about: "nothing is changed: each change is logged",
    example: "{type: dry_run}",
    fields: |_| Some(Arc::new(DryRun)),
};

/// Logs each change.
#[derive(Clone, Copy, Debug)]
pub struct DryRun;

impl ActuatorSettings for DryRun {
    fn describe(&self) -> String {
        "none: changes are logged".into()
    }

    fn build(&self, _: Tools<'_>) -> io::Result<Box<dyn Actuator>> {
        Ok(Box::new(Self))
    }
}

impl Actuator for DryRun {
    fn apply<'a>(&'a mut self, order: &'a Order) -> Applying<'a> {
        tracing::info!(
            jobs = order.decision.jobs.0,
            current_jobs = order.decision.current_jobs.0,
            "would change the number of jobs; nothing was changed"
        );
        Box::pin(std::future::ready(Ok(Outcome::Withheld)))
    }
}
