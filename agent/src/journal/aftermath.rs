//! What became of decisions: whether they were carried out, and what the pool did.

use super::past::{Seen, see};
use super::record::Carried;
use scaleiq_core::units::{Jobs, UnixSeconds};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What became of a decision, as far as that was recorded.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Aftermath {
    /// What became of the order, and the last failure before that.
    pub carried: Option<Carried>,
    /// Jobs that worked at the end of its time,
    pub ready: Option<Jobs>,
    /// and after how many seconds as many worked as were decided, if they did.
    pub arrived_s: Option<i64>,
    /// After how many seconds another number was decided; `None` if it is the last.
    pub replaced_s: Option<i64>,
}

/// A decision, by its moment and its number: of a second there may be several.
pub type Decided = (UnixSeconds, Jobs);

/// What became of these decisions.
#[must_use]
pub fn aftermaths(folder: &Path, decided: &[Decided]) -> BTreeMap<Decided, Aftermath> {
    let mut found: BTreeMap<Decided, Aftermath> =
        decided.iter().map(|decided| (*decided, Aftermath::default())).collect();
    // Those whose number is in force.
    let mut open: Vec<Decided> = Vec::new();
    let mut in_force: Option<Jobs> = None;
    // What became of the order for it: decisions that repeat it ask for nothing more.
    let mut last: Option<Carried> = None;
    see(folder, |seen| match seen {
        Seen::Decision(decision) => {
            if in_force.replace(decision.jobs) != Some(decision.jobs) {
                for decided in open.drain(..) {
                    let passed_s = decision.at.since(decided.0);
                    found.entry(decided).or_default().replaced_s = Some(passed_s);
                }
                last = None;
            }
            let decided = (decision.at, decision.jobs);
            if let Some(after) = found.get_mut(&decided) {
                open.push(decided);
                after.carried.clone_from(&last);
            }
        }
        Seen::Sample(sample) => {
            let Some(ready) = sample.jobs_ready else { return };
            for decided in &open {
                let after = found.entry(*decided).or_default();
                after.ready = Some(ready);
                if Some(ready) == in_force && after.arrived_s.is_none() {
                    after.arrived_s = Some(sample.end.since(decided.0));
                }
            }
        }
        Seen::Carried(carried) => {
            if in_force == Some(carried.jobs) {
                last = Some(carried.clone());
            }
            // It may be known only once another number is in force.
            let own = (carried.decided_at, carried.jobs);
            let repeats = open.iter().filter(|(_, jobs)| *jobs == carried.jobs);
            for decided in repeats.chain([&own]) {
                if let Some(after) = found.get_mut(decided) {
                    after.carried = Some(carried.clone());
                }
            }
        }
        Seen::Run(_) | Seen::Limits(..) => {}
    });
    found
}

impl Aftermath {
    /// In some sentences; `jobs` were decided.
    #[must_use]
    pub fn sentences(&self, jobs: Jobs, is_shadow: bool) -> Vec<String> {
        let mut all = Vec::new();
        match &self.carried {
            Some(Carried { error: Some(error), failures, .. }) => {
                let times =
                    if *failures == 1 { "once".into() } else { format!("{failures} times") };
                all.push(format!("NOT carried out: the actuator failed {times}: {error}"));
            }
            Some(Carried { error: None, failures, took_ms, id, .. }) => {
                let tries = match failures {
                    0 => String::new(),
                    n => format!(", after {n} failures"),
                };
                let took_s = f64::from(*took_ms) / 1000.0;
                all.push(format!("carried out in {took_s:.1} s{tries} (order {id})"));
            }
            None if is_shadow => all.push("shadow mode: nothing was changed".into()),
            None => all.push("nothing was handed to the actuator, or that is not recorded".into()),
        }
        match (self.arrived_s, self.ready) {
            (Some(s), _) if s <= 0 => all.push(format!("{jobs} jobs were up already")),
            (Some(s), _) => all.push(format!("{jobs} jobs were up after {s} s")),
            (None, Some(ready)) => all.push(format!("{ready} of {jobs} jobs were up at its end")),
            (None, None) => {}
        }
        if let Some(s) = self.replaced_s {
            all.push(format!("another number was decided after {s} s"));
        }
        all
    }
}
