//! Makes decisions so.
//!
//! An actuator is asked only when something is to change, one order at a time: the newest decision
//! takes the place of any that waits. It may be asked twice for the same number (promise J-2), it is
//! told which order is the newer one, and its failures never reach the loop.

mod choice;
mod hook;
mod ledger;
mod order;
mod promises;

pub use choice::Actuator;
pub use hook::Hook;
pub use ledger::Ledger;
pub use order::{Numbering, Order};

use crate::config::Secret;
use crate::decide::Mode;
use crate::platform::outlet::Outlet;
use crate::platform::stop::Stop;
use crate::telemetry::{Acted, Metrics};
use crate::workload::Traced;
use scaleiq_core::decision::{Constraint, Decision};
use scaleiq_core::policy::Stage;
use scaleiq_core::settings::Settings;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// Time until a failed change is tried again.
const RETRY: Duration = Duration::from_secs(10);
/// A change gets at least this long to show in the samples.
const MIN_SETTLE_S: f32 = 30.0;
/// Orders that may wait behind one that stdout does not take.
const WAITING: usize = 1;
/// Longest wait for stdout at the end.
const FLUSH: Duration = Duration::from_secs(1);

/// Carries decisions out.
#[derive(Debug)]
pub struct Actor {
    hands: Hands,
    ledger: Ledger,
    promises: promises::Watch,
    numbering: Numbering,
    metrics: Metrics,
    stop: Stop,
    /// Whether stdout was last seen to be blocked.
    blocked: bool,
}

/// What is done with an order.
#[derive(Debug)]
enum Hands {
    /// It is logged: shadow mode, or a dry run.
    Off,
    /// It is written to stdout, whether or not it changes anything.
    Stdout(Outlet<Order>),
    /// A hook runs.
    Hook(Hook),
}

impl Actor {
    /// What carries out with `actuator` in this `mode`; `secret` is kept from hooks. Jobs start in
    /// `start_up_s`, and `folder` is where terms are kept.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn new(
        mode: Mode,
        actuator: &Actuator,
        secret: Option<&Secret>,
        start_up_s: f32,
        folder: Option<&Path>,
        metrics: Metrics,
        stop: Stop,
    ) -> io::Result<Self> {
        let hands = match (mode, actuator) {
            (Mode::Shadow, _) | (Mode::Active, Actuator::DryRun) => Hands::Off,
            (Mode::Active, Actuator::Stdout) => Hands::Stdout(stdout(metrics.clone())?),
            (Mode::Active, Actuator::Exec { command, timeout }) => {
                Hands::Hook(Hook::new(command.clone(), *timeout, secret))
            }
        };
        let settle_s = Settings::lead_s(start_up_s).max(MIN_SETTLE_S);
        Ok(Self {
            hands,
            ledger: Ledger::new(Duration::from_secs_f32(settle_s)),
            promises: promises::Watch::default(),
            numbering: Numbering::start(folder, SystemTime::now()),
            metrics,
            stop,
            blocked: false,
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
            if !matches!(self.hands, Hands::Off)
                && let Some(promise) = self.promises.check(&order, &traced)
            {
                self.metrics.broken(promise);
                tracing::error!(
                    "promise {} is broken: please report this: {order:?}",
                    promise.id()
                );
            }
            if !self.carry_out(order).await {
                retry_at = Some(Instant::now() + RETRY);
            }
        }
        if let Hands::Stdout(outlet) = &self.hands
            && !tokio::task::block_in_place(|| outlet.flush(FLUSH))
        {
            tracing::warn!("stdout is not read: the last decision did not get through");
        }
    }

    /// Whether there is anything to do.
    fn is_due(&self, traced: &Traced) -> bool {
        let decision = &traced.decision;
        if !may_act(decision) {
            return false;
        }
        let now = Instant::now();
        let streams = matches!(self.hands, Hands::Stdout(_));
        if !streams && !self.ledger.is_due(decision, now) {
            return false;
        }
        // Promise J-1: what takes jobs away is durable before. More jobs cannot wait for a disk.
        let unrecorded = traced.recorded == Some(false);
        let held = unrecorded && decision.jobs < self.ledger.in_force(decision.have, now);
        if held {
            self.metrics.acted(Acted::Unrecorded);
        }
        !held
    }

    /// False if it failed.
    async fn carry_out(&mut self, order: Order) -> bool {
        let (id, jobs, have) = (order.id, order.decision.jobs, order.decision.have);
        let carried_out = order.clone();
        match &self.hands {
            Hands::Off => {
                tracing::info!(
                    jobs = jobs.0,
                    have = have.0,
                    "would change the number of jobs; nothing was changed"
                );
                self.metrics.acted(Acted::Withheld);
            }
            Hands::Stdout(outlet) => {
                let dropped = outlet.send(order);
                if dropped {
                    self.metrics.acted(Acted::Superseded);
                }
                if dropped && !self.blocked {
                    tracing::error!(
                        "stdout is not read: decisions wait, and newer ones take their place"
                    );
                }
                self.blocked = dropped;
            }
            Hands::Hook(hook) => {
                if let Err(error) = hook.run(&order, &self.stop).await {
                    tracing::error!(
                        id,
                        jobs = jobs.0,
                        "the actuator failed: {error}; trying again in {} s",
                        RETRY.as_secs()
                    );
                    self.ledger.failed();
                    self.metrics.acted(Acted::Failed);
                    return false;
                }
                tracing::info!(id, jobs = jobs.0, "carried out");
                self.metrics.acted(Acted::Done);
                self.metrics.applied(id, jobs);
            }
        }
        self.promises.done(&carried_out);
        self.ledger.done(jobs, Instant::now());
        true
    }
}

