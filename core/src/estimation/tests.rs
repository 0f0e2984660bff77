use super::*;
use crate::policy::examples::{estimate, settings};
use crate::sample::{RawSample, Sample};
use crate::units::UnixSeconds;

fn sample(k: u32, rate: f64, jobs: (u32, u32), backlog: f64) -> Sample {
    RawSample {
        time: f64::from(30 * k),
        interval_s: 30.0,
        logged_events: Some(30.0 * rate),
        // A job does ten a second.
        processed_events: Some(30.0 * rate.min(10.0 * f64::from(jobs.0))),
        unprocessed_events: Some(backlog),
        queued_events: Some(backlog),
        avg_processing_ms: Some(100.0),
        jobs_ready: Some(f64::from(jobs.0)),
        jobs_starting: Some(f64::from(jobs.1)),
    }
    .gate()
    .unwrap()
    .sample
}

fn estimate_after(samples: impl IntoIterator<Item = Sample>) -> Estimate {
    let mut observer = Observer::new(&settings().parameters);
    let mut end = UnixSeconds(0);
    for sample in samples {
        observer.push(&sample, None, false, None, None, &settings());
        end = sample.end;
    }
    observer.estimate(end, None, None, &settings()).unwrap()
}

#[test]
fn a_steady_workload_is_expected_to_stay() {
    let s = estimate_after((1..200).map(|k| sample(k, 100.0, (12, 0), 0.0)));
    assert!((s.offered_load(s.rate.0) - 10.0).abs() < 0.01);
    assert!((s.offered_load(s.soon_rate) - 10.0).abs() < 0.01);
    assert_eq!(s.lead_backlog.median_s, 0.0);
    assert!(s.high_rate < 110.0, "{s:?}");
}

#[test]
fn a_backlog_grows_until_what_was_asked_for_comes() {
    let calm = (1..100).map(|k| sample(k, 100.0, (10, 0), 0.0));
    // Four jobs too few, 3 of them on their way for 30 s.
    let short = |starting| {
        [sample(100, 100.0, (6, starting), 600.0), sample(101, 100.0, (6, starting), 1200.0)]
    };
    let [none, three] = [0, 3].map(|k| estimate_after(calm.clone().chain(short(k))));
    // 120 s of work waits, and 75 s at 4 jobs too few come on top.
    assert!((none.lead_backlog.median_s - 420.0).abs() < 30.0, "{:?}", none.lead_backlog);
    assert!(three.lead_backlog.median_s < none.lead_backlog.median_s - 60.0);
    assert!(three.lead_backlog.high_s >= three.lead_backlog.median_s);
}

#[test]
fn many_starts_overlap() {
    let costly = Estimate { pause_s: 8.0, start_up_s: 60.0, ..estimate(10, 100.0, 0.0) };
    let still = [0.0, 1.0, 2.0, 4.0, 40.0].map(|jobs| costly.standstill_s(jobs));
    assert_eq!(still[..3], [0.0, 8.0, 16.0]);
    assert!((25.0..=32.0).contains(&still[3]) && still[4] < 110.0, "{still:?}");
}

#[test]
fn a_harmless_wait_calls_for_no_jobs() {
    let required = |backlog| estimate(10, 100.0, backlog).with_backlog(10.0, &settings());
    assert_eq!(required(1500.0), 10.0);
    let more = required(2400.0);
    assert!((more - 11.0).abs() < 1e-4, "{more}");
}
