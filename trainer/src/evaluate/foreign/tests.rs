//! Files as others export them, made of a few nodes.

use super::*;
use crate::export::{Graph, Precision};
use crate::runtime::stop::never;
use scaleiq_core::interval::{Interval, IntervalLength};
use scaleiq_core::units::UnixSeconds;
use std::path::PathBuf;

const LEVELS: [f32; 9] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/// A file that forecasts its last count times each of `LEVELS` and a half, `[1, 9, 32]`, out of counts `[1, 4]`; with
/// `mask` it takes a second input, which it adds nothing of.
fn file(at: &Path, mask: Option<&str>) -> PathBuf {
    let mut graph = Graph::new("toy", Precision::Float);
    let counts = graph.input("past", &[1, 4]);
    let last = graph.constant(&[4, 1], &[0.0, 0.0, 0.0, 1.0]);
    let mut last = graph.node("MatMul", &[counts, last], Vec::new());
    if let Some(name) = mask {
        let mask = graph.input(name, &[1, 4]);
        let none = graph.constant(&[4, 1], &[0.0; 4]);
        let nothing = graph.node("MatMul", &[mask, none], Vec::new());
        last = graph.node("Add", &[last, nothing], Vec::new());
    }
    let each: Vec<f32> = LEVELS.iter().flat_map(|level| [level + 0.5; 32]).collect();
    let each = graph.constant(&[1, 9, 32], &each);
    let made = graph.node("Mul", &[each, last], Vec::new());
    graph.output("quantiles", made, &[1, 9, 32]);
    let path = at.join("toy.onnx");
    std::fs::write(&path, graph.finish()).unwrap();
    path
}

fn past() -> Past {
    let row = |k: usize| Interval {
        arrivals_events: (k != 7).then_some(k as f32),
        ..Interval::missing(UnixSeconds(300 * (k as i64 + 1)))
    };
    let rows: Vec<Interval> = (0..60).map(row).collect();
    Past::new(&rows, IntervalLength::new(300).unwrap(), 30)
}

#[test]
fn medians_are_found_and_the_last_counts_told() {
    let at = tempfile::tempdir().unwrap();
    for (mask, told) in [
        (None, Told::default()),
        (Some("attention_mask"), Told::default()),
        (None, Told { quantiles: LEVELS.to_vec(), input: Some("past".into()), context: Some(4) }),
    ] {
        let model = Foreign::open(&file(at.path(), mask), &told).unwrap();
        assert_eq!((model.name.as_str(), model.context()), ("toy", 4));
        let made = model.forecasts(&past(), &[1, 7, 40], &never).unwrap();
        // Of a count that is missing the last one before it stands there.
        assert_eq!(made, [1.0, 6.0, 40.0].map(|count| [count; STEPS]));
    }
}

#[test]
fn what_cannot_be_told_or_read_is_named() {
    let at = tempfile::tempdir().unwrap();
    let error =
        |path: &Path, told: &Told| format!("{:#}", Foreign::open(path, told).err().unwrap());
    let two = error(&file(at.path(), Some("frequency")), &Told::default());
    assert!(two.contains("toy.onnx: its inputs are past, frequency: say by --onnx-input"), "{two}");
    let named = Told { input: Some("past".into()), ..Told::default() };
    assert!(error(&file(at.path(), Some("frequency")), &named).contains("its input frequency"));
    let other = Told { input: Some("x".into()), ..Told::default() };
    assert!(error(&file(at.path(), None), &other).contains("it has no input x: there are past"));
    let long = Told { context: Some(5), ..Told::default() };
    assert!(
        error(&file(at.path(), None), &long).contains("takes 4 counts, and --onnx-context is 5")
    );
    std::fs::write(at.path().join("toy.onnx"), "no model").unwrap();
    assert!(error(&at.path().join("toy.onnx"), &Told::default()).contains("toy.onnx"));
}

#[test]
fn outputs_of_all_forms_are_read() {
    let at = |shape: &[usize], quantiles: &[f32]| {
        medians_in(shape, quantiles).map(|Median { first, stride }| (first, stride))
    };
    assert_eq!(at(&[24], &[]).unwrap(), (0, 1));
    assert_eq!(at(&[1, 64, 1], &[]).unwrap(), (0, 1));
    assert_eq!(at(&[1, 9, 64], &[]).unwrap(), (4 * 64, 1));
    assert_eq!(at(&[1, 64, 9], &[]).unwrap(), (4, 9));
    assert_eq!(at(&[1, 64, 2], &[0.5, 0.9]).unwrap(), (0, 2));
    assert!(at(&[1, 12], &[]).unwrap_err().to_string().contains("no 24 steps"));
    assert!(at(&[1, 64, 2], &[]).unwrap_err().to_string().contains("--onnx-quantiles"));
    assert!(at(&[100, 64], &[]).unwrap_err().to_string().contains("--onnx-quantiles"));
}
