//! The pack for the int8 engine, made from the int8 ONNX files: the same weights by construction.
//!
//! Graphs are read in the order in which this exporter writes them. Anything out of place is an
//! error, never a guess.

use anyhow::{Context, Result, bail, ensure};
use prost::Message;
use scaleiq_core::engine::{
    self, Attention, Block, Floats, ForecasterPack, HEAD_STEPS, MAX_BLOCKS, MAX_INNER, MAX_LAYERS,
    MAX_WIDTH, Pack, QNetworkPack, REACH, TOKENS,
};
use scaleiq_core::forecast::{CHANNELS, CONTEXT, LEVELS, QUANTILES, STEPS};
use scaleiq_core::parameters::Parameters;
use std::collections::HashMap;
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, TensorProto, tensor_proto::DataType};

/// What carries weights in a graph, with its numbers as the pack has them.
#[derive(Debug)]
enum Item {
    Dense(Dense),
    Norm { gain: Vec<u8>, bias: Vec<u8> },
    Constant { shape: Vec<usize>, bytes: Vec<u8> },
}

#[derive(Debug)]
struct Dense {
    inputs: usize,
    outputs: usize,
    /// The quantised value that it reads.
    reads: String,
    scale: f32,
    weights: Vec<u8>,
    factors: Vec<u8>,
    bias: Vec<u8>,
}

/// What is too large for the int8 engine, and so for microcontrollers.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error(
    "{what} too much for the int8 engine of microcontrollers, which takes tokens {MAX_WIDTH} wide, \
     layers of {MAX_INNER}, {MAX_BLOCKS} blocks and a Q-network of {MAX_LAYERS} layers"
)]
pub struct TooLarge {
    what: String,
}

impl TooLarge {
    /// Refuses what does not fit.
    fn unless(fits: bool, what: impl FnOnce() -> String) -> Result<(), Self> {
        if fits { Ok(()) } else { Err(Self { what: what() }) }
    }
}

/// Both networks, the policy's `min_advantage` and the parameters that it was judged with as a pack.
///
/// # Errors
/// If the files are not the int8 graphs that this exporter writes, or [`TooLarge`].
pub fn pack(
    forecaster: &[u8],
    q_network: &[u8],
    min_advantage: f32,
    parameters: Parameters,
) -> Result<Vec<u8>> {
    let items = items(forecaster).context("reading the int8 forecaster")?;
    let layers = self::items(q_network).context("reading the int8 Q-network")?;
    let pack = Pack {
        forecaster: forecaster_pack(&items).context("reading the int8 forecaster")?,
        q_network: q_network_pack(&layers, min_advantage).context("reading the int8 Q-network")?,
        parameters,
    };
    for item in items.iter().chain(&layers) {
        let Item::Dense(Dense { inputs, outputs, .. }) = item else { continue };
        TooLarge::unless(*inputs.max(outputs) <= MAX_INNER, || format!("{} is", item.describe()))?;
    }
    // Nothing in a pack is longer than in the ONNX file, but for rows rounded up to fours.
    let mut bytes = vec![0; 2 * (forecaster.len() + q_network.len())];
    let length = pack.write(&mut bytes)?;
    bytes.truncate(length);
    Ok(bytes)
}

/// Everything with weights, in the graph's order.
fn items(onnx: &[u8]) -> Result<Vec<Item>> {
    let graph = ModelProto::decode(onnx)?.graph.context("no graph")?;
    let constants: HashMap<&str, &TensorProto> =
        graph.initializer.iter().map(|t| (t.name.as_str(), t)).collect();
    let reader = Reader { scales: scales(&graph, &constants)?, constants };
    let mut items = Vec::new();
    let mut nodes = graph.node.as_slice();
    while let Some((node, rest)) = nodes.split_first() {
        nodes = rest;
        match (node.op_type.as_str(), rest) {
            ("MatMulInteger", [cast, factor, bias, after @ ..]) => {
                ensure!(cast.op_type == "Cast", "{}: no Cast after it", node.name);
                items.push(Item::Dense(reader.dense(node, factor, bias)?));
                nodes = after;
            }
            ("Div", [gain, bias, after @ ..]) => {
                let [gain, bias] = [reader.vector(gain, "Mul")?, reader.vector(bias, "Add")?];
                items.push(Item::Norm { gain, bias });
                nodes = after;
            }
            _ => items.extend(reader.constants_of(node).into_iter().map(without_repeats)),
        }
    }
    Ok(items)
}

