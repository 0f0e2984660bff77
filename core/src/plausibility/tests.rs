use super::*;
use crate::sample::RawSample;
use crate::units::Jobs;
use std::vec::Vec;

/// Work of an event on one job, in seconds.
const WORK_S: f32 = 0.1;

/// A 30 s sample of a pool of 5 jobs.
fn raw(k: u32, arrivals: f64, processed: f64, backlog: f64) -> RawSample {
    RawSample {
        time: f64::from(30 * k),
        interval_s: 30.0,
        logged_events: Some(arrivals),
        processed_events: Some(processed),
        unprocessed_events: Some(backlog),
        jobs_ready: Some(5.0),
        jobs_starting: Some(0.0),
        ..RawSample::default()
    }
}

fn gated(raw: RawSample) -> Sample {
    raw.gate().unwrap().sample
}

/// A filter that has seen twenty calm samples of 300 events.
fn calm() -> PlausibilityFilter {
    let mut filter = PlausibilityFilter::default();
    for k in 1..=20 {
        let sample = gated(raw(k, 300.0 + f64::from(k % 3), 300.0, f64::from(k % 3)));
        filter.judge(&sample, Some(WORK_S));
    }
    filter
}

/// What becomes of one sample after calm ones.
fn judged(raw: RawSample) -> (Sample, Vec<Doubt>) {
    let (sample, doubts) = calm().judge(&gated(raw), Some(WORK_S));
    (sample, doubts.iter().collect())
}

#[test]
fn arrivals_that_went_nowhere_are_doubted_and_follow_from_the_others() {
    for wrong in [30_000.0, 4_294_967_289.0, 0.0] {
        let (sample, doubts) = judged(raw(21, wrong, 300.0, 2.0));
        assert_eq!(doubts, [Doubt::Arrivals], "{wrong}");
        assert_eq!(sample.arrivals_events.known(), Some(300.0));
    }
    // A counter that went back reads below zero, which the gate takes as missing.
    let (sample, doubts) = judged(raw(21, -3000.0, 300.0, 12.0));
    assert_eq!((sample.arrivals_events.known(), doubts.len()), (Some(310.0), 0));
}

#[test]
fn a_burst_that_the_backlog_confirms_is_believed() {
    let burst = gated(raw(21, 30_000.0, 1500.0, 28_502.0));
    assert_eq!(judged(raw(21, 30_000.0, 1500.0, 28_502.0)), (burst, Vec::new()));
}

#[test]
fn a_backlog_out_of_nowhere_is_believed_only_if_it_stays() {
    let mut filter = calm();
    let mut judge = |k, backlog| {
        let (sample, doubts) = filter.judge(&gated(raw(k, 300.0, 300.0, backlog)), Some(WORK_S));
        (sample.backlog_events.known(), doubts.contains(Doubt::Backlog))
    };
    assert_eq!(judge(21, 1e6), (Some(2.0), true));
    assert_eq!(judge(22, 0.0), (Some(0.0), false));
    assert_eq!((judge(23, 1e6).1, judge(24, 1e6).1), (true, true));
    assert_eq!(judge(25, 1e6), (Some(1e6), false));
}

#[test]
fn what_is_not_read_follows_from_the_rest() {
    let mut missing = raw(21, 310.0, 300.0, 0.0);
    missing.unprocessed_events = None;
    assert_eq!(judged(missing).0.backlog_events.known(), Some(12.0));
    let mut missing = raw(21, 310.0, 300.0, 12.0);
    missing.processed_events = None;
    assert_eq!(judged(missing).0.processed_events.known(), Some(300.0));
}

#[test]
fn jobs_that_are_gone_and_work_all_the_same_are_not_gone() {
    let told = RawSample { jobs_ready: Some(0.0), ..raw(21, 300.0, 1400.0, 2.0) };
    // Their work contradicts the arrivals, too.
    let (sample, doubts) = judged(told);
    assert_eq!(sample.jobs_ready, Some(Jobs(5)));
    assert!(doubts.contains(&Doubt::Jobs));
    // Jobs that crashed do nothing.
    let crashed = RawSample { jobs_ready: Some(0.0), ..raw(21, 300.0, 0.0, 302.0) };
    assert_eq!(judged(crashed).0.jobs_ready, Some(Jobs(0)));
}

