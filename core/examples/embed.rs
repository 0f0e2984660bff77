//! Decides inside another program, without an agent: samples in, decisions out.
//!
//! ```text
//! cargo run --release -p scaleiq-core --example embed
//! ```
//!
//! The shipped networks scale a worker through two made-up days, one sample every 30 s, and each
//! decision is printed with the forecast that it rests on. The test `opt_levels` holds the output at
//! every level of optimisation against each other: see `docs/stack-probes.md`.

use scaleiq_core::controller::Controller;
use scaleiq_core::engine::{NativeForecaster, NativeQNetwork, Pack, PackError};
use scaleiq_core::forecast::{ForecastPipeline, Q50};
use scaleiq_core::policy::Dqn;
use scaleiq_core::sample::RawSample;
use scaleiq_core::settings::Settings;
use scaleiq_core::units::{JobLimits, Jobs};
use std::error::Error;

/// The shipped networks. Microcontrollers run these bytes where they lie, and so does this.
const PACK: &[u8] = include_bytes!("../../models/edge/model.pack");
/// A Monday, 00:00 UTC.
const START_S: u32 = 1_741_564_800;
const SAMPLE_S: u32 = 30;
const DAY_S: u32 = 86_400;
const WORK_MS: f64 = 80.0;

fn main() -> Result<(), Box<dyn Error>> {
    let mut controller = controller()?;
    let mut jobs = Jobs(1);
    let mut backlog_events = 0.0;
    for second in (SAMPLE_S..=2 * DAY_S).step_by(SAMPLE_S as usize) {
        let arrivals = arrivals_events(second);
        let able = f64::from(jobs.0) * f64::from(SAMPLE_S) * 1000.0 / WORK_MS;
        let processed = able.min(backlog_events + arrivals);
        backlog_events += arrivals - processed;
        let raw = RawSample {
            time: f64::from(START_S + second),
            interval_s: f64::from(SAMPLE_S),
            logged_events: Some(arrivals),
            processed_events: Some(processed),
            unprocessed_events: Some(backlog_events),
            avg_processing_ms: Some(WORK_MS),
            jobs_ready: Some(f64::from(jobs.0)),
            jobs_starting: Some(0.0),
            ..RawSample::default()
        };
        // What is not finite or negative counts as not measured from here on.
        let sample = raw.gate()?.sample;
        controller.observe(&sample, |_, _| ())?;
        let decision = controller.decide(sample.end);
        let forecast = controller.forecast().map(|f| (f.source, f.events[0][Q50]));
        println!("{second} {} jobs {:?} {forecast:?}", decision.jobs.0, decision.reason);
        jobs = decision.jobs;
    }
    Ok(())
}

type Native = Controller<ForecastPipeline<NativeForecaster<'static>>, Dqn<NativeQNetwork<'static>>>;

fn controller() -> Result<Box<Native>, PackError> {
    let pack = Pack::parse(PACK)?;
    let limits = JobLimits::new(1, 50).expect("1 is less than 50");
    let settings = Settings::new(limits, 60.0, 60.0);
    let pipeline = ForecastPipeline::new(settings.interval, pack.forecaster());
    let policy = Dqn::new(pack.q_network()).with_min_advantage(pack.q_network.min_advantage);
    Ok(Box::new(Controller::new(settings, pipeline, policy)))
}

/// Events of the half minute that ends at `second`: a busy noon, a quiet night, bursts on the hour.
fn arrivals_events(second: u32) -> f64 {
    let noon_ness = 1.0 - f64::from((second % DAY_S).abs_diff(DAY_S / 2)) / f64::from(DAY_S / 2);
    let burst = if second % 3600 < 300 { 900.0 } else { 0.0 };
    // Noise from a multiplicative hash, the same everywhere.
    let noise = f64::from(second.wrapping_mul(2_654_435_761) >> 24);
    (600.0 + 3000.0 * noon_ness + burst + noise).floor()
}
