//! Settings as they are sent, and their gate.

use crate::interval::IntervalLength;
use crate::settings::{Base, Settings};
use crate::units::JobLimits;
use serde::{Deserialize, Serialize};

/// [`Settings`] before they are checked; fields as there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Config {
    pub min_jobs: u32,
    pub max_jobs: u32,
    pub sla_s: f32,
    pub start_up_s: f32,
    pub interval_s: u32,
    pub base: Base,
    pub catch_up_s: f32,
    pub stale_after_s: u32,
    pub scale_down_window_s: u32,
    pub max_step_up: f32,
    pub max_step_down: f32,
}

/// A field of a configuration that cannot be met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigFault(pub &'static str);

impl Config {
    /// The settings that it stands for.
    ///
    /// # Errors
    /// Names the first field that is out of its range.
    pub fn settings(&self) -> Result<Settings, ConfigFault> {
        let limits = JobLimits::new(self.min_jobs, self.max_jobs);
        let within = |name, value: f32, low: f32, high: f32| {
            if (low..=high).contains(&value) { Ok(value) } else { Err(ConfigFault(name)) }
        };
        Ok(Settings {
            limits: limits.map_err(|_| ConfigFault("max_jobs"))?,
            sla_s: within("sla_s", self.sla_s, 0.1, 86_400.0)?,
            start_up_s: within("start_up_s", self.start_up_s, 0.0, 86_400.0)?,
            interval: IntervalLength::new(self.interval_s)
                .map_err(|_| ConfigFault("interval_s"))?,
            base: self.base,
            catch_up_s: within("catch_up_s", self.catch_up_s, 0.1, 86_400.0)?,
            stale_after_s: self.stale_after_s,
            scale_down_window_s: self.scale_down_window_s,
            max_step_up: within("max_step_up", self.max_step_up, 1.0, 1e6)?,
            max_step_down: within("max_step_down", self.max_step_down, 0.0, 1.0)?,
        })
    }
}

impl From<&Settings> for Config {
    fn from(settings: &Settings) -> Self {
        Self {
            min_jobs: settings.limits.min().0,
            max_jobs: settings.limits.max().0,
            sla_s: settings.sla_s,
            start_up_s: settings.start_up_s,
            interval_s: settings.interval.seconds(),
            base: settings.base,
            catch_up_s: settings.catch_up_s,
            stale_after_s: settings.stale_after_s,
            scale_down_window_s: settings.scale_down_window_s,
            max_step_up: settings.max_step_up,
            max_step_down: settings.max_step_down,
        }
    }
}
