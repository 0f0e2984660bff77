//! What was last published.

use super::dashboard::{About, Budget, LastHour, LearnedRanges};
use crate::decide::figures::{Figures, Latency};
use crate::journal::Carried;
use crate::workload::Learned;
use scaleiq_core::forecast::Basis;
use scaleiq_core::policy::{Preference, Stage};
use scaleiq_core::units::{Jobs, UnixSeconds};

/// What was last published.
#[derive(Clone, Debug)]
pub(super) struct Published {
    /// What stays the same.
    pub about: About,
    /// End of the last sample.
    pub at: UnixSeconds,
    /// Jobs wanted.
    pub jobs_wanted: Jobs,
    /// Jobs that work in the real pool.
    pub jobs_ready: Option<Jobs>,
    /// What is assumed of the pool.
    pub assumed: Option<String>,
    /// Who proposed them.
    pub stage: Stage,
    /// What the Q-network prefers, if it was asked.
    pub preference: Option<Preference>,
    /// The forecast that they were decided on.
    pub forecast: Option<Basis>,
    /// What is measured of the pool.
    pub learned: Option<Learned>,
    /// How it goes.
    pub figures: Option<Figures>,
    /// How long decisions take.
    pub latency: Option<Latency>,
    /// How the last hour was, and what is left of the events that may be late.
    pub(super) last_hour: LastHour,
    pub(super) budget: Option<Budget>,
    /// What became of the last order.
    pub(super) carried: Option<Carried>,
    /// What was measured of the pool, with what it was in the last day.
    pub(super) learned_ranges: Option<LearnedRanges>,
}
