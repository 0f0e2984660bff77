//! Waves of minutes, told every two seconds: a first own trial looks like that.

use scaleiq_core::controller::Controller;
use scaleiq_core::forecast::{ForecastPipeline, NoModel};
use scaleiq_core::interval::IntervalLength;
use scaleiq_core::policy::Planner;
use scaleiq_core::sample::RawSample;
use scaleiq_core::settings::Settings;
use scaleiq_core::units::JobLimits;
use std::collections::VecDeque;
use std::f64::consts::TAU;

/// Steps of the queue in a second.
const STEPS_A_SECOND: u32 = 4;
const SAMPLE_S: u32 = 2;
const SLA_S: f64 = 5.0;
const START_UP_S: f64 = 3.0;
const WORK_S: f64 = 0.1;
/// Not counted: in it both learn.
const WARM_UP_S: f64 = 3600.0;

/// Plays two hours of a wave of three minutes between a fifth and nine fifths of `mean_jobs`. Gives the
/// share of late events, and the mean number of jobs.
fn play(mean_jobs: f64, mut decide: impl FnMut(&RawSample) -> u32) -> (f64, f64) {
    let step_s = 1.0 / f64::from(STEPS_A_SECOND);
    let (mut ready, mut starting) = (mean_jobs.ceil() as u32, VecDeque::<f64>::new());
    let mut queue = VecDeque::<(f64, f64)>::new();
    let (mut arrived, mut done, mut late, mut events, mut job_s) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for step in 1..=7200 * STEPS_A_SECOND {
        let now = f64::from(step) * step_s;
        while starting.front().is_some_and(|up| *up <= now) {
            starting.pop_front();
            ready += 1;
        }
        let rate = mean_jobs / WORK_S * (1.0 + 0.8 * (TAU * now / 180.0).sin());
        queue.push_back((now, rate * step_s));
        arrived += rate * step_s;
        let mut can = f64::from(ready) * step_s / WORK_S;
        while can > 0.0
            && let Some((since, waiting)) = queue.front_mut()
        {
            let taken = waiting.min(can);
            (*waiting, can, done) = (*waiting - taken, can - taken, done + taken);
            if now > WARM_UP_S {
                events += taken;
                late += if now - *since > SLA_S { taken } else { 0.0 };
            }
            if *waiting <= 0.0 {
                queue.pop_front();
            }
        }
        if now > WARM_UP_S {
            job_s += (f64::from(ready) + starting.len() as f64) * step_s;
        }
        if step % (SAMPLE_S * STEPS_A_SECOND) == 0 {
            let jobs = decide(&RawSample {
                time: now,
                interval_s: f64::from(SAMPLE_S),
                logged_events: Some(arrived),
                processed_events: Some(done),
                unprocessed_events: Some(queue.iter().map(|(_, waiting)| waiting).sum()),
                avg_processing_ms: Some(1000.0 * WORK_S),
                jobs_ready: Some(f64::from(ready)),
                jobs_starting: Some(starting.len() as f64),
                ..RawSample::default()
            });
            (arrived, done) = (0.0, 0.0);
            let have = ready + starting.len() as u32;
            starting.extend((have..jobs).map(|_| now + START_UP_S));
            let surplus = have.saturating_sub(jobs);
            let given_up = surplus.min(starting.len() as u32);
            starting.truncate(starting.len() - given_up as usize);
            ready -= surplus - given_up;
        }
    }
    (late / events, job_s / (7200.0 - WARM_UP_S))
}

#[test]
fn a_short_wave_costs_no_more_than_the_rule_of_one_line() {
    for mean_jobs in [1.0, 3.0, 10.0] {
        let (_, rule) = play(mean_jobs, |sample| {
            let arrived = sample.logged_events.unwrap_or_default();
            (arrived / f64::from(SAMPLE_S) * WORK_S / 0.7).ceil() as u32
        });
        let settings = Settings {
            interval: IntervalLength::new(10).unwrap(),
            scale_down_window_s: 10,
            ..Settings::new(JobLimits::new(1, 60).unwrap(), SLA_S as f32, START_UP_S as f32)
        };
        let forecaster = ForecastPipeline::new(settings.interval, NoModel);
        let mut controller = Controller::new(settings, forecaster, Planner);
        let (late, jobs) = play(mean_jobs, |sample| {
            let sample = sample.gate().unwrap().sample;
            controller.observe(&sample, |_, _| ()).unwrap();
            controller.decide(sample.end).jobs.0
        });
        assert!(late <= 0.001, "{late} late at {mean_jobs} jobs");
        assert!(jobs <= rule, "{jobs} jobs on average, {rule} by the rule");
    }
}
