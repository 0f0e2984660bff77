//! The configuration as a whole: where the agent listens, and its workloads.

use super::{Components, WorkloadConfig};
use crate::config::{self, Fields, Given, List, Problem, Problems, Section};
use crate::error::UsageError;
use crate::serve::{Keda, Listen};
use serde_json::Value;
use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::path::Path;

/// Largest configuration file that is read.
const MAX_BYTES: u64 = 1 << 20;
/// Most workloads of one agent: each has a loop, a forecaster and weeks of history.
const MAX_WORKLOADS: usize = 64;

/// Everything that a user can set.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where REST, metrics and dashboard are.
    pub listen: Listen,
    /// Where KEDA is told how many jobs should run, if it is.
    pub keda: Option<Keda>,
    /// The workloads, at least one.
    pub workloads: Vec<WorkloadConfig>,
}

impl Config {
    /// Its fields, of which sources and actuators are those of `components`. A file without `workloads`
    /// is one workload.
    pub fn fields(f: &mut Fields<'_>, components: &Components) -> Option<Self> {
        let listen = Listen::fields(f);
        let about = "where KEDA asks how many jobs should run";
        let keda = f.optional("keda", about, Section(Keda::fields)).map(|given| given.value);
        let own = |f: &mut Fields<'_>| WorkloadConfig::fields(f, components);
        let about = "several workloads in one agent, each with a `name` and fields of its own";
        let of = Section(own);
        let beside = config::names(own);
        let several = f.optional("workloads", about, List { of, max: MAX_WORKLOADS });
        let alone = own(f);
        if f.given("workloads").is_none() {
            return Some(Self { listen, keda, workloads: vec![alone?] });
        }
        for name in beside {
            if let Some(place) = f.given(name) {
                let message =
                    format!("`{name}` stands beside `workloads`: it belongs into each of them");
                f.problem(place, message);
            }
        }
        let several = several?;
        if several.value.is_empty() {
            f.problem(several.place, "`workloads` is empty: one at least is needed");
        }
        distinct(f, &several.value);
        let workloads = several.value.into_iter().map(|given| given.value).collect();
        Some(Self { listen, keda, workloads })
    }

    /// Returns the workload `name`, or the only one.
    ///
    /// # Errors
    /// If there is none of that name, or which one is not said.
    pub fn workload(self, name: Option<&str>) -> anyhow::Result<WorkloadConfig> {
        let names: Vec<String> = self.workloads.iter().map(|w| w.name.clone()).collect();
        let is_meant = |workload: &WorkloadConfig| match name {
            Some(name) => workload.name == name,
            None => names.len() == 1,
        };
        self.workloads.into_iter().find(is_meant).ok_or_else(|| {
            let which = match name {
                Some(name) => format!("there is no workload `{name}`"),
                None => "the configuration has several workloads: say which by --workload".into(),
            };
            UsageError(format!("{which}; known are {}", names.join(", "))).into()
        })
    }

    /// The JSON schema of a configuration.
    #[must_use]
    pub fn schema(components: &Components) -> Value {
        config::schema("ScaleIQ agent", |f: &mut Fields<'_>| Self::fields(f, components))
    }

    /// Reads a file, or gives the defaults if there is none.
    ///
    /// # Errors
    /// A [`UsageError`] that names file, line, column and field.
    pub fn load_or_default(path: Option<&Path>, components: &Components) -> anyhow::Result<Self> {
        match path {
            Some(path) => Self::load(path, components),
            None => Ok(Self::parse("", Path::new(""), |_| None, components)?),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// A [`UsageError`] that names file, line, column and field.
    pub fn load(path: &Path, components: &Components) -> anyhow::Result<Self> {
        let unreadable = |e: std::io::Error| {
            UsageError(format!("cannot read the configuration {}: {e}", path.display()))
        };
        let mut text = String::new();
        let file = fs::File::open(path).map_err(unreadable)?;
        file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(unreadable)?;
        if text.len() as u64 > MAX_BYTES {
            let what = format!("the configuration {} is larger than 1 MiB", path.display());
            return Err(UsageError(what).into());
        }
        let lookup = |name: &str| std::env::var(name).ok();
        let config = Self::parse(&text, path, lookup, components);
        config.map_err(|problems| UsageError(problems.to_string()).into())
    }

    /// Parses `text`; `path` is for messages, and paths in it are relative to its folder.
    ///
    /// # Errors
    /// Everything that was found wrong.
    pub fn parse(
        text: &str,
        path: &Path,
        lookup: impl Fn(&str) -> Option<String>,
        components: &Components,
    ) -> Result<Self, Problems> {
        let folder = path.parent().unwrap_or(Path::new(""));
        let fields = |f: &mut Fields<'_>| Self::fields(f, components);
        let problems = |list: Vec<Problem>| Problems { file: path.display().to_string(), list };
        config::read(text, folder, lookup, fields).map_err(problems)
    }
}

/// What no two workloads may share: a name, since it is in addresses and labels, and what one of them
/// alone can write to.
fn distinct(f: &Fields<'_>, workloads: &[Given<WorkloadConfig>]) {
    let mut seen = HashMap::new();
    for Given { value: workload, place } in workloads {
        if !is_name(&workload.name) {
            let message = format!(
                "`name` is `{}`; beside others a workload's has letters, digits, `.`, `_` and `-` alone",
                workload.name
            );
            f.problem(*place, message);
        }
        let journal = workload.journal.as_ref().map(|journal| journal.folder.display().to_string());
        let port = workload.decider.device.as_ref().map(|port| port.path.clone());
        let own = [("name", Some(workload.name.clone())), ("journal", journal), ("serial", port)];
        for (field, value) in own {
            let Some(value) = value else { continue };
            if seen.insert((field, value.clone()), ()).is_some() {
                let message = format!("`{field}` is `{value}`, and so is another workload's");
                f.problem(*place, message);
            }
        }
    }
}

fn is_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    !name.starts_with('.') && name.len() <= 63 && name.chars().all(is_plain)
}
