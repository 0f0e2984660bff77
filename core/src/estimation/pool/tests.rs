use super::*;
use crate::sample::RawSample;

/// A 30 s sample of a pool that is offered 100 events/s of 0.1 s.
fn sample(k: u32, jobs: (u32, u32), processed: f64, backlog: f64, queued: f64) -> Sample {
    RawSample {
        time: f64::from(30 * k),
        interval_s: 30.0,
        logged_events: Some(3000.0),
        processed_events: Some(processed),
        unprocessed_events: Some(backlog),
        queued_events: Some(queued),
        avg_processing_ms: Some(100.0),
        jobs_ready: Some(f64::from(jobs.0)),
        jobs_starting: Some(f64::from(jobs.1)),
    }
    .gate()
    .unwrap()
    .sample
}

fn after(samples: &[Sample]) -> PoolObserver {
    let mut pool = PoolObserver::default();
    let mut before = None;
    for sample in samples {
        pool.push(sample, before, Some(0.1), None);
        before = Some(sample);
    }
    pool
}

#[test]
fn the_pause_of_a_change_is_learned_from_the_backlog_that_it_leaves() {
    // 8 s at 100/s leave 800 events, which 5 spare jobs drain in 16 s: mean backlog 320.
    let calm = |k| sample(k, (15, 0), 3000.0, 0.0, 0.0);
    let learned = after(&[calm(1), calm(2), sample(3, (16, 0), 3000.0, 0.0, 320.0)]).pause_s();
    assert!((learned - 8.0).abs() < 0.5, "{learned}");
    assert_eq!(after(&[calm(1), calm(2)]).pause_s(), 0.0);
    assert_eq!(after(&[calm(1), sample(2, (16, 0), 3000.0, 0.0, 0.0)]).pause_s(), 0.0);
}

#[test]
fn a_pool_that_works_far_below_its_capacity_is_stalled() {
    let first = sample(1, (10, 0), 2900.0, 3000.0, 2000.0);
    assert!(!after(&[first, sample(2, (10, 0), 2950.0, 9000.0, 6000.0)]).is_stalled());
    assert!(after(&[first, sample(2, (10, 0), 600.0, 9000.0, 6000.0)]).is_stalled());
    // A change explains a pause.
    assert!(!after(&[first, sample(2, (11, 0), 600.0, 9000.0, 6000.0)]).is_stalled());
}

#[test]
fn a_small_pool_of_long_tasks_that_chance_leaves_idle_is_not_stalled() {
    let sample = |k: u32, arrived: f64, processed: f64, backlog: f64, queued: f64| {
        let raw = RawSample {
            time: f64::from(30 * k),
            interval_s: 30.0,
            logged_events: Some(arrived),
            processed_events: Some(processed),
            unprocessed_events: Some(backlog),
            queued_events: Some(queued),
            avg_processing_ms: Some(10_000.0),
            jobs_ready: Some(2.0),
            jobs_starting: Some(0.0),
        };
        raw.gate().unwrap().sample
    };
    let stalled = |before: Sample, now: Sample| {
        let mut pool = PoolObserver::default();
        pool.push(&before, None, Some(10.0), None);
        pool.push(&now, Some(&before), Some(10.0), None);
        pool.is_stalled()
    };
    // Most came at the end.
    assert!(!stalled(sample(1, 4.0, 4.0, 0.0, 0.0), sample(2, 8.0, 2.0, 6.0, 2.0)));
    // Two waited for a while.
    assert!(!stalled(sample(1, 4.0, 4.0, 0.0, 0.0), sample(2, 3.0, 2.0, 1.0, 1.0)));
    assert!(stalled(sample(1, 4.0, 0.0, 40.0, 38.0), sample(2, 4.0, 0.0, 44.0, 42.0)));
}

#[test]
fn jobs_that_go_by_themselves_again_and_again_are_a_crash_loop() {
    let crashing = |ready: [u32; 6], ordered: [u32; 6]| {
        let (mut pool, mut before) = (PoolObserver::default(), None);
        for (k, (ready, ordered)) in (1..).zip(ready.into_iter().zip(ordered)) {
            let sample = sample(k, (ready, 0), 3000.0, 0.0, 0.0);
            pool.push(&sample, before.as_ref(), Some(0.1), Some(Jobs(ordered)));
            before = Some(sample);
        }
        pool.is_crashing()
    };
    assert!(crashing([10, 8, 10, 8, 10, 8], [10; 6]));
    assert!(!crashing([10, 9, 10, 10, 10, 10], [10; 6]));
    // Fewer were asked for.
    assert!(!crashing([10, 8, 6, 4, 2, 1], [8, 6, 4, 2, 1, 1]));
}

#[test]
fn a_pool_without_a_job_neither_pauses_nor_stalls() {
    let calm = sample(1, (1, 0), 300.0, 0.0, 0.0);
    let crashed = [sample(2, (0, 1), 0.0, 3000.0, 1500.0), sample(3, (0, 1), 0.0, 6000.0, 4500.0)];
    let pool = after(&[calm, crashed[0], crashed[1]]);
    assert_eq!(pool.pause_s(), 0.0);
    assert!(!pool.is_stalled());
}

