//! Weights, the graphs made of them and the files of both: they are the same network.

use super::{engine, forecaster_files};
use crate::config::{Config, ForecasterConfig, Preset};
use crate::data::probe_windows;
use crate::learn::supervised::infer::forecast;
use crate::model::forecaster::ForecasterShape;
use crate::model::weights::{WEIGHTS_FILE, Weights};
use crate::runtime::frame::is_framed;
use burn::tensor::Device;
use scaleiq_core::forecast::ForecastModel as _;
use scaleiq_core::model::FORECASTER_F32;
use std::path::Path;

fn shape(config: &Config) -> ForecasterShape {
    config.forecaster.shape()
}

#[test]
fn the_shipped_weights_are_those_of_the_shipped_graph() {
    let device = Device::flex().autodiff();
    let network = Weights::shipped().unwrap().network(&shape(&Config::default()), &device);
    let network = network.unwrap();
    let set = probe_windows();
    let ours = forecast(&network, &set, &[0, set.len() - 1], &device);
    let onnx = include_bytes!("../../../models/edge/forecaster.f32.onnx").to_vec();
    let mut shipped = engine(&vec![(FORECASTER_F32, onnx)], FORECASTER_F32).unwrap();
    for (k, ours) in [0, set.len() - 1].into_iter().zip(ours) {
        let theirs = shipped.infer(&set.input(k)).unwrap();
        for (a, b) in ours.iter().zip(theirs) {
            assert!((a - b).abs() < 1e-3, "{a} {b}");
        }
    }
    assert_eq!(network.shape(), shape(&Config::default()));
}

#[test]
fn other_sizes_and_damaged_files_are_refused() {
    let device = Device::flex().autodiff();
    let reference = ForecasterConfig::preset(Preset::Reference);
    let other = shape(&Config { forecaster: reference, ..Config::default() });
    let error = Weights::shipped().unwrap().network(&other, &device).unwrap_err();
    insta::assert_snapshot!(error.to_string(), @"the weights are of a network of other sizes: d_model 64, n_heads 4, n_layers 2, d_ff 128, not d_model 256, n_heads 8, n_layers 6, d_ff 1024");
    let bytes = Weights::shipped().unwrap().to_bytes().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(WEIGHTS_FILE);
    for damaged in [&bytes[..bytes.len() / 2], &bytes[..10], b"", b"PK\x03\x04 a zip file"] {
        std::fs::write(&path, damaged).unwrap();
        let error = format!("{:#}", Weights::load(folder.path()).unwrap_err());
        let named = error.contains("forecaster.weights: ");
        assert!(named && error.contains("copy the model's folder anew"), "{error}");
    }
    let error = Weights::load(Path::new("/nowhere")).unwrap_err().to_string();
    assert!(error.starts_with("cannot read /nowhere/forecaster.weights: "), "{error}");
}

#[test]
fn weights_without_a_frame_are_still_read() {
    let framed = Weights::shipped().unwrap().to_bytes().unwrap();
    assert!(is_framed(&framed));
    // What stands before the body, see `runtime::frame`.
    let body = &framed[32..];
    assert_eq!(Weights::from_bytes(body).unwrap().to_bytes().unwrap(), framed);
    for cut in [0, 1, 100, body.len() - 1] {
        assert!(Weights::from_bytes(&body[..cut]).is_err(), "{cut}");
    }
    assert!(Weights::from_bytes(&[body, b"x"].concat()).is_err());
}

#[test]
fn a_files_bytes_give_the_same_network() {
    let device = Device::flex().autodiff();
    let bytes = Weights::shipped().unwrap().to_bytes().unwrap();
    let shape = shape(&Config::default());
    let network = Weights::from_bytes(&bytes).unwrap().network(&shape, &device).unwrap();
    assert_eq!(Weights::of(&network).unwrap().to_bytes().unwrap(), bytes);
    let files = forecaster_files(&network, &probe_windows()).unwrap();
    assert!(files.iter().any(|(name, written)| *name == WEIGHTS_FILE && *written == bytes));
}