/// Promise S-2: on stale data nothing is changed and nothing is tried again. Where samples come that lack
/// what a decision needs, the number that is held may be raised, as it is in the backtest, and is never
/// lowered.
fn may_act(decision: &Decision) -> bool {
    let lacks = decision.changes.iter().any(|change| change.by == Constraint::Missing);
    decision.stage != Stage::Hold || (lacks && decision.jobs > decision.have)
}

/// The way to stdout. A reader that is slow, or gone, is told of in the log.
fn stdout(metrics: Metrics) -> io::Result<Outlet<Order>> {
    Outlet::start("stdout", WAITING, move |order: Order, dropped| match write(&order) {
        Ok(()) => {
            if dropped > 0 {
                tracing::info!("stdout is read again; {dropped} decisions were superseded");
            }
            metrics.acted(Acted::Done);
            metrics.applied(order.id, order.decision.jobs);
        }
        Err(error) => {
            tracing::error!("the actuator failed: cannot write to stdout: {error}");
            metrics.acted(Acted::Failed);
        }
    })
}

fn write(order: &Order) -> io::Result<()> {
    let mut line = serde_json::to_vec(order)?;
    line.push(b'\n');
    let mut stdout = io::stdout().lock();
    stdout.write_all(&line)?;
    stdout.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use scaleiq_core::decision::Change;
    use scaleiq_core::units::Jobs;

    #[test]
    fn what_is_held_is_only_ever_raised_and_not_on_stale_data() {
        let held = |by, jobs, have| {
            let change = Change { by, from: Jobs(have), to: Jobs(jobs) };
            let changes = std::iter::once(change).collect();
            may_act(&Decision {
                stage: Stage::Hold,
                changes,
                ..ledger::tests::decision(jobs, have)
            })
        };
        assert!(may_act(&ledger::tests::decision(3, 10)));
        assert!(held(Constraint::Missing, 14, 10));
        assert!(!held(Constraint::Missing, 10, 10) && !held(Constraint::Missing, 8, 10));
        assert!(!held(Constraint::Stale, 14, 10));
    }
}