#[test]
fn more_work_than_the_jobs_can_do_is_another_unit() {
    let (sample, doubts) = judged(raw(21, 300_000.0, 300_000.0, 2000.0));
    assert_eq!((sample.arrivals_events, doubts), (Reading::Missing, [Doubt::Counts].to_vec()));
}

#[test]
fn counts_against_which_jobs_and_work_stand_are_doubted_for_hours_and_others_for_minutes() {
    let doubted_s = |work_ms: Option<f64>| {
        let mut filter = calm();
        let sample =
            |k| RawSample { avg_processing_ms: work_ms, ..raw(k, 300_000.0, 300_000.0, 0.0) };
        let mut doubts = |k: &u32| filter.judge(&gated(sample(*k)), Some(WORK_S)).1;
        30 * (21..400).take_while(|k| doubts(k).contains(Doubt::Counts)).count()
    };
    assert_eq!(doubted_s(Some(110.0)), 7200);
    assert_eq!((doubted_s(None), doubted_s(Some(0.1))), (900, 900));
}

#[test]
fn a_jump_that_nothing_can_confirm_counts_in_part_once() {
    let alone = |k, events| RawSample {
        processed_events: None,
        unprocessed_events: None,
        ..raw(k, events, 0.0, 0.0)
    };
    let mut filter = PlausibilityFilter::default();
    for k in 1..10 {
        filter.judge(&gated(alone(k, 300.0)), None);
    }
    let (first, doubts) = filter.judge(&gated(alone(10, 30_000.0)), None);
    assert_eq!(first.arrivals_events.known(), Some(1200.0));
    assert!(doubts.contains(Doubt::Jump));
    let (second, doubts) = filter.judge(&gated(alone(11, 30_000.0)), None);
    assert_eq!((second.arrivals_events.known(), doubts.is_empty()), (Some(30_000.0), true));
}

#[test]
fn an_impossible_zero_is_missing_at_first_and_believed_once_and_for_all() {
    let mut filter = calm();
    let known: Vec<bool> = (21..200)
        .map(|k| {
            let (sample, _) = filter.judge(&gated(raw(k, 0.0, 0.0, 0.0)), Some(WORK_S));
            sample.arrivals_events.known().is_some()
        })
        .collect();
    assert_eq!(known.iter().position(|k| *k), Some(30));
    assert!(known[30..].iter().all(|k| *k));
}

#[test]
fn a_zero_after_which_work_goes_on_is_believed_at_once() {
    let mut filter = calm();
    filter.judge(&gated(raw(21, 300.0, 200.0, 102.0)), Some(WORK_S));
    let (ending, _) = filter.judge(&gated(raw(22, 0.0, 102.0, 0.0)), Some(WORK_S));
    assert_eq!(ending.arrivals_events.known(), Some(0.0));
    let (over, doubts) = filter.judge(&gated(raw(23, 0.0, 0.0, 0.0)), Some(WORK_S));
    assert_eq!((over.arrivals_events.known(), doubts.is_empty()), (Some(0.0), true));
}

#[test]
fn a_quiet_workload_may_be_silent() {
    let mut filter = PlausibilityFilter::default();
    (1..10).for_each(|k| {
        filter.judge(&gated(raw(k, 10.0, 10.0, 0.0)), None);
    });
    let silent = gated(raw(10, 0.0, 0.0, 0.0));
    assert_eq!(filter.judge(&silent, None).0, silent);
}

#[test]
fn equal_readings_look_frozen_and_teach_nothing_for_a_while() {
    let mut filter = PlausibilityFilter::default();
    let mut is_frozen = |k, arrivals| {
        let (sample, doubts) = filter.judge(&gated(raw(k, arrivals, 300.0, 0.0)), None);
        let frozen = doubts.contains(Doubt::Frozen);
        assert_eq!(sample.processed_events == Reading::Missing, frozen);
        frozen
    };
    let frozen: Vec<bool> = (1..60).map(|k| is_frozen(k, 300.0)).collect();
    assert_eq!(frozen.iter().position(|f| *f), Some(3));
    assert_eq!(frozen.iter().filter(|f| **f).count(), 27);
    assert!(!is_frozen(60, 301.0));
}
