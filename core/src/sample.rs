//! One observation of a worker or a group of workers, and the gate it must pass.
//!
//! "A true zero", "missing" and "stale" are three different values here. Most outages of
//! auto-scalers come from an absent metric that was read as 0.

use crate::learned::{Archive, Learned};
use crate::units::{Jobs, UnixSeconds};
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
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
impl Learned for Sample {
    fn pass(&mut self, archive: &mut Archive<'_>) {
        archive.value(self);
    }
}

/// What is wrong with one field of a raw sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::NotFinite => "is not a finite number",
            Fault::TooSmall => "is too small",
            Fault::TooLarge => "is too large",
            Fault::NotWhole => "is not a whole number",
        })
    }
}

/// A sample refused at the gate: without its time or its length nothing in it can be placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleError {
    /// The field's name in [`RawSample`].
    pub field: &'static str,
    /// What is wrong with it.
    pub fault: Fault,
}

impl fmt::Display for SampleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "field `{}` {}", self.field, self.fault)
    }
}

impl core::error::Error for SampleError {}

/// A field that was not taken as it was told. The rest of its sample was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FieldFault {
    /// The field's name in [`RawSample`].
    pub field: &'static str,
    /// What is wrong with it.
    pub fault: Fault,
    /// What stands in its place, in the field's unit; `None` if it counts as not measured.
    pub taken_as: Option<f64>,
}

impl fmt::Display for FieldFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "field `{}` {}: taken as ", self.field, self.fault)?;
        match self.taken_as {
            Some(value) => write!(f, "{value}"),
            None => f.write_str("not measured"),
        }
    }
}

/// Faults of one sample: at most one a field.
pub type FieldFaults = heapless::Vec<FieldFault, 8>;

/// A sample that passed the gate, and what it left there.
#[derive(Clone, Debug, PartialEq)]
pub struct Gated {
    /// What is good in it.
    pub sample: Sample,
    /// What is not.
    pub faults: FieldFaults,
}

/// Largest count, backlog or work time that passes the gate: beyond it `f32` sums lose events.
pub const MAX_VALUE: f64 = 1e12;
/// Longest interval of a sample in seconds. An hourly poller passes with its jitter; a count over
/// longer says nothing about the next 48 minutes, which is what is forecast. It bounds the work that
/// one sample can cause.
pub const MAX_INTERVAL_S: u32 = 7200;
/// Largest epoch second that passes the gate (year 9999).
const MAX_TIME_S: f64 = 253_402_300_799.0;

impl RawSample {
    /// The sample gate (promise S-3): NaN, infinite and negative numbers never pass. They cost their
    /// field, which counts as not measured, and leave the others:
    ///
    /// - a backlog that is too large to be held is the largest that can be, since to forget it would
    ///   be the worst answer;
    /// - a fraction of a job is rounded;
    /// - of an interval longer than [`MAX_INTERVAL_S`] the last part is taken.
    ///
    /// ```
    /// use scaleiq_core::sample::{RawSample, Reading};
    ///
    /// let raw = RawSample {
    ///     time: 1_751_328_030.0,
    ///     interval_s: 30.0,
    ///     logged_events: Some(812.0),
    ///     unprocessed_events: Some(f64::NAN),
    ///     ..RawSample::default()
    /// };
    /// let sample = raw.gate()?.sample;
    /// assert_eq!(sample.arrivals_events, Reading::Known(812.0));
    /// assert_eq!(sample.backlog_events, Reading::Missing);
    /// assert!(RawSample { time: f64::NAN, ..raw }.gate().is_err());
    /// # Ok::<(), scaleiq_core::sample::SampleError>(())
    /// ```
    ///
    /// # Errors
    /// If the time or the length of the interval cannot be used.
    pub fn gate(&self) -> Result<Gated, SampleError> {
        let time = usable("time", self.time, 0.0, MAX_TIME_S)?;
        let told_s = usable("interval_s", self.interval_s, 1.0, MAX_TIME_S)?;
        let mut gate = Gate::default();
        let interval_s = told_s.min(f64::from(MAX_INTERVAL_S));
        if told_s > interval_s {
            gate.fault("interval_s", Fault::TooLarge, Some(interval_s));
        }
        let part = interval_s / told_s;
        let arrivals = gate.number("logged_events", self.logged_events, false);
        let processed = gate.number("processed_events", self.processed_events, false);
        let work_ms = reading(gate.number("avg_processing_ms", self.avg_processing_ms, false));
        let sample = Sample {
            end: UnixSeconds(time as i64),
            interval_s: libm::round(interval_s) as u32,
            arrivals_events: reading(arrivals.map(|events| events * part)),
            processed_events: reading(processed.map(|events| events * part)),
            backlog_events: reading(gate.number(
                "unprocessed_events",
                self.unprocessed_events,
                true,
            )),
            queued_events: reading(gate.number("queued_events", self.queued_events, true)),
            work_ms,
            jobs_ready: gate.jobs("jobs_ready", self.jobs_ready),
            jobs_starting: gate.jobs("jobs_starting", self.jobs_starting),
        };
        Ok(Gated { sample, faults: gate.0 })
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
            && (1..=MAX_INTERVAL_S).contains(&self.interval_s)
            && readings.iter().all(|reading| match reading {
                Reading::Known(value) | Reading::Stale { value, .. } => sound(*value),
                Reading::Missing => true,
            })
    }
}

