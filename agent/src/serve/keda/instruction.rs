//! What KEDA is told: a number of jobs only where there is one to act on, and that nothing should run only
//! where that was decided.

use crate::decide::Mode;
use crate::serve::Served;
use crate::workload::{Handle, Traced, View};
use scaleiq_core::units::Jobs;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// Knows what KEDA is told; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Instructor {
    control: Handle,
    mode: Mode,
    /// The number told last, which KEDA keeps while it is told no other.
    told: Arc<Mutex<Option<Jobs>>>,
}

impl Instructor {
    /// Tells what is decided for `workload`; in shadow mode nothing.
    pub(super) fn new(workload: &Served) -> Self {
        let (control, mode) = (workload.api.control.clone(), workload.api.mode);
        Self { control, mode, told: Arc::default() }
    }

    /// Returns what changes whenever something is decided.
    pub(super) fn views(&self) -> watch::Receiver<Arc<View>> {
        self.control.views()
    }

    /// Returns how many jobs should run.
    ///
    /// # Errors
    /// Why there is nothing to act on: KEDA leaves the pool as it is then.
    pub(super) async fn jobs(&self) -> Result<Jobs, String> {
        if self.mode == Mode::Shadow {
            return Err("shadow mode: nothing is to be changed; `mode: active` changes that".into());
        }
        let in_force = self.control.decide().await.map_err(|error| error.to_string())?;
        let traced = in_force.traced;
        if in_force.is_stale || !traced.may_be_acted_on() {
            let why = self.control.ready().err();
            let why = why.map_or_else(String::new, |why| format!(": {why}"));
            return Err(format!("{}{why}", traced.decision.reason.sentence()));
        }
        let jobs = traced.decision.jobs;
        if !self.is_durable(&traced) {
            return Err(format!(
                "the journal cannot be written: no fewer jobs than before, not {jobs}"
            ));
        }
        *self.told() = Some(jobs);
        Ok(jobs)
    }

    /// Returns whether any job should run: false only where it was decided that none should.
    pub(super) fn is_active(&self) -> bool {
        let is_none = |traced: &Traced| traced.decision.jobs == Jobs(0) && self.is_durable(traced);
        self.mode == Mode::Shadow || !self.control.view().decision.as_ref().is_some_and(is_none)
    }

    /// Whether the decision may be told. Promise J-1: what takes jobs away is durable before; more jobs
    /// cannot wait for a disk.
    fn is_durable(&self, traced: &Traced) -> bool {
        let in_force = self.told().unwrap_or(traced.decision.current_jobs);
        traced.recorded != Some(false) || traced.decision.jobs >= in_force
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Option<Jobs>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
