//! What the loop has published: all that is read without asking it, so that whoever reads waits neither
//! for a disk nor for a device.

use super::lacking::Lacking;
use super::{NotReady, Prediction, Traced};
use crate::decide::limits::{LimitsInForce, Overrides};
use scaleiq_core::policy::Stage;
use scaleiq_core::units::{JobLimits, UnixSeconds};
use std::sync::Arc;

/// A sample that ends further ahead of our clock says nothing of the present.
const MAX_AHEAD_S: i64 = 300;

/// What is known, as of the last decision.
#[derive(Clone, Debug)]
pub struct View {
    /// End of the last sample; `None` before the first.
    pub sample_end: Option<UnixSeconds>,
    /// What that sample lacks of what a decision needs, if it does.
    pub lacking: Option<Lacking>,
    /// The decision in force.
    pub decision: Option<Traced>,
    /// The forecast; `None` before the first interval is complete.
    pub prediction: Option<Arc<Prediction>>,
    /// What an operator should know although decisions are made.
    pub notes: Vec<String>,
    /// The limits in force.
    pub limits: LimitsInForce,
    /// What people set by hand.
    pub overrides: Overrides,
    /// The oldest data that are good for a decision, in seconds.
    pub stale_after_s: u32,
    /// The model's interval, in seconds.
    pub interval_s: u32,
}

impl View {
    /// Nothing is known yet.
    pub(super) fn new(stale_after_s: u32, interval_s: u32, limits: JobLimits) -> Self {
        Self {
            sample_end: None,
            lacking: None,
            decision: None,
            prediction: None,
            notes: Vec::new(),
            limits: LimitsInForce::configured(limits),
            overrides: Overrides::default(),
            stale_after_s,
            interval_s,
        }
    }

    /// Whether there are data to decide on at `now`.
    ///
    /// # Errors
    /// Why not.
    pub fn fresh(&self, now: UnixSeconds) -> Result<(), NotReady> {
        let end = self.sample_end.ok_or(NotReady::NoSample)?;
        let age_s = now.since(end);
        if age_s < -MAX_AHEAD_S {
            return Err(NotReady::Future { ahead_s: -age_s });
        }
        if self.is_stale(now) {
            return Err(NotReady::Stale { age_s, stale_after_s: self.stale_after_s });
        }
        self.lacking.map_or(Ok(()), |lacking| Err(NotReady::Missing(lacking)))
    }

    /// Whether the decision is the one in force at `now`: on data that have grown stale a number is
    /// held, which the loop decides as soon as it comes to it.
    #[must_use]
    pub fn is_current(&self, now: UnixSeconds) -> bool {
        match &self.decision {
            Some(traced) => !self.is_stale(now) || traced.decision.stage == Stage::Hold,
            None => self.sample_end.is_none(),
        }
    }

    /// Whether the last sample is too old to act on at `now`, or as far ahead.
    fn is_stale(&self, now: UnixSeconds) -> bool {
        let age_s = self.sample_end.map(|end| now.since(end).abs());
        age_s.is_none_or(|age_s| age_s > i64::from(self.stale_after_s))
    }

    /// The forecast, if it is of the present.
    ///
    /// # Errors
    /// If nothing is known yet, or what is known is too old.
    pub fn predict(&self, now: UnixSeconds) -> Result<Arc<Prediction>, NotReady> {
        match self.fresh(now) {
            // The forecast needs arrivals alone.
            Ok(()) | Err(NotReady::Missing(_)) => {}
            Err(error) => return Err(error),
        }
        let interval_s = self.interval_s;
        self.prediction.clone().ok_or(NotReady::NoForecast { interval_s })
    }
}
