//! The forecaster as an ONNX graph of batch 1. Follows [`crate::model::forecaster`] step by step;
//! a test holds the two together.

use super::graph::{Graph, Precision, Value};
use crate::model::forecaster::{
    Attention, FeedForward, Forecaster, HEAD_STEPS, KERNELS, LAYER_NORM_EPSILON, MASKED, MEDIAN,
    PATCH, RECENT_TOKENS, TOKENS, spreads,
};
use crate::model::noisy::DenseWeights;
use burn::module::Param;
use burn::nn::{LayerNorm, Linear};
use burn::tensor::Tensor;
use scaleiq_core::forecast::{
    CALENDAR, CHANNELS, CONTEXT, LEVELS, QUANTILES, SLOT_CONTEXT, SLOT_WIDTH, SLOTS, STEPS, WINDOW,
};

/// Longest kernel: the convolutions are written as one product over this many past points.
const REACH: usize = 7;

/// The graph of `network` in `precision`.
#[must_use]
pub fn forecaster_graph(network: &Forecaster, precision: Precision) -> Graph {
    let mut graph = Graph::new("scaleiq forecaster", precision);
    let recent = graph.input("recent", &[LEVELS, CHANNELS, WINDOW]);
    let seasons = graph.input("seasons", &[SLOTS, SLOT_WIDTH]);
    let calendar = graph.input("calendar", &[STEPS, CALENDAR]);
    let context = graph.input("context", &[1, CONTEXT]);
    let mut builder = Builder { graph, network };
    let tokens = builder.encode(&recent, &seasons, &context);
    let states = builder.queries(&calendar, &tokens);
    let copied = builder.copy(&states, &tokens, &seasons);
    let attended = builder.attention(&network.attention, &states, &tokens, STEPS, TOKENS);
    let states = builder.graph.add(&states, &attended);
    let normal = builder.norm(&network.decoder_norm, &states);
    let decoded = builder.feed_forward(&network.decoder, &normal);
    let states = builder.graph.add(&states, &decoded);
    let changes = builder.quantiles(&states, &copied);
    builder.graph.output("changes", changes, &[STEPS, QUANTILES.len()]);
    builder.graph
}

struct Builder<'a> {
    graph: Graph,
    network: &'a Forecaster,
}

