//! Makes decisions so.
//!
//! An actuator is asked only when something is to change, one order at a time: the newest decision
//! takes the place of any that waits. It may be asked twice for the same number (promise J-2), it is
//! told which order is the newer one, and its failures never reach the loop.

mod account;
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

pub use account::Account;
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
use crate::platform::backoff::Backoff;
use crate::platform::stop::Stop;
use crate::telemetry::ActuationResult;
use crate::workload::Traced;
use scaleiq_core::settings::Settings;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// Time until a failed change is tried again, at first,
const RETRY: Duration = Duration::from_secs(4);
/// and after many failures in a row.
const LONGEST_RETRY: Duration = Duration::from_secs(60);
/// A change gets at least this long to show in the samples.
const MIN_SETTLE_S: f32 = 30.0;
/// Carries decisions out.
#[derive(Debug)]
pub struct Actor {
    actuator: Box<dyn Actuator>,
    ledger: Ledger,
    promises: promises::Watch,
    numbering: Numbering,
    account: Account,
    backoff: Backoff,
}

impl Actor {
    /// Carries out with what `settings` ask for; in shadow mode with nothing. `secret` is passed on to
    /// nobody. The workload is that of `about`, and `folder` is where terms are kept.
    ///
    /// # Errors
    /// If the system refuses what the actuator needs.
    pub fn new(
        mode: Mode,
        settings: &dyn ActuatorSettings,
        secret: Option<&Secret>,
        about: &Settings,
        folder: Option<&Path>,
        account: Account,
        stop: Stop,
    ) -> io::Result<Self> {
        let later = account.clone();
        let report = Box::new(move |order: &Order, done: &io::Result<()>| {
            later.told(order, done, Duration::ZERO);
        });
        let tools = Tools { secret, fewest: about.limits.min(), stop, report };
        let actuator = match mode {
            Mode::Shadow => DryRun.build(tools),
            Mode::Active => settings.build(tools),
        }?;
        let settle_s = Settings::lead_s(about.start_up_s).max(MIN_SETTLE_S);
        Ok(Self {
            actuator,
            ledger: Ledger::new(Duration::from_secs_f32(settle_s)),
            promises: promises::Watch::default(),
            numbering: Numbering::start(folder, SystemTime::now()),
            account,
            backoff: Backoff::new(RETRY, LONGEST_RETRY),
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
                changed = decisions.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    // What fails is not tried with each sample.
                    if retry_at.is_some_and(|at| Instant::now() < at) {
                        continue;
                    }
                }
                () = retry => {}
            }
            retry_at = None;
            let Some(traced) = decisions.borrow_and_update().clone() else { continue };
            if !self.is_due(&traced) {
                continue;
            }
            let order = self.numbering.order(traced.decision.clone());
            retry_at = self.carry_out(order, &traced).await.map(|pause| Instant::now() + pause);
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
            self.account.metrics().acted(ActuationResult::Unrecorded);
        }
        !held
    }

    /// Gives the time until it is tried again, if it failed.
    async fn carry_out(&mut self, order: Order, traced: &Traced) -> Option<Duration> {
        let (id, jobs) = (order.id, order.decision.jobs);
        let begin = Instant::now();
        let outcome = self.actuator.apply(&order).await;
        let took = begin.elapsed();
        if !matches!(outcome, Ok(Outcome::Withheld))
            && let Some(promise) = self.promises.check(&order, traced)
        {
            self.account.metrics().broken(promise);
            tracing::error!("promise {} is broken: please report this: {order:?}", promise.id());
        }
        match outcome {
            Ok(Outcome::Done) => {
                tracing::info!(id, jobs = jobs.0, "carried out");
                self.account.told(&order, &Ok(()), took);
            }
            Ok(Outcome::Withheld) => self.account.metrics().acted(ActuationResult::Withheld),
            Ok(Outcome::Sent { superseded: true }) => {
                self.account.metrics().acted(ActuationResult::Superseded);
            }
            Ok(Outcome::Sent { superseded: false }) => {}
            Err(error) => {
                let text = error.to_string();
                let failures = self.account.told(&order, &Err(error), took);
                let pause = self.backoff.pause();
                tracing::error!(
                    id,
                    jobs = jobs.0,
                    failures,
                    "the actuator failed: {text}; trying again in {:.0} s",
                    pause.as_secs_f32()
                );
                self.ledger.failed();
                return Some(pause);
            }
        }
        self.backoff.reset();
        self.promises.done(&order);
        self.ledger.done(jobs, Instant::now());
        None
    }
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
