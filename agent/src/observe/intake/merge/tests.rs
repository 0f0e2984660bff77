//! Several senders, as they come and go.

use super::*;
use scaleiq_core::sample::RawSample;

const T: i64 = 1_000_000;

/// Half of a workload: 3,000 events of 100 ms in 30 s on eleven jobs.
fn raw(time: i64) -> RawSample {
    RawSample {
        time: time as f64,
        interval_s: 30.0,
        logged_events: Some(3000.0),
        processed_events: Some(3000.0),
        unprocessed_events: Some(7.0),
        queued_events: Some(2.0),
        avg_processing_ms: Some(100.0),
        jobs_ready: Some(11.0),
        jobs_starting: Some(0.0),
    }
}

fn gated(raw: RawSample) -> Sample {
    raw.gate().unwrap().sample
}

fn push(merge: &mut Merge, name: Option<&str>, raw: RawSample) -> Admitted {
    let mut admitted = Admitted::default();
    merge.push(name, &gated(raw), &mut admitted).unwrap();
    admitted
}

#[test]
fn one_sender_goes_through_as_it_is() {
    let mut merge = Merge::default();
    for k in 1..10 {
        let admitted = push(&mut merge, None, raw(T + 30 * k));
        assert_eq!(admitted.samples, [gated(raw(T + 30 * k))]);
        assert!(admitted.warnings.is_empty());
    }
    let mut refused = |time, jobs| {
        let sample = gated(RawSample { jobs_ready: Some(jobs), ..raw(time) });
        merge.push(None, &sample, &mut Admitted::default()).unwrap_err().message
    };
    assert!(refused(T + 270, 5.0).contains("give each a `source`"));
    assert!(refused(T + 30, 5.0).contains("before the last sample's"));
}

#[test]
fn a_named_sender_alone_is_taken_from_its_second_sample_on() {
    let mut merge = Merge::default();
    assert!(push(&mut merge, Some("a"), raw(T)).samples.is_empty());
    let both = push(&mut merge, Some("a"), raw(T + 30)).samples;
    assert_eq!((both[0].end.0, both[0].interval_s), (T + 30, 60));
    assert_eq!(both[0].arrivals_events, Reading::Known(6000.0));
    let next = push(&mut merge, Some("a"), raw(T + 60)).samples;
    assert_eq!(next, [gated(raw(T + 60))]);
}

#[test]
fn two_senders_are_summed_whatever_their_phase() {
    for phase in [0, 3, 15, 29] {
        let mut merge = Merge::default();
        let mut sums = Vec::new();
        for k in 1..=40 {
            for (name, raw) in [("a", raw(T + 30 * k)), ("b", raw(T + 30 * k + phase))] {
                let work = if name == "a" { 50.0 } else { 200.0 };
                let raw = RawSample { avg_processing_ms: Some(work), ..raw };
                sums.extend(push(&mut merge, Some(name), raw).samples);
            }
        }
        assert!(sums.len() >= 36, "phase {phase}: {}", sums.len());
        for pair in sums.windows(2) {
            let start = pair[1].end.plus(-i64::from(pair[1].interval_s));
            assert_eq!(pair[0].end, start, "phase {phase}: nothing is counted twice or lost");
        }
        for sum in &sums[2..] {
            let per_s = sum.arrivals_events.known().unwrap() / sum.interval_s as f32;
            assert!((per_s - 200.0).abs() < 0.1, "phase {phase}: {per_s}/s");
            assert_eq!(
                (sum.jobs_ready, sum.backlog_events),
                (Some(Jobs(22)), Reading::Known(14.0))
            );
            assert!((sum.work_ms.known().unwrap() - 125.0).abs() < 0.1);
        }
    }
}

