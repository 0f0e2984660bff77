//! A forecaster of one's own under the same plan and guard: what comes is what came a day ago.
//!
//! ```text
//! $ cargo run -p scaleiq-core --example own_forecaster
//! day 0, 00:02: 3 -> 2 jobs, LoadNow
//! day 0, 12:00: 2 -> 10 jobs, CatchUp
//! day 0, 12:02: 10 -> 19 jobs, CatchUp
//! day 0, 12:06: 19 -> 11 jobs, LoadNow
//! day 0, 12:08: 11 -> 10 jobs, LoadNow
//! day 0, 13:02: 10 -> 5 jobs, LoadNow
//! day 0, 13:04: 5 -> 3 jobs, LoadNow
//! day 0, 13:06: 3 -> 4 jobs, LoadNow
//! day 0, 13:26: 4 -> 3 jobs, LoadNow
//! day 0, 14:14: 3 -> 2 jobs, LoadNow
//! day 0, 14:16: 2 -> 3 jobs, LoadNow
//! day 0, 14:20: 3 -> 2 jobs, LoadNow
//! day 1, 11:56: 2 -> 4 jobs, ForecastRise
//! day 1, 12:00: 4 -> 16 jobs, CatchUp
//! day 1, 12:04: 16 -> 11 jobs, ForecastFall
//! day 1, 12:20: 11 -> 10 jobs, ForecastFall
//! day 1, 12:58: 10 -> 7 jobs, ForecastFall
//! day 1, 13:02: 7 -> 4 jobs, ForecastFall
//! day 1, 13:04: 4 -> 3 jobs, ForecastFall
//! day 1, 13:46: 3 -> 2 jobs, ForecastFall
//! day 1, 13:48: 2 -> 3 jobs, ForecastRise
//! day 1, 13:52: 3 -> 2 jobs, ForecastFall
//! ```

use scaleiq_core::controller::Controller;
use scaleiq_core::forecast::{Forecast, ForecastSource, Forecaster, QUANTILES, STEPS};
use scaleiq_core::interval::{Interval, IntervalLength};
use scaleiq_core::policy::Planner;
use scaleiq_core::sample::RawSample;
use scaleiq_core::settings::Settings;
use scaleiq_core::units::JobLimits;
use std::collections::VecDeque;
use std::error::Error;

/// Takes yesterday for tomorrow, 10 % more or less at the edges of the band.
struct Yesterday {
    length: IntervalLength,
    /// Events of the last day's intervals, oldest first; as many as a day has.
    day: VecDeque<f32>,
}

impl Forecaster for Yesterday {
    fn push(&mut self, interval: &Interval) -> Option<Forecast> {
        self.day.push_back(interval.arrivals_events.unwrap_or(0.0));
        let steps_per_day = self.length.steps_per_day();
        if self.day.len() > steps_per_day {
            self.day.pop_front();
        }
        if self.day.len() < steps_per_day {
            return None; // The plan goes by the present rate until there is a forecast.
        }
        let events = std::array::from_fn::<_, STEPS, _>(|step| {
            QUANTILES.map(|level| self.day[step] * (0.9 + 0.2 * level))
        });
        Forecast::new(interval.end, self.length, events, ForecastSource::Baseline).ok()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::new(JobLimits::new(1, 50)?, 60.0, 60.0);
    let forecaster = Yesterday { length: settings.interval, day: VecDeque::new() };
    let mut controller = Box::new(Controller::new(settings, forecaster, Planner));
    let (mut jobs, mut backlog) = (3, 0.0);
    // Two days; at noon comes five times as much as else, and a job does 1,200 events in two minutes.
    for step in 1..=2 * 720 {
        let hour = step / 30 % 24;
        let arrivals = if hour == 12 { 12_000.0 } else { 2400.0 };
        let processed = (1200.0 * f64::from(jobs)).min(backlog + arrivals);
        backlog += arrivals - processed;
        let raw = RawSample {
            time: f64::from(120 * step),
            interval_s: 120.0,
            logged_events: Some(arrivals),
            processed_events: Some(processed),
            unprocessed_events: Some(backlog),
            avg_processing_ms: Some(100.0),
            jobs_ready: Some(f64::from(jobs)),
            ..RawSample::default()
        };
        let sample = raw.gate()?.sample;
        controller.observe(&sample, |_, _| ())?;
        let decision = controller.decide(sample.end);
        if decision.jobs.0 != jobs {
            let (day, minute) = (step / 720, step % 30 * 2);
            println!(
                "day {day}, {hour:02}:{minute:02}: {jobs} -> {} jobs, {:?}",
                decision.jobs.0, decision.reason
            );
        }
        jobs = decision.jobs.0;
    }
    Ok(())
}
