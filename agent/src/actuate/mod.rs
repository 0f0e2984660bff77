//! Makes decisions so.
//!
//! An actuator is asked only when something is to change, may be asked twice for the same number
//! (promise J-2), and its failures never reach the loop.

mod exec;
mod ledger;

pub use exec::run_hook;
pub use ledger::Ledger;

use crate::config::{Actuator, Mode};
use crate::metrics::{Acted, Metrics};
use scaleiq_core::decision::Decision;
use scaleiq_core::policy::Stage;
use std::io::{self, Write};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// Seconds until a failed change is tried again.
const RETRY: Duration = Duration::from_secs(10);

/// Carries decisions out until the loop ends.
pub async fn act(
    actuator: Actuator,
    mode: Mode,
    settle: Duration,
    mut decisions: watch::Receiver<Option<Decision>>,
    metrics: Metrics,
) {
    let mut ledger = Ledger::new(settle);
    let mut retry_at: Option<Instant> = None;
    loop {
        let retry = async {
            match retry_at {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = decisions.changed() => if changed.is_err() { return },
            () = retry => {}
        }
        retry_at = None;
        let Some(decision) = decisions.borrow_and_update().clone() else { continue };
        // Promise S-2: blind, nothing is changed and nothing is tried again.
        if decision.stage == Stage::Hold {
            continue;
        }
        let streams = actuator == Actuator::Stdout && mode == Mode::Active;
        if !streams && !ledger.is_due(&decision, Instant::now()) {
            continue;
        }
        match carry_out(&actuator, mode, &decision).await {
            Ok(acted) => {
                ledger.done(decision.jobs, Instant::now());
                metrics.acted(acted);
            }
            Err(error) => {
                tracing::error!(
                    jobs = decision.jobs.0,
                    "the actuator failed: {error}; trying again in {} s",
                    RETRY.as_secs()
                );
                ledger.failed();
                metrics.acted(Acted::Failed);
                retry_at = Some(Instant::now() + RETRY);
            }
        }
    }
}

async fn carry_out(actuator: &Actuator, mode: Mode, decision: &Decision) -> io::Result<Acted> {
    match (mode, actuator) {
        (Mode::Shadow, _) | (Mode::Active, Actuator::DryRun) => {
            let (jobs, have) = (decision.jobs.0, decision.have.0);
            tracing::info!(jobs, have, "would change the number of jobs; nothing was changed");
            Ok(Acted::Withheld)
        }
        (Mode::Active, Actuator::Stdout) => {
            let mut line = serde_json::to_vec(decision)?;
            line.push(b'\n');
            let mut stdout = io::stdout().lock();
            stdout.write_all(&line)?;
            stdout.flush()?;
            Ok(Acted::Done)
        }
        (Mode::Active, Actuator::Exec { command, timeout }) => {
            run_hook(command, *timeout, decision).await?;
            Ok(Acted::Done)
        }
    }
}
