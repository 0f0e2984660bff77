//! A bound for every rule that has to forecast.

use super::rule::{ScalingRule, have, hold};
use crate::sim::{Load, STEP_S, World};
use scaleiq_core::sample::Sample;
use scaleiq_core::units::Jobs;

/// Knows the true mean rate and the work of the time in which a job starts: the highest need of it,
/// with head room, and the backlog within a minute. It does not know the bursts around the mean, nor
/// start-up times and crashes.
#[derive(Clone, Copy, Debug)]
pub struct OracleRule<'a> {
    /// Knob: jobs over the need that is known.
    head_room: f32,
    load: &'a Load,
    /// Steps looked ahead.
    ahead: usize,
    last: Option<Jobs>,
}

impl<'a> OracleRule<'a> {
    pub(super) const NAME: &'static str = "oracle";
    /// A tenth more than is needed on average, for the bursts.
    pub const DEFAULT_HEAD_ROOM: f32 = 1.1;
    /// Head rooms worth a try, cheapest first. Below 1 the backlog alone makes up for what is
    /// lacking.
    pub const HEAD_ROOMS: [f32; 24] = [
        0.7, 0.75, 0.8, 0.85, 0.9, 0.92, 0.94, 0.96, 0.98, 1.0, 1.02, 1.04, 1.06, 1.08, 1.1, 1.12,
        1.15, 1.2, 1.25, 1.3, 1.4, 1.5, 1.7, 2.0,
    ];
    const CATCH_UP_S: f32 = 60.0;

    /// An oracle of `load` with this head room.
    #[must_use]
    pub fn new(head_room: f32, load: &'a Load, world: World) -> Self {
        // Nearly all jobs are up by then, and the next decision is not before the tick after.
        let ahead_s = world.start_median_s.max(0.0) * 1.6 + 45.0;
        Self { head_room, load, ahead: ahead_s as usize / STEP_S as usize, last: None }
    }

    fn recommend(&self, sample: &Sample) -> Option<Jobs> {
        have(sample)?;
        let steps = self.load.steps();
        let played = sample.end.since(self.load.start()) / i64::from(STEP_S);
        let next = usize::try_from(played).ok()?.min(steps.len().checked_sub(1)?);
        let coming = steps.get(next..)?.iter().take(self.ahead.max(1));
        let peak = coming.fold(0.0, |peak: f32, s| peak.max(s.rate_per_s * s.work_s));
        let left_s = sample.backlog_events.known()? * steps.get(next)?.work_s;
        Some(Jobs::ceil(peak * self.head_room + left_s / Self::CATCH_UP_S))
    }
}

impl ScalingRule for OracleRule<'_> {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn decide(&mut self, sample: &Sample) -> Jobs {
        let jobs = self.recommend(sample).unwrap_or_else(|| hold(sample, self.last));
        self.last = Some(jobs);
        jobs
    }
}
