//! The shipped networks in tract against ONNX Runtime, on inputs from the sample traffic.

use scaleiq_core::forecast::{
    CALENDAR, CHANNELS, CONTEXT, ForecastModel, LEVELS, SLOT_WIDTH, SLOTS, STEPS, WINDOW,
};
use scaleiq_core::interval::IntervalLength;
use scaleiq_core::model::{
    FORECASTER_F32, FORECASTER_INT8, ForecastNetwork, Q_NETWORK_F32, Q_NETWORK_INT8, QNetwork,
};
use scaleiq_core::policy::{OBSERVATION, ValueModel};
use scaleiq_tests::cannot_run;
use scaleiq_workload::traffic::builtin::{self, SampleSpec};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use trainer::data::{Split, windows};

fn has_onnxruntime() -> bool {
    let output = Command::new("python3").args(["-c", "import onnxruntime, numpy"]).output();
    output.is_ok_and(|o| o.status.success())
}

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/edge").join(name)
}

/// ONNX Runtime's answers to `cases`.
fn judge(model: &Path, cases: &[Value]) -> Vec<Vec<f32>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cases.json");
    std::fs::write(&path, serde_json::to_vec(cases).unwrap()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/compare.py");
    let output = Command::new("python3").arg(script).arg(model).arg(&path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn max_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).fold(0.0f32, |m, (a, b)| m.max((a - b).abs()))
}

#[test]
fn tract_and_onnx_runtime_agree_on_the_forecaster() {
    if !has_onnxruntime() {
        cannot_run("python3 with onnxruntime is missing: the forecaster was not compared");
        return;
    }
    let sample = builtin::generate(&SampleSpec { rows: 720 * 30, ..SampleSpec::default() });
    let split = Split { from: 720 * 28, to: sample.rows.len() };
    let set = windows(&sample.rows, IntervalLength::TWO_MINUTES, split, 11);
    let tensor = |shape: &[usize], values: &[f32]| json!({ "shape": shape, "values": values });
    let inputs: Vec<_> = (0..set.len()).map(|k| set.input(k)).collect();
    let cases: Vec<Value> = inputs
        .iter()
        .map(|i| {
            json!({
                "recent": tensor(&[LEVELS, CHANNELS, WINDOW], i.recent.as_flattened().as_flattened()),
                "seasons": tensor(&[SLOTS, SLOT_WIDTH], i.seasons.as_flattened()),
                "calendar": tensor(&[STEPS, CALENDAR], i.calendar.as_flattened()),
                "context": tensor(&[1, CONTEXT], &i.context),
            })
        })
        .collect();
    assert!(cases.len() > 100);
    // f32 differs by the order of sums; int8 by a quantiser's step where a sum lies at its edge. Told
    // in z, roots of events over the level, not in swings, which differ from series to series.
    for (name, bound) in [(FORECASTER_F32, 1e-4), (FORECASTER_INT8, 5e-2)] {
        let path = shipped(name);
        let bytes = std::fs::read(&path).unwrap();
        let mut tract = ForecastNetwork::parse(&bytes, &path).unwrap();
        let judged = judge(&path, &cases);
        let mut worst = 0.0f32;
        for (input, expected) in inputs.iter().zip(&judged) {
            let swings = max_difference(&tract.infer(input).unwrap(), expected);
            worst = worst.max(swings * input.scale.swing);
        }
        assert!(worst < bound, "{name}: {worst}");
    }
}

#[test]
fn tract_and_onnx_runtime_agree_on_the_q_network() {
    if !has_onnxruntime() {
        cannot_run("python3 with onnxruntime is missing: the Q-network was not compared");
        return;
    }
    let state = |k: usize| -> [f32; OBSERVATION] {
        std::array::from_fn(|i| (((k * 31 + i * 17) % 41) as f32 / 20.0 - 1.0) * 1.5)
    };
    let cases: Vec<Value> = (0..200)
        .map(|k| json!({ "state": { "shape": [1, OBSERVATION], "values": state(k).to_vec() } }))
        .collect();
    for (name, bound) in [(Q_NETWORK_F32, 1e-4), (Q_NETWORK_INT8, 2e-2)] {
        let path = shipped(name);
        let bytes = std::fs::read(&path).unwrap();
        let mut tract = QNetwork::parse(&bytes, &path).unwrap();
        for (k, expected) in judge(&path, &cases).iter().enumerate() {
            let worst = max_difference(&tract.values(&state(k)).unwrap(), expected);
            // These states are beyond any that is met, and values in them run to thousands, where f32
            // has no number as near as the bound: a few of its spacings are allowed there.
            let size = expected.iter().fold(0.0f32, |size, value| size.max(value.abs()));
            let bound = f32::max(bound, 4.0 * f32::EPSILON * size);
            assert!(worst < bound, "{name}, state {k}: {worst}");
        }
    }
}
