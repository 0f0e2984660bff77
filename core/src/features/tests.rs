//! What holds for all features together; the numbers are held to a batch computation in
//! `tests/features_batch.rs`.

extern crate std;
use super::*;
use crate::units::UnixSeconds;
use proptest::prelude::*;
use std::vec::Vec;

/// 2025-03-03, a Monday.
const MONDAY_S: i64 = 20_150 * 86_400;

fn length(seconds: u32) -> IntervalLength {
    IntervalLength::new(seconds).unwrap()
}

/// The `k`-th interval after `MONDAY_S` with `arrivals`, and all else in proportion.
fn interval(k: usize, length: IntervalLength, arrivals: f32) -> Interval {
    Interval {
        end: UnixSeconds(MONDAY_S + (k as i64 + 1) * i64::from(length.seconds())),
        arrivals_events: Some(arrivals),
        processed_events: Some(arrivals * 0.9),
        backlog_events: Some(arrivals * 2.0 + 1.0),
        queued_events: Some(arrivals + 3.0),
        work_ms: Some(70.0),
        jobs_ready: Some(5.0),
    }
}

fn bits(features: &Features) -> Vec<u32> {
    features.as_slice().iter().map(|v| v.to_bits()).collect()
}

/// Readings of every kind, bad ones included.
fn reading() -> impl Strategy<Value = Option<f32>> {
    prop_oneof![
        6 => (0.0f32..1e4).prop_map(Some),
        2 => Just(Some(0.0)),
        2 => Just(None),
        2 => Just(Some(7.0)),
        1 => Just(Some(1e12)),
        1 => proptest::num::f32::ANY.prop_map(Some),
    ]
}

fn any_interval() -> impl Strategy<Value = Interval> {
    (reading(), reading(), reading(), reading(), reading(), reading()).prop_map(
        |(arrivals, processed, backlog, queued, work, jobs)| Interval {
            end: UnixSeconds(0),
            arrivals_events: arrivals,
            processed_events: processed,
            backlog_events: backlog,
            queued_events: queued,
            work_ms: work,
            jobs_ready: jobs,
        },
    )
}

/// Lengths with few and many steps to a day, so that the seasons are warm within a test.
fn any_length() -> impl Strategy<Value = IntervalLength> {
    prop_oneof![Just(60), Just(120), Just(300), Just(3_600), Just(14_400), Just(86_400)]
        .prop_map(length)
}

fn run(length: IntervalLength, intervals: &[Interval]) -> Vec<Features> {
    let mut bank = FeatureBank::new(length);
    let timed = intervals.iter().enumerate().map(|(k, i)| {
        let end = UnixSeconds(MONDAY_S + (k as i64 + 1) * i64::from(length.seconds()));
        Interval { end, ..*i }
    });
    timed.map(|i| bank.push(&i)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_future_never_reaches_back(
        length in any_length(),
        past in prop::collection::vec(any_interval(), 1..200),
        one in prop::collection::vec(any_interval(), 1..100),
        other in prop::collection::vec(any_interval(), 1..100),
    ) {
        let a = run(length, &[past.as_slice(), &one].concat());
        let b = run(length, &[past.as_slice(), &other].concat());
        for (a, b) in a.iter().zip(&b).take(past.len()) {
            prop_assert_eq!(bits(a), bits(b));
        }
    }

    #[test]
    fn nothing_panics_or_is_infinite(
        length in any_length(),
        intervals in prop::collection::vec(any_interval(), 1..300),
        jump in any::<i64>(),
    ) {
        for features in run(length, &intervals) {
            prop_assert!(features.as_slice().iter().all(|v| v.is_nan() || v.is_finite()));
            for w in [6, 12, 24, 72] {
                let std = features.get(&std::format!("arrivals_std_{w}"));
                prop_assert!(std.is_none_or(|s| s >= 0.0));
            }
        }
        let mut bank = FeatureBank::new(length);
        for end in [0, jump, i64::MIN, i64::MAX, -1, jump] {
            let features = bank.push(&Interval { end: UnixSeconds(end), ..intervals[0] });
            prop_assert!(features.as_slice().iter().all(|v| v.is_nan() || v.is_finite()));
        }
    }
}

#[test]
fn names_are_unique_and_plain() {
    const { assert!(COUNT >= 50) };
    for (k, spec) in SPECS.iter().enumerate() {
        assert!(SPECS.iter().skip(k + 1).all(|other| other.name != spec.name), "{}", spec.name);
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(!spec.name.is_empty() && spec.name.chars().all(plain), "{}", spec.name);
        assert!(!spec.formula.is_empty(), "{}", spec.name);
    }
}

#[test]
fn the_bank_fits_a_microcontroller() {
    const { assert!(size_of::<FeatureBank>() <= 24 * 1024) };
    const { assert!(size_of::<Features>() <= 1024) };
}

#[test]
fn every_feature_is_defined_when_its_list_says_so() {
    for length in [length(120), length(300), length(3_600)] {
        let mut bank = FeatureBank::new(length);
        let mut first = [None; COUNT];
        for k in 0..length.steps_per_day() * 8 {
            let features = bank.push(&interval(k, length, (k % 17) as f32));
            for (first, value) in first.iter_mut().zip(features.as_slice()) {
                let defined = !value.is_nan();
                assert!(defined || first.is_none(), "NaN again at step {k}");
                if defined && first.is_none() {
                    *first = Some(k as u32 + 1);
                }
            }
        }
        for (first, spec) in first.iter().zip(&SPECS) {
            let promised = match spec.warm_up {
                WarmUp::None => 1,
                WarmUp::Intervals(n) => u32::from(n).max(2),
                WarmUp::Seconds(s) => s / length.seconds() + 1,
            };
            let first = first.unwrap_or_else(|| panic!("{} is never defined", spec.name));
            assert!(first <= promised, "{}: {first}, promised {promised}", spec.name);
        }
    }
}

#[test]
fn a_missing_interval_is_soon_forgotten() {
    let length = length(3_600);
    let mut bank = FeatureBank::new(length);
    let mut latest = None;
    for k in 0..24 * 30 {
        let full = interval(k, length, (k % 17) as f32);
        let missing = Interval::missing(full.end);
        latest = Some(bank.push(if k == 24 * 26 { &missing } else { &full }));
    }
    assert!(latest.unwrap().as_slice().iter().all(|v| !v.is_nan()));
}

/// 200,000 intervals with spikes of 1e12, then a plain stretch: nothing of the past may be left.
#[test]
fn errors_do_not_pile_up() {
    let length = IntervalLength::TWO_MINUTES;
    let mut bank = FeatureBank::new(length);
    let mut state = 1_u32;
    for k in 0..200_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (state >> 8) as f32 / 1e3;
        bank.push(&interval(k, length, if k % 97 == 0 { 1e12 } else { noise }));
    }
    let mut latest = None;
    for k in 200_000..200_000 + 3 * 720 {
        latest = Some(bank.push(&interval(k, length, 100.0 + (k % 2) as f32)));
    }
    let latest = latest.unwrap();
    let close = |name: &str, expected: f64| {
        let got = f64::from(latest.get(name).unwrap());
        assert!((got - expected).abs() < 1e-6 * expected.abs().max(1.0), "{name}: {got}");
    };
    for w in [6_u32, 12, 24, 72] {
        let n = f64::from(w);
        close(&std::format!("arrivals_mean_{w}"), 100.5);
        close(&std::format!("arrivals_std_{w}"), libm::sqrt(0.25 * n / (n - 1.0)));
        close(&std::format!("arrivals_min_{w}"), 100.0);
        close(&std::format!("arrivals_max_{w}"), 101.0);
    }
    let trend = latest.get("arrivals_trend_day").unwrap();
    assert!((trend - 100.5).abs() < 0.5, "{trend}");
}

