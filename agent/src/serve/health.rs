//! What an operator has to know first: whether data come, and whether what is decided is done and kept.

use crate::decide::Mode;
use crate::telemetry::{Metrics, Signs};
use crate::text::utc;
use crate::workload::Handle;
use scaleiq_core::decision::{Change, Constraint};
use serde::Serialize;

/// The part that tells how fresh data are.
pub(super) const DATA: &str = "data";
/// Intervals that are judged before it is told how forecasts are,
const MIN_JUDGED: u64 = 200;
/// and the share that should at least be within the 80 % band.
const MIN_COVERED_PERCENT: f64 = 55.0;

/// Where health is seen from.
#[derive(Clone, Debug)]
pub struct Watch {
    /// The loop.
    pub control: Handle,
    /// What was counted.
    pub metrics: Metrics,
    /// Whether decisions are carried out.
    pub mode: Mode,
    /// Whether samples are posted; else they come from elsewhere.
    pub takes_samples: bool,
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

impl Part {
    /// What is wrong with it, if anything is.
    pub(super) fn complaint(&self) -> Option<String> {
        (!self.ok).then(|| format!("{}: {}", self.name, self.text))
    }
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
            self.forecasts(),
            self.limits(),
            Some(promises(&signs)),
        ];
        parts.into_iter().flatten().collect()
    }

    /// As `/readyz` tells it.
    fn data(&self, signs: &Signs) -> Part {
        let (ok, text) = match self.control.view().fresh(self.control.now()) {
            Err(error) => (false, error.to_string()),
            Ok(()) => {
                (true, signs.data_age_s.map_or("fresh".into(), |age_s| format!("{age_s} s old")))
            }
        };
        Part { name: DATA, ok, text }
    }

    fn actuator(&self, signs: &Signs) -> Part {
        let (ok, text) = match (self.mode, signs.actuator_failures) {
            (Mode::Shadow, _) => (true, "off in shadow mode".into()),
            (Mode::Active, 0) => (true, "works".into()),
            (Mode::Active, n) => {
                let times = if n == 1 { "once".into() } else { format!("{n} times in a row") };
                let why = signs.actuator_error.as_ref().map_or(String::new(), |(since, why)| {
                    format!(", since {} UTC: {why}", utc(since.0))
                });
                (false, format!("failed {times}{why}"))
            }
        };
        Part { name: "actuator", ok, text }
    }

    /// A model ages: the band that should hold four fifths of what comes holds less, and less.
    fn forecasts(&self) -> Option<Part> {
        let judged = self.metrics.forecasts()?;
        let percent = 100.0 * judged.coverage_ratio.filter(|_| judged.intervals >= MIN_JUDGED)?;
        let ok = percent >= MIN_COVERED_PERCENT;
        let text = match ok {
            true => format!("{percent:.0} % of what came was within the 80 % band"),
            false => format!(
                "aged: only {percent:.0} % of what came was within the 80 % band in the last week; train \
                 the model anew on what was recorded"
            ),
        };
        Some(Part { name: "forecasts", ok, text })
    }

    /// Whether more jobs would be wanted than are allowed.
    fn limits(&self) -> Option<Part> {
        let view = self.control.view();
        let decision = &view.decision.as_ref()?.decision;
        let (min, max) = (view.limits.limits.min(), view.limits.limits.max());
        let capped = |change: &&Change| change.by == Constraint::Limits && change.from > max;
        let why = match view.limits.why.as_slice() {
            [] => String::new(),
            why => format!(" ({})", why.join("; ")),
        };
        let (ok, text) = match decision.changes.iter().find(capped) {
            Some(change) => {
                (false, format!("at the most, {max} jobs{why}: {} are wanted", change.from))
            }
            None => (true, format!("{min} to {max} jobs{why}")),
        };
        Some(Part { name: "limits", ok, text })
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
