//! Settings as they are sent; their gate is that of files: [`range`].

use crate::interval::IntervalLength;
use crate::parameters::Parameters;
use crate::settings::{Base, Settings, range};
use crate::units::{JobLimits, Objective};
use core::ops::RangeInclusive;
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
        let real = |name, value: f32, range: RangeInclusive<f64>| {
            if range.contains(&f64::from(value)) { Ok(value) } else { Err(ConfigFault(name)) }
        };
        let whole = |name, value: u32, range: RangeInclusive<u32>| {
            if range.contains(&value) { Ok(value) } else { Err(ConfigFault(name)) }
        };
        let max_jobs = whole("max_jobs", self.max_jobs, 1..=range::MAX_JOBS)?;
        Ok(Settings {
            limits: JobLimits::new(self.min_jobs, max_jobs).map_err(|_| ConfigFault("max_jobs"))?,
            sla_s: real("sla_s", self.sla_s, range::SLA_S)?,
            objective: Objective::DEFAULT,
            start_up_s: real("start_up_s", self.start_up_s, range::START_UP_S)?,
            interval: IntervalLength::new(self.interval_s)
                .map_err(|_| ConfigFault("interval_s"))?,
            base: self.base,
            catch_up_s: real("catch_up_s", self.catch_up_s, range::CATCH_UP_S)?,
            stale_after_s: whole("stale_after_s", self.stale_after_s, range::STALE_AFTER_S)?,
            scale_down_window_s: whole(
                "scale_down_window_s",
                self.scale_down_window_s,
                range::SCALE_DOWN_WINDOW_S,
            )?,
            max_step_up: real("max_step_up", self.max_step_up, range::MAX_STEP_UP)?,
            max_step_down: real("max_step_down", self.max_step_down, range::MAX_STEP_DOWN)?,
            parameters: Parameters::DEFAULT,
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
