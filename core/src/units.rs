//! Quantities with their unit in the type.
//!
//! A bare `f32` says neither "seconds" nor "jobs"; most scaler bugs are a mix-up of the two.
//! Field names carry the unit too (`_ms`, `_s`, `_events`).

use core::fmt;
use serde::{Deserialize, Serialize};

/// Seconds in a day, whatever the sampling interval is.
pub const DAY_S: u32 = 86_400;
/// Seconds in a week.
pub const WEEK_S: u32 = 7 * DAY_S;

/// A number of jobs (workers, pods, consumers).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Jobs(pub u32);

impl Jobs {
    /// The count as a float, for arithmetic with rates.
    #[must_use]
    pub fn as_f32(self) -> f32 {
        self.0 as f32
    }

    /// Rounds a real-valued need up to whole jobs. Negative and NaN give 0, overflow saturates.
    #[must_use]
    pub fn ceil(need: f32) -> Self {
        Jobs(libm::ceilf(need) as u32)
    }

    /// Rounds to the nearest whole job. Negative and NaN give 0, overflow saturates.
    #[must_use]
    pub fn round(need: f32) -> Self {
        Jobs(libm::roundf(need) as u32)
    }
}

impl fmt::Display for Jobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A rate of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventsPerSecond(pub f32);

/// A span of milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub f32);

impl Millis {
    /// The same span in seconds.
    #[must_use]
    pub fn as_secs(self) -> f32 {
        self.0 / 1000.0
    }
}

/// A moment: whole seconds since 1970-01-01T00:00:00Z. Core never reads a clock; callers pass time in.
///
/// ```
/// use scaleiq_core::units::UnixSeconds;
///
/// let noon = UnixSeconds(1_741_608_000);
/// assert_eq!(noon.plus(90).since(noon), 90);
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct UnixSeconds(pub i64);

impl UnixSeconds {
    /// Seconds since `earlier`; negative if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: UnixSeconds) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// This moment moved by `seconds`.
    #[must_use]
    pub fn plus(self, seconds: i64) -> UnixSeconds {
        UnixSeconds(self.0.saturating_add(seconds))
    }
}

/// Fewest and most jobs allowed. Cannot hold `min > max`, so clamping never panics.
///
/// ```
/// use scaleiq_core::units::{JobLimits, Jobs};
///
/// let limits = JobLimits::new(2, 50)?;
/// assert_eq!(limits.clamp(Jobs(80)), Jobs(50));
/// assert!(JobLimits::new(50, 2).is_err());
/// # Ok::<(), scaleiq_core::units::JobLimitsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct JobLimits {
    min: Jobs,
    max: Jobs,
}

/// Why a pair of job limits is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobLimitsError {
    /// `min` is above `max`.
    MinAboveMax {
        /// The lower limit given.
        min: u32,
        /// The upper limit given.
        max: u32,
    },
    /// `max` is 0: nothing could ever run.
    MaxIsZero,
}

impl fmt::Display for JobLimitsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MinAboveMax { min, max } => write!(f, "min_jobs {min} is above max_jobs {max}"),
            Self::MaxIsZero => write!(f, "max_jobs is 0, so nothing could ever run"),
        }
    }
}

impl core::error::Error for JobLimitsError {}

impl JobLimits {
    /// Checks and keeps a pair of limits.
    ///
    /// # Errors
    /// If `min > max` or `max == 0`.
    pub const fn new(min: u32, max: u32) -> Result<Self, JobLimitsError> {
        if max == 0 {
            return Err(JobLimitsError::MaxIsZero);
        }
        if min > max {
            return Err(JobLimitsError::MinAboveMax { min, max });
        }
        Ok(Self { min: Jobs(min), max: Jobs(max) })
    }

    /// Limits that are in force for a while, such as while a pool is paused: both may be 0. A `min` above
    /// `max` is that.
    #[must_use]
    pub const fn in_force(min: Jobs, max: Jobs) -> Self {
        let min = if min.0 > max.0 { max } else { min };
        Self { min, max }
    }

    /// The fewest jobs allowed.
    #[must_use]
    pub const fn min(self) -> Jobs {
        self.min
    }

    /// The most jobs allowed.
    #[must_use]
    pub const fn max(self) -> Jobs {
        self.max
    }

    /// The nearest allowed count.
    #[must_use]
    pub fn clamp(self, jobs: Jobs) -> Jobs {
        // `Ord::clamp` would panic for limits that cannot be; the compiler does not know that.
        Jobs(jobs.0.max(self.min.0).min(self.max.0))
    }
}

/// The share of events that should begin within the SLA, such as 99.9 %. It is kept as the share that
/// may be late, of which an `f32` can tell more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Objective {
    late_share: f32,
}

impl Default for Objective {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Objective {
    /// 99.9 %.
    pub const DEFAULT: Self = Self { late_share: 0.001 };
    /// Shares that can be asked for. Of less than half there is no SLA to speak of, and whether more
    /// than 99.999 % are kept shows in no day of a usual workload.
    pub const RANGE: core::ops::RangeInclusive<f64> = 0.5..=0.999_99;

    /// The objective that `share` of the events, 0 to 1, begin in time; `None` out of
    /// [`Objective::RANGE`].
    #[must_use]
    pub fn new(share: f64) -> Option<Self> {
        Self::RANGE.contains(&share).then_some(Self { late_share: (1.0 - share) as f32 })
    }

    /// The objective of which [`Objective::late_share`] gave `late_share`.
    #[must_use]
    pub const fn of_late_share(late_share: f32) -> Self {
        Self { late_share }
    }

    /// The share of events that should begin in time, in percent, to three digits behind the point.
    #[must_use]
    pub fn percent(self) -> f32 {
        libm::roundf(100_000.0 * (1.0 - self.late_share)) / 1000.0
    }

    /// Share of events that may be late, 0 to 1.
    #[must_use]
    pub const fn late_share(self) -> f32 {
        self.late_share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_objective_is_the_same_to_the_bit_however_it_is_told() {
        assert_eq!(Objective::new(0.999), Some(Objective::DEFAULT));
        assert_eq!(Objective::new(0.99).map(Objective::late_share), Some(0.01));
        assert_eq!(
            [0.999, 0.95, 0.999_99].map(|share| Objective::new(share).unwrap().percent()),
            [99.9, 95.0, 99.999]
        );
        for share in [f64::NAN, -1.0, 0.49, 0.999_991, 1.0, 99.9] {
            assert_eq!(Objective::new(share), None);
        }
    }

    #[test]
    fn limits_reject_an_empty_range() {
        assert_eq!(JobLimits::new(3, 2), Err(JobLimitsError::MinAboveMax { min: 3, max: 2 }));
        assert_eq!(JobLimits::new(0, 0), Err(JobLimitsError::MaxIsZero));
    }

    #[test]
    fn rounding_survives_what_floats_can_hold() {
        assert_eq!(Jobs::ceil(2.01), Jobs(3));
        assert_eq!(Jobs::ceil(-4.0), Jobs(0));
        assert_eq!(Jobs::ceil(f32::NAN), Jobs(0));
        assert_eq!(Jobs::ceil(f32::INFINITY), Jobs(u32::MAX));
    }
}