/// The scale of each quantised value.
fn scales<'a>(
    graph: &'a GraphProto,
    constants: &HashMap<&str, &TensorProto>,
) -> Result<HashMap<&'a str, f32>> {
    let quantisers = graph.node.iter().filter(|n| n.op_type == "QuantizeLinear");
    quantisers
        .map(|node| {
            let scale = node.input.get(1).and_then(|name| constants.get(name.as_str()));
            let bytes = scale.and_then(|t| t.raw_data.first_chunk::<4>());
            let scale = f32::from_le_bytes(*bytes.with_context(|| node.name.clone())?);
            Ok((node.output.first().map_or("", String::as_str), scale))
        })
        .collect()
}

struct Reader<'a> {
    constants: HashMap<&'a str, &'a TensorProto>,
    scales: HashMap<&'a str, f32>,
}

impl Reader<'_> {
    /// f32 constants of more than one number that `node` reads.
    fn constants_of(&self, node: &NodeProto) -> Vec<Item> {
        let read = node.input.iter().filter_map(|name| self.constants.get(name.as_str()));
        let floats = read.filter(|t| t.data_type == DataType::Float as i32 && t.raw_data.len() > 4);
        floats.map(|t| Item::Constant { shape: shape(t), bytes: t.raw_data.clone() }).collect()
    }

    /// The numbers that `node`, an `op`, reads.
    fn vector(&self, node: &NodeProto, op: &str) -> Result<Vec<u8>> {
        ensure!(node.op_type == op, "{} where a {op} was expected", node.name);
        match self.constants_of(node).pop() {
            Some(Item::Constant { bytes, .. }) => Ok(bytes),
            // A single number is a vector of one here.
            _ => {
                let name = node.input.get(1).map_or("", String::as_str);
                let one = self.constants.get(name).context("a vector is missing")?;
                Ok(one.raw_data.clone())
            }
        }
    }

    fn dense(&self, node: &NodeProto, factor: &NodeProto, bias: &NodeProto) -> Result<Dense> {
        let [reads, weight, ..] = node.input.as_slice() else { bail!("{}: inputs", node.name) };
        let weight = self.constants.get(weight.as_str()).context("a weight is missing")?;
        let &[inputs, outputs] = shape(weight).as_slice() else { bail!("{}: shape", node.name) };
        ensure!(weight.data_type == DataType::Int8 as i32, "{}: weights are not s8", node.name);
        ensure!(weight.raw_data.len() == inputs * outputs, "{}: weights are cut", node.name);
        Ok(Dense {
            inputs,
            outputs,
            reads: reads.clone(),
            scale: *self.scales.get(reads.as_str()).context("a scale is missing")?,
            weights: in_fours(&weight.raw_data, inputs, outputs),
            factors: self.vector(factor, "Mul")?,
            bias: self.vector(bias, "Add")?,
        })
    }
}

fn shape(tensor: &TensorProto) -> Vec<usize> {
    tensor.dims.iter().map(|d| usize::try_from(*d).unwrap_or(0)).collect()
}

/// `[inputs][outputs]` to `[inputs / 4][outputs][4]`, zero beyond the last input.
fn in_fours(weights: &[u8], inputs: usize, outputs: usize) -> Vec<u8> {
    let mut out = vec![0; inputs.next_multiple_of(4) * outputs];
    for (k, weight) in weights.iter().enumerate() {
        let (input, output) = (k / outputs, k % outputs);
        out[(input / 4 * outputs + output) * 4 + input % 4] = *weight;
    }
    out
}