/// A day's sine is learned, at any length of interval, and then nothing is left over.
#[test]
fn the_profile_learns_a_day() {
    for length in [length(50), length(120), length(300), length(3_600)] {
        let mut bank = FeatureBank::new(length);
        let steps = length.steps_per_day();
        let (mut worst_day, mut worst_week, mut season) = (0.0_f32, 0.0_f32, 0.0_f32);
        for k in 0..steps * 24 {
            let turn = core::f32::consts::TAU * (k % steps) as f32 / steps as f32;
            let features = bank.push(&interval(k, length, 1_000.0 + 500.0 * libm::sinf(turn)));
            if k >= steps * 22 {
                worst_day = worst_day.max(features.get("arrivals_residual_day").unwrap().abs());
                worst_week = worst_week.max(features.get("arrivals_residual_week").unwrap().abs());
                season = season.max(features.get("arrivals_season_day").unwrap());
            }
        }
        // A bin of the week is half an hour, so within it the sine still moves.
        assert!(worst_day < 12.0, "{worst_day}");
        assert!(worst_week < 70.0, "{worst_week}");
        assert!((season - 500.0).abs() < 25.0, "{season}");
    }
}

#[test]
fn operations_speak_of_jobs_and_time() {
    let mut bank = FeatureBank::new(IntervalLength::TWO_MINUTES);
    let first = Interval {
        end: UnixSeconds(MONDAY_S),
        arrivals_events: Some(6_000.0),
        processed_events: Some(4_000.0),
        backlog_events: Some(3_000.0),
        queued_events: Some(1_000.0),
        work_ms: Some(60.0),
        jobs_ready: Some(2.0),
    };
    let features = bank.push(&first);
    let expected = [
        ("hour_cos", 1.0),
        ("day_of_week_sin", 0.0),
        ("queue_pressure", 0.5),
        ("in_out_ratio", 1.5),
        ("load", 1.5),
        ("capacity", 4_000.0),
        ("backlog_s", 90.0),
        ("work_ms", 60.0),
    ];
    for (name, value) in expected {
        assert_eq!(features.get(name), Some(value), "{name}");
    }
    // No events, no work measured, no jobs: ratios are numbers or undefined, never infinite.
    let quiet = Interval {
        end: UnixSeconds(MONDAY_S + 120),
        arrivals_events: Some(0.0),
        processed_events: Some(0.0),
        work_ms: None,
        jobs_ready: Some(0.0),
        ..first
    };
    let features = bank.push(&quiet);
    assert_eq!(features.get("queue_pressure"), Some(3_000.0));
    assert_eq!(features.get("processing_efficiency"), Some(0.0));
    for name in ["load", "capacity", "work_ms", "no_such_feature"] {
        assert_eq!(features.get(name), None, "{name}");
    }
}

#[test]
fn a_spike_is_an_anomaly_and_a_flat_line_is_none() {
    let length = IntervalLength::TWO_MINUTES;
    let mut bank = FeatureBank::new(length);
    let mut push = |k, arrivals| bank.push(&interval(k, length, arrivals));
    for k in 0..80 {
        push(k, 10.0);
    }
    let flat = push(80, 10.0);
    assert_eq!((flat.get("arrivals_z"), flat.get("arrivals_anomaly")), (Some(0.0), Some(0.0)));
    let spike = push(81, 50.0);
    assert_eq!(spike.get("arrivals_anomaly"), Some(1.0));
    assert_eq!(spike.get("arrivals_pct_6"), Some(4.0));
}
