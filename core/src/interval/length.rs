//! How long the model's intervals are.

use crate::units::DAY_S;
use core::fmt;
use core::num::NonZeroU32;
use serde::{Deserialize, Serialize};

/// Length of a model interval: 1 s to 1 day, and a whole fraction of a day, so that a day is a
/// whole number of steps.
///
/// ```
/// use scaleiq_core::interval::IntervalLength;
///
/// assert_eq!(IntervalLength::TWO_MINUTES.steps_per_day(), 720);
/// assert!(IntervalLength::new(7).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct IntervalLength(NonZeroU32);

impl IntervalLength {
    /// The reference system's interval.
    pub const TWO_MINUTES: IntervalLength = match Self::new(120) {
        Ok(length) => length,
        Err(_) => unreachable!(),
    };

    /// Checks a length in seconds.
    ///
    /// # Errors
    /// If it is 0 or does not divide a day.
    pub const fn new(seconds: u32) -> Result<Self, IntervalLengthError> {
        match NonZeroU32::new(seconds) {
            Some(length) if DAY_S.is_multiple_of(seconds) => Ok(Self(length)),
            _ => Err(IntervalLengthError(seconds)),
        }
    }

    /// The length in seconds.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        self.0.get()
    }

    /// Intervals in a day.
    #[must_use]
    pub const fn steps_per_day(self) -> usize {
        (DAY_S / self.0.get()) as usize
    }
}

impl TryFrom<u32> for IntervalLength {
    type Error = IntervalLengthError;
    fn try_from(seconds: u32) -> Result<Self, Self::Error> {
        Self::new(seconds)
    }
}

impl From<IntervalLength> for u32 {
    fn from(length: IntervalLength) -> u32 {
        length.0.get()
    }
}

/// An interval length that does not divide a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntervalLengthError(pub u32);

impl fmt::Display for IntervalLengthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an interval of {} s is no whole fraction of a day (86400 s)", self.0)
    }
}

impl core::error::Error for IntervalLengthError {}
