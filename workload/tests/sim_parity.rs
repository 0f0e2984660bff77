//! The simulator against the project's referee, on a load and figures that
//! `vectors/record_referee.py` recorded from it.

use scaleiq_core::sample::Sample;
use scaleiq_core::units::{JobLimits, Jobs, UnixSeconds};
use scaleiq_workload::sim::{Load, Score, Step, TICK_S, World, run};

const START_S: i64 = 1_751_328_000;
const WARM_S: u32 = 3600;
const SEEDS: u64 = 100;

/// `sla`, `cost`, `job_hours`, `actions_per_day`, `p99_wait_s`, `max_backlog`, `events`.
type Figures = [f64; 7];

fn load() -> Load {
    let bytes = include_bytes!("vectors/referee_load.bin");
    let (records, rest) = bytes.as_chunks::<14>();
    assert!(rest.is_empty());
    let step = |r: &[u8; 14]| Step {
        arrivals_events: f32::from(u16::from_le_bytes([r[0], r[1]])),
        rate_per_s: f32::from_le_bytes([r[2], r[3], r[4], r[5]]),
        work_s: f32::from_le_bytes([r[6], r[7], r[8], r[9]]),
        speed: f32::from_le_bytes([r[10], r[11], r[12], r[13]]),
    };
    Load::from_steps(UnixSeconds(START_S), records.iter().map(step).collect()).unwrap()
}

fn rows() -> impl Iterator<Item = (&'static str, &'static str, Figures)> {
    include_str!("vectors/referee_scores.csv").lines().skip(1).map(|line| {
        let fields: Vec<&str> = line.split(',').collect();
        let figure = |k: usize| fields[k + 2].parse().unwrap();
        (fields[0], fields[1], core::array::from_fn(figure))
    })
}

fn world(name: &str) -> World {
    if name == "crashy" {
        return World { mtbf_h: 2.0, ..World::kafka() };
    }
    match name.strip_prefix("still-") {
        Some(name) => World { start_sigma: 0.0, mtbf_h: 0.0, ..World::named(name).unwrap() },
        None => World::named(name).unwrap(),
    }
}

/// The same three policies as in the recording script.
fn policy(name: &str) -> Box<dyn FnMut(&Sample) -> Jobs> {
    match name {
        "constant-14" => Box::new(|_| Jobs(14)),
        "constant-20" => Box::new(|_| Jobs(20)),
        "square-10-24-45min" => Box::new(|sample| {
            let period = (sample.end.0 - START_S) / 2700;
            if period % 2 == 1 { Jobs(24) } else { Jobs(10) }
        }),
        "reactive" => {
            let mut wanted = None;
            Box::new(move |sample| {
                let known = |reading: scaleiq_core::sample::Reading| reading.known().map(f64::from);
                if let Some(work_ms) = known(sample.work_ms) {
                    let rate = known(sample.arrivals_events).unwrap() / f64::from(TICK_S);
                    let backlog = known(sample.backlog_events).unwrap();
                    let work_s = work_ms / 1000.0;
                    wanted =
                        Some(Jobs((rate * work_s / 0.8 + backlog * work_s / 60.0).ceil() as u32));
                }
                wanted
                    .unwrap_or(Jobs(sample.jobs_ready.unwrap().0 + sample.jobs_starting.unwrap().0))
            })
        }
        _ => panic!("{name}"),
    }
}

fn figures(s: &Score) -> Figures {
    let p99_wait_s = f64::from(s.p99_wait_s);
    let (sla, cost) = (s.sla, s.cost_over_ideal);
    [sla, cost, s.job_hours, s.actions_per_day, p99_wait_s, s.max_backlog_events, s.events]
}

fn play(load: &Load, world_name: &str, policy_name: &str, seed: u64) -> Figures {
    let limits = JobLimits::new(1, 200).unwrap();
    let world = world(world_name);
    figures(&run(load, world, limits, TICK_S, seed, WARM_S, &mut *policy(policy_name)))
}

#[test]
fn where_nothing_is_random_the_referee_agrees_to_the_last_digits() {
    let load = load();
    let mut seen = 0;
    for (world, policy, referee) in rows().filter(|row| row.0.starts_with("still-")) {
        let ours = play(&load, world, policy, 1);
        for (ours, referee) in ours.iter().zip(referee) {
            let close = (ours - referee).abs() <= 1e-9 * referee.abs();
            assert!(close, "{world} {policy}: {ours} is not {referee}");
        }
        seen += 1;
    }
    assert_eq!(seen, 12);
}

#[test]
fn with_random_starts_and_crashes_the_means_agree() {
    let load = load();
    let mut seen = 0;
    for (world, policy, referee) in rows().filter(|row| !row.0.starts_with("still-")) {
        let mut mean = Figures::default();
        for seed in 0..SEEDS {
            for (sum, figure) in mean.iter_mut().zip(play(&load, world, policy, seed)) {
                *sum += figure / SEEDS as f64;
            }
        }
        let off = |k: usize| (mean[k] / referee[k] - 1.0) * 100.0;
        // `cargo test -- --nocapture` shows the table.
        println!(
            "{world:<7} {policy:<18} sla {:.4} ({:+.3} %) cost {:.4} ({:+.3} %) actions {:.0} ({:+.2}) p99 {:.0} ({:+.0} s)",
            mean[0],
            off(0),
            mean[1],
            off(1),
            mean[3],
            mean[3] - referee[3],
            mean[4],
            mean[4] - referee[4]
        );
        for k in [0, 1] {
            assert!(off(k).abs() < 2.0, "{world} {policy}: {} for {}", mean[k], referee[k]);
        }
        seen += 1;
    }
    assert_eq!(seen, 16);
}
