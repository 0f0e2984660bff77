//! Decides in twenty lines: what was seen of a worker in, how many jobs should run out.
//!
//! ```text
//! $ cargo run -p scaleiq-core --example decide
//! minute  5: 2000 events, 4 jobs, Steady
//! minute 10: 2000 events, 4 jobs, Steady
//! minute 15: 2000 events, 4 jobs, Steady
//! minute 20: 2000 events, 4 jobs, Steady
//! minute 25: 3000 events, 5 jobs, Steady
//! minute 30: 4000 events, 7 jobs, Steady
//! minute 35: 5000 events, 9 jobs, LoadNow
//! minute 40: 6000 events, 9 jobs, Steady
//! ```

use scaleiq_core::controller::Controller;
use scaleiq_core::engine::Pack;
use scaleiq_core::forecast::ForecastPipeline;
use scaleiq_core::policy::Planner;
use scaleiq_core::sample::RawSample;
use scaleiq_core::settings::Settings;
use scaleiq_core::units::JobLimits;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let pack = Pack::parse(include_bytes!("../../models/edge/model.pack"))?;
    // 1 to 50 jobs; events should wait for 60 s at most; a job is up in 60 s.
    let settings = Settings::new(JobLimits::new(1, 50)?, 60.0, 60.0);
    let forecaster = ForecastPipeline::new(settings.interval, pack.forecaster());
    let mut controller = Box::new(Controller::new(settings, forecaster, Planner));
    let mut jobs = 4;
    for minute in 1..=40 {
        let arrivals = if minute < 20 { 2000.0 } else { 200.0 * f64::from(minute - 10) };
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
        jobs = decision.jobs.0;
        if minute % 5 == 0 {
            println!("minute {minute:2}: {arrivals} events, {jobs} jobs, {:?}", decision.reason);
        }
    }
    Ok(())
}
