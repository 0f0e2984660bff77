//! One seed, one model: twice the same run, and a run that was broken off and resumed.

use burn::tensor::Device;
use scaleiq_tests::{sample_csv, tiny, train};
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use trainer::config::Config;
use trainer::data::Corpus;
use trainer::learn::supervised::forecaster::{ForecasterTrainer, Plan};

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

#[test]
fn a_resumed_forecaster_is_the_unbroken_one() {
    let _alone = DEVICE.lock().unwrap_or_else(PoisonError::into_inner);
    let root = tempfile::tempdir().unwrap();
    let config = config(root.path());
    let corpus = Corpus::load(&config.data, config.seed).unwrap();
    let (train, validation) = (corpus.training_windows(), corpus.validation_windows());
    let device = Device::flex().autodiff();
    let plan = Plan::new(&config, train.len());
    let path = root.path().join("half.ckpt");
    let losses = |trainer: &mut ForecasterTrainer, steps: usize| {
        let step = |_| trainer.step(&train, &validation).unwrap().loss;
        (0..steps).map(step).collect::<Vec<_>>()
    };

    let mut unbroken = ForecasterTrainer::new(plan.clone(), &train, &device).unwrap();
    let expected = losses(&mut unbroken, 10);
    let mut broken = ForecasterTrainer::new(plan.clone(), &train, &device).unwrap();
    losses(&mut broken, 6);
    broken.save(&path).unwrap();
    drop(broken);
    let mut resumed = ForecasterTrainer::load(&path, plan.clone(), &device).unwrap();
    assert_eq!(losses(&mut resumed, 4), expected[6..]);

    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 3]).unwrap();
    let error = ForecasterTrainer::load(&path, plan.clone(), &device).err().unwrap();
    assert!(format!("{error:#}").contains("half.ckpt is damaged"), "{error:#}");
    fs::write(&path, bytes).unwrap();
    let other = Plan { batch: 9, ..plan };
    let error = ForecasterTrainer::load(&path, other, &device).err().unwrap();
    assert!(error.to_string().contains("other settings"), "{error}");
}