/// Collects the faults of one sample.
#[derive(Default)]
struct Gate(FieldFaults);

impl Gate {
    fn fault(&mut self, field: &'static str, fault: Fault, taken_as: Option<f64>) {
        // There is room for one fault of each field.
        let _ = self.0.push(FieldFault { field, fault, taken_as });
    }

    /// A number from 0 to [`MAX_VALUE`]; `saturates` if a larger one is to be taken as that.
    fn number(&mut self, field: &'static str, told: Option<f64>, saturates: bool) -> Option<f64> {
        let fault = fault(told?, 0.0, MAX_VALUE);
        let value = match fault {
            None => return told,
            Some(Fault::TooLarge) if saturates => Some(MAX_VALUE),
            Some(_) => None,
        };
        if let Some(fault) = fault {
            self.fault(field, fault, value);
        }
        value
    }

    fn jobs(&mut self, field: &'static str, told: Option<f64>) -> Option<Jobs> {
        let told = told?;
        let jobs = libm::round(told);
        if let Some(fault) = fault(told, 0.0, f64::from(u32::MAX)) {
            self.fault(field, fault, None);
            return None;
        }
        if jobs != told {
            self.fault(field, Fault::NotWhole, Some(jobs));
        }
        Some(Jobs(jobs as u32))
    }
}

/// What is wrong with `value`, if anything.
fn fault(value: f64, min: f64, max: f64) -> Option<Fault> {
    if !value.is_finite() {
        Some(Fault::NotFinite)
    } else if value < min {
        Some(Fault::TooSmall)
    } else {
        (value > max).then_some(Fault::TooLarge)
    }
}

fn usable(field: &'static str, value: f64, min: f64, max: f64) -> Result<f64, SampleError> {
    fault(value, min, max).map_or(Ok(value), |fault| Err(SampleError { field, fault }))
}

