//! What is wrong with a configuration, and where.

use super::node::Place;
use std::fmt;

/// Names further away than this are no typing mistakes.
const NEAR: f64 = 0.7;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What is wrong and what to do, naming the field.
    pub message: String,
}

/// Everything found wrong with one configuration, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    /// The file.
    pub file: String,
    /// At least one.
    pub list: Vec<Problem>,
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (k, Problem { place, message }) in self.list.iter().enumerate() {
            let line_break = if k > 0 { "\n" } else { "" };
            write!(f, "{line_break}{}:", self.file)?;
            if let Some((line, column)) = place {
                write!(f, "{line}:{column}:")?;
            }
            write!(f, " {message}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// What other autoscalers call our fields, in lower case, and how they are written here.
const FOREIGN: [(&[&str], &str); 5] = [
    (&["minreplicas", "minreplicacount", "minjobs", "minpods"], "jobs: {min: 1}"),
    (&["maxreplicas", "maxreplicacount", "maxjobs", "maxpods"], "jobs: {max: 10}"),
    (&["cooldownperiod", "stabilizationwindowseconds"], "scale_down_window_s: 300"),
    (&["slaseconds", "targetlatency", "maxlatency"], "sla_s: 60"),
    (&["startupseconds", "warmuptime"], "start_up_s: 60"),
];

/// How a field of another autoscaler is written here.
pub(super) fn foreign(given: &str) -> Option<String> {
    let bare = given.replace(['_', '-'], "").to_lowercase();
    let (_, here) = FOREIGN.iter().find(|(names, _)| names.contains(&bare.as_str()))?;
    Some(format!("here it is written `{here}`"))
}

/// "did you mean ...?" if a name is near, else all of them.
pub(super) fn suggest(given: &str, names: &[&str]) -> String {
    let near = |name: &&str| strsim::jaro_winkler(&given.to_lowercase(), name);
    let best = names.iter().map(|name| (near(name), *name)).max_by(|a, b| a.0.total_cmp(&b.0));
    match best {
        Some((score, name)) if score >= NEAR => format!("did you mean `{name}`?"),
        _ => format!("known are {}", names.join(", ")),
    }
}
