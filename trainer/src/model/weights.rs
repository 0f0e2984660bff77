//! A forecaster's weights as bytes: in checkpoints, and beside the exported model, so that training
//! can go on from it.

use super::forecaster::{Forecaster, ForecasterShape};
use crate::runtime::files::FileError;
use crate::runtime::frame::{self, FORECASTER_WEIGHTS, FrameError, is_framed};
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
        let bytes = std::fs::read(&path).map_err(FileError::of("read", &path))?;
        Self::from_bytes(&bytes).with_context(|| path.display().to_string())
    }

    /// Reads what [`Self::to_bytes`] wrote, or what this program wrote before its files had a frame.
    ///
    /// # Errors
    /// If they are damaged, of another version or something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FrameError> {
        if !is_framed(bytes) {
            return Self::unframed(bytes).ok_or(FrameError::Foreign(FORECASTER_WEIGHTS));
        }
        frame::decode(FORECASTER_WEIGHTS, bytes)
    }

    /// Weights as they were written up to version 0.1 of this program: the body alone. Nothing tells
    /// that such bytes are weights but that they make sense to the last one.
    fn unframed(bytes: &[u8]) -> Option<Self> {
        let (weights, rest): (Self, _) = postcard::take_from_bytes(bytes).ok()?;
        let sound = rest.is_empty()
            && weights.shape.width > 0
            && weights.parameters.iter().flatten().all(|number| number.is_finite());
        sound.then_some(weights)
    }

    /// The file's bytes.
    ///
    /// # Errors
    /// If they cannot be encoded.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        frame::encode(FORECASTER_WEIGHTS, self)
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
        let network = shape.init(0, device).map(&mut writer);
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