impl Dense {
    fn packed(&self) -> Result<engine::Dense<'_>> {
        Ok(engine::Dense {
            inputs: self.inputs.try_into()?,
            outputs: self.outputs.try_into()?,
            scale: self.scale,
            weights: &self.weights,
            factors: Floats(&self.factors),
            bias: Floats(&self.bias),
        })
    }
}

/// Goes through items and takes what is expected next.
struct Cursor<'a>(&'a [Item]);

impl<'a> Cursor<'a> {
    fn next(&mut self) -> Result<&'a Item> {
        let (first, rest) = self.0.split_first().context("the graph ends too early")?;
        self.0 = rest;
        Ok(first)
    }

    fn dense(&mut self) -> Result<engine::Dense<'a>> {
        match self.next()? {
            Item::Dense(dense) => dense.packed(),
            other => bail!("{} where a dense layer was expected", other.describe()),
        }
    }

    fn norm(&mut self) -> Result<engine::Norm<'a>> {
        match self.next()? {
            Item::Norm { gain, bias } => {
                Ok(engine::Norm { gain: Floats(gain), bias: Floats(bias) })
            }
            other => bail!("{} where a normalisation was expected", other.describe()),
        }
    }

    /// A constant of that shape if it comes next.
    fn constant_if(&mut self, wanted: &[usize]) -> Option<&'a [u8]> {
        let (Item::Constant { shape, bytes }, rest) = self.0.split_first()? else { return None };
        (shape == wanted).then(|| {
            self.0 = rest;
            bytes.as_slice()
        })
    }

    fn constant(&mut self, shape: &[usize]) -> Result<Floats<'a>> {
        let next = self.0.first().map_or_else(|| "the end".into(), Item::describe);
        let bytes = self.constant_if(shape);
        Ok(Floats(bytes.with_context(|| format!("{next} where {shape:?} numbers were expected"))?))
    }

    fn attention(&mut self) -> Result<Attention<'a>> {
        let [query, key, value, output] =
            [self.dense()?, self.dense()?, self.dense()?, self.dense()?];
        Ok(Attention { query, key, value, output })
    }

    fn feed_forward(&mut self) -> Result<engine::FeedForward<'a>> {
        Ok(engine::FeedForward { inner: self.dense()?, outer: self.dense()? })
    }
}

impl Item {
    fn describe(&self) -> String {
        match self {
            Self::Dense(d) => format!("a dense layer {} x {}", d.inputs, d.outputs),
            Self::Norm { gain, .. } => format!("a normalisation of {}", gain.len() / 4),
            Self::Constant { shape, .. } => format!("a constant {shape:?}"),
        }
    }
}

