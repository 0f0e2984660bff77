//! Random histories under a policy and a forecaster that say anything, held to every promise.

mod dice;

use dice::{Dice, HISTORIES};
use proptest::prelude::*;
use scaleiq_core::controller::Controller;
use scaleiq_core::decision::Decision;
use scaleiq_core::estimation::Estimate;
use scaleiq_core::invariant::{Promise, Watch, is_gated};
use scaleiq_core::policy::{ACTIONS, Dqn, Planner, Policy, Stage};
use scaleiq_core::sample::{Gated, RawSample, Reading, Sample};
use scaleiq_core::settings::Settings;
use scaleiq_core::units::{JobLimits, Jobs, UnixSeconds};

fn sample(dice: &mut Dice, time: i64, jobs: u32) -> Sample {
    // Now and then a number is missing.
    let mut maybe = |value: Option<u32>| {
        let known = dice.roll(12) > 0;
        let value = value.map_or_else(|| dice.number(), |jobs| jobs as f32);
        known.then(|| f64::from(value))
    };
    RawSample {
        time: time as f64,
        interval_s: 30.0,
        logged_events: maybe(None),
        processed_events: maybe(None),
        unprocessed_events: maybe(None),
        queued_events: maybe(None),
        avg_processing_ms: maybe(None),
        jobs_ready: maybe(Some(jobs)),
        jobs_starting: maybe(Some(jobs / 3)),
    }
    .gate()
    .unwrap()
    .sample
}

/// Plays a history of ticks; gives the first promise that is broken, and the stages seen.
fn play<P: Policy>(seed: u64, policy: P, ticks: u32) -> (Option<Promise>, Vec<Stage>) {
    let mut dice = Dice(seed);
    let min = dice.roll(4) as u32;
    let limits = JobLimits::new(min, min + 1 + dice.roll(200) as u32).unwrap();
    let settings = Settings::new(limits, 5.0 + dice.roll(300) as f32, 5.0 + dice.roll(300) as f32);
    let mut controller = Controller::new(settings, Dice(seed ^ 1), policy);
    let mut watch = Watch::default();
    let (mut time, mut jobs, mut last) = (1_000_000, dice.roll(100) as u32, None);
    let mut stages = Vec::new();
    for _ in 0..ticks {
        time += 30 * (1 + (dice.roll(20) == 0) as i64 * dice.roll(40) as i64);
        // Sometimes nothing comes, and the decision is asked for all the same.
        if dice.roll(10) > 0 {
            let sample = sample(&mut dice, time, jobs);
            controller.observe(&sample, |_, _| {}).unwrap();
            last = Some(sample);
        }
        let now = UnixSeconds(time);
        let estimate = controller.estimate(now).ok();
        let is_new = last.is_some_and(|l: Sample| l.end == now);
        let decision = controller.decide(now);
        stages.push(decision.stage);
        // Without a new sample the decision is latched: it was checked when it was made.
        if is_new || estimate.is_none() {
            let broken = watch.check(&decision, last.as_ref(), estimate.as_ref(), &settings);
            if broken.is_some() {
                return (broken, stages);
            }
        }
        // Whoever runs the jobs does mostly as it is told.
        jobs = if dice.roll(20) == 0 { dice.roll(200) as u32 } else { decision.jobs.0 };
    }
    (None, stages)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(HISTORIES))]

    /// S-1, S-2, S-4, S-5 and S-7 hold whatever policy and forecaster say.
    #[test]
    fn no_policy_and_no_forecast_breaks_a_promise(seed in any::<u64>()) {
        let (broken, _) = play(seed, Dice(seed ^ 2), 24);
        prop_assert_eq!(broken.map(Promise::id), None);
    }

    /// ... and under the planner.
    #[test]
    fn the_planner_breaks_no_promise(seed in any::<u64>()) {
        let (broken, _) = play(seed, Planner, 24);
        prop_assert_eq!(broken.map(Promise::id), None);
    }

    /// S-6: a network that fails or says NaN is replaced in the same decision.
    #[test]
    fn a_broken_network_is_replaced_at_once(seed in any::<u64>()) {
        let (broken, stages) = play(seed, Dqn::new(Dice(seed ^ 3)), 12);
        prop_assert_eq!(broken.map(Promise::id), None);
        prop_assert!(stages.iter().all(|s| *s != Stage::QuantileRule));
    }

    /// S-3: only finite numbers that are not negative pass the gate.
    #[test]
    fn what_is_no_number_does_not_pass(
        values in proptest::array::uniform6(prop_oneof![
            Just(f64::NAN), Just(f64::INFINITY), Just(-1.0), any::<f64>(), 0.0f64..1e6
        ]),
        time in 0.0f64..1e10,
    ) {
        let [a, b, c, d, e, f] = values.map(Some);
        let raw = RawSample {
            time, interval_s: 30.0, logged_events: a, processed_events: b, unprocessed_events: c,
            queued_events: d, avg_processing_ms: e, jobs_ready: f, jobs_starting: None,
        };
        if let Ok(Gated { sample, .. }) = raw.gate() {
            prop_assert!(is_gated(&sample));
        }
    }
}