fn reading(value: Option<f64>) -> Reading {
    value.map_or(Reading::Missing, |value| Reading::Known(value as f32))
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
        let s = RawSample { logged_events: Some(0.0), ..good() }.gate().unwrap().sample;
        assert_eq!(s.arrivals_events, Reading::Known(0.0));
        assert_eq!(s.work_ms, Reading::Missing);
        assert_eq!(s.work_ms.known(), None);
    }

    #[test]
    fn samples_from_afar_pass_the_same_gate() {
        let sample = good().gate().unwrap().sample;
        assert!(sample.is_sound());
        let with = |reading| Sample { queued_events: reading, ..sample };
        for value in [f32::NAN, f32::INFINITY, -1.0, 2e12] {
            assert!(!with(Reading::Known(value)).is_sound(), "{value}");
            assert!(!with(Reading::Stale { value, age_s: 1 }).is_sound(), "{value}");
        }
        assert!(!Sample { interval_s: 0, ..sample }.is_sound());
        assert!(!Sample { end: UnixSeconds(i64::MAX), ..sample }.is_sound());
    }

    fn gated(raw: RawSample) -> (Sample, FieldFaults) {
        let Gated { sample, faults } = raw.gate().unwrap();
        (sample, faults)
    }

    #[test]
    fn a_bad_number_costs_its_field_alone() {
        let (clean, none) = gated(good());
        assert!(none.is_empty());
        for (bad, fault) in [
            (f64::NAN, Fault::NotFinite),
            (f64::INFINITY, Fault::NotFinite),
            (f64::NEG_INFINITY, Fault::NotFinite),
            (-3000.0, Fault::TooSmall),
            (-1.0, Fault::TooSmall),
            (1e300, Fault::TooLarge),
        ] {
            let (sample, faults) = gated(RawSample { logged_events: Some(bad), ..good() });
            assert_eq!(sample, Sample { arrivals_events: Reading::Missing, ..clean });
            assert_eq!(faults, [FieldFault { field: "logged_events", fault, taken_as: None }]);
        }
    }

    #[test]
    fn every_field_may_be_bad_at_once() {
        let nan = Some(f64::NAN);
        let (sample, faults) = gated(RawSample {
            interval_s: 1e6,
            logged_events: nan,
            processed_events: nan,
            unprocessed_events: nan,
            queued_events: nan,
            avg_processing_ms: nan,
            jobs_ready: nan,
            jobs_starting: nan,
            ..good()
        });
        assert_eq!((faults.len(), sample.is_sound()), (8, true));
    }

    #[test]
    fn a_backlog_saturates_upwards_and_is_never_made_up() {
        let backlog = |told| {
            let (sample, faults) = gated(RawSample { unprocessed_events: Some(told), ..good() });
            (sample.backlog_events, faults[0])
        };
        let fault = |fault, taken_as| FieldFault { field: "unprocessed_events", fault, taken_as };
        for huge in [1.0001e12, 9.3e18, f64::MAX] {
            let most = fault(Fault::TooLarge, Some(1e12));
            assert_eq!(backlog(huge), (Reading::Known(1e12), most));
        }
        // A lag of -1 is a race between two offsets, or says "not known": it need not be an empty queue.
        for below in [-1.0, -5e6] {
            assert_eq!(backlog(below), (Reading::Missing, fault(Fault::TooSmall, None)));
        }
    }

    #[test]
    fn jobs_are_rounded_and_long_intervals_cut() {
        let (sample, faults) = gated(RawSample { jobs_ready: Some(9.6), ..good() });
        assert_eq!(sample.jobs_ready, Some(Jobs(10)));
        assert_eq!(faults[0].taken_as, Some(10.0));
        let (sample, faults) = gated(RawSample { interval_s: 86_400.0, ..good() });
        assert_eq!((sample.interval_s, faults[0].field), (MAX_INTERVAL_S, "interval_s"));
        assert_eq!(sample.arrivals_events, Reading::Known((812.0 / 12.0) as f32));
        assert_eq!(sample.backlog_events, Reading::Known(22.0));
    }

    #[test]
    fn without_time_or_length_there_is_no_sample() {
        let refused = |raw: RawSample| raw.gate().unwrap_err();
        let error = |field, fault| SampleError { field, fault };
        for (bad, fault) in [(0.0, Fault::TooSmall), (f64::NAN, Fault::NotFinite)] {
            let raw = RawSample { interval_s: bad, ..good() };
            assert_eq!(refused(raw), error("interval_s", fault));
        }
        for (bad, fault) in [(-5.0, Fault::TooSmall), (1e13, Fault::TooLarge)] {
            assert_eq!(refused(RawSample { time: bad, ..good() }), error("time", fault));
        }
    }
}
