//! What a number of jobs is expected to cost and to risk.

use super::plan::look_s;
use crate::estimation::Estimate;
use crate::forecast::Q50;
use crate::settings::Settings;
use crate::units::Jobs;
use serde::{Deserialize, Serialize};

/// What a number of jobs is expected to cost and to risk, once they are up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Prospect {
    /// The number of jobs.
    pub jobs: Jobs,
    /// Jobs over those that the median rate at lead time keeps busy: 1 is a pool without waste.
    pub cost: f32,
    /// Probability that events begin to wait longer than the SLA allows.
    pub late: f32,
}

/// What `jobs` from lead time on are expected to cost and to risk. The risk takes errors of the
/// nowcast as Laplace distributed, which the tails of real ones resemble; it is there to compare
/// numbers of jobs with, and no promise.
#[must_use]
pub fn prospect(jobs: Jobs, s: &Estimate, settings: &Settings) -> Prospect {
    let count = jobs.as_f32().max(0.5);
    let look_s = look_s(s, settings);
    let work_s = |rate: f32, backlog_s: f32| s.offered_load(rate) * look_s + backlog_s;
    let median_s = work_s(s.lead_rates[Q50], s.lead_backlog.median_s);
    let high_s = work_s(s.high_rate, s.lead_backlog.high_s);
    let bearable_s = count * (look_s + settings.sla_s);
    let errors = s.margin * (bearable_s - median_s) / (high_s - median_s).max(1e-6 * bearable_s);
    let tail = 0.5 * libm::expf(-errors.abs());
    Prospect {
        jobs,
        cost: count / s.offered_load(s.lead_rates[Q50]).max(0.01),
        late: if errors >= 0.0 { tail } else { 1.0 - tail },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimation::LeadBacklog;
    use crate::policy::examples::{estimate, settings};

    #[test]
    fn more_jobs_cost_more_and_risk_less() {
        let s = Estimate { high_rate: 150.0, ..estimate(10, 100.0, 0.0) };
        let all = [6, 10, 14].map(|jobs| prospect(Jobs(jobs), &s, &settings()));
        assert!((all[1].cost - 1.0).abs() < 1e-5 && all[0].cost < 0.7 && all[2].cost > 1.3);
        assert!(all[0].late > all[1].late && all[1].late > all[2].late, "{all:?}");
        assert!(all[0].late < 0.5 && all[2].late < 0.001);
        let lead_backlog = LeadBacklog { median_s: 3000.0, high_s: 3600.0 };
        let hopeless = Estimate { lead_backlog, ..s };
        assert!(prospect(Jobs(10), &hopeless, &settings()).late > 0.9);
    }
}
