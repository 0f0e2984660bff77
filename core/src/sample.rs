//! One observation of a worker or a group of workers, and the gate it must pass.
//!
//! "A true zero", "missing" and "stale" are three different values here. Most outages of
//! auto-scalers come from an absent metric that was read as 0.

use crate::units::{DAY_S, Jobs, UnixSeconds};
use core::fmt;
use serde::{Deserialize, Serialize};

/// A measured number, or why there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Reading {
    /// Measured in this interval; finite and not negative.
    Known(f32),
    /// Not measured.
    #[default]
    Missing,
    /// Measured, but `age_s` seconds before the sample's end: kept for display, never for decisions.
    Stale {
        /// The last value seen.
        value: f32,
        /// How old it is.
        age_s: u32,
    },
}

impl Reading {
    /// The value if it is fresh.
    #[must_use]
    pub fn known(self) -> Option<f32> {
        match self {
            Reading::Known(v) => Some(v),
            Reading::Missing | Reading::Stale { .. } => None,
        }
    }
}

/// A sample as a source delivers it, before the gate. Absent fields are `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RawSample {
    /// Epoch seconds at the end of the interval that the other fields speak of.
    pub time: f64,
    /// Length of that interval in seconds.
    pub interval_s: f64,
    /// Events that arrived in the interval.
    pub logged_events: Option<f64>,
    /// Events that were finished in it.
    pub processed_events: Option<f64>,
    /// Backlog at its end, in events.
    pub unprocessed_events: Option<f64>,
    /// Mean backlog over it, in events.
    pub queued_events: Option<f64>,
    /// Mean work of one event on one job, in milliseconds; `None` if nothing was processed.
    pub avg_processing_ms: Option<f64>,
    /// Jobs that work now.
    pub jobs_ready: Option<f64>,
    /// Jobs that were asked for and are not up yet.
    pub jobs_starting: Option<f64>,
}

/// One observation that passed the gate: every number in it is finite and not negative.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// End of the observed interval.
    pub end: UnixSeconds,
    /// Its length, at least 1 s.
    pub interval_s: u32,
    /// Events that arrived.
    pub arrivals_events: Reading,
    /// Events that were finished.
    pub processed_events: Reading,
    /// Backlog at the end.
    pub backlog_events: Reading,
    /// Mean backlog over the interval.
    pub queued_events: Reading,
    /// Mean work of one event on one job, in milliseconds.
    pub work_ms: Reading,
    /// Jobs that work now.
    pub jobs_ready: Option<Jobs>,
    /// Jobs asked for and not up yet.
    pub jobs_starting: Option<Jobs>,
}

/// What is wrong with one field of a raw sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// NaN or infinite.
    NotFinite,
    /// Below zero (or, for `interval_s`, below one second).
    TooSmall,
    /// Too large to be held.
    TooLarge,
    /// A number of jobs with a fraction.
    NotWhole,
}

/// A sample refused at the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleError {
    /// The field's name in [`RawSample`].
    pub field: &'static str,
    /// What is wrong with it.
    pub fault: Fault,
}

impl fmt::Display for SampleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.fault {
            Fault::NotFinite => "is not a finite number",
            Fault::TooSmall => "is too small",
            Fault::TooLarge => "is too large",
            Fault::NotWhole => "is not a whole number",
        };
        write!(f, "field `{}` {what}", self.field)
    }
}

impl core::error::Error for SampleError {}

/// Largest count, backlog or work time that passes the gate: beyond it `f32` sums lose events.
pub const MAX_VALUE: f64 = 1e12;
/// Largest epoch second that passes the gate (year 9999).
const MAX_TIME_S: f64 = 253_402_300_799.0;

impl RawSample {
    /// The sample gate (promise S-3): NaN, infinite and negative numbers never pass.
    ///
    /// # Errors
    /// Names the first field that is not acceptable.
    pub fn gate(&self) -> Result<Sample, SampleError> {
        let time = finite("time", self.time, 0.0, MAX_TIME_S)?;
        let interval_s = finite("interval_s", self.interval_s, 1.0, 86_400.0)?;
        Ok(Sample {
            end: UnixSeconds(time as i64),
            interval_s: libm::round(interval_s) as u32,
            arrivals_events: reading("logged_events", self.logged_events)?,
            processed_events: reading("processed_events", self.processed_events)?,
            backlog_events: reading("unprocessed_events", self.unprocessed_events)?,
            queued_events: reading("queued_events", self.queued_events)?,
            work_ms: reading("avg_processing_ms", self.avg_processing_ms)?,
            jobs_ready: jobs("jobs_ready", self.jobs_ready)?,
            jobs_starting: jobs("jobs_starting", self.jobs_starting)?,
        })
    }
}

