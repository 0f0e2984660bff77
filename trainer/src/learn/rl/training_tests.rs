use super::*;
use crate::config::{AgentConfig, Config};
use crate::data::workload::tests::workload;
use crate::learn::run_loop::{Checkpoints, Figure, Outcome, RunLoop, Surroundings};
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

fn training(settings: PolicySettings) -> PolicyTraining {
    let (workloads, device) = (vec![workload(1), workload(2)], Device::flex());
    let training = PolicyTraining::new(settings, workloads, vec![workload(3)], &device, &never);
    training.unwrap().unwrap()
}

/// Trains to the end or a stop; gives the figures of the curves.
fn run(
    training: &mut RunLoop<PolicyTraining>,
    checkpoint: Option<&Path>,
    stop: Stop,
) -> (Outcome, Vec<(usize, Figure)>) {
    let mut rows = Vec::new();
    let mut record = |round: usize, figures: &[Figure]| {
        rows.extend(figures.iter().map(|figure| (round, *figure)));
        Ok(())
    };
    let around = &mut Surroundings {
        checkpoints: checkpoint.map(|last| Checkpoints { last, keep_best: 0 }),
        record: &mut record,
        pace: None,
        tick: &mut |_| (),
        stop,
    };
    (training.run(around).unwrap(), rows)
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
    let PolicyTraining { settings, workloads, device, .. } = &training;
    let report = Round { settings, workloads, device, done: 0 }.play(&mut learning, &never);
    let report = report.unwrap();
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
