//! The configuration as a whole.

use super::Components;
use crate::actuate::{self, ActuatorSettings};
use crate::config::{self, Fields, Problem, Problems, Section, Text};
use crate::decide::figures::Price;
use crate::decide::{Calendar, Decider, Mode, workload};
use crate::error::UsageError;
use crate::journal::JournalConfig;
use crate::observe;
use crate::observe::pool::PoolSettings;
use crate::observe::push::Http;
use crate::observe::{Source, Trust, source};
use crate::serve::{Keda, Listen};
use scaleiq_core::interval::IntervalLength;
use scaleiq_core::settings::Settings;
use serde_json::Value;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// Largest configuration file that is read.
const MAX_BYTES: u64 = 1 << 20;

/// Everything that a user can set.
#[derive(Clone, Debug)]
pub struct Config {
    /// Name of the workload, for people.
    pub name: String,
    /// What the core needs to know.
    pub settings: Settings,
    /// Who decides.
    pub decider: Decider,
    /// Where samples come from.
    pub source: Arc<dyn Source>,
    /// Whose clock places samples in time.
    pub trust: Trust,
    /// What tells how many jobs there are where samples do not: what is configured, or the actuator.
    pub pool: Option<Arc<dyn PoolSettings>>,
    /// What carries decisions out.
    pub actuator: Arc<dyn ActuatorSettings>,
    /// Whether they are carried out.
    pub mode: Mode,
    /// Where REST, metrics and dashboard are.
    pub listen: Listen,
    /// Where KEDA is told how many jobs should run, if it is.
    pub keda: Option<Keda>,
    /// Holidays and campaigns.
    pub planned: Calendar,
    /// Where samples and decisions are recorded. Off unless a folder is given: a sidecar leaves
    /// nothing on a disk that it was not told to use, and in a container the folder has to be a
    /// volume to be worth anything.
    pub journal: Option<JournalConfig>,
    /// What a job costs: job-hours are told in money, too, if it is known.
    pub price: Option<Price>,
}

impl Config {
    /// Its fields, of which sources and actuators are those of `components`.
    pub fn fields(f: &mut Fields<'_>, components: &Components) -> Option<Self> {
        let name = f.or("name", "name of the workload, for people", Text, "worker".into());
        let decider = Decider::fields(f);
        let base = decider.as_ref().map(|decider| decider.model.base()).unwrap_or_default();
        let settings = workload::settings(f, base);
        let source = f.optional(
            "source",
            "where samples come from",
            Section(|f: &mut Fields<'_>| source::fields(f, &components.sources)),
        );
        let pool = f.optional(
            "pool",
            "what tells how many jobs there are, where neither samples nor the actuator do",
            Section(|f: &mut Fields<'_>| observe::pool::probe::fields(f, &components.pools)),
        );
        let actuator = f.optional(
            "actuator",
            "what carries decisions out",
            Section(|f: &mut Fields<'_>| actuate::actuator::fields(f, &components.actuators)),
        );
        let about = "`shadow`: decide and change nothing; `active`: carry decisions out";
        let mode = f.or("mode", about, Mode::KIND, Mode::default());
        let listen = Listen::fields(f);
        let about = "where KEDA asks how many jobs should run";
        let keda = f.optional("keda", about, Section(Keda::fields));
        let interval = settings.map_or(IntervalLength::TWO_MINUTES, |settings| settings.interval);
        let planned = Calendar::fields(f, interval);
        let about = "where samples and decisions are recorded, so that a restart loses nothing";
        let journal = f.optional("journal", about, Section(JournalConfig::fields));
        let price = f.optional("price", "what one job costs", Section(Price::fields));
        let (source, trust) = source
            .map_or_else(|| (Arc::new(Http) as Arc<dyn Source>, Trust::default()), |s| s.value);
        let dry_run = || Arc::new(actuate::DryRun) as Arc<dyn ActuatorSettings>;
        let actuator = actuator.map_or_else(dry_run, |given| given.value);
        Some(Self {
            name,
            settings: settings?,
            decider: decider?,
            source,
            trust,
            pool: pool.map(|given| given.value).or_else(|| actuator.pool()),
            actuator,
            mode,
            listen,
            keda: keda.map(|given| given.value),
            planned,
            journal: journal.map(|given| given.value),
            price: price.map(|given| given.value),
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
