//! How many jobs are planned: a row for pools whose changes cost nothing, a row for those that each
//! change stops.

use super::table::parameters;
use serde::{Deserialize, Serialize};

/// The planner's two rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlannerParams {
    /// Where jobs come and go without stopping the others.
    pub cheap: CheapChanges,
    /// Where each change stops the pool for a while: a consumer group's rebalance.
    pub costly: CostlyChanges,
}

impl PlannerParams {
    /// The numbers in force where nothing else is said.
    pub const DEFAULT: Self = Self { cheap: CheapChanges::DEFAULT, costly: CostlyChanges::DEFAULT };
}

parameters! {
    /// The plan where changes are cheap.
    pub struct CheapChanges {
        /// How long a backlog may take to be worked off where lead time is no longer than the catch-up time.
        /// Commit ce76476; range tried: unknown.
        patience: f32 = 1.0, "catch-up times";
        /// Where lead time is longer, a backlog may take longer by this power of how many times as long: what
        /// is ordered for it comes late. Chosen by ADR 6.
        patience_grows: f32 = 0.5, "1";
        /// Wait aimed at on the median path, so that the pool runs at nearly 100 % and still drains. Chosen by
        /// ADR 6 (0.15 before).
        median_wait: f32 = 0.3, "share of the SLA";
        /// Wait allowed on the high path where jobs are up within the SLA. Chosen by ADR 6 (0.6 before).
        high_wait: f32 = 0.8, "share of the SLA";
        /// Where jobs take longer to be up, that wait is less by this power of how many SLAs they take: a
        /// mistake cannot be mended in time. Chosen by ADR 6.
        high_wait_fades: f32 = 0.7, "1";
        /// The high path is looked at until the next sample at least, and no longer than this where that
        /// comes later than the SLA: a usual tick. Not tuned.
        longest_tick_s: f32 = 30.0, "seconds";
        /// A pool smaller than the median path asks for by less than this is left as it is. Commit
        /// ce76476; range tried: unknown.
        short: f32 = 0.2, "share of the pool";
        /// What a change leaves to spare. Commit ce76476; range tried: unknown.
        spare: f32 = 0.03, "share of the jobs required";
        /// A pool larger than required by this factor is too large. Chosen by ADR 6 (1.12 before).
        large: f32 = 1.16, "1";
    }
}

parameters! {
    /// The plan where changes are costly: it keeps room to spare, looks farther ahead, grows by few jobs
    /// at a time while it can, and only once these are up.
    pub struct CostlyChanges {
        /// How long a backlog may take to be worked off. Commit ce76476; range tried: unknown.
        patience: f32 = 10.0 / 3.0, "catch-up times";
        /// Wait aimed at on the median path. Commit ce76476; range tried: unknown.
        median_wait: f32 = 0.4, "share of the SLA";
        /// Wait allowed on the high path. Chosen by ADR 5 (0.6 before). Tried by ADR 6: 0.1 to 0.3.
        high_wait: f32 = 0.42, "share of the SLA";
        /// The high path is looked at until the next sample at least, and no longer than this where that
        /// comes later than the SLA: a usual tick. Not tuned.
        longest_tick_s: f32 = 30.0, "seconds";
        /// Room above what is needed soon, since a large pool grows slowly: this many jobs ask for as much
        /// room again as they are. Commit ce76476; range tried: unknown.
        room_jobs: f32 = 700.0, "jobs";
        /// That room goes no further than this. Commit ce76476; range tried: unknown.
        max_room: f32 = 0.25, "share of the need";
        /// Room on top of it that a change leaves above what is needed later. Commit ce76476; range
        /// tried: unknown.
        goal_room: f32 = 0.04, "share of the need";
        /// A pool larger than its goal by this factor is too large. Commit 1a2397a (closer to the need than
        /// ce76476 had it); range tried: unknown.
        large: f32 = 1.05, "1";
        /// Part of the margin for which there is always room. Commit 5593151 (a margin counts for more
        /// than ce76476 had it). Tried by ADR 6: 0 to 0.25.
        margin: f32 = 0.15, "spreads of the forecast";
        /// Part of the margin that a change makes room for. Commit ce76476; range tried: unknown.
        goal_margin: f32 = 0.2, "spreads of the forecast";
        /// Jobs that start together without stopping a busy pool for too long; twice as many stop one that
        /// has time to spare. Commit ce76476; range tried: unknown.
        batch_jobs: f32 = 2.0, "jobs";
        /// A pool that is busy to less than this has time to spare. Commit ce76476; range tried: unknown.
        ample: f32 = 0.85, "share of the pool";
        /// A batch may follow the last one once waits are below this. Commit ce76476; range tried: unknown.
        drained_wait: f32 = 0.25, "share of the SLA";
        /// With needs soon above this the pool cannot grow batch by batch. Commit ce76476; range tried:
        /// unknown.
        urgent_need: f32 = 1.0, "share of the pool";
        /// Nor with waits at lead time above this. Commit ce76476; range tried: unknown.
        urgent_wait: f32 = 0.8, "share of the SLA";
        /// With needs now above the pool by this factor, jobs that are starting are not waited for, if the
        /// pool must grow by `emergency_growth`. Commit ce76476; range tried: unknown.
        emergency: f32 = 1.2, "1";
        /// The growth that makes an emergency. Commit ce76476; range tried: unknown.
        emergency_growth: f32 = 1.3, "1";
    }
}
