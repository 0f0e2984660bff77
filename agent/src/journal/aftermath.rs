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

/// What became of the decisions that were made at these moments.
#[must_use]
pub fn aftermaths(folder: &Path, at: &[UnixSeconds]) -> BTreeMap<UnixSeconds, Aftermath> {
    let mut found: BTreeMap<UnixSeconds, Aftermath> =
        at.iter().map(|at| (*at, Aftermath::default())).collect();
    // Those whose number is in force.
    let mut open: Vec<UnixSeconds> = Vec::new();
    let mut in_force: Option<Jobs> = None;
    // What became of the order for it: decisions that repeat it ask for nothing more.
    let mut last: Option<Carried> = None;
    see(folder, |seen| match seen {
        Seen::Decision(decision) => {
            if in_force.replace(decision.jobs) != Some(decision.jobs) {
                for at in open.drain(..) {
                    found.entry(at).or_default().replaced_s = Some(decision.at.since(at));
                }
                last = None;
            }
            if found.contains_key(&decision.at) {
                open.push(decision.at);
                found.entry(decision.at).or_default().carried.clone_from(&last);
            }
        }
        Seen::Sample(sample) => {
            let Some(ready) = sample.jobs_ready else { return };
            for at in &open {
                let after = found.entry(*at).or_default();
                after.ready = Some(ready);
                if Some(ready) == in_force && after.arrived_s.is_none() {
                    after.arrived_s = Some(sample.end.since(*at));
                }
            }
        }
        Seen::Carried(carried) => {
            last = Some(carried.clone());
            for at in open.iter().filter(|at| **at >= carried.decided_at) {
                found.entry(*at).or_default().carried = Some(carried.clone());
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