#[test]
fn starting_jobs_are_followed_until_they_are_up() {
    let at = |k, jobs| sample(k, jobs, 3000.0, 0.0, 0.0);
    let mut samples = vec![at(1, (10, 0)), at(2, (10, 3)), at(3, (10, 5)), at(4, (12, 3))];
    let pool = after(&samples);
    let coming: Vec<_> = pool.coming(UnixSeconds(120), 90.0).collect();
    // Asked in the middle of the second sample's and of the third's interval.
    let (first, second) = (Coming { in_s: 15.0, jobs: 1.0 }, Coming { in_s: 45.0, jobs: 2.0 });
    assert_eq!(coming, [first, second]);
    // They took a minute each; the setting says 90 s and is worth ten of them.
    assert!((pool.start_up_s(90.0) - 85.0).abs() < 0.1, "{}", pool.start_up_s(90.0));
    samples.push(at(5, (15, 0)));
    assert_eq!(after(&samples).coming(UnixSeconds(150), 90.0).count(), 0);
}

#[test]
fn jobs_that_never_come_up_are_overdue() {
    let mut pool = PoolObserver::default();
    let mut before = None;
    let mut overdue = Vec::new();
    for k in 1..12 {
        let now = sample(k, (10, 0), 3000.0, 0.0, 0.0);
        // Four more are ordered from the second sample on; what is said of starting does not matter.
        pool.push(&now, before.as_ref(), Some(0.1), Some(Jobs(if k > 2 { 14 } else { 10 })));
        overdue.push(pool.is_overdue(now.end, 60.0));
        before = Some(now);
    }
    // Ordered at 75 s, expected at 135 s, given up after two start-ups and a sample.
    assert_eq!(overdue.iter().position(|o| *o), Some(7), "{overdue:?}");
    let up = sample(12, (14, 0), 3000.0, 0.0, 0.0);
    pool.push(&up, before.as_ref(), Some(0.1), Some(Jobs(14)));
    assert!(!pool.is_overdue(up.end, 60.0));
    assert!(pool.start_up_s(60.0) > 100.0);
}

#[test]
fn an_outage_is_no_start_up_time() {
    let (mut pool, mut before) = (PoolObserver::default(), None);
    // All crash, four more are ordered, and half an hour later all are up again.
    for k in 1..80 {
        let (ready, ordered) = match k {
            1..10 => (10, 10),
            10..70 => (0, 14),
            _ => (14, 14),
        };
        let now = sample(k, (ready, 0), 3000.0, 0.0, 0.0);
        pool.push(&now, before.as_ref(), Some(0.1), Some(Jobs(ordered)));
        before = Some(now);
        let is_overdue = pool.is_overdue(now.end, 60.0);
        assert!(is_overdue == (k > 14 && k < 70), "{k}");
    }
    assert_eq!(pool.start_up_s(60.0), 60.0);
}

#[test]
fn jobs_of_which_nobody_tells_come_up_as_is_usual() {
    let mut pool = PoolObserver::default();
    let orders = [10, 14, 14, 14, 8, 9];
    let assumed = orders.iter().zip(1..).map(|(ordered, k)| {
        pool.assume(&sample(k, (0, 0), 0.0, 0.0, 0.0), None, Some(0.1), Jobs(*ordered), 60.0);
        let coming: f32 = pool.coming(UnixSeconds(0), 60.0).map(|coming| coming.jobs).sum();
        (pool.assumed().unwrap().0, coming)
    });
    let assumed: Vec<_> = assumed.collect();
    assert_eq!(assumed, [(10, 0.0), (10, 4.0), (14, 0.0), (14, 0.0), (8, 0.0), (8, 1.0)]);
}

#[test]
fn a_pause_is_learned_of_a_pool_of_which_nobody_tells() {
    // 10 jobs in full work, one more each eighth sample, and 8 s of standstill when it comes up.
    let learned = |pause_s: f64| {
        let mut pool = PoolObserver::default();
        let mut before = None;
        for k in 1..400 {
            let ordered = 10 + u32::from(k % 16 >= 8);
            let changes = k > 8 && matches!(k % 16, 0 | 10);
            let still_s = if changes { pause_s } else { 0.0 };
            let now = sample(k, (0, 0), 3000.0 - 100.0 * still_s, 5000.0, 5000.0);
            pool.assume(&now, before.as_ref(), Some(0.1), Jobs(ordered), 60.0);
            before = Some(now);
        }
        pool.pause_s()
    };
    // The eleventh job finds no more to do, which is no pause that anybody would avoid.
    let [free, costly] = [learned(0.0), learned(8.0)];
    assert!((5.0..10.0).contains(&costly) && free < 2.0, "{free} {costly}");
}

#[test]
fn jobs_that_come_late_are_no_pause() {
    // Ten jobs are assumed where one works, and more are asked for; all of them come after two minutes.
    let mut pool = PoolObserver::default();
    let mut before = None;
    for k in 1..40_u32 {
        let (ordered, up) = (if k == 1 { 10 } else { 13 }, if k < 4 { 1 } else { 13 });
        let now = sample(k, (0, 0), 300.0 * f64::from(up), 5000.0, 5000.0);
        pool.assume(&now, before.as_ref(), Some(0.1), Jobs(ordered), 60.0);
        before = Some(now);
    }
    assert!(pool.pause_s() < 2.0, "{}", pool.pause_s());
}

#[test]
fn orders_that_were_taken_back_did_not_come_up() {
    let mut pool = PoolObserver::default();
    let [a, b, c] = [1, 2, 3].map(|k| sample(k, (10, 0), 3000.0, 0.0, 0.0));
    pool.push(&a, None, Some(0.1), Some(Jobs(10)));
    pool.push(&b, Some(&a), Some(0.1), Some(Jobs(20)));
    pool.push(&c, Some(&b), Some(0.1), Some(Jobs(10)));
    assert_eq!(pool.coming(c.end, 60.0).count(), 0);
    assert_eq!(pool.start_up_s(60.0), 60.0);
}
