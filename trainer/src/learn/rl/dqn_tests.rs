use super::*;
use crate::data::workload::tests::workload;
use scaleiq_workload::sim::World;

fn tiny() -> DqnConfig {
    DqnConfig {
        hidden: vec![16, 8],
        rounds: 4,
        envs: 4,
        ticks: 60,
        batch: 16,
        train_every: 8,
        memory: 500,
        first_memory: 100,
        evaluate_every: 2,
        evaluate_ticks: 120,
        ..DqnConfig::default()
    }
}

fn trainer(config: DqnConfig) -> DqnTrainer {
    let workloads = vec![workload(1), workload(2)];
    DqnTrainer::new(config, workloads, vec![workload(3)], &Device::flex()).unwrap()
}

#[test]
fn a_short_run_is_finite_and_keeps_its_best() {
    let mut trainer = trainer(tiny());
    let reports: Vec<RoundReport> = (0..4).map(|_| trainer.round()).collect();
    assert_eq!((trainer.rounds_done(), trainer.rounds_total()), (4, 4));
    for r in &reports {
        let numbers = [r.loss, r.mean_q, r.reward, r.cost, r.sla, r.churn];
        assert!(numbers.iter().all(|x| x.is_finite()), "{r:?}");
        assert_eq!(r.decisions, 240);
        assert_eq!(r.evaluation.is_some(), r.round % 2 == 0);
    }
    assert!(reports[3].steps == 30 && reports[1].is_best);
    let evaluation = trainer.evaluate();
    assert_eq!(evaluation.cases.len(), World::NAMES.len());
    let best = reports.iter().filter_map(|r| r.evaluation.as_ref()).map(|e| e.dqn);
    let best = best.fold(f64::INFINITY, f64::min);
    let judged = trainer.judge.judge(trainer.best_network(), 0.0, &trainer.device);
    assert_eq!(judged.dqn, best);
    // Without caution is one of those that are tried.
    assert!(evaluation.dqn <= best);
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_does_not() {
    let run = |seed| {
        let mut trainer = trainer(DqnConfig { seed, ..tiny() });
        let reports: Vec<RoundReport> = (0..3).map(|_| trainer.round()).collect();
        (trainer.progress, reports)
    };
    let first = run(1);
    assert_eq!(first, run(1));
    assert_ne!(first.0.learner, run(2).0.learner);
}

#[test]
fn an_interrupted_run_ends_as_an_unbroken_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.dqn");
    let mut unbroken = trainer(tiny());
    for _ in 0..4 {
        unbroken.round();
    }
    let mut first = trainer(tiny());
    first.round();
    first.round();
    first.save(&path).unwrap();
    drop(first);
    let workloads = vec![workload(1), workload(2)];
    let mut second =
        DqnTrainer::load(&path, workloads, vec![workload(3)], &Device::flex()).unwrap();
    assert_eq!(second.rounds_done(), 2);
    second.round();
    second.round();
    assert_eq!(second.progress, unbroken.progress);
    let bytes = |t: &DqnTrainer| postcard::to_allocvec(&t.progress).unwrap();
    assert!(bytes(&second) == bytes(&unbroken));
}

#[test]
fn a_damaged_checkpoint_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.dqn");
    trainer(tiny()).save(&path).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let load = || DqnTrainer::load(&path, vec![workload(1)], Vec::new(), &Device::flex());
    assert!(load().is_ok());
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    assert!(format!("{:#}", load().unwrap_err()).contains("damaged"));
    std::fs::write(&path, &bytes[..20]).unwrap();
    assert!(format!("{:#}", load().unwrap_err()).contains("cut off"));
}
