//! The forecasting network.
//!
//! ```text
//! recent [L,C,W] -> causal Conv1d 3|5|7 -> GELU -> patches of 4 -> linear  -> 24 tokens \
//! seasons [S,..] -> linear -> a token per past season                                    > encoder
//! context [F]    -> standardise -> linear -> one token                                  /  (pre-norm)
//!
//! calendar [24,..] -> a query per future step --(attention over all tokens)--> step states
//!                                             \-(seasonal copy attention)---> copied changes
//! step states + copied changes -> three heads (steps 1-6, 7-12, 13-24) -> 9 quantiles each
//! ```
//!
//! The seasonal copy attention weighs what followed the same moment 1..7 days and 2..4 weeks ago,
//! or nothing (a null slot: "no change"), so that an untrained network is a sane forecast already.
//! Sources: Vaswani 2017 (attention), Xiong 2020 (pre-norm), Nie 2023 (patches), Vinyals 2015
//! (copying by attention).

use super::fused::{attention, gelu, layer_norm, linear, scores, split_heads};
use crate::runtime::device::seeded;
use burn::module::{Initializer, Module, ModuleVisitor, Param};
use burn::nn::conv::{Conv1d, Conv1dConfig};
use burn::nn::{
    Dropout, DropoutConfig, LayerNorm, LayerNormConfig, Linear, LinearConfig, PaddingConfig1d,
};
use burn::tensor::activation::{softmax, softplus};
use burn::tensor::{Device, Tensor, TensorData};
use scaleiq_core::forecast::{
    CALENDAR, CHANNELS, CONTEXT, LEVELS, QUANTILES, SLOT_CONTEXT, SLOT_WIDTH, SLOTS, STEPS, WINDOW,
};
use serde::{Deserialize, Serialize};

pub use super::dropout::Part;
pub use super::fused::LAYER_NORM_EPSILON;
pub use scaleiq_core::engine::{HEAD_STEPS, KERNELS, PATCH, RECENT_TOKENS, TOKENS};

/// Index of the median in [`QUANTILES`].
pub const MEDIAN: usize = scaleiq_core::forecast::Q50;
/// A score that softmax turns into zero.
pub const MASKED: f32 = -1e4;
/// Spread at the start of training: softplus(-1.5) = 0.2 swings from one quantile to the next.
const FIRST_SPREAD: f32 = -1.5;

/// Sizes of a forecaster.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForecasterShape {
    /// Width of a token.
    pub width: usize,
    /// Attention heads; divides `width`.
    pub heads: usize,
    /// Encoder blocks.
    pub layers: usize,
    /// Width of the feed-forward parts.
    pub feed_forward: usize,
    /// Channels of each convolution.
    pub conv_channels: usize,
    /// Share of a branch's output dropped in training.
    pub dropout: f64,
}

impl ForecasterShape {
    /// Makes a network with fresh weights, the same for a seed.
    #[must_use]
    pub fn init(&self, seed: u64, device: &Device) -> Forecaster {
        let _alone = seeded(device, seed);
        let Self { width, heads, layers, feed_forward, conv_channels, dropout } = *self;
        let linear = |inputs, outputs| LinearConfig::new(inputs, outputs).init(device);
        let norm =
            || LayerNormConfig::new(width).with_epsilon(LAYER_NORM_EPSILON.into()).init(device);
        let small = Initializer::Normal { mean: 0.0, std: 0.02 };
        let head = || {
            let config = LinearConfig::new(width, QUANTILES.len());
            let mut head = config.with_initializer(small.clone()).init(device);
            let bias: [f32; QUANTILES.len()] =
                std::array::from_fn(|q| if q == MEDIAN { 0.0 } else { FIRST_SPREAD });
            head.bias = Some(Param::from_data(TensorData::from(bias), device));
            head
        };
        let network = Forecaster {
            convs: KERNELS
                .map(|k| {
                    let config = Conv1dConfig::new(CHANNELS, conv_channels, k);
                    config.with_padding(PaddingConfig1d::Explicit(k - 1, 0)).init(device)
                })
                .to_vec(),
            patch: linear(PATCH * KERNELS.len() * conv_channels, width),
            season: linear(SLOT_WIDTH, width),
            context: linear(CONTEXT, width),
            positions: small.init([TOKENS, width], device),
            blocks: (0..layers)
                .map(|_| Block {
                    norm_1: norm(),
                    attention: Attention::new(width, device),
                    norm_2: norm(),
                    feed_forward: FeedForward::new(width, feed_forward, device),
                })
                .collect(),
            norm: norm(),
            query: linear(CALENDAR, width),
            steps: small.init([STEPS, width], device),
            attention: Attention::new(width, device),
            copy_query: linear(width, width),
            copy_key: linear(width, width),
            null_score: Initializer::Zeros.init([heads], device),
            copy_gain: Initializer::Constant { value: 1.0 / heads as f64 }.init([heads], device),
            decoder_norm: norm(),
            decoder: FeedForward::new(width, feed_forward, device),
            heads: (0..HEAD_STEPS.len() - 1).map(|_| head()).collect(),
            mean: Initializer::Zeros.init::<1, _>([CONTEXT], device).no_grad(),
            inverse_deviation: Initializer::Ones.init::<1, _>([CONTEXT], device).no_grad(),
            dropout: DropoutConfig::new(dropout).init(),
            attention_heads: heads,
        };
        network.visit(&mut Draw);
        network
    }
}

