use super::*;
use crate::config::{AgentConfig, Config};
use crate::data::workload::tests::workload;
use crate::learn::rl::actors::{act, dismiss};
use crate::learn::run_loop::tests::run;
use crate::learn::run_loop::{Figure, Outcome, RunLoop};
use crate::runtime::ranks::threads::each;
use crate::runtime::stop::never;
use scaleiq_workload::sim::World;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

fn tiny() -> PolicySettings {
    let agent = AgentConfig {
        hidden: vec![16, 8],
        rounds: 4,
        batch_size: 16,
        memory_size: 500,
        evaluate_every: 2,
        ..AgentConfig::default()
    };
    PolicySettings {
        envs: 4,
        ticks: 160,
        warm_s: 1200,
        after_ticks: 80,
        train_every: 2,
        first_memory: 20,
        evaluate_ticks: 120,
        ..PolicySettings::new(&Config { agent, ..Config::default() })
    }
}

fn workloads() -> Vec<Workload> {
    vec![workload(1), workload(2)]
}

fn training<'a>(settings: PolicySettings) -> PolicyTraining<'a> {
    let (workloads, held_out, device) = (workloads(), vec![workload(3)], Device::flex());
    let training = PolicyTraining::new(settings, workloads, held_out, &device, &never);
    training.unwrap().unwrap()
}

fn bytes(training: &RunLoop<PolicyTraining>) -> Vec<u8> {
    postcard::to_allocvec(&training.trained().state().unwrap()).unwrap()
}

#[test]
fn a_short_run_is_finite_and_keeps_its_best() {
    let mut training = RunLoop::new(training(tiny()));
    let (_, rows) = run(&mut training, None, &never);
    assert!(rows.iter().all(|(_, (_, value))| value.is_finite()), "{rows:?}");
    let held_out = rows.iter().filter(|(_, (name, _))| *name == "held_out");
    let scores: Vec<(usize, f64)> = held_out.map(|(round, (_, score))| (*round, *score)).collect();
    assert_eq!(scores.iter().map(|(round, _)| *round).collect::<Vec<_>>(), [2, 4]);
    let best = scores.iter().map(|(_, score)| *score).fold(f64::INFINITY, f64::min);
    assert_eq!(training.best(), Some(best));
    let trained = training.trained();
    let judged = trained.judge.judge(trained.best_network(), 0.0, &never).unwrap();
    assert_eq!(judged.dqn, best);
    let verdict = trained.verdict(&never).unwrap();
    assert_eq!(verdict.cases.len(), World::NAMES.len());
    // Without min_advantage is one of those that are tried.
    assert!(verdict.dqn <= best);
}

