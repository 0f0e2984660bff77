//! A workload and its moments, for tests.

use crate::estimation::{Estimate, HorizonRates, LeadBacklog};
use crate::settings::Settings;
use crate::units::{EventsPerSecond, JobLimits, Jobs, UnixSeconds};

pub(crate) fn settings() -> Settings {
    Settings::new(JobLimits::new(1, 200).unwrap(), 60.0, 60.0)
}

pub(crate) fn estimate(ready: u32, rate: f32, backlog_events: f32) -> Estimate {
    Estimate {
        at: UnixSeconds(1_000_000),
        sample_s: 30.0,
        wanted: Jobs(ready),
        ready: Jobs(ready),
        starting: Jobs(0),
        rate: EventsPerSecond(rate),
        work_s: 0.1,
        backlog_events,
        lead_rates: core::array::from_fn(|q| rate * (0.7 + 0.1 * q as f32)),
        high_rate: 1.1 * rate,
        soon_rate: rate,
        later_rate: rate,
        later_spread: 0.2 * rate,
        until_lead_rate: rate,
        after_lead_rate: rate,
        settled_rate: rate,
        horizon_rates: [HorizonRates { q10: 0.8 * rate, q50: rate, q90: 1.2 * rate }; 3],
        lead_backlog: LeadBacklog { median_s: backlog_events * 0.1, high_s: backlog_events * 0.1 },
        margin: 2.0,
        start_up_s: 60.0,
        frozen: false,
        stalled: false,
        max_jobs: None,
        overdue: false,
        max_rate: 1.7 * rate,
        trend_rate: rate,
        idle: false,
        pause_s: 0.0,
        has_forecast: true,
        budget_left: 1.0,
    }
}
