//! How many jobs are required, so that nobody waits longer than the SLA allows: the number that the
//! Q-network's multipliers are applied to, and a policy of its own.
//!
//! A queue may wait a little, so a pool need not follow each peak: it must only keep the wait below
//! the SLA until the next decision takes effect. With a backlog `b` at lead time (in seconds of one
//! job's work), needs `m` from then on and `N` jobs, the wait after `t` seconds is about
//! `(b + m t) / N - t`. Two limits are put on it (a model predictive controller with one step, as in
//! inventory control: Porteus, Foundations of Stochastic Inventory Theory):
//!
//! - on the median path it should be a small part of the SLA when a catch-up time has passed, so the
//!   pool runs at nearly 100 % and drains what has gathered;
//! - on the high path, which the SLA budget sets, it must stay below the SLA for a while.
//!
//! Where each change stops the pool for a while (a consumer group's rebalance), the pool keeps room
//! to spare, looks farther ahead, grows by few jobs at a time while it can, and only once these are
//! up.

use super::choice::{Choice, Policy, Stage};
use super::state::State;
use crate::forecast::Q50;
use crate::settings::Settings;
use crate::situation::{LeadBacklog, Situation};
use crate::units::Jobs;

/// Wait aimed at on the median path, as a share of the SLA.
const MEDIAN_WAIT: f32 = 0.15;
/// Wait allowed on the high path, as a share of the SLA.
const HIGH_WAIT: f32 = 0.6;
/// The high path is looked at for at least as long as a tick usually is.
pub(super) const SHORTEST_LOOK_S: f32 = 30.0;
/// A pool smaller than the median path asks for by less than this share is left as it is.
const SHORT: f32 = 0.2;
/// A change leaves this share to spare.
const SPARE: f32 = 0.03;
/// A pool larger than required by this share is too large.
const LARGE: f32 = 1.12;

/// The same where changes are dear. Catch-up times that a backlog may take,
const DEAR_PATIENCE: f32 = 10.0 / 3.0;
/// wait aimed at on the median path,
const DEAR_WAIT: f32 = 0.4;
/// room above what is needed soon, since a large pool grows slowly: this many jobs ask for as much
/// room again as they are,
const DEAR_SIZE: f32 = 700.0;
/// up to this share,
const MOST_ROOM: f32 = 0.25;
/// room on top of that which a change leaves above what is needed later,
const DEAR_GOAL: f32 = 0.04;
/// share by which a pool is too large,
const DEAR_LARGE: f32 = 1.05;
/// part of the margin, in spreads of the forecast, for which there is always room,
const DEAR_MARGIN: f32 = 0.15;
/// and that a change makes room for.
const DEAR_GOAL_MARGIN: f32 = 0.2;
/// Jobs that start together without stopping a busy pool for too long; twice as many stop one that
/// is busy to less than [`AMPLE`].
const BATCH: f32 = 2.0;
/// Share of the pool that is busy up to which it has time to spare.
const AMPLE: f32 = 0.85;
/// A batch may follow the last one once waits are below this share of the SLA.
const DRAINED_WAIT: f32 = 0.25;
/// With needs soon above this share of the pool it cannot grow batch by batch,
const URGENT_NEED: f32 = 1.0;
/// nor with waits at lead time above this share of the SLA.
const URGENT_WAIT: f32 = 0.8;
/// With needs now above the pool by this factor, jobs that are starting are not waited for,
const EMERGENCY: f32 = 1.2;
/// if the pool must grow by this factor.
const EMERGENCY_GROWTH: f32 = 1.3;

/// Between which sizes a pool fits a situation, and the size it should change to if it does not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// Fewer jobs are too few.
    pub least: f32,
    /// A change goes here.
    pub goal: f32,
    /// More jobs are too many.
    pub most: f32,
}

/// Jobs required: on the median path, and on the high one.
fn required(s: &Situation, settings: &Settings, starting: f32) -> [f32; 2] {
    let dear = s.changes_are_dear();
    let (patience, wait) = if dear { (DEAR_PATIENCE, DEAR_WAIT) } else { (1.0, MEDIAN_WAIT) };
    let catch_up_s = s.catch_up_s(patience * settings.catch_up_s, settings);
    let stopped_s = s.standstill_s(starting) * s.ready.as_f32().max(1.0);
    // More jobs do not work a backlog off while the pool stands still.
    let LeadBacklog { median_s, high_s } =
        if s.stalled { LeadBacklog::default() } else { s.lead_backlog };
    let need = 0.5 * s.need(s.lead_rates[Q50] + s.settled_rate);
    let high = s.need(s.high_rate);
    let look_s = s.catch_up_s(settings.sla_s.max(SHORTEST_LOOK_S), settings);
    // An event is worked on by one job: of long tasks that wait, each can use one, and no more.
    let most = |need: f32, waiting_s: f32| need + waiting_s / s.work_s.max(1e-9);
    let median_jobs =
        (need * catch_up_s + median_s + stopped_s) / (catch_up_s + wait * settings.sla_s);
    let high_jobs = (high * look_s + high_s + stopped_s) / (look_s + HIGH_WAIT * settings.sla_s);
    [median_jobs.min(most(need, median_s)), high_jobs.min(most(high, high_s))]
}

