//! A forecaster's weights as bytes: in checkpoints, and beside the exported model, so that training
//! can go on from it.

use super::forecaster::{Forecaster, ForecasterShape};
use anyhow::{Context, Result, ensure};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// File of the weights in a model folder.
pub const WEIGHTS_FILE: &str = "forecaster.weights";

/// The weights of the shipped forecaster, built into the program.
const SHIPPED: &[u8] = include_bytes!("../../../models/edge/forecaster.weights");

/// A network without the device that it was on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Weights {
    shape: ForecasterShape,
    /// Parameter by parameter, in the order of the network's fields. Burn's own record holds random
    /// identities: no two would be alike.
    parameters: Vec<Vec<f32>>,
}

impl Weights {
    /// The weights of `network`.
    ///
    /// # Errors
    /// If they cannot be encoded.
    pub fn of(network: &Forecaster) -> Result<Self> {
        let mut reader = Reader(Vec::new());
        network.visit(&mut reader);
        let parameters: Vec<Vec<f32>> = reader.0;
        ensure!(parameters.iter().all(|p| !p.is_empty()), "the network's weights are not f32");
        Ok(Self { shape: network.shape(), parameters })
    }

    /// The shipped weights.
    ///
    /// # Errors
    /// Only if the program was built from a damaged `models/` folder.
    pub fn shipped() -> Result<Self> {
        Self::from_bytes(SHIPPED).context("the shipped weights")
    }

    /// The weights in a model folder.
    ///
    /// # Errors
    /// If the file is missing or damaged.
    pub fn load(folder: &Path) -> Result<Self> {
        let path = folder.join(WEIGHTS_FILE);
        let bytes = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        Self::from_bytes(&bytes).with_context(|| path.display().to_string())
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// If they are damaged or from another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        postcard::from_bytes(bytes).context("weights that are damaged or from another version")
    }

    /// The file's bytes.
    ///
    /// # Errors
    /// If they cannot be encoded.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        postcard::to_stdvec(self).context("encoding the weights")
    }

    /// These weights moved towards `other`, of a network of the same sizes, by the share `by`.
    #[must_use]
    pub fn towards(mut self, other: &Self, by: f32) -> Self {
        for (mine, theirs) in self.parameters.iter_mut().zip(&other.parameters) {
            for (a, b) in mine.iter_mut().zip(theirs) {
                *a += by * (b - *a);
            }
        }
        self
    }

    /// The network on `device`.
    ///
    /// # Errors
    /// If its sizes are not `shape`, or parameters are missing.
    pub fn network(self, shape: &ForecasterShape, device: &Device) -> Result<Forecaster> {
        // Dropout is no size: it may differ from what the weights were trained with.
        let mine = ForecasterShape { dropout: shape.dropout, ..self.shape };
        ensure!(mine == *shape, "the weights are of a network of other sizes: {mine}, not {shape}");
        let mut writer = Writer { parameters: self.parameters.into_iter(), device, fits: true };
        let network = shape.init(device).map(&mut writer);
        ensure!(writer.fits && writer.parameters.len() == 0, "weights that are damaged");
        Ok(network.frozen_scaler())
    }
}

struct Reader(Vec<Vec<f32>>);

impl ModuleVisitor for Reader {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push(param.val().into_data().try_to_vec::<f32>().unwrap_or_default());
    }
}

struct Writer<'a> {
    parameters: std::vec::IntoIter<Vec<f32>>,
    device: &'a Device,
    fits: bool,
}

impl ModuleMapper for Writer<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        let (shape, trained) = (tensor.dims(), tensor.is_require_grad());
        let values = self.parameters.next().filter(|v| v.len() == shape.iter().product::<usize>());
        let tensor = match values {
            Some(values) => Tensor::from_data(TensorData::new(values, shape), self.device)
                .set_require_grad(trained),
            None => {
                self.fits = false;
                tensor
            }
        };
        Param::from_mapped_value(id, tensor, mapper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, ForecasterConfig, Preset};
    use crate::data::probe_windows;
    use crate::export::{engine, forecaster_files};
    use crate::learn::supervised::forecaster::{Plan, forecast};
    use scaleiq_core::forecast::ForecastModel as _;
    use scaleiq_core::model::FORECASTER_F32;

    fn shape(config: &Config) -> ForecasterShape {
        Plan::new(config, 1).shape
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
        assert!(Weights::from_bytes(&bytes[..bytes.len() / 2]).is_err());
        let error = Weights::load(Path::new("/nowhere")).unwrap_err();
        assert!(format!("{error:#}").starts_with("reading /nowhere/forecaster.weights: "));
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
}
