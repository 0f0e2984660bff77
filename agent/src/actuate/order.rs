//! A decision with its place in the order of all decisions, so that an older one can be refused.

use scaleiq_core::decision::Decision;
use serde::Serialize;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// The file of a journal's folder in which the last term is kept.
const TERM_FILE: &str = "term";
/// Identifiers begin at this many times the term. A process that gives more of them than this in each
/// millisecond of its life would run into those of the next.
const IDS_PER_TERM: u64 = 1000;

/// A decision to be carried out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Order {
    /// Grows with each decision that is to be carried out, over restarts, too. One that is tried again
    /// keeps it.
    pub id: u64,
    /// Grows with each start of the agent: a fencing token.
    pub term: u64,
    /// What is to be carried out.
    #[serde(flatten)]
    pub decision: Decision,
}

impl Order {
    /// Replaces `{jobs}`, `{id}` and `{term}` in an argument.
    #[must_use]
    pub fn fill_in(&self, argument: &str) -> String {
        argument
            .replace("{jobs}", &self.decision.jobs.to_string())
            .replace("{id}", &self.id.to_string())
            .replace("{term}", &self.term.to_string())
    }
}

/// Gives decisions their identifiers.
#[derive(Clone, Debug)]
pub struct Numbering {
    term: u64,
    last: u64,
    decision: Option<Decision>,
}

impl Numbering {
    /// The numbering of a process that starts at `now`. The term is the moment in Unix milliseconds or,
    /// if the clock was set back, one more than the last one that is kept in `folder`. Without a folder
    /// the clock alone counts.
    #[must_use]
    pub fn start(folder: Option<&Path>, now: SystemTime) -> Self {
        let clock = now.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis());
        let clock = u64::try_from(clock).unwrap_or(0);
        let term = folder.map_or(clock, |folder| next_term(&folder.join(TERM_FILE), clock));
        Self { term, last: term.saturating_mul(IDS_PER_TERM), decision: None }
    }

    /// The order for `decision`: a new one unless it is that of the last order.
    pub fn order(&mut self, decision: Decision) -> Order {
        if self.decision.as_ref() != Some(&decision) {
            self.last = self.last.saturating_add(1);
            self.decision = Some(decision.clone());
        }
        Order { id: self.last, term: self.term, decision }
    }
}

/// The later of `clock` and the term after the one kept at `path`, which it replaces there.
fn next_term(path: &Path, clock: u64) -> u64 {
    let last = match fs::read_to_string(path) {
        Ok(text) => text.trim().parse().map_err(io::Error::other),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    };
    let last: u64 = last.unwrap_or_else(|error| {
        tracing::error!("{}: {error}; the term is taken from the clock alone", path.display());
        0
    });
    let term = clock.max(last.saturating_add(1));
    if let Err(error) = keep(path, term) {
        tracing::error!(
            "{}: {error}; the next start takes its term from the clock alone",
            path.display()
        );
    }
    term
}

fn keep(path: &Path, term: u64) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    let mut file = File::create(&unfinished)?;
    writeln!(file, "{term}")?;
    file.sync_all()?;
    fs::rename(&unfinished, path)
}

/// The word by which a closed enum is known in decisions.
pub(super) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actuate::ledger::tests::decision;
    use std::time::Duration;

    fn start(folder: Option<&Path>, now_ms: u64) -> Numbering {
        Numbering::start(folder, UNIX_EPOCH + Duration::from_millis(now_ms))
    }

    #[test]
    fn ids_grow_and_a_decision_that_is_tried_again_keeps_its_own() {
        let mut numbering = start(None, 1_764_330_000_123);
        let ids = [5, 5, 6, 5].map(|jobs| numbering.order(decision(jobs, 4)).id);
        assert_eq!(ids.map(|id| id - 1_764_330_000_123_000), [1, 1, 2, 3]);
        // What JSON can carry without loss.
        assert!(ids[3] < 1 << 53);
    }

    #[test]
    fn terms_grow_although_the_clock_is_set_back() {
        let folder = tempfile::tempdir().unwrap();
        let term = |now| start(Some(folder.path()), now).order(decision(1, 1)).term;
        assert_eq!([100, 40, 40, 200].map(term), [100, 101, 102, 200]);
        fs::write(folder.path().join(TERM_FILE), "torn").unwrap();
        assert_eq!([300, 40].map(term), [300, 301], "the clock, and then what was kept");
    }

    #[test]
    fn placeholders_are_filled_in() {
        let order = Order { id: 7_000_002, term: 7, decision: decision(5, 4) };
        assert_eq!(order.fill_in("--replicas={jobs}"), "--replicas=5");
        assert_eq!(order.fill_in("{term}/{id} {id}"), "7/7000002 7000002");
    }
}