impl Plan {
    /// The plan for a situation.
    #[must_use]
    pub fn new(s: &Situation, settings: &Settings) -> Self {
        if s.idle {
            return Self { least: 0.0, goal: 0.0, most: 0.0 };
        }
        let [median, high] = required(s, settings, 0.0);
        if !s.changes_are_dear() {
            let goal = (median * (1.0 + SPARE)).max(high);
            let most = median.max(high) * LARGE;
            return Self { least: (median / (1.0 + SHORT)).max(high), goal, most };
        }
        let spread = s.need(s.later_spread) * s.margin;
        let soon = s.need(s.soon_rate);
        let later = s.need(s.later_rate);
        let room = 1.0 + (soon / DEAR_SIZE).min(MOST_ROOM);
        let soon = (soon * room).max(soon + DEAR_MARGIN * spread);
        let later = (later * (room + DEAR_GOAL)).max(later + DEAR_GOAL_MARGIN * spread);
        let least = median.max(high).max(soon);
        let goal = least.max(later);
        Self { least, goal, most: goal * DEAR_LARGE }
    }

    /// The jobs that the plan, multiplied, asks for.
    #[must_use]
    pub fn jobs(&self, multiplier: f32, s: &Situation, settings: &Settings) -> Jobs {
        let [least, goal, most] = [self.least, self.goal, self.most].map(|x| x * multiplier);
        let have = s.have();
        let jobs = if have < whole(least) {
            if s.changes_are_dear() { grow(goal, multiplier, s, settings) } else { whole(goal) }
        } else if have > whole(most) && !(s.changes_are_dear() && s.starting.0 > 0) {
            whole(goal)
        } else {
            have
        };
        // Only an idle pool goes without a job.
        jobs.max(Jobs(u32::from(!s.idle)))
    }
}

/// A larger pool where each start stops it for a while.
fn grow(goal: f32, multiplier: f32, s: &Situation, settings: &Settings) -> Jobs {
    let have = s.have();
    let all = || {
        let more = whole(goal).0.saturating_sub(have.0) as f32;
        let [median, high] = required(s, settings, more);
        whole(goal.max(median.max(high) * multiplier))
    };
    let now = s.need(s.rate.0);
    let pool = have.as_f32();
    if now > EMERGENCY * pool && goal > EMERGENCY_GROWTH * pool {
        return all();
    }
    if s.starting.0 > 0 {
        return have;
    }
    if s.need(s.soon_rate) > URGENT_NEED * pool
        || s.lead_backlog.median_s > URGENT_WAIT * settings.sla_s * pool
    {
        return all();
    }
    // What the last batch left must be gone before the next adds to it.
    if s.wait_s() > DRAINED_WAIT * settings.sla_s {
        return have;
    }
    let batch = if now < AMPLE * pool { 2.0 * BATCH } else { BATCH };
    whole(goal.min(pool + batch))
}

/// Whole jobs; a thousandth of a job is no reason for another one.
fn whole(jobs: f32) -> Jobs {
    Jobs::ceil(jobs - 1e-3)
}

/// Follows the plan as it is. Without a forecast the present rate and its trend are what is planned
/// for, which is the reactive rung of the ladder.
#[derive(Clone, Copy, Debug, Default)]
pub struct Planner;

impl Policy for Planner {
    fn choose(&mut self, s: &Situation, _: &State, settings: &Settings) -> Choice {
        let jobs = Plan::new(s, settings).jobs(1.0, s, settings);
        let stage = if s.has_forecast { Stage::Plan } else { Stage::Reactive };
        Choice::new(stage, jobs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::examples::{settings, situation};
    use crate::units::EventsPerSecond;

    fn jobs(s: &Situation) -> Jobs {
        Plan::new(s, &settings()).jobs(1.0, s, &settings())
    }

    #[test]
    fn a_fitting_pool_is_left_alone() {
        // 10 jobs busy: with a wait of 9 s allowed nine are enough for a while, eleven are not too many.
        for have in [9, 10, 11] {
            assert_eq!(jobs(&situation(have, 100.0, 0.0)), Jobs(have));
        }
        assert!(jobs(&situation(14, 100.0, 0.0)) < Jobs(12));
        assert!(jobs(&situation(6, 100.0, 0.0)) >= Jobs(9));
    }

    #[test]
    fn a_backlog_at_lead_time_calls_for_more() {
        let s = Situation {
            lead_backlog: LeadBacklog { median_s: 600.0, high_s: 600.0 },
            ..situation(10, 100.0, 0.0)
        };
        assert!(jobs(&s) > Jobs(13), "{:?}", jobs(&s));
        let stalled = Situation { stalled: true, ..s };
        assert_eq!(jobs(&stalled), Jobs(10));
    }

    #[test]
    fn the_high_path_counts_as_far_as_the_wait_cannot_absorb_it() {
        let s = Situation { high_rate: 140.0, ..situation(10, 100.0, 0.0) };
        assert_eq!(jobs(&s), Jobs(10));
        let s = Situation { high_rate: 240.0, ..s };
        assert_eq!(jobs(&s), Jobs(15));
    }

    #[test]
    fn where_changes_are_dear_a_pool_grows_early_and_little_by_little() {
        let dear = Situation { pause_s: 8.0, ..situation(12, 100.0, 0.0) };
        assert_eq!(jobs(&dear), Jobs(12));
        let soon = Situation { soon_rate: 115.0, later_rate: 300.0, ..dear };
        assert_eq!(jobs(&soon), Jobs(16));
        let busy = Situation { rate: EventsPerSecond(110.0), ..soon };
        assert_eq!(jobs(&busy), Jobs(14));
        let starting = Situation { wanted: Jobs(13), starting: Jobs(1), ..soon };
        assert_eq!(jobs(&starting), Jobs(13));
        let waiting = Situation { backlog_events: 2400.0, ..soon };
        assert_eq!(jobs(&waiting), Jobs(12));
        let (rate, soon_rate) = (EventsPerSecond(300.0), 300.0);
        let burst = Situation { rate, soon_rate, ..starting };
        assert!(jobs(&burst) > Jobs(30));
    }
}