impl Builder<'_> {
    fn encode(&mut self, recent: &Value, seasons: &Value, context: &Value) -> Value {
        let network = self.network;
        let patches = self.patches(recent);
        let patches = self.linear(&network.patch, &patches);
        let season_tokens = self.linear(&network.season, seasons);
        let context = self.standardise(context);
        let context = self.linear(&network.context, &context);
        let tokens = self.graph.concat(&[patches, season_tokens, context], 0);
        let positions = self.parameter(&network.positions);
        let mut tokens = self.graph.add(&tokens, &positions);
        for block in &network.blocks {
            let x = self.norm(&block.norm_1, &tokens);
            let attended = self.attention(&block.attention, &x, &x, TOKENS, TOKENS);
            tokens = self.graph.add(&tokens, &attended);
            let x = self.norm(&block.norm_2, &tokens);
            let fed = self.feed_forward(&block.feed_forward, &x);
            tokens = self.graph.add(&tokens, &fed);
        }
        self.norm(&network.norm, &tokens)
    }

    /// The three causal convolutions as one product: each row holds the last [`REACH`] points.
    fn patches(&mut self, recent: &Value) -> Value {
        let g = &mut self.graph;
        let padding =
            g.constant(&[LEVELS, CHANNELS, REACH - 1], &[0.0; LEVELS * CHANNELS * (REACH - 1)]);
        let padded = g.concat(&[padding, recent.clone()], 2);
        let lags: Vec<_> = (0..REACH).map(|j| g.slice(&padded, 2, j, j + WINDOW)).collect();
        let rows = g.concat(&lags, 1);
        let rows = g.transpose(&rows, &[0, 2, 1]);
        let conv = merged_convolutions(self.network);
        let features = g.dense(&rows, &conv);
        let features = g.gelu(&features);
        g.reshape(&features, &[RECENT_TOKENS, PATCH * conv.outputs])
    }

    fn standardise(&mut self, context: &Value) -> Value {
        let mean = self.parameter(&self.network.mean);
        let inverse = self.parameter(&self.network.inverse_deviation);
        let g = &mut self.graph;
        let centred = g.sub(context, &mean);
        let scaled = g.mul(&centred, &inverse);
        let (low, high) = (g.scalar(-5.0), g.scalar(5.0));
        g.node("Clip", &[scaled, low, high], vec![])
    }

    fn queries(&mut self, calendar: &Value, tokens: &Value) -> Value {
        let network = self.network;
        let query = self.linear(&network.query, calendar);
        let steps = self.parameter(&network.steps);
        let query = self.graph.add(&query, &steps);
        let context = self.graph.slice(tokens, 0, TOKENS - 1, TOKENS);
        self.graph.add(&query, &context)
    }

    fn copy(&mut self, states: &Value, tokens: &Value, seasons: &Value) -> Value {
        let network = self.network;
        let heads = network.attention_heads;
        let season_tokens = self.graph.slice(tokens, 0, RECENT_TOKENS, RECENT_TOKENS + SLOTS);
        let q = self.linear(&network.copy_query, states);
        let k = self.linear(&network.copy_key, &season_tokens);
        let scores = self.scores(&q, &k, STEPS, SLOTS);
        let null = floats(&network.null_score);
        let gain = floats(&network.copy_gain);
        let g = &mut self.graph;
        let known = g.slice(seasons, 1, SLOT_WIDTH - 1, SLOT_WIDTH);
        let known = g.transpose(&known, &[1, 0]);
        let (one, mask) = (g.scalar(1.0), g.scalar(-MASKED));
        let unknown = g.sub(&known, &one);
        let mask = g.mul(&unknown, &mask);
        let scores = g.add(&scores, &mask);
        let null: Vec<f32> = null.iter().flat_map(|n| [*n; STEPS]).collect();
        let null = g.constant(&[heads, STEPS, 1], &null);
        let scores = g.concat(&[scores, null], 2);
        let weights = g.softmax(&scores);
        let weights = g.slice(&weights, 2, 0, SLOTS);
        let followed = g.slice(seasons, 1, SLOT_CONTEXT, SLOT_CONTEXT + STEPS);
        let followed = g.transpose(&followed, &[1, 0]);
        let weighed = g.mul(&weights, &followed);
        let copied = g.sum(&weighed, 2, false);
        let gain = g.constant(&[heads, 1], &gain);
        let copied = g.mul(&copied, &gain);
        let copied = g.sum(&copied, 0, false);
        g.reshape(&copied, &[STEPS, 1])
    }

    fn quantiles(&mut self, states: &Value, copied: &Value) -> Value {
        let mut parts = Vec::new();
        for (head, steps) in self.network.heads.iter().zip(HEAD_STEPS.windows(2)) {
            let rows = self.graph.slice(states, 0, steps[0], steps[1]);
            parts.push(self.linear(head, &rows));
        }
        let g = &mut self.graph;
        let raw = g.concat(&parts, 0);
        let median = g.slice(&raw, 1, MEDIAN, MEDIAN + 1);
        let median = g.add(&median, copied);
        let increments = g.node("Softplus", &[raw], vec![]);
        let spreads = spreads().try_to_vec::<f32>().unwrap_or_default();
        let spreads = g.constant(&[QUANTILES.len(), QUANTILES.len()], &spreads);
        let spread = g.matmul(&increments, &spreads);
        g.add(&spread, &median)
    }

    /// Scaled dot products `[heads][rows][columns]`.
    fn scores(&mut self, q: &Value, k: &Value, rows: usize, columns: usize) -> Value {
        let (heads, width) = self.head_shape();
        let g = &mut self.graph;
        let q = g.reshape(q, &[rows, heads, width]);
        let q = g.transpose(&q, &[1, 0, 2]);
        let k = g.reshape(k, &[columns, heads, width]);
        let k = g.transpose(&k, &[1, 2, 0]);
        let products = g.matmul(&q, &k);
        let scale = g.scalar(1.0 / (width as f32).sqrt());
        g.mul(&products, &scale)
    }

    fn attention(
        &mut self,
        layer: &Attention,
        queries: &Value,
        tokens: &Value,
        rows: usize,
        columns: usize,
    ) -> Value {
        let q = self.linear(&layer.query, queries);
        let k = self.linear(&layer.key, tokens);
        let v = self.linear(&layer.value, tokens);
        let scores = self.scores(&q, &k, rows, columns);
        let (heads, width) = self.head_shape();
        let g = &mut self.graph;
        let weights = g.softmax(&scores);
        let v = g.reshape(&v, &[columns, heads, width]);
        let v = g.transpose(&v, &[1, 0, 2]);
        let mixed = g.matmul(&weights, &v);
        let mixed = g.transpose(&mixed, &[1, 0, 2]);
        let mixed = g.reshape(&mixed, &[rows, heads * width]);
        self.linear(&layer.output, &mixed)
    }

    fn head_shape(&self) -> (usize, usize) {
        let [_, width] = self.network.positions.val().dims();
        let heads = self.network.attention_heads;
        (heads, width / heads)
    }

    fn feed_forward(&mut self, layer: &FeedForward, x: &Value) -> Value {
        let inner = self.linear(&layer.inner, x);
        let inner = self.graph.gelu(&inner);
        self.linear(&layer.outer, &inner)
    }

    fn norm(&mut self, layer: &LayerNorm, x: &Value) -> Value {
        let gain = floats(&layer.gamma);
        let bias = layer.beta.as_ref().map_or_else(|| vec![0.0; gain.len()], floats);
        self.graph.layer_norm(x, &gain, &bias, LAYER_NORM_EPSILON)
    }

    fn linear(&mut self, layer: &Linear, x: &Value) -> Value {
        self.graph.dense(x, &dense(layer))
    }

    fn parameter<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) -> Value {
        let shape = parameter.val().dims();
        self.graph.constant(&shape, &floats(parameter))
    }
}