/// Follows the exporter's graph of the forecaster.
fn forecaster_pack(items: &[Item]) -> Result<ForecasterPack<'_>> {
    let mut cursor = Cursor(items);
    cursor.constant(&[LEVELS, CHANNELS, REACH - 1])?;
    let [convolution, patch, season] = [cursor.dense()?, cursor.dense()?, cursor.dense()?];
    let [mean, inverse_deviation] = [cursor.constant(&[CONTEXT])?, cursor.constant(&[CONTEXT])?];
    let context = cursor.dense()?;
    let width = usize::from(context.outputs);
    TooLarge::unless(width <= MAX_WIDTH, || format!("tokens {width} wide are"))?;
    let positions = cursor.constant(&[TOKENS, width])?;
    let mut all = Vec::new();
    // A block reads tokens after its norm; the last norm is followed by the calendar's layer.
    let is_block = |items: &[Item]| matches!(items, [_, Item::Dense(d), ..] if d.inputs == width);
    while is_block(cursor.0) {
        let block = Block {
            norm_1: cursor.norm()?,
            attention: cursor.attention()?,
            norm_2: cursor.norm()?,
            feed_forward: cursor.feed_forward()?,
        };
        all.push(block);
    }
    let blocks = heapless::Vec::from_slice(&all)
        .map_err(|_| TooLarge { what: format!("{} blocks are", all.len()) })?;
    let (norm, query) = (cursor.norm()?, cursor.dense()?);
    let steps = cursor.constant(&[STEPS, width])?;
    let [copy_query, copy_key] = [cursor.dense()?, cursor.dense()?];
    let (null_scores, copy_gain, heads) = copy_constants(&mut cursor)?;
    let attention = cursor.attention()?;
    let (decoder_norm, decoder) = (cursor.norm()?, cursor.feed_forward()?);
    let mut outputs = [engine::Dense::default(); HEAD_STEPS.len() - 1];
    for output in &mut outputs {
        *output = cursor.dense()?;
    }
    cursor.constant(&[QUANTILES.len(), QUANTILES.len()])?;
    ensure!(cursor.0.is_empty(), "{} parts too many", cursor.0.len());
    Ok(ForecasterPack {
        width: width.try_into()?,
        heads: heads.try_into()?,
        convolution,
        patch,
        season,
        mean,
        inverse_deviation,
        context,
        positions,
        blocks,
        norm,
        query,
        steps,
        copy_query,
        copy_key,
        null_scores,
        copy_gain,
        attention,
        decoder_norm,
        decoder,
        outputs,
    })
}

/// The null slot's scores, if the network has them, the gain of each head, and how many heads.
fn copy_constants<'a>(cursor: &mut Cursor<'a>) -> Result<(Option<Floats<'a>>, Floats<'a>, usize)> {
    let Some(Item::Constant { shape, .. }) = cursor.0.first() else { bail!("no copy gain") };
    let heads = shape.first().copied().unwrap_or(0);
    let null = cursor.constant_if(&[heads]).map(Floats);
    Ok((null, cursor.constant(&[heads, 1])?, heads))
}

/// The null slot's constant `[heads][STEPS][1]`, which repeats a head's score for every step, as one
/// number a head; other constants as they are.
fn without_repeats(item: Item) -> Item {
    match item {
        Item::Constant { shape, bytes } if matches!(shape[..], [_, STEPS, 1]) => {
            let scores = bytes.chunks_exact(4 * STEPS).flat_map(|head| &head[..4]);
            Item::Constant { bytes: scores.copied().collect(), shape: shape[..1].to_vec() }
        }
        other => other,
    }
}

/// Trunk, value and advantage: the streams are as long as each other, and value ends in one number.
fn q_network_pack(items: &[Item], min_advantage: f32) -> Result<QNetworkPack<'_>> {
    let mut layers = Vec::new();
    for item in items {
        let Item::Dense(dense) = item else { bail!("{} in the Q-network", item.describe()) };
        layers.push(dense);
    }
    let value_end = layers.iter().position(|l| l.outputs == 1).context("no value stream")? + 1;
    let (front, advantage) = layers.split_at(value_end);
    let trunk = front.len().checked_sub(advantage.len()).context("streams differ in length")?;
    let (trunk, value) = front.split_at(trunk);
    let reads = |stream: &[&Dense]| stream.first().map(|l| l.reads.clone());
    ensure!(reads(value) == reads(advantage), "the streams do not read the same");
    let longest = trunk.len().max(advantage.len());
    TooLarge::unless(longest <= MAX_LAYERS, || format!("a Q-network of {longest} layers is"))?;
    Ok(QNetworkPack {
        min_advantage,
        trunk: trunk.iter().map(|l| l.packed()).collect::<Result<_>>()?,
        value: value.iter().map(|l| l.packed()).collect::<Result<_>>()?,
        advantage: advantage.iter().map(|l| l.packed()).collect::<Result<_>>()?,
    })
}