/// Draws weights where they are made. Burn draws a parameter's where it is first used, which is after the
/// device was seeded for the first step, and in an order that the way to train decides.
struct Draw;

impl ModuleVisitor for Draw {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        param.val();
    }
}

/// Inputs of a batch, as [`scaleiq_core::forecast::ModelInput`] has them.
#[derive(Clone, Debug)]
pub struct Batch {
    /// `[B, LEVELS, CHANNELS, WINDOW]`
    pub recent: Tensor<4>,
    /// `[B, SLOTS, SLOT_WIDTH]`
    pub seasons: Tensor<3>,
    /// `[B, STEPS, CALENDAR]`
    pub calendar: Tensor<3>,
    /// `[B, CONTEXT]`
    pub context: Tensor<2>,
}

/// The network; see the module's page.
#[derive(Module, Debug)]
pub struct Forecaster {
    pub(crate) convs: Vec<Conv1d>,
    pub(crate) patch: Linear,
    pub(crate) season: Linear,
    pub(crate) context: Linear,
    pub(crate) positions: Param<Tensor<2>>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) norm: LayerNorm,
    pub(crate) query: Linear,
    pub(crate) steps: Param<Tensor<2>>,
    pub(crate) attention: Attention,
    pub(crate) copy_query: Linear,
    pub(crate) copy_key: Linear,
    pub(crate) null_score: Param<Tensor<1>>,
    pub(crate) copy_gain: Param<Tensor<1>>,
    pub(crate) decoder_norm: LayerNorm,
    pub(crate) decoder: FeedForward,
    pub(crate) heads: Vec<Linear>,
    /// Means of the context over the training part; not trained.
    pub(crate) mean: Param<Tensor<1>>,
    /// One over the standard deviations; not trained.
    pub(crate) inverse_deviation: Param<Tensor<1>>,
    dropout: Dropout,
    pub(crate) attention_heads: usize,
}

/// A pre-norm Transformer block.
#[derive(Module, Debug)]
pub(crate) struct Block {
    pub(crate) norm_1: LayerNorm,
    pub(crate) attention: Attention,
    pub(crate) norm_2: LayerNorm,
    pub(crate) feed_forward: FeedForward,
}

/// Multi-head attention with separate query and token inputs.
#[derive(Module, Debug)]
pub(crate) struct Attention {
    pub(crate) query: Linear,
    pub(crate) key: Linear,
    pub(crate) value: Linear,
    pub(crate) output: Linear,
}

/// Linear, GELU, linear.
#[derive(Module, Debug)]
pub(crate) struct FeedForward {
    pub(crate) inner: Linear,
    pub(crate) outer: Linear,
}

impl Attention {
    fn new(width: usize, device: &Device) -> Self {
        let linear = || LinearConfig::new(width, width).init(device);
        Self { query: linear(), key: linear(), value: linear(), output: linear() }
    }

    /// `queries` `[B,Q,D]` over `tokens` `[B,T,D]` -> `[B,Q,D]`.
    fn forward(&self, queries: Tensor<3>, tokens: Tensor<3>, heads: usize) -> Tensor<3> {
        let q = dense(&self.query, queries);
        let (k, v) = (dense(&self.key, tokens.clone()), dense(&self.value, tokens));
        dense(&self.output, attention(q, k, v, heads))
    }
}

impl FeedForward {
    fn new(width: usize, inner: usize, device: &Device) -> Self {
        Self {
            inner: LinearConfig::new(width, inner).init(device),
            outer: LinearConfig::new(inner, width).init(device),
        }
    }

    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        dense(&self.outer, gelu(dense(&self.inner, x)))
    }
}

fn dense(layer: &Linear, x: Tensor<3>) -> Tensor<3> {
    linear(x, layer.weight.val(), layer.bias.as_ref().map(Param::val))
}

impl Forecaster {
    /// Changes of `z` from the anchor, `[B, STEPS, QUANTILES]`, ascending along quantiles.
    #[must_use]
    pub fn forward(&self, input: Batch) -> Tensor<3> {
        let windows = input.recent.dims()[0];
        self.forward_part(input, &Part { windows: 0..windows, of: windows, seed: 0 })
    }