#[test]
fn a_watch_sees_what_is_broken() {
    let settings = Settings::new(JobLimits::new(1, 50).unwrap(), 60.0, 60.0);
    let mut controller = Controller::new(settings, Dice(1), Planner);
    let raw = |k: i64| RawSample {
        time: 30.0 * k as f64,
        interval_s: 30.0,
        logged_events: Some(3000.0),
        processed_events: Some(3000.0),
        unprocessed_events: Some(0.0),
        avg_processing_ms: Some(100.0),
        jobs_ready: Some(20.0),
        jobs_starting: Some(0.0),
        ..RawSample::default()
    };
    let sample = raw(1).gate().unwrap().sample;
    controller.observe(&sample, |_, _| {}).unwrap();
    let s = controller.estimate(sample.end).unwrap();
    let good = controller.decide(sample.end);
    let check = |decision: Decision, estimate: Option<&Estimate>| {
        let mut watch = Watch::default();
        // 20 jobs were decided last.
        let before = Decision { jobs: Jobs(20), ..good.clone() };
        watch.check(&before, Some(&sample), Some(&s), &settings);
        watch.check(&decision, Some(&sample), estimate, &settings)
    };
    let with = |jobs| Decision { jobs: Jobs(jobs), ..good.clone() };
    assert_eq!(check(with(20), Some(&s)), None);
    assert_eq!(check(with(51), Some(&s)), Some(Promise::Bounds));
    assert_eq!(check(with(9), Some(&s)), Some(Promise::Bounds));
    let asked = Decision { proposed: Jobs(18), ..with(15) };
    assert_eq!(check(asked, Some(&s)), Some(Promise::Window));
    let busy = Estimate { backlog_events: 40_000.0, ..s };
    assert_eq!(check(with(20), Some(&busy)), Some(Promise::Floor));
    assert_eq!(check(with(21), None), Some(Promise::Blind));
    let late = Decision { at: UnixSeconds(5000), ..with(21) };
    assert_eq!(check(late, None), Some(Promise::Stale));
    let broken = Decision { q_values: Some([f32::NAN; ACTIONS]), ..with(20) };
    assert_eq!(check(broken, Some(&s)), Some(Promise::Fallback));
    // What is in force is what was decided last, whatever the code under test makes of it.
    let forgetful = Estimate { wanted: Jobs(9), ..s };
    assert_eq!(check(with(9), Some(&forgetful)), Some(Promise::Bounds));
    assert!(is_gated(&sample));
    for number in [f32::NAN, f32::INFINITY, -1.0] {
        let work_ms = Reading::Known(number);
        assert!(!is_gated(&Sample { work_ms, ..sample }), "{number}");
    }
}
