//! A policy of one's own under the same guard: as many jobs as keep each busy for half of the time.
//!
//! ```text
//! $ cargo run -p scaleiq-core --example own_policy
//! minute 16: 3 jobs, 5 proposed, then [Ceiling]
//! minute 21: 9 jobs, 13 proposed, then [Ceiling]
//! minute 22: 22 jobs, 30 proposed, then [Ceiling]
//! minute 25: 14 jobs, 7 proposed, then [ScaleDownWindow]
//! minute 27: 7 jobs, 3 proposed, then [ScaleDownWindow]
//! minute 40: 4 jobs, 2 proposed, then [ScaleDownWindow, StepDown]
//! minute 42: 2 jobs, 2 proposed, then []
//! ```

use scaleiq_core::controller::Controller;
use scaleiq_core::engine::Pack;
use scaleiq_core::estimation::Estimate;
use scaleiq_core::forecast::{ForecastPipeline, Q90};
use scaleiq_core::policy::{Choice, Observation, Policy, Stage};
use scaleiq_core::sample::RawSample;
use scaleiq_core::settings::Settings;
use scaleiq_core::units::{JobLimits, Jobs};
use std::error::Error;

/// Share of the time for which a job should be busy.
const BUSY: f32 = 0.5;

/// Keeps jobs busy for [`BUSY`] of the time at the rate that is exceeded once in ten cases.
struct HalfBusy;

impl Policy for HalfBusy {
    fn choose(&mut self, estimate: &Estimate, _: &Observation, _: &Settings) -> Choice {
        let load = estimate.offered_load(estimate.lead_rates[Q90]);
        Choice::new(Stage::QuantileRule, Jobs::ceil(load / BUSY))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let pack = Pack::parse(include_bytes!("../../models/edge/model.pack"))?;
    let settings = Settings::new(JobLimits::new(1, 30)?, 60.0, 60.0);
    let forecaster = ForecastPipeline::new(settings.interval, pack.forecaster());
    let mut controller = Box::new(Controller::new(settings, forecaster, HalfBusy));
    let mut jobs = 4;
    for minute in 1..=60 {
        // A burst that would ask for 80 jobs: the guard's limits and windows have the last word.
        let arrivals = if (20..25).contains(&minute) { 24_000.0 } else { 1200.0 };
        let raw = RawSample {
            time: f64::from(60 * minute),
            interval_s: 60.0,
            logged_events: Some(arrivals),
            unprocessed_events: Some(0.0),
            avg_processing_ms: Some(100.0),
            jobs_ready: Some(f64::from(jobs)),
            ..RawSample::default()
        };
        let sample = raw.gate()?.sample;
        controller.observe(&sample, |_, _| ())?;
        let decision = controller.decide(sample.end);
        if decision.jobs.0 != jobs {
            let by: Vec<_> = decision.changes.iter().map(|change| change.by).collect();
            let (proposed, decided) = (decision.proposed.0, decision.jobs.0);
            println!("minute {minute:2}: {decided} jobs, {proposed} proposed, then {by:?}");
        }
        jobs = decision.jobs.0;
    }
    Ok(())
}