    /// The same where `input` is a part of a batch.
    #[must_use]
    pub fn forward_part(&self, input: Batch, part: &Part) -> Tensor<3> {
        let followed = self.what_followed(&input.seasons);
        let known = self.known_seasons(&input.seasons);
        let tokens = self.encode(&input, part);
        let states = self.queries(input.calendar, &tokens);
        let copied = self.copy(&states, &tokens, followed, known);
        let attended = self.attention.forward(states.clone(), tokens, self.attention_heads);
        let states = states + attended;
        let states = states.clone() + self.decoder.forward(layer_norm(&self.decoder_norm, states));
        self.quantiles(states, copied)
    }

    /// The encoder's tokens `[B, TOKENS, D]`.
    fn encode(&self, input: &Batch, part: &Part) -> Tensor<3> {
        let [batch, ..] = input.recent.dims();
        let rows = batch * LEVELS;
        let window = input.recent.clone().reshape([rows, CHANNELS, WINDOW]);
        let features = gelu(self.convolve(window));
        let channels = features.dims()[2];
        let patches = features.reshape([batch, RECENT_TOKENS, PATCH * channels]);
        let context = (input.context.clone() - self.mean.val().unsqueeze())
            * self.inverse_deviation.val().unsqueeze();
        let context = context.clamp(-5.0, 5.0).unsqueeze_dim::<3>(1);
        let parts = vec![
            dense(&self.patch, patches),
            dense(&self.season, input.seasons.clone()),
            dense(&self.context, context),
        ];
        let mut tokens = Tensor::cat(parts, 1) + self.positions.val().unsqueeze();
        for (nth, block) in self.blocks.iter().enumerate() {
            let x = layer_norm(&block.norm_1, tokens.clone());
            let attended = block.attention.forward(x.clone(), x, self.attention_heads);
            tokens = tokens + part.drop_out(&self.dropout, attended, 2 * nth);
            let x = layer_norm(&block.norm_2, tokens.clone());
            let fed = block.feed_forward.forward(x);
            tokens = tokens + part.drop_out(&self.dropout, fed, 2 * nth + 1);
        }
        layer_norm(&self.norm, tokens)
    }

    /// The causal convolutions of `[R,CHANNELS,WINDOW]`, `[R,WINDOW,channels]`: each a product of its weights
    /// and the points up to each point.
    fn convolve(&self, window: Tensor<3>) -> Tensor<3> {
        const LONGEST: usize = KERNELS[KERNELS.len() - 1];
        let [rows, ..] = window.dims();
        let before = Tensor::zeros([rows, LONGEST - 1, CHANNELS], &window.device());
        let points = Tensor::cat(vec![before, window.swap_dims(1, 2)], 1);
        let up_to = (0..LONGEST).map(|tap| points.clone().narrow(1, tap, WINDOW)).collect();
        let up_to = Tensor::cat(up_to, 2);
        let scales = self.convs.iter().zip(KERNELS).map(|(conv, kernel)| {
            let weight = conv.weight.val();
            let [channels, ..] = weight.dims();
            let weight = weight.permute([2, 1, 0]).reshape([kernel * CHANNELS, channels]);
            let seen = up_to.clone().narrow(2, (LONGEST - kernel) * CHANNELS, kernel * CHANNELS);
            linear(seen, weight, conv.bias.as_ref().map(Param::val))
        });
        Tensor::cat(scales.collect(), 2)
    }

    /// A query per future step: its place in day and week, its distance, and the context.
    fn queries(&self, calendar: Tensor<3>, tokens: &Tensor<3>) -> Tensor<3> {
        let context = tokens.clone().narrow(1, TOKENS - 1, 1);
        dense(&self.query, calendar) + self.steps.val().unsqueeze() + context
    }

    /// `[B,1,STEPS,SLOTS]`: the change that followed each past season.
    fn what_followed(&self, seasons: &Tensor<3>) -> Tensor<4> {
        seasons.clone().narrow(2, SLOT_CONTEXT, STEPS).swap_dims(1, 2).unsqueeze_dim(1)
    }

    /// `[B,1,1,SLOTS]`: 1 where the season is remembered.
    fn known_seasons(&self, seasons: &Tensor<3>) -> Tensor<4> {
        seasons.clone().narrow(2, SLOT_WIDTH - 1, 1).swap_dims(1, 2).unsqueeze_dim(1)
    }

