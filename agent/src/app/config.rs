//! The configuration: YAML, parsed strictly and once into values that cannot be wrong.

use super::reader;
use crate::actuate::Actuator;
use crate::config::{Problems, Secret};
use crate::decide::figures::Price;
use crate::decide::{Calendar, Engine, Mode, ModelChoice};
use crate::device::Port;
use crate::error::UsageError;
use crate::journal::JournalConfig;
use crate::observe::{Source, Trust};
use scaleiq_core::settings::Settings;
use scaleiq_core::units::JobLimits;
use std::fs;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

/// Largest configuration file that is read.
const MAX_BYTES: u64 = 1 << 20;

/// Everything that a user can set.
#[derive(Clone, Debug)]
pub struct Config {
    /// Name of the workload, for people.
    pub name: String,
    /// What the core needs to know.
    pub settings: Settings,
    /// Which model decides.
    pub model: ModelChoice,
    /// What runs its networks.
    pub engine: Engine,
    /// Where the device is that decides in the place of model and engine, if one does.
    pub device: Option<Port>,
    /// Where samples come from.
    pub source: Source,
    /// Whose clock places samples in time.
    pub trust: Trust,
    /// What carries decisions out.
    pub actuator: Actuator,
    /// Whether they are carried out.
    pub mode: Mode,
    /// Address of REST, metrics and dashboard.
    pub listen: SocketAddr,
    /// Bearer token of the control endpoints; off loopback it guards metrics and pages too.
    pub token: Option<Secret>,
    /// Holidays and campaigns.
    pub planned: Calendar,
    /// Where samples and decisions are recorded. Off unless a folder is given: a sidecar leaves
    /// nothing on a disk that it was not told to use, and in a container the folder has to be a
    /// volume to be worth anything.
    pub journal: Option<JournalConfig>,
    /// What a job costs: job-hours are told in money, too, if it is known.
    pub price: Option<Price>,
}

/// Limits that hold when nothing is said: 1 to 200 jobs.
pub(super) const LIMITS: Result<JobLimits, scaleiq_core::units::JobLimitsError> =
    JobLimits::new(1, 200);

impl Config {
    /// What holds where nothing is configured: 1..200 jobs, an SLA of 60 s, 60 s of start-up.
    #[must_use]
    pub fn with_limits(limits: JobLimits) -> Self {
        Self {
            name: "worker".into(),
            settings: Settings::new(limits, 60.0, 60.0),
            model: ModelChoice::Shipped,
            engine: Engine::default(),
            device: None,
            source: Source::default(),
            trust: Trust::default(),
            actuator: Actuator::default(),
            mode: Mode::default(),
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9184),
            token: None,
            planned: Calendar::default(),
            journal: None,
            price: None,
        }
    }

    /// Reads a file, or gives the defaults if there is none.
    ///
    /// # Errors
    /// A [`UsageError`] that names file, line, column and field.
    pub fn load_or_default(path: Option<&Path>) -> anyhow::Result<Self> {
        match path {
            Some(path) => Self::load(path),
            None => Ok(Self::with_limits(LIMITS?)),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// A [`UsageError`] that names file, line, column and field.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
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
        let config = Self::parse(&text, path, lookup);
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
    ) -> Result<Self, Problems> {
        reader::read(text, path.parent().unwrap_or(Path::new("")), lookup)
            .map_err(|list| Problems { file: path.display().to_string(), list })
    }

    /// Where the model is from and what runs it, for people.
    #[must_use]
    pub fn model_origin(&self) -> String {
        let engine = self.engine.word();
        if let Some(port) = &self.device {
            return format!("on {port}; the plan without networks stands in for it");
        }
        match &self.model {
            ModelChoice::Shipped => format!("built in, engine {engine}"),
            ModelChoice::Folder(folder) => format!("{}, engine {engine}", folder.display()),
            ModelChoice::None => "no networks: the plan on the experts' forecasts".into(),
        }
    }
}