/// A parameter's numbers.
pub fn floats<const D: usize>(parameter: &Param<Tensor<D>>) -> Vec<f32> {
    // Parameters are f32 by construction; an empty vector would fail the graph's shape check.
    parameter.val().into_data().try_to_vec::<f32>().unwrap_or_default()
}

/// A linear layer's numbers.
#[must_use]
pub fn dense(layer: &Linear) -> DenseWeights {
    let [inputs, outputs] = layer.weight.val().dims();
    let bias = layer.bias.as_ref().map_or_else(|| vec![0.0; outputs], floats);
    DenseWeights { weight: floats(&layer.weight), bias, inputs, outputs }
}

/// Kernels of 3, 5 and 7 side by side in one `[REACH * CHANNELS][3 * channels]` matrix, the
/// shorter ones with zeros for the points that they do not reach.
fn merged_convolutions(network: &Forecaster) -> DenseWeights {
    let channels = network.convs.first().map_or(0, |conv| conv.weight.val().dims()[0]);
    let outputs = KERNELS.len() * channels;
    let mut weight = vec![0.0; REACH * CHANNELS * outputs];
    let mut bias = Vec::with_capacity(outputs);
    for (scale, (conv, kernel)) in network.convs.iter().zip(KERNELS).enumerate() {
        let kernels = floats(&conv.weight);
        for o in 0..channels {
            for c in 0..CHANNELS {
                for i in 0..kernel {
                    let row = (REACH - kernel + i) * CHANNELS + c;
                    weight[row * outputs + scale * channels + o] =
                        kernels[(o * CHANNELS + c) * kernel + i];
                }
            }
        }
        bias.extend(conv.bias.as_ref().map_or_else(|| vec![0.0; channels], floats));
    }
    DenseWeights { weight, bias, inputs: REACH * CHANNELS, outputs }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::probe_windows;
    use crate::export::{activation_scales, forecaster_files};
    use crate::learn::supervised::infer::forecast;
    use crate::model::forecaster::ForecasterShape;
    use burn::tensor::Device;
    use scaleiq_core::forecast::ForecastModel;
    use scaleiq_core::model::ForecastNetwork;
    use std::path::Path;

    /// Larger weights than fresh ones, so that every part has a say.
    fn network(device: &Device) -> Forecaster {
        let shape = ForecasterShape {
            width: 32,
            heads: 4,
            layers: 2,
            feed_forward: 48,
            conv_channels: 6,
            dropout: 0.1,
        };
        let scaler = probe_windows().context_scaler();
        shape.init(5, device).with_scaler(&scaler, device)
    }

    fn max_difference(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).fold(0.0f32, |m, (a, b)| m.max((a - b).abs()))
    }

    #[test]
    fn the_graph_computes_what_the_network_computes() {
        let device = Device::flex().autodiff();
        let network = network(&device);
        let set = probe_windows();
        let files = forecaster_files(&network, &set).unwrap();
        let picked = [0, 7, set.len() - 1];
        let expected = forecast(&network, &set, &picked, &device);
        for ((name, bytes), bound) in files.iter().zip([2e-5, 6e-2]) {
            let mut engine = ForecastNetwork::parse(bytes, Path::new(name)).unwrap();
            for (k, expected) in picked.iter().zip(&expected) {
                let got = engine.infer(&set.input(*k)).unwrap();
                let difference = max_difference(&got, expected);
                assert!(difference < bound, "{name}, window {k}: {difference}");
            }
        }
    }

    #[test]
    fn a_truncated_file_is_an_error() {
        let network = network(&Device::flex());
        let bytes = forecaster_graph(&network, Precision::Float).finish();
        for cut in [0, 1, 100, bytes.len() / 2, bytes.len() - 1] {
            let error = ForecastNetwork::parse(&bytes[..cut], Path::new("a/cut.onnx")).err();
            assert!(error.unwrap().to_string().contains("a/cut.onnx"), "{cut}");
        }
    }

    #[test]
    fn calibration_needs_every_tap() {
        let network = network(&Device::flex());
        let graph = forecaster_graph(&network, Precision::Taps);
        let taps = graph.taps().len();
        assert!(taps > 10);
        assert!(activation_scales(graph, &[]).is_err());
    }
}
