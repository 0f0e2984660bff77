//! One seed, one model: twice the same run, and a run that was broken off and resumed.

use burn::tensor::Device;
use scaleiq_tests::{sample_csv, tiny, train};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use trainer::config::Config;
use trainer::data::{Corpus, probe_windows};
use trainer::learn::run_loop::{Checkpoints, Figure, Outcome, RunLoop, Surroundings};
use trainer::learn::supervised::plan::Plan;
use trainer::learn::supervised::training::ForecasterTraining;
use trainer::model::weights::Weights;
use trainer::runtime::stop::{Stop, never};

/// Weights and dropout draw from the one random stream of the device: one training at a time.
static DEVICE: Mutex<()> = Mutex::new(());

fn config(folder: &Path) -> Config {
    let mut config = tiny();
    config.data.path = Some(sample_csv(folder, 720 * 17));
    config.forecaster.dropout = 0.1;
    config
}

#[test]
fn one_seed_gives_one_model_to_the_byte() {
    let _alone = DEVICE.lock().unwrap_or_else(PoisonError::into_inner);
    let root = tempfile::tempdir().unwrap();
    let config = config(root.path());
    let a = train(&config, &root.path().join("a"));
    let b = train(&config, &root.path().join("b"));
    let mut files = 0;
    for entry in fs::read_dir(&a).unwrap() {
        let name = entry.unwrap().file_name();
        let same = fs::read(a.join(&name)).unwrap() == fs::read(b.join(&name)).unwrap();
        assert!(same, "{name:?} differs");
        files += 1;
    }
    assert_eq!(files, 7);
}

/// Trains to the end, or until it is told to stop.
fn run(
    training: &mut RunLoop<ForecasterTraining>,
    checkpoint: Option<&Path>,
    stop: Stop,
) -> (Outcome, Vec<(usize, Figure)>) {
    let mut rows = Vec::new();
    let mut record = |step: usize, figures: &[Figure]| {
        rows.extend(figures.iter().map(|figure| (step, *figure)));
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

/// Stopped between steps and in the middle of an evaluation.
#[test]
fn a_resumed_forecaster_is_the_unbroken_one() {
    let _alone = DEVICE.lock().unwrap_or_else(PoisonError::into_inner);
    let root = tempfile::tempdir().unwrap();
    let mut config = config(root.path());
    config.training.log_every = 1;
    let corpus = Corpus::load(&config.data, config.seed).unwrap();
    let (train, validation) = (corpus.training_windows(), corpus.validation_windows());
    let device = Device::flex().autodiff();
    let plan = Plan::new(&config, train.len());
    let training = || ForecasterTraining::new(plan.clone(), &train, &validation, &device).unwrap();
    let weights = |training: &RunLoop<ForecasterTraining>| {
        Weights::of(training.trained().network()).unwrap().to_bytes().unwrap()
    };

    let mut unbroken = RunLoop::new(training());
    let (_, expected) = run(&mut unbroken, None, &never);
    // Each step asks once; the sixth is evaluated, which asks further times.
    for (moment, steps) in [(4, 4), (6, 6), (7, 6)] {
        let path = root.path().join("half.ckpt");
        let asked = AtomicUsize::new(0);
        let stop = || asked.fetch_add(1, Ordering::Relaxed) >= moment;
        let mut broken = RunLoop::new(training());
        let (outcome, mut rows) = run(&mut broken, Some(&path), &stop);
        assert_eq!((outcome, broken.steps_done()), (Outcome::Interrupted, steps));
        drop(broken);
        let mut resumed = RunLoop::load(training(), &path).unwrap();
        rows.extend(run(&mut resumed, None, &never).1);
        assert_eq!(rows, expected);
        assert!(weights(&resumed) == weights(&unbroken), "stopped after {steps} steps");
    }
}

#[test]
fn a_checkpoint_that_cannot_be_used_says_so() {
    let _alone = DEVICE.lock().unwrap_or_else(PoisonError::into_inner);
    let root = tempfile::tempdir().unwrap();
    let config = config(root.path());
    let set = probe_windows();
    let device = Device::flex().autodiff();
    let plan = Plan::new(&config, set.len());
    let training =
        |plan: &Plan| ForecasterTraining::new(plan.clone(), &set, &set, &device).unwrap();
    let path = root.path().join("half.ckpt");
    let error = |plan: &Plan| {
        let error = RunLoop::load(training(plan), &path).err().unwrap();
        format!("{error:#}")
    };
    RunLoop::new(training(&plan)).save(&path).unwrap();
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 3]).unwrap();
    let cut = error(&plan);
    assert!(
        cut.contains("half.ckpt: ") && cut.contains("cut off or is damaged; delete it"),
        "{cut}"
    );
    fs::write(&path, bytes).unwrap();
    let other = error(&Plan { batch: 9, ..plan });
    assert!(other.contains("half.ckpt was made with other settings"), "{other}");
}
