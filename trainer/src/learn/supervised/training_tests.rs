use super::*;
use crate::config::{Config, ForecasterConfig, Preset};
use crate::data::probe_windows;
use burn::module::{Module as _, ModuleVisitor, Param};
use burn::tensor::Tensor;

/// A training of windows in four parts.
fn training<'a>(windows: &'a WindowSet, none: &'a WindowSet) -> ForecasterTraining<'a> {
    let base = ForecasterConfig::preset(Preset::Nano);
    let forecaster = ForecasterConfig { batch_size: 32, dropout: 0.1, ..base };
    let plan = Plan::new(&Config { forecaster, ..Config::default() }, windows.len());
    let training =
        ForecasterTraining::new(plan, windows, none, &Device::flex().autodiff()).unwrap();
    assert_eq!(training.windows_at_once(), 8);
    training
}

struct Gradients(GradientsParams, Vec<f32>);

impl ModuleVisitor for Gradients {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.0.get::<D>(param.id) {
            self.1.extend(gradient.into_data().try_into_vec::<f32>().unwrap());
        }
    }
}

fn numbers(network: &Forecaster, descent: Descent) -> Vec<f32> {
    let mut gradients = Gradients(descent.gradients, vec![descent.loss]);
    network.visit(&mut gradients);
    gradients.1
}

#[test]
fn parts_add_up_to_the_whole() {
    let (windows, none) = (probe_windows(), WindowSet::default());
    let training = training(&windows, &none);
    let ForecasterTraining { plan, device, train, network, .. } = &training;
    let picked = &pick(plan.seed, 7, plan.batch, windows.len());
    let step = Step { plan, device, train, step: 7, picked };
    let whole = numbers(network, step.descent_of(network, 0..plan.batch));
    let parts = numbers(network, training.descent(7));
    assert_eq!(parts.len(), whole.len());
    let norm = whole[1..].iter().map(|g| g * g).sum::<f32>().sqrt();
    for (part, whole) in parts.iter().zip(&whole) {
        assert!((part - whole).abs() < 1e-4 * norm, "{part} {whole}");
    }
}

#[test]
fn threads_make_no_difference() {
    let (windows, none) = (probe_windows(), WindowSet::default());
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let training = training(&windows, &none);
            numbers(&training.network, training.descent(3))
        })
    };
    assert_eq!(with(1), with(3));
}
