//! What the controller decides on, and what it holds.

use super::*;

use crate::policy::{Planner, Stage};
use crate::sample::RawSample;
use crate::units::JobLimits;

/// No forecasts: the ladder's lower rungs alone.
#[derive(Clone)]
struct Silent;
impl Forecaster for Silent {
    fn push(&mut self, _: &Interval) -> Option<Forecast> {
        None
    }
}

fn controller() -> Controller<Silent, Planner> {
    let settings = Settings::new(JobLimits::new(1, 100).unwrap(), 60.0, 60.0);
    Controller::new(settings, Silent, Planner)
}

fn sample(time: i64, arrivals: Option<f64>, ready: u32) -> Sample {
    RawSample {
        time: time as f64,
        interval_s: 30.0,
        logged_events: arrivals,
        processed_events: arrivals,
        unprocessed_events: Some(0.0),
        avg_processing_ms: Some(100.0),
        jobs_ready: Some(f64::from(ready)),
        jobs_starting: Some(0.0),
        ..RawSample::default()
    }
    .gate()
    .unwrap()
    .sample
}

#[test]
fn a_decision_is_latched_until_the_next_sample() {
    let mut c = controller();
    c.observe(&sample(30, Some(3000.0), 10), |_, _| {}).unwrap();
    let first = c.decide(UnixSeconds(30));
    assert_eq!((first.jobs, first.stage), (Jobs(10), Stage::Reactive));
    assert_eq!(c.decide(UnixSeconds(31)), first);
    c.observe(&sample(60, Some(3000.0), 10), |_, _| {}).unwrap();
    assert_eq!(c.decide(UnixSeconds(60)).epoch, 2);
}

#[test]
fn each_interval_without_its_sample_raises_the_number_until_the_data_is_stale() {
    let mut c = controller();
    // A source that tells of two minutes ago: no sample is late for that.
    c.observe(&sample(30, Some(3000.0), 10), |_, _| {}).unwrap();
    let [first, on_time, late, same, next] =
        [150, 239, 240, 269, 270].map(|now| c.decide(UnixSeconds(now)));
    assert_eq!((first.jobs, on_time), (Jobs(10), first));
    assert_eq!((late.stage, late.jobs, same), (Stage::Hold, Jobs(11), late));
    assert_eq!(next.jobs, Jobs(12));

    let mut c = controller();
    c.observe(&sample(30, Some(3000.0), 10), |_, _| {}).unwrap();
    let jobs: Vec<u32> = (1..=40).map(|k| c.decide(UnixSeconds(30 * k)).jobs.0).collect();
    // On time for 90 s, then a tenth more every half a minute, and held from 300 s on.
    assert_eq!(jobs[..13], [10, 10, 10, 11, 12, 13, 14, 15, 16, 17, 18, 18, 18], "{jobs:?}");
    assert!(jobs[13..].iter().all(|jobs| *jobs == 18), "{jobs:?}");
    // Nothing comes of it once samples come again.
    c.observe(&sample(1230, Some(3000.0), 18), |_, _| {}).unwrap();
    assert_eq!(c.decide(UnixSeconds(1230)).stage, Stage::Reactive);
}

#[test]
fn without_a_forecast_the_present_rate_is_the_reason() {
    // Ten jobs are needed.
    for (ready, moves) in [(8, true), (10, false), (14, true)] {
        let mut c = controller();
        c.observe(&sample(30, Some(3000.0), ready), |_, _| {}).unwrap();
        let d = c.decide(UnixSeconds(30));
        let expected = if moves { Reason::LoadNow } else { Reason::Steady };
        assert_eq!(
            (d.jobs != d.current_jobs, d.reason, d.forecast),
            (moves, expected, None),
            "{d:?}"
        );
    }
}

