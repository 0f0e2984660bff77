//! The configuration: YAML, parsed strictly and once into values that cannot be wrong.

mod env;
mod file;
mod problem;
mod reader;
mod secret;

pub use problem::{Problem, Problems};
pub use scaleiq_core::settings::Base;
pub use secret::Secret;

use crate::brain::{self, Brain, Engine, ModelChoice, ModelId};
use crate::cli::UsageError;
use crate::device::{Client, Deputed, Patience, Port};
use crate::journal::JournalConfig;
use crate::planned::Calendar;
use crate::rows::RowForecaster;
use crate::source::Trust;
use scaleiq_core::settings::Settings;
use scaleiq_core::units::JobLimits;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Largest configuration file that is read.
const MAX_BYTES: u64 = 1 << 20;

/// Whether decisions are carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Decides, records and reports, and changes nothing.
    #[default]
    Shadow,
    /// Decisions go to the actuator.
    Active,
}

impl Mode {
    /// The word for it in configurations and answers.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Shadow => "shadow",
            Self::Active => "active",
        }
    }
}

/// Where samples come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// They are posted to `/ingest`.
    #[default]
    Http,
    /// JSON lines on stdin.
    Stdin,
    /// JSON lines in a file, which is followed as it grows.
    File(PathBuf),
}

/// What carries decisions out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Actuator {
    /// Nothing: each change is logged.
    #[default]
    DryRun,
    /// One JSON decision a line on stdout.
    Stdout,
    /// A command, run for each change.
    Exec {
        /// Program and arguments; at least one word.
        command: Vec<String>,
        /// How long it may run.
        timeout: Duration,
    },
}

/// What a job costs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Price {
    /// Of one job for an hour.
    pub job_hour: f32,
    /// In what, such as `EUR`.
    pub currency: String,
}

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
const LIMITS: Result<JobLimits, scaleiq_core::units::JobLimitsError> = JobLimits::new(1, 200);

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

    /// Opens what is configured to decide, and says which model that is.
    ///
    /// # Errors
    /// As [`Config::open_here`] and [`Config::connect`].
    pub fn open(&self) -> anyhow::Result<(Box<dyn Brain>, ModelId)> {
        let device = self.connect()?;
        let (here, model) = self.open_here()?;
        match device {
            Some(client) => {
                let model = client.model();
                Ok((Box::new(Deputed::new(client, here)), model))
            }
            None => Ok((here, model)),
        }
    }

    /// Opens what decides in this program: the model that is configured or, beside a device, what
    /// stands in for it.
    ///
    /// # Errors
    /// If the model is missing, damaged, made for another version, or has nothing for the engine.
    pub fn open_here(&self) -> anyhow::Result<(Box<dyn Brain>, ModelId)> {
        let model = if self.device.is_some() { &ModelChoice::None } else { &self.model };
        brain::open(model, self.engine, self.settings, self.planned.clone())
    }

    /// Opens what forecasts from rows in this program.
    ///
    /// # Errors
    /// As [`Config::open_here`].
    pub fn row_forecaster(&self) -> anyhow::Result<RowForecaster> {
        let model = if self.device.is_some() { &ModelChoice::None } else { &self.model };
        RowForecaster::open(model, self.engine, self.settings, self.planned.clone())
    }

    /// Finds the device that is to decide, if one is, and gives it the settings.
    ///
    /// # Errors
    /// If it is not there, does not answer, or refuses.
    pub fn connect(&self) -> anyhow::Result<Option<Client>> {
        let Some(port) = &self.device else { return Ok(None) };
        if !self.planned.events.is_empty() {
            tracing::warn!("a device cannot be told what is planned: it decides without");
        }
        Ok(Some(Client::connect(port, Patience::default(), &self.settings)?))
    }

    /// Where the model is from and what runs it, for people.
    #[must_use]
    pub fn model_origin(&self) -> String {
        let engine = self.engine.word();
        if let Some(port) = &self.device {
            return format!("on {port}; the planner without networks stands in for it");
        }
        match &self.model {
            ModelChoice::Shipped => format!("built in, engine {engine}"),
            ModelChoice::Folder(folder) => format!("{}, engine {engine}", folder.display()),
            ModelChoice::None => "no networks: baseline forecasts and the planner".into(),
        }
    }
}
