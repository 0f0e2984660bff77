//! The configuration of one workload.

use super::Components;
use crate::actuate::{self, ActuatorSettings};
use crate::config::{Fields, Section, Text};
use crate::decide::figures::Price;
use crate::decide::limits::Schedule;
use crate::decide::{Calendar, DeciderSettings, Mode, workload};
use crate::journal::JournalConfig;
use crate::observe::pool::{self, PoolSettings};
use crate::observe::push::Http;
use crate::observe::{Source, Trust, source};
use scaleiq_core::interval::IntervalLength;
use scaleiq_core::settings::Settings;
use std::sync::Arc;

/// What can be set of one workload.
#[derive(Clone, Debug)]
pub struct WorkloadConfig {
    /// Its name, for people; beside others also in addresses and labels.
    pub name: String,
    /// What the core needs to know.
    pub settings: Settings,
    /// Who decides.
    pub decider: DeciderSettings,
    /// Where samples come from.
    pub source: Arc<dyn Source>,
    /// Whose clock places samples in time.
    pub trust: Trust,
    /// What tells how many jobs there are where samples do not: what is configured, or the actuator.
    pub pool: Option<Arc<dyn PoolSettings>>,
    /// What carries decisions out.
    pub actuator: Arc<dyn ActuatorSettings>,
    /// Limits and pauses at certain hours.
    pub schedule: Schedule,
    /// Whether they are carried out.
    pub mode: Mode,
    /// Holidays and campaigns.
    pub planned: Calendar,
    /// Where samples and decisions are recorded. Off unless a folder is given: a sidecar leaves
    /// nothing on a disk that it was not told to use, and in a container the folder has to be a
    /// volume to be worth anything.
    pub journal: Option<JournalConfig>,
    /// What a job costs: job-hours are told in money, too, if it is known.
    pub price: Option<Price>,
}

impl WorkloadConfig {
    /// Its fields, of which sources, pools and actuators are those of `components`.
    pub fn fields(f: &mut Fields<'_>, components: &Components) -> Option<Self> {
        let name = f.or("name", "name of the workload, for people", Text, "worker".into());
        let decider = DeciderSettings::fields(f);
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
            Section(|f: &mut Fields<'_>| pool::probe::fields(f, &components.pools)),
        );
        let actuator = f.optional(
            "actuator",
            "what carries decisions out",
            Section(|f: &mut Fields<'_>| actuate::actuator::fields(f, &components.actuators)),
        );
        let schedule = Schedule::fields(f);
        let about = "`shadow`: decide and change nothing; `active`: carry decisions out";
        let mode = f.or("mode", about, Mode::KIND, Mode::default());
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
            schedule,
            mode,
            planned,
            journal: journal.map(|given| given.value),
            price: price.map(|given| given.value),
        })
    }
}
