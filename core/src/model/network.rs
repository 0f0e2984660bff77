//! ONNX networks in tract.

use super::{ModelError, onnx};
use crate::forecast::{
    CALENDAR, CHANNELS, CONTEXT, ForecastModel, LEVELS, ModelInput, QUANTILES, SLOT_WIDTH, SLOTS,
    STEPS, WINDOW,
};
use crate::policy::{ACTIONS, OBSERVATION, ValueModel};
use std::path::Path;
use std::sync::Arc;
use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::{anyhow, bail};

type Plan = Arc<TypedRunnableModel>;

/// The forecasting network.
#[derive(Clone)]
pub struct ForecastNetwork(Plan);

/// The Q-network.
#[derive(Clone)]
pub struct QNetwork(Plan);

impl ForecastNetwork {
    /// Reads ONNX bytes; `path` is for error messages. Shapes are fixed at batch 1, which tract
    /// runs 1.6x faster than a symbolic batch.
    ///
    /// # Errors
    /// If tract does not accept the graph or its inputs are not [`ModelInput`]'s.
    pub fn parse(onnx: &[u8], path: &Path) -> Result<Self, ModelError> {
        let shapes: [&[usize]; 4] =
            [&[LEVELS, CHANNELS, WINDOW], &[SLOTS, SLOT_WIDTH], &[STEPS, CALENDAR], &[1, CONTEXT]];
        load(onnx, &shapes, &[STEPS, QUANTILES.len()], path).map(Self)
    }
}

impl ForecastModel for ForecastNetwork {
    type Error = TractError;

    fn infer(&mut self, input: &ModelInput) -> TractResult<[f32; STEPS * QUANTILES.len()]> {
        let outputs = self.0.run(tvec![
            tensor(&[LEVELS, CHANNELS, WINDOW], input.recent.as_flattened().as_flattened())?,
            tensor(&[SLOTS, SLOT_WIDTH], input.seasons.as_flattened())?,
            tensor(&[STEPS, CALENDAR], input.calendar.as_flattened())?,
            tensor(&[1, CONTEXT], &input.context)?,
        ])?;
        read(&outputs)
    }
}

impl QNetwork {
    /// Reads ONNX bytes; `path` is for error messages.
    ///
    /// # Errors
    /// If tract does not accept the graph or its input is no [`OBSERVATION`].
    pub fn parse(onnx: &[u8], path: &Path) -> Result<Self, ModelError> {
        load(onnx, &[&[1, OBSERVATION]], &[1, ACTIONS], path).map(Self)
    }
}

impl ValueModel for QNetwork {
    type Error = TractError;

    fn values(&mut self, observation: &[f32; OBSERVATION]) -> TractResult<[f32; ACTIONS]> {
        read(&self.0.run(tvec![tensor(&[1, OBSERVATION], observation)?])?)
    }
}

fn load(
    mut bytes: &[u8],
    inputs: &[&[usize]],
    output: &[usize],
    path: &Path,
) -> Result<Plan, ModelError> {
    let mut plan = || -> TractResult<Plan> {
        let mut model = onnx()?.model_for_read(&mut bytes)?;
        if model.input_outlets()?.len() != inputs.len() {
            bail!("it has {} inputs, {} expected", model.input_outlets()?.len(), inputs.len());
        }
        for (k, shape) in inputs.iter().enumerate() {
            model.set_input_fact(k, f32::fact(*shape).into())?;
        }
        let model = model.into_optimized()?;
        let found = model.output_fact(0)?.shape.as_concrete().map(<[usize]>::to_vec);
        if found.as_deref() != Some(output) {
            bail!("its output has shape {found:?}, {output:?} expected");
        }
        model.into_runnable()
    };
    plan().map_err(|e| ModelError::Network { path: path.into(), message: format!("{e:#}") })
}

fn tensor(shape: &[usize], values: &[f32]) -> TractResult<TValue> {
    Ok(Tensor::from_shape(shape, values)?.into())
}

fn read<const N: usize>(outputs: &[TValue]) -> TractResult<[f32; N]> {
    let Some(first) = outputs.first() else { bail!("the network gave no output") };
    let values = first.try_as_plain_ram()?.as_slice::<f32>()?;
    values.try_into().map_err(|_| anyhow!("{} numbers instead of {N}", values.len()))
}
