//! Not a check but a table: what a step of training takes, beside the same network in PyTorch.
//!
//!     RAYON_NUM_THREADS=2 OMP_NUM_THREADS=2 cargo bench -p scaleiq-tests --bench training
//!
//! PyTorch is timed by `tests/python/training.py`, if the package `torch` is there; `PYTHON` names another
//! interpreter. On a busy machine the figures mean nothing.

use burn::tensor::Device;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng as _;
use scaleiq_core::forecast::{
    CALENDAR, CHANNELS, CONTEXT, LEVELS, Q50, QUANTILES, SLOT_CONTEXT, SLOT_WIDTH, SLOTS, STEPS,
    WINDOW,
};
use scaleiq_core::policy::{ACTIONS, OBSERVATION};
use scaleiq_tests::networks::state;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;
use trainer::config::{Config, ForecasterConfig, Preset};
use trainer::data::{WindowSet, probe_windows};
use trainer::learn::rl::learner::{Learner, StepSettings};
use trainer::learn::rl::replay::{Draw, Transition};
use trainer::learn::run_loop::Trainable as _;
use trainer::learn::supervised::plan::Plan;
use trainer::learn::supervised::training::ForecasterTraining;
use trainer::runtime::stop::never;

/// The trainer's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Hidden widths and batch of the Q-network's case, which are the reference's.
const HIDDEN: [usize; 3] = [512, 256, 128];
const TRANSITIONS: usize = 128;

/// Median of `timed` steps after a first one, in milliseconds.
fn median_ms(timed: usize, mut step: impl FnMut()) -> f64 {
    step();
    let mut taken: Vec<f64> = (0..timed)
        .map(|_| {
            let start = Instant::now();
            step();
            1000.0 * start.elapsed().as_secs_f64()
        })
        .collect();
    taken.sort_by(f64::total_cmp);
    taken[taken.len() / 2]
}

fn forecaster_ms(preset: Preset, timed: usize) -> f64 {
    let config = Config { forecaster: ForecasterConfig::preset(preset), ..Config::default() };
    let (windows, none) = (probe_windows(), WindowSet::default());
    let device = Device::flex().autodiff();
    let plan = Plan::new(&config, windows.len());
    let mut training = ForecasterTraining::new(plan, &windows, &none, &device).unwrap();
    let mut done = 0;
    median_ms(timed, || {
        training.step(done, &never).unwrap();
        done += 1;
    })
}

fn q_network_ms(timed: usize) -> f64 {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut learner = Learner::new(&HIDDEN, &mut rng);
    let transition = |k: usize| Transition {
        state: state(k),
        action: (k % ACTIONS) as u8,
        reward: -1.0,
        next: state(k + 1),
        discount: 0.97,
        // What the other side's step has no loss for.
        advantages: [0.0; ACTIONS],
    };
    let draw = Draw {
        indices: (0..TRANSITIONS).collect(),
        transitions: (0..TRANSITIONS).map(transition).collect(),
        weights: vec![1.0; TRANSITIONS],
    };
    let settings =
        StepSettings { learning_rate: 1e-4, tau: 0.005, huber: 1.0, gradient_clip: 10.0 };
    let device = Device::flex().autodiff();
    median_ms(timed, || {
        learner.step(&draw, &settings, &device, &mut rng);
    })
}

/// A forecaster's case for the script.
fn case(preset: Preset, timed: usize) -> serde_json::Value {
    let config = ForecasterConfig::preset(preset);
    let shape = config.shape();
    serde_json::json!({
        "name": preset.to_string(), "timed": timed, "batch": config.batch_size,
        "width": shape.width, "heads": shape.heads, "layers": shape.layers,
        "feed_forward": shape.feed_forward, "conv_channels": shape.conv_channels,
        "dropout": shape.dropout, "levels": LEVELS, "channels": CHANNELS, "window": WINDOW,
        "slots": SLOTS, "slot_width": SLOT_WIDTH, "slot_context": SLOT_CONTEXT, "steps": STEPS,
        "calendar": CALENDAR, "context": CONTEXT, "quantiles": QUANTILES, "median": Q50,
    })
}

/// What the script prints: a line of case, way and milliseconds each.
fn in_pytorch(cases: &serde_json::Value) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cases.json");
    std::fs::write(&path, cases.to_string()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/training.py");
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    let mut command = Command::new(python);
    let output = command.arg(script).arg(&path).stderr(Stdio::inherit()).output();
    output.map_or_else(|_| String::new(), |o| String::from_utf8_lossy(&o.stdout).into_owned())
}

fn main() {
    let forecasters = [(Preset::Edge, 20), (Preset::Reference, 3)];
    let q_network = serde_json::json!({
        "name": "DQN", "timed": 200, "batch": TRANSITIONS, "hidden": HIDDEN,
        "observation": OBSERVATION, "actions": ACTIONS,
    });
    let cases = forecasters.iter().map(|(preset, timed)| case(*preset, *timed)).chain([q_network]);
    let told = in_pytorch(&cases.collect());
    println!("{:<12}{:<20}{:>12}{:>8}", "step of", "in", "ms", "ours x");
    let ours =
        forecasters.map(|(preset, timed)| (preset.to_string(), forecaster_ms(preset, timed)));
    for (name, ours) in ours.into_iter().chain([("DQN".into(), q_network_ms(200))]) {
        println!("{name:<12}{:<20}{ours:>12.1}", "Burn, flex");
        for line in told.lines() {
            let [case, way, ms] = line.split(' ').collect::<Vec<_>>()[..] else { continue };
            if case == name {
                let ms: f64 = ms.parse().unwrap();
                println!("{name:<12}{:<20}{ms:>12.1}{:>8.2}", format!("PyTorch, {way}"), ours / ms);
            }
        }
    }
}
