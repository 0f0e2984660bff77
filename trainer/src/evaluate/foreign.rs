//! Forecasters of others: an ONNX file that is told the last counts and gives what follows, as TiRex, Toto,
//! Chronos-Bolt or TimesFM are exported.
//!
//! One input takes counts, `[t]`, `[1, t]`, `[1, t, 1]` or `[1, 1, t]`, oldest first, as they are: such models scale
//! by themselves. One whose name has `mask` in it is told which of them are known. The first output has an axis of
//! steps and, if quantiles are forecast, one of them.

use super::baselines::{Medians, Past};
use crate::runtime::stop::Stop;
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use scaleiq_core::forecast::STEPS;
use scaleiq_core::model::sha256_hex;
use std::path::Path;
use std::sync::Arc;
use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::DimLike as _;
use tract_onnx::tract_hir::infer::Factoid as _;

/// Counts that a model is told where neither it nor anybody says how many.
const CONTEXT: usize = 512;

/// What a file does not say by itself.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Name of the input that takes counts; none: the only one that is no mask.
    pub input: Option<String>,
    /// How many counts; none: as many as the input has room for, or 512.
    pub context: Option<usize>,
    /// Levels of the quantiles that it forecasts, in their order; none: the middle one is the median.
    pub quantiles: Vec<f32>,
}

/// A forecaster that somebody else made.
#[derive(Clone)]
pub struct Foreign {
    /// Its name in tables: the file's.
    pub name: String,
    /// SHA-256 of the file, and what it was told.
    pub hash: String,
    network: Arc<TypedRunnableModel>,
    inputs: Vec<Input>,
    context: usize,
    median: Median,
}

/// An input of the network.
#[derive(Clone, Debug)]
struct Input {
    is_mask: bool,
    kind: DatumType,
    shape: Vec<usize>,
}

/// Where the medians are in the first output: the first of them, and from one step to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Median {
    first: usize,
    stride: usize,
}

impl Foreign {
    /// Reads a file and asks it once.
    ///
    /// # Errors
    /// If it cannot be read or run, has an input that nothing is known for, or forecasts less than
    /// 24 steps; the message says what would help.
    pub fn open(path: &Path, told: &Told) -> Result<Self> {
        let shown = path.display();
        let bytes = std::fs::read(path).with_context(|| format!("reading {shown}"))?;
        let parsed = parse(&bytes, told).with_context(|| format!("{shown}"))?;
        let (network, inputs, context) = parsed;
        let shape = network.model().output_fact(0)?.shape.as_concrete().map(<[usize]>::to_vec);
        let shape = shape.with_context(|| format!("{shown}: the size of its output is open"))?;
        let median = medians_in(&shape, &told.quantiles).with_context(|| format!("{shown}"))?;
        let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let hash = sha256_hex(format!("{} {told:?}", sha256_hex(&bytes)).as_bytes());
        let foreign = Self { name, hash, network, inputs, context, median };
        let (counts, known) = (vec![1.0; context], vec![1.0; context]);
        foreign.ask(&counts, &known).with_context(|| format!("{shown}: asked with ones"))?;
        Ok(foreign)
    }

    /// Counts that it is told.
    #[must_use]
    pub fn context(&self) -> usize {
        self.context
    }

    /// Medians from each of `origins`; what is after an origin is not known there. `None` if it fails, or `stop`
    /// says so.
    pub(super) fn forecasts(
        &self,
        past: &Past,
        origins: &[usize],
        stop: Stop,
    ) -> Option<Vec<Medians>> {
        let mut all = Vec::with_capacity(origins.len());
        for origin in origins {
            if stop() {
                return None;
            }
            let from = (origin + 1).checked_sub(self.context);
            // Before the first row it was as then, and nothing of it is known.
            let before = self.context - (origin + 1 - from.unwrap_or(0));
            let rows = from.unwrap_or(0)..=*origin;
            let counts = rows.clone().map(|row| past.seen(row, *origin) as f32);
            let first = past.seen(from.unwrap_or(0), *origin) as f32;
            let counts: Vec<f32> = std::iter::repeat_n(first, before).chain(counts).collect();
            let known = rows.map(|row| f32::from(u8::from(past.count(row).is_some())));
            let known: Vec<f32> = std::iter::repeat_n(0.0, before).chain(known).collect();
            all.push(self.ask(&counts, &known).ok()?);
        }
        Some(all)
    }

    fn ask(&self, counts: &[f32], known: &[f32]) -> Result<Medians> {
        let tensor = |input: &Input| -> Result<TValue> {
            let values = if input.is_mask { known } else { counts };
            let tensor = Tensor::from_shape(&input.shape, values)?;
            Ok(tensor.cast_to_dt(input.kind)?.into_owned().into())
        };
        let inputs = self.inputs.iter().map(tensor).collect::<Result<TVec<TValue>>>()?;
        let outputs = self.network.run(inputs)?;
        let output = outputs.first().context("it gives no output")?;
        let output = output.cast_to_dt(DatumType::F32)?;
        let values = output.try_as_plain_ram()?.as_slice::<f32>()?;
        let Median { first, stride } = self.median;
        let mut medians = [0.0; STEPS];
        for (step, median) in medians.iter_mut().enumerate() {
            let value = values.get(first + step * stride).copied();
            *median = value.filter(|v| v.is_finite()).context("it forecasts what is no number")?;
        }
        Ok(medians.map(|median: f32| median.max(0.0)))
    }
}

