//! The plan where each change stops the pool for a while.

use super::required::{Required, Waits};
use super::sizes::{Plan, whole};
use crate::estimation::Estimate;
use crate::parameters::CostlyChanges;
use crate::settings::Settings;
use crate::units::Jobs;

fn waits(p: &CostlyChanges) -> Waits {
    let CostlyChanges { patience, median_wait, high_wait, .. } = *p;
    Waits { patience, median: median_wait, high: high_wait }
}

pub(super) fn plan(s: &Estimate, settings: &Settings) -> Plan {
    let p = &settings.parameters.planner.costly;
    let Required { median, high } = waits(p).required(s, settings, 0.0);
    let spread = s.offered_load(s.later_spread) * s.margin;
    let soon = s.offered_load(s.soon_rate);
    let later = s.offered_load(s.later_rate);
    let room = 1.0 + (soon / p.room_jobs).min(p.max_room);
    let soon = (soon * room).max(soon + p.margin * spread);
    let later = (later * (room + p.goal_room)).max(later + p.goal_margin * spread);
    let least = median.max(high).max(soon);
    let goal = least.max(later);
    Plan { least, goal, kept: goal, most: goal * p.large }
}

/// A larger pool where each start stops it for a while.
pub(super) fn grow(goal: f32, multiplier: f32, s: &Estimate, settings: &Settings) -> Jobs {
    let p = &settings.parameters.planner.costly;
    let have = s.current_jobs();
    let all = || {
        let more = whole(goal).0.saturating_sub(have.0) as f32;
        let Required { median, high } = waits(p).required(s, settings, more);
        whole(goal.max(median.max(high) * multiplier))
    };
    let now = s.offered_load(s.rate.0);
    let pool = have.as_f32();
    if now > p.emergency * pool && goal > p.emergency_growth * pool {
        return all();
    }
    if s.starting.0 > 0 {
        return have;
    }
    if s.offered_load(s.soon_rate) > p.urgent_need * pool
        || s.lead_backlog.median_s > p.urgent_wait * settings.sla_s * pool
    {
        return all();
    }
    // What the last batch left must be gone before the next adds to it.
    if s.wait_s() > p.drained_wait * settings.sla_s {
        return have;
    }
    let batch = if now < p.ample * pool { 2.0 * p.batch_jobs } else { p.batch_jobs };
    whole(goal.min(pool + batch))
}