#[test]
fn missing_data_never_scales_down() {
    let mut c = controller();
    c.observe(&sample(30, Some(3000.0), 10), |_, _| {}).unwrap();
    c.decide(UnixSeconds(30));
    for k in 2..40 {
        c.observe(&sample(30 * k, None, 14), |_, _| {}).unwrap();
        let d = c.decide(UnixSeconds(30 * k));
        assert_eq!((d.stage, d.reason), (Stage::Hold, Reason::Blind));
        // Held, and raised when that lasts.
        assert!((10..=20).contains(&d.jobs.0) && (k > 3 || d.jobs == Jobs(10)), "{k}: {d:?}");
    }
}

#[test]
fn after_a_restart_the_last_number_is_held_for_a_window() {
    let mut c = controller();
    c.resume(Jobs(20), UnixSeconds(0));
    assert_eq!(c.decide(UnixSeconds(10)).jobs, Jobs(20));
    let mut jobs = Vec::new();
    for k in 1..60 {
        c.observe(&sample(30 * k, Some(300.0), 20), |_, _| {}).unwrap();
        jobs.push(c.decide(UnixSeconds(30 * k)).jobs);
    }
    assert_eq!(jobs[..3], [Jobs(20); 3]);
    assert!(jobs[3..].iter().any(|j| *j < Jobs(20)), "{jobs:?}");
}

#[test]
fn stale_data_holds_and_says_so() {
    let mut c = controller();
    assert_eq!(c.decide(UnixSeconds(0)).stage, Stage::Hold);
    c.observe(&sample(30, Some(3000.0), 10), |_, _| {}).unwrap();
    let jobs = c.decide(UnixSeconds(30)).jobs;
    let late = c.decide(UnixSeconds(1000));
    assert_eq!((late.jobs, late.reason), (jobs, Reason::Blind));
}

/// Half a minute of `arrivals` of 100 ms, with the backlog, from a sender that knows no pool.
fn of_the_queue(k: i64, arrivals: f64, backlog: f64) -> Sample {
    let sample =
        Sample { jobs_ready: None, jobs_starting: None, ..sample(30 * k, Some(arrivals), 0) };
    Sample { backlog_events: crate::sample::Reading::Known(backlog as f32), ..sample }
}

#[test]
fn a_pool_that_nobody_tells_of_is_the_one_that_was_decided() {
    let mut c = controller();
    let mut decide = |k: i64, arrivals, backlog| {
        c.observe(&of_the_queue(k, arrivals, backlog), |_, _| {}).unwrap();
        c.decide(UnixSeconds(30 * k))
    };
    let first = decide(1, 9000.0, 0.0);
    assert_eq!((first.current_jobs, first.jobs), (Jobs(30), Jobs(30)), "so many were busy");
    assert!(first.doubts.contains(Doubt::Pool) && first.stage == Stage::Reactive);
    let more = decide(2, 12_000.0, 0.0);
    assert!(more.jobs >= Jobs(38), "{more:?}");
    let calm: Vec<_> = (3..60).map(|k| decide(k, 3000.0, 0.0)).collect();
    assert!(calm.windows(2).all(|pair| pair[1].current_jobs == pair[0].jobs));
    assert!((10..=13).contains(&calm[56].jobs.0), "{:?}", calm[56]);
    assert!(calm.iter().all(|decision| decision.stage != Stage::Hold));
}

/// What is told beside arrivals.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Told {
    Backlog,
    Processed,
    Both,
}

