//! Senders with wrong clocks, and several of them.

use super::*;
use scaleiq_core::sample::RawSample;

const T: i64 = 1_751_328_000;

fn told(source: Option<&str>, time: i64, arrivals: i64) -> Reported {
    let raw = RawSample {
        time: time as f64,
        interval_s: 30.0,
        logged_events: Some(arrivals as f64),
        ..RawSample::default()
    };
    let sample = raw.gate().unwrap().sample;
    Reported { source: source.map(str::to_owned), ..Reported::from(sample) }
}

fn at(wall: i64) -> Moment {
    Moment { wall: UnixSeconds(wall), ours: UnixSeconds(wall) }
}

/// What becomes of samples that come one by one, each as (when it comes, its time): how old each is
/// to the loop, or why it is refused.
fn live(trust: Trust, comes: &[(i64, i64)]) -> Vec<Result<i64, Refusal>> {
    let mut intake = Intake::new(trust, None);
    let mut number = 0;
    let come = |(wall, time): &(i64, i64)| {
        number += 1;
        let told = told(None, *time, number);
        intake.compare_clocks(std::slice::from_ref(&told), at(*wall));
        let admitted = intake.admit(&told, at(*wall)).map_err(|refused| refused.refusal)?;
        Ok(admitted.samples.iter().map(|sample| wall - sample.end.0).sum())
    };
    comes.iter().map(come).collect()
}

#[test]
fn a_fast_clock_that_is_corrected_shuts_nobody_out() {
    // Four minutes fast, then right again.
    let comes: Vec<_> =
        (0..20).map(|k| (T + 30 * k, T + 30 * k + if k < 10 { 240 } else { 0 })).collect();
    assert!(live(Trust::Receiver, &comes).iter().all(|age| *age == Ok(0)));
    let with_the_senders = live(Trust::Sender, &comes);
    assert_eq!(with_the_senders[..10], [Err(Refusal::Future); 10]);
}

#[test]
fn a_clock_that_was_set_back_by_an_hour_costs_a_minute() {
    let comes: Vec<_> =
        (0..20).map(|k| (T + 30 * k, T + 30 * k - if k < 10 { 0 } else { 3600 })).collect();
    let ages = live(Trust::Receiver, &comes);
    assert_eq!(ages[10..12], [Err(Refusal::Time); 2]);
    assert!(ages[..10].iter().chain(&ages[12..]).all(|age| *age == Ok(0)), "{ages:?}");
}

#[test]
fn one_sample_ten_years_ahead_is_refused_alone() {
    for trust in [Trust::Receiver, Trust::Sender] {
        let years = 3650 * 86_400;
        let comes = [(T, T), (T + 30, T + years), (T + 60, T + 60), (T + 90, T + 90)];
        assert_eq!(live(trust, &comes), [Ok(0), Err(Refusal::Future), Ok(0), Ok(0)]);
    }
}

#[test]
fn a_history_with_a_fast_clock_is_placed_by_its_newest_sample() {
    let mut intake = Intake::new(Trust::Receiver, None);
    let body: Vec<_> = (0..20).map(|k| told(None, T + 200 - 570 + 30 * k, k)).collect();
    intake.compare_clocks(&body, at(T));
    let ends: Vec<i64> = body
        .iter()
        .flat_map(|told| intake.admit(told, at(T)).unwrap().samples)
        .map(|sample| sample.end.0)
        .collect();
    assert_eq!((ends.len(), ends[0], ends[19]), (20, T - 570, T));
    let again = intake.admit(&body[7], at(T)).unwrap_err();
    assert_eq!(again.refusal, Refusal::Duplicate);
}

#[test]
fn the_loops_clock_goes_on_where_the_machines_was_set_back() {
    let mut intake = Intake::new(Trust::Receiver, None);
    let ours = |k: i64| T + 30 * k;
    for k in 0..20 {
        let wall = ours(k) - if k < 10 { 0 } else { 3600 };
        let now = Moment { wall: UnixSeconds(wall), ours: UnixSeconds(ours(k)) };
        let told = told(None, wall, k);
        intake.compare_clocks(std::slice::from_ref(&told), now);
        let samples = intake.admit(&told, now).unwrap().samples;
        assert_eq!(samples[0].end.0, ours(k));
    }
}

#[test]
fn each_senders_clock_is_its_own() {
    let mut intake = Intake::new(Trust::Receiver, None);
    let mut sums = Vec::new();
    for k in 0..20 {
        for (name, fast_s) in [("a", 0), ("b", 120)] {
            let wall = T + 30 * k;
            let told = told(Some(name), wall + fast_s, 300);
            intake.compare_clocks(std::slice::from_ref(&told), at(wall));
            sums.extend(intake.admit(&told, at(wall)).unwrap().samples);
        }
    }
    assert_eq!(sums.last().and_then(|sum| sum.arrivals_events.known()), Some(600.0));
    let shifts: Vec<i64> = intake.status().map(|source| source.shift_s).collect();
    assert_eq!(shifts, [0, -120]);
}

#[test]
fn senders_are_bounded_and_those_who_left_make_room() {
    let mut intake = Intake::new(Trust::Order, None);
    let mut admit = |name: &str, time| {
        let told = told(Some(name), time, 5);
        intake.admit(&told, Moment::default()).map_err(|refused| refused.refusal)
    };
    for k in 0..MAX_SOURCES {
        assert!(admit(&format!("pod-{k}"), T).is_ok());
    }
    assert_eq!(admit("one too many", T), Err(Refusal::TooMany));
    for k in 1..10 {
        assert!(admit("pod-0", T + 30 * k).is_ok());
    }
    assert!(admit("one too many", T + 280).is_ok());
}

#[test]
fn in_a_history_a_newcomers_clock_is_held_against_the_others() {
    let course = |off_s: i64| {
        let mut intake = Intake::new(Trust::Order, None);
        let mut sums = Vec::new();
        for k in 1..=40 {
            let come = if k < 10 { vec![("a", 0)] } else { vec![("a", 0), ("b", off_s)] };
            for (name, off_s) in come {
                let told = told(Some(name), T + 30 * k + off_s, 300);
                if let Ok(admitted) = intake.admit(&told, Moment::default()) {
                    sums.extend(admitted.samples);
                }
            }
        }
        let last = sums.last().unwrap();
        (last.end.0 - T, last.arrivals_events.known())
    };
    for off_s in [0, 15, 240, -240, 3000] {
        assert_eq!(course(off_s).1, Some(600.0), "{off_s} s off");
    }
    // By an hour and more backwards it is another history, which is refused.
    assert_eq!(course(-86_400), (1200, Some(300.0)));
}

#[test]
fn one_sample_of_a_newcomer_from_years_ahead_shuts_nobody_out() {
    let mut intake = Intake::new(Trust::Order, None);
    let mut admit = |name: &str, time| intake.admit(&told(Some(name), time, 5), Moment::default());
    for k in 1..=5 {
        admit("a", T + 30 * k).unwrap();
    }
    assert_eq!(admit("b", T + 315_360_000).unwrap_err().refusal, Refusal::Time);
    assert_eq!(admit("a", T + 180).unwrap().samples.len(), 1);
    assert!(admit("b", T + 180).is_ok());
}
