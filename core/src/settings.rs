//! What the user tells ScaleIQ about a workload, checked once.

use crate::interval::IntervalLength;
use crate::parameters::Parameters;
use crate::units::{JobLimits, Objective};
use serde::{Deserialize, Serialize};

/// Jobs start later than on average by this factor, so that most are up in time.
const LATE_STARTS: f32 = 1.25;

/// The range of each setting: the one gate for files, command lines and the wire.
pub mod range {
    use core::ops::RangeInclusive;

    /// Most jobs that may be set.
    pub const MAX_JOBS: u32 = 100_000;
    /// [`Settings::sla_s`](super::Settings::sla_s).
    pub const SLA_S: RangeInclusive<f64> = 0.1..=86_400.0;
    /// [`Settings::start_up_s`](super::Settings::start_up_s): two hours, since forecasts reach 48 minutes.
    pub const START_UP_S: RangeInclusive<f64> = 0.0..=7_200.0;
    /// [`Settings::catch_up_s`](super::Settings::catch_up_s): up to the default for the longest SLA.
    pub const CATCH_UP_S: RangeInclusive<f64> = 1.0..=129_600.0;
    /// [`Settings::stale_after_s`](super::Settings::stale_after_s).
    pub const STALE_AFTER_S: RangeInclusive<u32> = 5..=86_400;
    /// [`Settings::scale_down_window_s`](super::Settings::scale_down_window_s).
    pub const SCALE_DOWN_WINDOW_S: RangeInclusive<u32> = 0..=3_600;
    /// [`Settings::max_step_up`](super::Settings::max_step_up).
    pub const MAX_STEP_UP: RangeInclusive<f64> = 1.0..=1e6;
    /// [`Settings::max_step_down`](super::Settings::max_step_down).
    pub const MAX_STEP_DOWN: RangeInclusive<f64> = 0.0..=1.0;
}

/// What a multiplier is applied to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Base {
    /// The jobs that the median forecast requires when a job started now would be up.
    #[default]
    Required,
    /// The jobs that run or start now, as in the reference system; 1 leaves the plan as it is.
    Current,
}

/// One workload's settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Fewest and most jobs.
    pub limits: JobLimits,
    /// An event should begin within this many seconds of its arrival.
    pub sla_s: f32,
    /// Share of the events that should. It is not sent to devices, which keep to the default.
    pub objective: Objective,
    /// Median seconds until a job that is asked for works.
    pub start_up_s: f32,
    /// Length of the model's interval.
    pub interval: IntervalLength,
    /// What multipliers are applied to.
    pub base: Base,
    /// Seconds in which a backlog should be worked off.
    pub catch_up_s: f32,
    /// Data older than this is no ground to act on (promise S-2).
    pub stale_after_s: u32,
    /// Scale-down goes to the highest number proposed in this many last seconds (promise S-5).
    pub scale_down_window_s: u32,
    /// A decision raises jobs to at most this multiple (at least by
    /// [`GuardParams::min_step_up`](crate::parameters::GuardParams::min_step_up)).
    pub max_step_up: f32,
    /// A decision lowers jobs to at least this share.
    pub max_step_down: f32,
    /// Numbers that were tuned and that no user is asked for. Not sent to devices.
    pub parameters: Parameters,
}

impl Settings {
    /// Sensible settings for a workload of which only limits, SLA and start-up time are known.
    #[must_use]
    pub fn new(limits: JobLimits, sla_s: f32, start_up_s: f32) -> Self {
        Self {
            limits,
            sla_s,
            objective: Objective::DEFAULT,
            start_up_s,
            interval: IntervalLength::TWO_MINUTES,
            base: Base::Required,
            catch_up_s: (1.5 * sla_s).max(1.0),
            stale_after_s: 300,
            scale_down_window_s: 120,
            max_step_up: 4.0,
            max_step_down: 0.5,
            parameters: Parameters::DEFAULT,
        }
    }

    /// Seconds until what is decided now takes effect, if jobs take `start_up_s` on average: those
    /// that start late are waited for as well.
    #[must_use]
    pub fn lead_s(start_up_s: f32) -> f32 {
        LATE_STARTS * start_up_s
    }
}
