//! Faults in the stream of samples: no scale-down while blind, and back to normal within three ticks.

use scaleiq_core::interval::IntervalLength;
use scaleiq_core::model::{Bundle, LiveController};
use scaleiq_core::policy::Stage;
use scaleiq_core::sample::{RawSample, Sample};
use scaleiq_core::settings::Settings;
use scaleiq_core::units::{JobLimits, Jobs, UnixSeconds};
use scaleiq_workload::sim::{Load, LoadSettings, Scale, Series, Simulator, World};

/// The fault begins here, in ticks of 30 s, and lasts ten minutes.
const FAULT: std::ops::Range<usize> = 1084..1104;
const TICKS: usize = 1144;

/// What becomes of a sample on its way; `None` if it never arrives.
type Fault = fn(&RawSample, &RawSample) -> Option<RawSample>;

fn load() -> Load {
    // Waves of four hours, the last of which falls while the fault lasts: a scale-down would be
    // right and must wait.
    let wave = |k: usize| 1000.0 + 900.0 * (std::f32::consts::TAU * k as f32 / 120.0).cos();
    let counts: Vec<f32> = (0..300).map(wave).collect();
    let start = UnixSeconds(1_700_000_040);
    let series = Series { start, interval_s: 120, counts_events: &counts };
    let settings = LoadSettings { scale: Scale::PeakJobs(30.0), ..LoadSettings::default() };
    Load::from_series(&series, &settings, 3).unwrap()
}

fn raw(sample: &Sample) -> RawSample {
    let number = |r: scaleiq_core::sample::Reading| r.known().map(f64::from);
    RawSample {
        time: sample.end.0 as f64,
        interval_s: f64::from(sample.interval_s),
        logged_events: number(sample.arrivals_events),
        processed_events: number(sample.processed_events),
        unprocessed_events: number(sample.backlog_events),
        queued_events: number(sample.queued_events),
        avg_processing_ms: number(sample.work_ms),
        jobs_ready: sample.jobs_ready.map(|j| f64::from(j.0)),
        jobs_starting: sample.jobs_starting.map(|j| f64::from(j.0)),
    }
}

struct Course {
    jobs: Vec<Jobs>,
    have: Vec<Jobs>,
    stages: Vec<Stage>,
}

/// Plays the load; what the pool does is not faulty, only what is told of it.
fn play(fault: Option<Fault>) -> Course {
    let load = load();
    let world = World { mtbf_h: 0.0, ..World::queue() };
    let limits = JobLimits::new(1, 200).unwrap();
    let settings =
        Settings { interval: IntervalLength::TWO_MINUTES, ..Settings::new(limits, 60.0, 60.0) };
    let mut controller: LiveController = Bundle::shipped().unwrap().controller(settings);
    let mut simulator = Simulator::new(&load, world, limits, 30, 5);
    let mut before = None;
    let mut course = Course { jobs: Vec::new(), have: Vec::new(), stages: Vec::new() };
    for tick in 0..TICKS {
        let sample = simulator.tick().unwrap();
        let true_one = raw(&sample);
        let told = match fault {
            Some(fault) if FAULT.contains(&tick) => fault(&true_one, before.as_ref().unwrap()),
            _ => Some(true_one),
        };
        if !FAULT.contains(&tick) {
            before = Some(true_one);
        }
        if let Some(sample) = told.and_then(|raw| raw.gate().ok().map(|gated| gated.sample)) {
            // A sample from the past is refused, and nothing changes.
            let _ = controller.observe(&sample, |_, _| {});
        }
        let decision = controller.decide(simulator.now());
        let pool = sample.jobs_ready.unwrap().0 + sample.jobs_starting.unwrap().0;
        course.jobs.push(decision.jobs);
        course.have.push(Jobs(pool));
        course.stages.push(decision.stage);
        simulator.set_jobs(decision.jobs);
    }
    course
}

fn holds_and_recovers(fault: Fault) {
    let (normal, faulty) = (play(None), play(Some(fault)));
    for tick in FAULT {
        let (jobs, have) = (faulty.jobs[tick], faulty.have[tick]);
        assert!(jobs >= have, "tick {tick}: {have} to {jobs} while blind");
    }
    // The pool was held meanwhile, so it may take one scale-down window more to be as small.
    for tick in FAULT.end + 2..FAULT.end + 20 {
        assert_ne!(faulty.stages[tick], Stage::Hold, "tick {tick}");
    }
    let late = FAULT.end + 19;
    let (now, usual) = (faulty.jobs[late].as_f32(), normal.jobs[late].as_f32());
    assert!((now / usual - 1.0).abs() < 0.15, "{now} jobs instead of {usual}");
    assert!(normal.jobs[FAULT.start] > normal.jobs[FAULT.end - 1], "nothing to hold back");
}

#[test]
fn samples_that_never_come() {
    holds_and_recovers(|_, _| None);
}

#[test]
fn samples_without_counts() {
    holds_and_recovers(|now, _| {
        Some(RawSample { logged_events: None, unprocessed_events: None, ..*now })
    });
}

#[test]
fn zeros_instead_of_counts() {
    holds_and_recovers(|now, _| {
        Some(RawSample {
            logged_events: Some(0.0),
            processed_events: Some(0.0),
            unprocessed_events: Some(0.0),
            queued_events: Some(0.0),
            avg_processing_ms: None,
            ..*now
        })
    });
}

#[test]
fn not_a_number() {
    // It costs the field: arrivals follow from processed events and the backlog, so nobody is blind.
    let (normal, faulty) = (
        play(None),
        play(Some(|now, _| Some(RawSample { logged_events: Some(f64::NAN), ..*now }))),
    );
    assert!(faulty.stages[FAULT].iter().all(|stage| *stage != Stage::Hold));
    for tick in FAULT {
        assert!(faulty.jobs[tick].0.abs_diff(normal.jobs[tick].0) <= 1, "tick {tick}");
    }
}

#[test]
fn a_frozen_value() {
    // The first equal samples cannot be told from a calm minute; a pool that fits is not changed.
    holds_and_recovers(|now, before| {
        let RawSample { jobs_ready, jobs_starting, time, .. } = *now;
        Some(RawSample { time, jobs_ready, jobs_starting, ..*before })
    });
}

#[test]
fn time_that_goes_back() {
    holds_and_recovers(|now, _| Some(RawSample { time: now.time - 3600.0, ..*now }));
}

#[test]
fn the_same_sample_again() {
    holds_and_recovers(|_, before| Some(*before));
}