    /// The seasonal copy attention `[B,STEPS,1]`.
    fn copy(
        &self,
        states: &Tensor<3>,
        tokens: &Tensor<3>,
        followed: Tensor<4>,
        known: Tensor<4>,
    ) -> Tensor<3> {
        let [batch, ..] = states.dims();
        let heads = self.attention_heads;
        let seasons = tokens.clone().narrow(1, RECENT_TOKENS, SLOTS);
        let q = split_heads(dense(&self.copy_query, states.clone()), heads);
        let k = split_heads(dense(&self.copy_key, seasons), heads);
        let masked = scores(q, k) + known.sub_scalar(1.0).mul_scalar(-MASKED);
        let null = self.null_score.val().reshape([1, heads, 1, 1]);
        let null = null.expand([batch, heads, STEPS, 1]);
        let weights = softmax(Tensor::cat(vec![masked, null], 3), 3).narrow(3, 0, SLOTS);
        let gain = self.copy_gain.val().reshape([1, heads, 1, 1]);
        let copied = (weights * followed).sum_dim(3) * gain;
        copied.sum_dim(1).reshape([batch, STEPS, 1])
    }

    /// Three heads, one per horizon; increments make the quantiles ascend.
    fn quantiles(&self, states: Tensor<3>, copied: Tensor<3>) -> Tensor<3> {
        let device = states.device();
        let parts = self.heads.iter().zip(HEAD_STEPS.windows(2)).map(|(head, steps)| {
            dense(head, states.clone().narrow(1, steps[0], steps[1] - steps[0]))
        });
        let raw = Tensor::cat(parts.collect(), 1);
        let median = raw.clone().narrow(2, MEDIAN, 1) + copied;
        let spread =
            softplus(raw, 1.0).matmul(Tensor::<2>::from_data(spreads(), &device).unsqueeze());
        spread + median
    }
}

impl std::fmt::Display for ForecasterShape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { width, heads, layers, feed_forward, .. } = self;
        write!(f, "d_model {width}, n_heads {heads}, n_layers {layers}, d_ff {feed_forward}")
    }
}

impl Forecaster {
    /// Its sizes.
    #[must_use]
    pub fn shape(&self) -> ForecasterShape {
        let [_, width] = self.positions.dims();
        let [_, feed_forward] = self.decoder.inner.weight.dims();
        let conv_channels = self.convs.first().map_or(0, |conv| conv.weight.dims()[0]);
        ForecasterShape {
            width,
            heads: self.attention_heads,
            layers: self.blocks.len(),
            feed_forward,
            conv_channels,
            dropout: self.dropout.prob,
        }
    }

    /// Fixes the null slot's score where softmax gives it nothing.
    #[must_use]
    pub fn without_null_slot(mut self, device: &Device) -> Self {
        let score = Tensor::full([self.attention_heads], MASKED, device);
        self.null_score = Param::from_tensor(score).set_require_grad(false);
        self
    }

    /// Sets the context's scaler, `[mean, standard deviation]` each.
    #[must_use]
    pub fn with_scaler(mut self, scaler: &[[f32; 2]], device: &Device) -> Self {
        let tensor = |numbers: Vec<f32>| {
            let length = numbers.len();
            Tensor::<1>::from_data(TensorData::new(numbers, [length]), device)
        };
        let mean = tensor(scaler.iter().map(|s| s[0]).collect());
        let inverse = tensor(scaler.iter().map(|s| 1.0 / s[1]).collect());
        self.mean = Param::from_tensor(mean);
        self.inverse_deviation = Param::from_tensor(inverse);
        self.frozen_scaler()
    }

    /// The scaler is measured, not trained.
    #[must_use]
    pub fn frozen_scaler(mut self) -> Self {
        self.mean = self.mean.set_require_grad(false);
        self.inverse_deviation = self.inverse_deviation.set_require_grad(false);
        self
    }

    /// The scaler, `[mean, standard deviation]` of each context number.
    #[must_use]
    pub fn scaler(&self) -> Vec<[f32; 2]> {
        let numbers = |p: &Param<Tensor<1>>| p.val().into_data().try_to_vec::<f32>();
        let mean = numbers(&self.mean).unwrap_or_default();
        let inverse = numbers(&self.inverse_deviation).unwrap_or_default();
        mean.into_iter().zip(inverse).map(|(mean, inverse)| [mean, 1.0 / inverse]).collect()
    }
}

/// `[QUANTILES, QUANTILES]`: sums increments outwards from the median, whose own column is 0.
#[must_use]
pub fn spreads() -> TensorData {
    let n = QUANTILES.len();
    let mut matrix = vec![0.0f32; n * n];
    for increment in 0..n {
        for quantile in 0..n {
            let below = quantile <= increment && increment < MEDIAN;
            let above = quantile >= increment && increment > MEDIAN;
            matrix[increment * n + quantile] = f32::from(above) - f32::from(below);
        }
    }
    TensorData::new(matrix, [n, n])
}
