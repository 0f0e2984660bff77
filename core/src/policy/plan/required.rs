//! The jobs that two limits on the wait ask for.

use super::look_s;
use crate::estimation::{Estimate, LeadBacklog};
use crate::forecast::Q50;
use crate::settings::Settings;

/// How long may be waited, and looked ahead.
pub(super) struct Waits {
    /// Catch-up times that a backlog may take.
    pub(super) patience: f32,
    /// Wait aimed at on the median path, as a share of the SLA.
    pub(super) median: f32,
    /// Wait allowed on the high path, as a share of the SLA.
    pub(super) high: f32,
}

/// Jobs required.
pub(super) struct Required {
    /// On the median path.
    pub(super) median: f32,
    /// On the high one.
    pub(super) high: f32,
}

/// Jobs that the median path keeps busy from lead time on.
pub(super) fn median_need(s: &Estimate) -> f32 {
    0.5 * s.offered_load(s.lead_rates[Q50] + s.settled_rate)
}

impl Waits {
    /// The jobs that bear `need` for a while, if `waiting_s` of work wait when it begins.
    pub(super) fn bearing(
        &self,
        need: f32,
        waiting_s: f32,
        s: &Estimate,
        settings: &Settings,
    ) -> f32 {
        let look_s = s.catch_up_s(look_s(s, settings), settings);
        (need * look_s + waiting_s) / (look_s + self.high * settings.sla_s)
    }

    /// The jobs required, if `starting` more stop the pool while they come up.
    pub(super) fn required(&self, s: &Estimate, settings: &Settings, starting: f32) -> Required {
        let catch_up_s = s.catch_up_s(self.patience * settings.catch_up_s, settings);
        let stopped_s = s.standstill_s(starting) * s.ready.as_f32().max(1.0);
        // More jobs do not work a backlog off while the pool stands still.
        let LeadBacklog { median_s, high_s } =
            if s.stalled { LeadBacklog::default() } else { s.lead_backlog };
        let need = median_need(s);
        let high = s.offered_load(s.high_rate);
        // An event is worked on by one job: of long tasks that wait, each can use one, and no more.
        let most = |need: f32, waiting_s: f32| need + waiting_s / s.work_s.max(1e-9);
        let median_jobs = (need * catch_up_s + median_s + stopped_s)
            / (catch_up_s + self.median * settings.sla_s);
        let high_jobs = self.bearing(high, high_s + stopped_s, s, settings);
        Required {
            median: median_jobs.min(most(need, median_s)),
            high: high_jobs.min(most(high, high_s)),
        }
    }
}
