//! What an operator has to know first: whether data come, and whether what is decided is done and kept.

use crate::decide::Mode;
use crate::telemetry::{Metrics, Signs};
use crate::workload::Handle;
use serde::Serialize;

/// Where health is seen from.
#[derive(Clone, Debug)]
pub struct Watch {
    /// The loop.
    pub control: Handle,
    /// What was counted.
    pub metrics: Metrics,
    /// Whether decisions are carried out.
    pub mode: Mode,
    /// Data older than this is no ground to act on.
    pub stale_after_s: u32,
}

/// One part of the agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Part {
    /// Its name.
    name: &'static str,
    /// Whether it does what it should.
    ok: bool,
    /// How it is, for people.
    text: String,
}

impl Watch {
    /// Every part, as of now.
    pub(super) fn parts(&self) -> Vec<Part> {
        let signs = self.metrics.signs(self.control.now());
        let parts = [
            Some(self.data(&signs)),
            Some(source(&signs)),
            pool(&signs),
            Some(self.actuator(&signs)),
            Some(journal(&signs)),
            Some(model(&signs)),
            Some(promises(&signs)),
        ];
        parts.into_iter().flatten().collect()
    }

    fn data(&self, signs: &Signs) -> Part {
        let limit_s = self.stale_after_s;
        let (ok, text) = match signs.data_age_s {
            None => (false, "no sample has come yet".into()),
            Some(age_s) if age_s > i64::from(limit_s) => {
                (false, format!("the last sample is {age_s} s old, beyond {limit_s} s: holding"))
            }
            Some(age_s) => (true, format!("{age_s} s old")),
        };
        Part { name: "data", ok, text }
    }

    fn actuator(&self, signs: &Signs) -> Part {
        let (ok, text) = match (self.mode, signs.actuator_failures) {
            (Mode::Shadow, _) => (true, "off in shadow mode".into()),
            (Mode::Active, 0) => (true, "works".into()),
            (Mode::Active, 1) => (false, "failed the last time".into()),
            (Mode::Active, n) => (false, format!("failed {n} times in a row")),
        };
        Part { name: "actuator", ok, text }
    }
}

fn source(signs: &Signs) -> Part {
    let (ok, text) = match &signs.source {
        None => (true, "posted".into()),
        Some(condition) => (condition.is_running(), condition.to_string()),
    };
    Part { name: "source", ok, text }
}

fn pool(signs: &Signs) -> Option<Part> {
    let condition = signs.pool.as_ref()?;
    Some(Part { name: "pool", ok: condition.is_running(), text: condition.to_string() })
}

fn journal(signs: &Signs) -> Part {
    let (ok, text) = match (signs.journal_fails, signs.has_journal) {
        (true, _) => (false, "cannot be written: jobs are added and none taken away"),
        (false, true) => (true, "written"),
        (false, false) => (true, "off"),
    };
    Part { name: "journal", ok, text: text.into() }
}

fn model(signs: &Signs) -> Part {
    let text = match signs.model_loaded {
        true => "loaded",
        false => "cannot be used: decided without networks",
    };
    Part { name: "model", ok: signs.model_loaded, text: text.into() }
}

fn promises(signs: &Signs) -> Part {
    let broken = signs.broken.iter().filter(|(_, count)| *count > 0);
    let broken: Vec<_> =
        broken.map(|(promise, count)| format!("{} broken {count} times", promise.id())).collect();
    let text = if broken.is_empty() { "kept".into() } else { broken.join(", ") };
    Part { name: "promises", ok: broken.is_empty(), text }
}