/// Plays two hours of a queue that is quiet for two minutes. Arrivals are told, and those `told`, but neither
/// work nor jobs; those that are decided come up after `start_up` samples. Gives the last decisions.
fn of_a_bare_queue(rate: f64, work_s: f64, start_up: usize, told: Told) -> [u32; 60] {
    let mut c = controller();
    let (mut decided, mut backlog) = (std::vec![1_u32], 0.0);
    for k in 1..=240_i32 {
        let rate = if k <= 4 { rate / 12.0 } else { rate };
        let recent = &decided[decided.len().saturating_sub(start_up + 1)..];
        let up = recent.iter().min().copied().unwrap_or(1);
        let done = (30.0 * f64::from(up) / work_s).min(backlog + 30.0 * rate);
        backlog += 30.0 * rate - done;
        let raw = RawSample {
            time: f64::from(30 * k),
            interval_s: 30.0,
            logged_events: Some(30.0 * rate),
            processed_events: (told != Told::Backlog).then_some(done),
            unprocessed_events: (told != Told::Processed).then_some(backlog),
            ..RawSample::default()
        };
        c.observe(&raw.gate().unwrap().sample, |_, _| {}).unwrap();
        decided.push(c.decide(UnixSeconds(i64::from(30 * k))).jobs.0);
    }
    assert!(backlog < 120.0 * rate, "{backlog} events wait at {rate}/s: {decided:?}");
    decided[decided.len() - 60..].try_into().unwrap()
}

#[test]
fn work_is_learned_from_a_pool_that_nobody_tells_of() {
    for (rate, work_s) in [(2.0, 10.0), (5.0, 1.0), (20.0, 0.5), (100.0, 0.1)] {
        let load = rate * work_s;
        // Jobs may be up sooner than is usual: what many have done then is not the work of one.
        let start_ups = [0, 1, 2, 4].map(|start_up| (start_up, Told::Both));
        for (start_up, told) in
            start_ups.into_iter().chain([(0, Told::Backlog), (2, Told::Backlog)])
        {
            let jobs = of_a_bare_queue(rate, work_s, start_up, told);
            let mean = f64::from(jobs.iter().sum::<u32>()) / jobs.len() as f64;
            assert!(
                mean < 1.3 * load + 1.0,
                "{mean} jobs for {load}, up after {start_up}: {jobs:?}"
            );
        }
    }
}

#[test]
fn a_backlog_that_nobody_tells_follows_from_what_comes_and_is_finished() {
    for (rate, work_s) in [(5.0, 1.0), (20.0, 0.5), (100.0, 0.1)] {
        for start_up in [0, 2, 4] {
            let jobs = of_a_bare_queue(rate, work_s, start_up, Told::Processed);
            let mean = f64::from(jobs.iter().sum::<u32>()) / jobs.len() as f64;
            let load = rate * work_s;
            assert!(
                mean < 1.3 * load + 1.0,
                "{mean} jobs for {load}, up after {start_up}: {jobs:?}"
            );
        }
    }
}

#[test]
fn a_number_of_jobs_that_has_vanished_is_missed_for_an_hour() {
    let mut c = controller();
    let mut decide = |k: i64, sample: Sample| {
        c.observe(&sample, |_, _| {}).unwrap();
        c.decide(UnixSeconds(30 * k))
    };
    (1..=20).for_each(|k| {
        decide(k, sample(30 * k, Some(6000.0), 20));
    });
    let after: Vec<_> = (21..200).map(|k| decide(k, of_the_queue(k, 6000.0, 0.0))).collect();
    let blind = |d: &&Decision| d.stage == Stage::Hold;
    let held = after.iter().position(|d| blind(&d)).unwrap();
    let held_for = after.iter().skip(held).take_while(blind).count();
    // The last number stands in for a quarter of an hour, and is missed for an hour then.
    assert_eq!((held, held_for), (29, 119));
    assert!(after[held..held + held_for].iter().all(|d| d.jobs >= after[held - 1].jobs));
    let last = after.last().unwrap();
    assert!(!blind(&last) && (20..=24).contains(&last.jobs.0), "{last:?}");
    assert!(last.doubts.contains(Doubt::Pool));
}

#[test]
fn a_sample_from_the_past_changes_nothing() {
    let mut c = controller();
    c.observe(&sample(60, Some(3000.0), 10), |_, _| {}).unwrap();
    let before = c.decide(UnixSeconds(60));
    assert!(c.observe(&sample(30, Some(0.0), 1), |_, _| {}).is_err());
    assert_eq!(c.decide(UnixSeconds(60)), before);
}