#[test]
fn who_falls_silent_is_missed_and_then_gone() {
    let mut merge = Merge::default();
    for k in 1..=4 {
        push(&mut merge, Some("a"), raw(T + 30 * k));
        push(&mut merge, Some("b"), raw(T + 30 * k));
    }
    let mut course = Vec::new();
    for k in 5..=14 {
        let admitted = push(&mut merge, Some("a"), raw(T + 30 * k));
        let known = admitted.samples.iter().map(|s| s.arrivals_events.known().is_some());
        course.push((known.collect::<Vec<_>>(), admitted.warnings.len()));
    }
    assert_eq!(course[0], (vec![], 0), "it is waited for");
    assert_eq!(course[1], (vec![false], 1), "its share is missing");
    assert!(course[2..6].iter().all(|c| *c == (vec![false], 1)), "{course:?}");
    assert_eq!(course[6], (vec![true], 1), "it has left");
    assert_eq!(course[7], (vec![true], 0));
    assert_eq!(merge.take_left(), [Some("b".to_string())]);
    // It comes again.
    push(&mut merge, Some("b"), raw(T + 30 * 14));
    push(&mut merge, Some("a"), raw(T + 30 * 15));
    let sums = push(&mut merge, Some("b"), raw(T + 30 * 15)).samples;
    assert_eq!(sums[0].arrivals_events, Reading::Known(6000.0));
}

#[test]
fn each_field_is_summed_over_those_who_report_it() {
    let queue = |time| RawSample {
        processed_events: None,
        avg_processing_ms: None,
        jobs_ready: None,
        jobs_starting: None,
        ..raw(time)
    };
    let pool = |time| RawSample {
        logged_events: None,
        unprocessed_events: None,
        queued_events: None,
        ..raw(time)
    };
    let mut merge = Merge::default();
    let mut sums = Vec::new();
    for k in 1..=3 {
        push(&mut merge, Some("queue"), queue(T + 30 * k));
        sums.extend(push(&mut merge, Some("pool"), pool(T + 30 * k)).samples);
    }
    assert_eq!(sums.last(), Some(&gated(raw(T + 90))));
    // Who reports it otherwise lacks it now: half a sum is none.
    push(&mut merge, Some("queue"), RawSample { logged_events: None, ..queue(T + 120) });
    let sum = push(&mut merge, Some("pool"), pool(T + 120)).samples[0];
    assert_eq!((sum.arrivals_events, sum.jobs_ready), (Reading::Missing, Some(Jobs(11))));
}

#[test]
fn many_senders_give_one_sample_an_interval() {
    let mut merge = Merge::default();
    let names: Vec<String> = (0..60).map(|n| format!("pod-{n}")).collect();
    let mut sums = Vec::new();
    for k in 1..=10 {
        for (n, name) in names.iter().enumerate() {
            let raw = RawSample { jobs_ready: Some(1.0), ..raw(T + 30 * k + n as i64 / 2) };
            sums.extend(push(&mut merge, Some(name), raw).samples);
        }
    }
    assert!((8..=14).contains(&sums.len()), "{}", sums.len());
    assert_eq!(sums.last().and_then(|sum| sum.jobs_ready), Some(Jobs(60)));
}

#[test]
fn who_pushes_twice_without_a_name_is_told() {
    let warned = |phase: i64, interval_s: f64| {
        let mut merge = Merge::default();
        let mut warned = 0;
        for k in 1..=20 {
            for time in [T + 30 * k, T + 30 * k + phase] {
                let sample = gated(RawSample { interval_s, ..raw(time) });
                let mut admitted = Admitted::default();
                let refused = merge.push(None, &sample, &mut admitted).is_err();
                warned += usize::from(refused || !admitted.warnings.is_empty());
            }
        }
        warned
    };
    assert!(warned(15, 30.0) > 30, "two that push in turn");
    assert!(warned(3, 30.0) > 15, "one right behind the other");
    assert!(warned(0, 30.0) >= 20, "two at the same time");
    assert_eq!(warned(15, 15.0), 0, "one that pushes each 15 s");
    assert_eq!(warned(15, 17.0), 0, "jitter");
}

#[test]
fn a_history_of_one_behind_the_others_is_refused() {
    let mut merge = Merge::default();
    for k in 1..=100 {
        push(&mut merge, Some("a"), raw(T + 30 * k));
    }
    let sample = gated(raw(T + 30));
    assert!(merge.push(Some("b"), &sample, &mut Admitted::default()).is_err());
    assert!(!merge.knows(Some("b")));
}