impl Sample {
    /// The gate for a sample that comes from afar: whether every number in it is one that
    /// [`RawSample::gate`] would have let through.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let sound = |value: f32| (0.0..=MAX_VALUE as f32).contains(&value);
        let readings = [
            self.arrivals_events,
            self.processed_events,
            self.backlog_events,
            self.queued_events,
            self.work_ms,
        ];
        (0..=MAX_TIME_S as i64).contains(&self.end.0)
            && (1..=DAY_S).contains(&self.interval_s)
            && readings.iter().all(|reading| match reading {
                Reading::Known(value) | Reading::Stale { value, .. } => sound(*value),
                Reading::Missing => true,
            })
    }
}

fn finite(field: &'static str, value: f64, min: f64, max: f64) -> Result<f64, SampleError> {
    let fault = if !value.is_finite() {
        Fault::NotFinite
    } else if value < min {
        Fault::TooSmall
    } else if value > max {
        Fault::TooLarge
    } else {
        return Ok(value);
    };
    Err(SampleError { field, fault })
}

fn reading(field: &'static str, value: Option<f64>) -> Result<Reading, SampleError> {
    match value {
        None => Ok(Reading::Missing),
        Some(v) => finite(field, v, 0.0, MAX_VALUE).map(|v| Reading::Known(v as f32)),
    }
}

fn jobs(field: &'static str, value: Option<f64>) -> Result<Option<Jobs>, SampleError> {
    let Some(v) = value else { return Ok(None) };
    let v = finite(field, v, 0.0, f64::from(u32::MAX))?;
    if libm::trunc(v) != v {
        return Err(SampleError { field, fault: Fault::NotWhole });
    }
    Ok(Some(Jobs(v as u32)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> RawSample {
        RawSample {
            time: 1_751_328_030.0,
            interval_s: 30.0,
            logged_events: Some(812.0),
            processed_events: Some(790.0),
            unprocessed_events: Some(22.0),
            queued_events: Some(9.5),
            avg_processing_ms: None,
            jobs_ready: Some(6.0),
            jobs_starting: Some(1.0),
        }
    }

    #[test]
    fn zero_and_missing_stay_apart() {
        let s = RawSample { logged_events: Some(0.0), ..good() }.gate().unwrap();
        assert_eq!(s.arrivals_events, Reading::Known(0.0));
        assert_eq!(s.work_ms, Reading::Missing);
        assert_eq!(s.work_ms.known(), None);
    }

    #[test]
    fn samples_from_afar_pass_the_same_gate() {
        let sample = good().gate().unwrap();
        assert!(sample.is_sound());
        let with = |reading| Sample { queued_events: reading, ..sample };
        for value in [f32::NAN, f32::INFINITY, -1.0, 2e12] {
            assert!(!with(Reading::Known(value)).is_sound(), "{value}");
            assert!(!with(Reading::Stale { value, age_s: 1 }).is_sound(), "{value}");
        }
        assert!(!Sample { interval_s: 0, ..sample }.is_sound());
        assert!(!Sample { end: UnixSeconds(i64::MAX), ..sample }.is_sound());
    }

    #[test]
    fn bad_numbers_never_pass() {
        for (bad, fault) in [
            (f64::NAN, Fault::NotFinite),
            (f64::INFINITY, Fault::NotFinite),
            (-1.0, Fault::TooSmall),
            (1e300, Fault::TooLarge),
        ] {
            let error = RawSample { unprocessed_events: Some(bad), ..good() }.gate().unwrap_err();
            assert_eq!(error, SampleError { field: "unprocessed_events", fault });
        }
        let error = RawSample { jobs_ready: Some(1.5), ..good() }.gate().unwrap_err();
        assert_eq!(error, SampleError { field: "jobs_ready", fault: Fault::NotWhole });
        let error = RawSample { interval_s: 0.0, ..good() }.gate().unwrap_err();
        assert_eq!(error, SampleError { field: "interval_s", fault: Fault::TooSmall });
    }
}