#[test]
fn a_round_learns_when_enough_is_remembered() {
    let agent = AgentConfig { memory_size: 16, ..tiny().agent };
    let first_memory = 1000.min(agent.memory_size);
    let settings = PolicySettings { first_memory, agent, ticks: 400, ..tiny() };
    let training = training(settings);
    let mut learning = training.learning.clone();
    let PolicyTraining { settings, workloads, device, ranks, .. } = &training;
    let round = Round { settings, workloads, device, ranks: *ranks, done: 0 };
    let report = round.play(&mut learning, &never).unwrap().unwrap();
    assert_eq!(report.decisions, 1600);
    assert!(report.steps > 0, "a memory of {} never began to learn", settings.agent.memory_size);
    assert!(learning != training.learning);
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_does_not() {
    let trained = |seed| {
        let mut training = RunLoop::new(training(PolicySettings { seed, ..tiny() }));
        let (_, rows) = run(&mut training, None, &never);
        (bytes(&training), rows)
    };
    let first = trained(1);
    assert!(first == trained(1));
    assert!(first.0 != trained(2).0);
}

/// What a run in so many processes has come to in the first one, which goes on from `checkpoint` if there is
/// one; `stop` is each one's.
fn run_by(
    size: usize,
    checkpoint: &Path,
    stop: impl Fn(usize) -> bool + Sync,
) -> (Outcome, Vec<(usize, Figure)>, Vec<u8>) {
    let mut ends = each(size, |ranks| {
        // Of as many things as there are processes, each has one.
        let rank = ranks.share(size).start;
        let stop = || stop(rank);
        if ranks.is_first() {
            let mut training = RunLoop::resumed(training(tiny()).among(ranks), checkpoint).unwrap();
            let (outcome, rows) = run(&mut training, Some(checkpoint), &stop);
            dismiss(ranks).unwrap();
            Some((outcome, rows, bytes(&training)))
        } else {
            act(&tiny(), &workloads(), ranks, &stop).unwrap();
            None
        }
    });
    ends.swap_remove(0).unwrap()
}

#[test]
fn processes_together_learn_what_one_does_to_the_bit() {
    let mut alone = RunLoop::new(training(tiny()));
    let (_, rows) = run(&mut alone, None, &never);
    let folder = tempfile::tempdir().unwrap();
    // In five processes, one has none of the four players.
    for size in [2, 3, 5] {
        let checkpoint = folder.path().join(format!("{size}.ckpt"));
        let together = run_by(size, &checkpoint, |_| false);
        assert!(together == (Outcome::Finished, rows.clone(), bytes(&alone)), "{size} processes");
    }
}

/// Any of them may be told to stop, at any time; others go on, as many as there are then.
#[test]
fn a_process_that_is_told_to_stop_stops_all_and_others_go_on() {
    let mut alone = RunLoop::new(training(tiny()));
    let (_, expected) = run(&mut alone, None, &never);
    let folder = tempfile::tempdir().unwrap();
    for (who, moment) in [(0, 50), (1, 1), (1, 9), (2, 20)] {
        let checkpoint = folder.path().join(format!("{who}-{moment}.ckpt"));
        let asked = AtomicUsize::new(0);
        let stop = |rank| rank == who && asked.fetch_add(1, Ordering::Relaxed) >= moment;
        let (outcome, mut rows, _) = run_by(3, &checkpoint, stop);
        assert_eq!(outcome, Outcome::Interrupted, "process {who}, asked for time {moment}");
        let (outcome, more, end) = run_by(2, &checkpoint, |_| false);
        rows.extend(more);
        assert!((outcome, rows, end) == (Outcome::Finished, expected.clone(), bytes(&alone)));
    }
}

/// Stopped between rounds, in the middle of one, and while it is judged.
#[test]
fn an_interrupted_run_ends_as_an_unbroken_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut unbroken = RunLoop::new(training(tiny()));
    let (_, expected) = run(&mut unbroken, None, &never);
    for moment in [0, 30, 61, 90, 150, 300] {
        let path = folder.path().join(format!("{moment}.ckpt"));
        let asked = AtomicUsize::new(0);
        let stop = || asked.fetch_add(1, Ordering::Relaxed) >= moment;
        let mut broken = RunLoop::new(training(tiny()));
        let (outcome, mut rows) = run(&mut broken, Some(&path), &stop);
        assert_eq!(outcome, Outcome::Interrupted);
        let mut resumed = RunLoop::load(training(tiny()), &path).unwrap();
        rows.extend(run(&mut resumed, Some(&path), &never).1);
        assert!(bytes(&resumed) == bytes(&unbroken), "stopped when asked for time {moment}");
        assert_eq!(rows, expected);
    }
}

#[test]
fn a_damaged_checkpoint_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.ckpt");
    RunLoop::new(training(tiny())).save(&path).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let load = || RunLoop::load(training(tiny()), &path).map(|_| ());
    assert!(load().is_ok());
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let error = format!("{:#}", load().unwrap_err());
    assert!(error.contains("policy.ckpt: ") && error.contains("damaged"), "{error}");
    std::fs::write(&path, &bytes[..40]).unwrap();
    assert!(format!("{:#}", load().unwrap_err()).contains("cut off"));
}
