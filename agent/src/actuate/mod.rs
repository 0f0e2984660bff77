//! Makes decisions so.
//!
//! An actuator is asked only when something is to change, one order at a time: the newest decision
//! takes the place of any that waits. It may be asked twice for the same number (promise J-2), it is
//! told which order is the newer one, and its failures never reach the loop.

pub mod actuator;
mod dry_run;
mod hook;
#[cfg(feature = "kubernetes")]
mod kubernetes;
mod ledger;
#[cfg(feature = "http")]
mod nomad;
mod order;
#[cfg(unix)]
pub mod processes;
mod program;
mod promises;
#[cfg(feature = "http")]
mod remote;
mod stdout;
#[cfg(feature = "http")]
mod swarm;
#[cfg(unix)]
mod systemd;
#[cfg(feature = "http")]
mod webhook;

pub use actuator::{Actuator, ActuatorSettings};
pub use dry_run::{DRY_RUN, DryRun};
pub use hook::EXEC;
#[cfg(feature = "kubernetes")]
pub use kubernetes::KUBERNETES;
pub use ledger::Ledger;
#[cfg(feature = "http")]
pub use nomad::NOMAD;
pub use order::{Numbering, Order};
#[cfg(unix)]
pub use processes::PROCESSES;
pub use stdout::STDOUT;
#[cfg(feature = "http")]
pub use swarm::SWARM;
#[cfg(unix)]
pub use systemd::SYSTEMD;
#[cfg(feature = "http")]
pub use webhook::WEBHOOK;

use actuator::{Outcome, Tools};

use crate::config::Secret;
use crate::decide::Mode;
use crate::platform::stop::Stop;
use crate::telemetry::{ActuationResult, Metrics};
use crate::workload::Traced;
use scaleiq_core::settings::Settings;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// Time until a failed change is tried again.
const RETRY: Duration = Duration::from_secs(10);
/// A change gets at least this long to show in the samples.
const MIN_SETTLE_S: f32 = 30.0;
/// Carries decisions out.
#[derive(Debug)]
pub struct Actor {
    actuator: Box<dyn Actuator>,
    ledger: Ledger,
    promises: promises::Watch,
    numbering: Numbering,
    metrics: Metrics,
}

impl Actor {
    /// Carries out with what `settings` ask for; in shadow mode with nothing. `secret` is passed on to
    /// nobody. Jobs start in `start_up_s`, and `folder` is where terms are kept.
    ///
    /// # Errors
    /// If the system refuses what the actuator needs.
    pub fn new(
        mode: Mode,
        settings: &dyn ActuatorSettings,
        secret: Option<&Secret>,
        start_up_s: f32,
        folder: Option<&Path>,
        metrics: Metrics,
        stop: Stop,
    ) -> io::Result<Self> {
        let told = metrics.clone();
        let report = Box::new(move |order: &Order, done: &io::Result<()>| match done {
            Ok(()) => applied(&told, order),
            Err(_) => told.acted(ActuationResult::Failed),
        });
        let tools = Tools { secret, stop, report };
        let actuator = match mode {
            Mode::Shadow => DryRun.build(tools),
            Mode::Active => settings.build(tools),
        }?;
        let settle_s = Settings::lead_s(start_up_s).max(MIN_SETTLE_S);
        Ok(Self {
            actuator,
            ledger: Ledger::new(Duration::from_secs_f32(settle_s)),
            promises: promises::Watch::default(),
            numbering: Numbering::start(folder, SystemTime::now()),
            metrics,
        })
    }

    /// Carries decisions out until the loop ends.
    pub async fn run(mut self, mut decisions: watch::Receiver<Option<Traced>>) {
        let mut retry_at: Option<Instant> = None;
        loop {
            let retry = async {
                match retry_at {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                changed = decisions.changed() => if changed.is_err() { break },
                () = retry => {}
            }
            retry_at = None;
            let Some(traced) = decisions.borrow_and_update().clone() else { continue };
            if !self.is_due(&traced) {
                continue;
            }
            let order = self.numbering.order(traced.decision.clone());
            if !self.carry_out(order, &traced).await {
                retry_at = Some(Instant::now() + RETRY);
            }
        }
        tokio::task::block_in_place(|| self.actuator.finish());
    }

    /// Whether there is anything to do.
    fn is_due(&self, traced: &Traced) -> bool {
        let decision = &traced.decision;
        if !traced.may_be_acted_on() {
            return false;
        }
        let now = Instant::now();
        if !self.actuator.takes_all() && !self.ledger.is_due(decision, now) {
            return false;
        }
        // Promise J-1: what takes jobs away is durable before. More jobs cannot wait for a disk.
        let unrecorded = traced.recorded == Some(false);
        let held = unrecorded && decision.jobs < self.ledger.in_force(decision.current_jobs, now);
        if held {
            self.metrics.acted(ActuationResult::Unrecorded);
        }
        !held
    }

    /// False if it failed.
    async fn carry_out(&mut self, order: Order, traced: &Traced) -> bool {
        let (id, jobs) = (order.id, order.decision.jobs);
        let outcome = self.actuator.apply(&order).await;
        if !matches!(outcome, Ok(Outcome::Withheld))
            && let Some(promise) = self.promises.check(&order, traced)
        {
            self.metrics.broken(promise);
            tracing::error!("promise {} is broken: please report this: {order:?}", promise.id());
        }
        match outcome {
            Ok(Outcome::Done) => {
                tracing::info!(id, jobs = jobs.0, "carried out");
                applied(&self.metrics, &order);
            }
            Ok(Outcome::Withheld) => self.metrics.acted(ActuationResult::Withheld),
            Ok(Outcome::Sent { superseded: true }) => {
                self.metrics.acted(ActuationResult::Superseded)
            }
            Ok(Outcome::Sent { superseded: false }) => {}
            Err(error) => {
                tracing::error!(
                    id,
                    jobs = jobs.0,
                    "the actuator failed: {error}; trying again in {} s",
                    RETRY.as_secs()
                );
                self.ledger.failed();
                self.metrics.acted(ActuationResult::Failed);
                return false;
            }
        }
        self.promises.done(&order);
        self.ledger.done(jobs, Instant::now());
        true
    }
}

fn applied(metrics: &Metrics, order: &Order) {
    metrics.acted(ActuationResult::Done);
    metrics.applied(order.id, order.decision.jobs);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::ModelId;
    use scaleiq_core::decision::{Change, Constraint, Decision};
    use scaleiq_core::policy::{NetworkRole, Stage};
    use scaleiq_core::units::Jobs;

    #[test]
    fn what_is_held_is_only_ever_raised_and_not_on_stale_data() {
        let may_act = |stage, changes: &[Change], (jobs, current)| {
            let changes = changes.iter().copied().collect();
            let traced = Traced {
                decision: Decision { stage, changes, ..ledger::tests::decision(jobs, current) },
                input_sha256: None,
                recorded: None,
                model: ModelId::none(),
                network_role: NetworkRole::Absent,
            };
            traced.may_be_acted_on()
        };
        let held = |by, jobs, current| {
            let change = Change { by, from: Jobs(current), to: Jobs(jobs) };
            may_act(Stage::Hold, &[change], (jobs, current))
        };
        assert!(may_act(Stage::Plan, &[], (3, 10)));
        assert!(held(Constraint::Missing, 14, 10) && held(Constraint::Limits, 14, 10));
        assert!(!held(Constraint::Missing, 10, 10) && !held(Constraint::Missing, 8, 10));
        assert!(!held(Constraint::Stale, 14, 10));
    }
}