type Parsed = (Arc<TypedRunnableModel>, Vec<Input>, usize);

fn parse(mut bytes: &[u8], told: &Told) -> Result<Parsed> {
    let mut model = scaleiq_core::model::onnx()?.model_for_read(&mut bytes)?;
    let outlets = model.input_outlets()?.to_vec();
    let names: Vec<String> =
        outlets.iter().map(|outlet| model.node(outlet.node).name.clone()).collect();
    let all = names.join(", ");
    let is_mask = |name: &str| name.to_lowercase().contains("mask");
    let counts = match &told.input {
        Some(name) => names.iter().position(|known| known == name),
        None => match names.iter().filter(|name| !is_mask(name)).count() {
            1 => names.iter().position(|name| !is_mask(name)),
            _ => bail!("its inputs are {all}: say by --onnx-input which one takes counts"),
        },
    };
    let counts = counts.with_context(|| {
        format!("it has no input {}: there are {all}", told.input.as_deref().unwrap_or_default())
    })?;
    let (axes, room) = axes(&model, counts)?;
    let context = match (room, told.context) {
        (Some(room), Some(asked)) => {
            ensure!(room == asked, "it takes {room} counts, and --onnx-context is {asked}");
            room
        }
        (room, asked) => room.or(asked).unwrap_or(CONTEXT),
    };
    let mut inputs = Vec::new();
    for (k, name) in names.iter().enumerate() {
        let is_mask = k != counts;
        ensure!(
            !is_mask || name.to_lowercase().contains("mask"),
            "nothing is known for its input {name}: only counts and a mask can be told"
        );
        let kind = model.input_fact(k)?.datum_type.concretize().unwrap_or(DatumType::F32);
        let axes = if is_mask { self::axes(&model, k)?.0 } else { axes.clone() };
        let shape: Vec<usize> = axes.iter().map(|time| if *time { context } else { 1 }).collect();
        model.set_input_fact(k, InferenceFact::dt_shape(kind, &shape))?;
        inputs.push(Input { is_mask, kind, shape });
    }
    Ok((model.into_optimized()?.into_runnable()?, inputs, context))
}

/// Which axis of an input is time, and how long it is if the file says so.
fn axes(model: &InferenceModel, input: usize) -> Result<(Vec<bool>, Option<usize>)> {
    let shape = &model.input_fact(input)?.shape;
    let rank = shape.rank().concretize().filter(|rank| (1..=3).contains(rank));
    let rank = rank.context("its input is neither [t], [1, t], [1, t, 1] nor [1, 1, t]")? as usize;
    let sizes: Vec<Option<usize>> = shape
        .dims()
        .map(|size| size.concretize().and_then(|size| size.to_usize().ok()))
        .chain(std::iter::repeat(None))
        .take(rank)
        .collect();
    let named = sizes.iter().position(|size| size.is_some_and(|size| size > 1));
    // The batch is the first of several; of the rest time is the one that is open.
    let open =
        sizes.iter().enumerate().skip(usize::from(rank > 1)).find(|(_, size)| size.is_none());
    let time = named.or(open.map(|(axis, _)| axis)).context("its input takes one count alone")?;
    Ok(((0..rank).map(|axis| axis == time).collect(), sizes[time]))
}

/// Where the medians are in an output of `shape`.
fn medians_in(shape: &[usize], quantiles: &[f32]) -> Result<Median> {
    let axes: Vec<usize> = (0..shape.len()).filter(|axis| shape[*axis] > 1).collect();
    let stride = |axis: usize| shape[axis + 1..].iter().product::<usize>();
    let too_short = || anyhow!("its output {shape:?} has no {STEPS} steps");
    let (steps, levels) = match axes[..] {
        [steps] => (steps, None),
        [a, b] if shape[a] == quantiles.len() && shape[b] >= STEPS => (b, Some(a)),
        [a, b] if shape[b] == quantiles.len() && shape[a] >= STEPS => (a, Some(b)),
        [a, b] if quantiles.is_empty() => match [shape[a], shape[b]].map(|size| size >= STEPS) {
            [false, true] => (b, Some(a)),
            [true, false] => (a, Some(b)),
            [false, false] => return Err(too_short()),
            [true, true] => bail!(
                "which axis of its output {shape:?} is of quantiles? say them by --onnx-quantiles"
            ),
        },
        _ => bail!(
            "its output {shape:?} is neither of steps nor of steps and {} quantiles",
            quantiles.len()
        ),
    };
    ensure!(shape[steps] >= STEPS, too_short());
    let first = match levels {
        None => 0,
        Some(axis) => {
            let named = quantiles.iter().position(|level| (level - 0.5).abs() < 1e-6);
            let middle = (quantiles.is_empty() && shape[axis] % 2 == 1).then_some(shape[axis] / 2);
            let place = named.or(middle).with_context(|| {
                format!(
                    "which of its {} quantiles is 0.5? say them by --onnx-quantiles",
                    shape[axis]
                )
            })?;
            place * stride(axis)
        }
    };
    Ok(Median { first, stride: stride(steps) })
}

#[cfg(test)]
mod tests;
