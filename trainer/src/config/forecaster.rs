//! The `forecaster` section.

use super::check::{Checks, same_numbers};
use super::unused::{Notes, Unused};
use crate::model::forecaster::{ForecasterShape, KERNELS};
use scaleiq_core::engine::{MAX_BLOCKS, MAX_INNER, MAX_WIDTH};
use scaleiq_core::forecast::{HORIZONS, QUANTILES, WINDOW};
use serde::{Deserialize, Serialize};

/// A named size of network; keys given beside it win.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// A tenth of `edge`, for a Cortex-M0+, which has neither much flash nor floats of its own.
    Nano,
    /// Under 200 k parameters; runs on a Cortex-M.
    #[default]
    Edge,
    /// The largest that the int8 engine takes, for hosts.
    Server,
    /// The reference system's 256 wide, 8 heads, 6 layers, 1024 in the feed-forward part.
    Reference,
}

impl std::fmt::Display for Preset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Nano => "nano",
            Self::Edge => "edge",
            Self::Server => "server",
            Self::Reference => "reference",
        })
    }
}

/// What training begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// Random weights.
    #[default]
    Fresh,
    /// The shipped forecaster, which is then tuned to the data.
    Shipped,
}

/// Weights of the parts of the loss.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LossWeights {
    /// Mean squared error of the median.
    #[serde(alias = "mse_weight")]
    pub mse: f32,
    /// Mean absolute error of the median.
    #[serde(alias = "mae_weight")]
    pub mae: f32,
    /// Huber loss of the median.
    #[serde(alias = "huber_weight")]
    pub huber: f32,
    /// Pinball loss of all quantiles.
    #[serde(alias = "quantile", alias = "pinball_weight")]
    pub pinball: f32,
}

impl Default for LossWeights {
    fn default() -> Self {
        Self { mse: 0.2, mae: 0.6, huber: 0.2, pinball: 4.0 }
    }
}

/// The forecaster: its size and how it is trained.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ForecasterConfig {
    /// Where the defaults of the sizes come from.
    pub preset: Preset,
    /// What training begins with.
    pub start: Start,
    /// Width of a token.
    pub d_model: usize,
    /// Attention heads; divides `d_model`.
    pub n_heads: usize,
    /// Transformer blocks.
    pub n_layers: usize,
    /// Width of the feed-forward part.
    pub d_ff: usize,
    /// Share of activations dropped in training.
    pub dropout: f64,
    /// Widths of the convolutions over the recent window. Fixed by the model format.
    pub kernel_sizes: Vec<usize>,
    /// Points of the recent window at each resolution. Fixed by the model format.
    pub sequence_length: usize,
    /// Horizons (in intervals) that are reported. Fixed by the model format.
    pub horizons: Vec<usize>,
    /// Quantile levels. Fixed by the model format.
    pub quantiles: Vec<f32>,
    /// Weights of the parts of the loss.
    pub loss: LossWeights,
    /// Windows that are computed at once.
    pub batch_size: usize,
    /// Batches in a step: their gradients are added up first.
    pub accumulate: usize,
    /// Highest learning rate of AdamW.
    pub learning_rate: f64,
    /// Decay of AdamW.
    pub weight_decay: f64,
    /// Steps of the optimiser in all. Either this or `epochs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<usize>,
    /// Passes over the training windows. Either this or `steps`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epochs: Option<usize>,
    /// Steps of the first cosine period; each restart doubles it.
    pub warm_restart_period: usize,
    /// Largest norm of a step's gradient.
    pub gradient_clip: f32,
    /// Evaluations without progress after which training stops; 0: never.
    pub early_stopping_patience: usize,
}

/// Width of the reference system's network.
const REFERENCE_WIDTH: usize = 256;
/// Steps and learning rate with which the shipped network is tuned.
const TUNING_STEPS: usize = 600;
const TUNING_RATE: f64 = 5e-4;

impl ForecasterConfig {
    /// The defaults of `preset`.
    #[must_use]
    pub fn preset(preset: Preset) -> Self {
        let (d_model, n_heads, n_layers, d_ff, dropout, batch_size, learning_rate) = match preset {
            Preset::Nano => (16, 2, 1, 32, 0.0, 64, 3e-3),
            Preset::Edge => (64, 4, 2, 128, 0.05, 64, 2e-3),
            Preset::Server => (MAX_WIDTH, 4, MAX_BLOCKS, MAX_INNER, 0.1, 64, 1e-3),
            Preset::Reference => (REFERENCE_WIDTH, 8, 6, 1024, 0.1, 256, 3e-4),
        };
        Self {
            preset,
            start: Start::Fresh,
            d_model,
            n_heads,
            n_layers,
            d_ff,
            dropout,
            kernel_sizes: KERNELS.to_vec(),
            sequence_length: WINDOW,
            horizons: HORIZONS.to_vec(),
            quantiles: QUANTILES.to_vec(),
            loss: LossWeights::default(),
            batch_size,
            accumulate: 1,
            learning_rate,
            weight_decay: 0.01,
            steps: Some(9000),
            epochs: None,
            // One long period: no restart before the last step.
            warm_restart_period: 9000,
            gradient_clip: 1.0,
            early_stopping_patience: 0,
        }
    }

    /// These settings for tuning the shipped network to a workload: shorter and gentler, so that
    /// it keeps what it knows of others.
    #[must_use]
    pub fn tuning(self) -> Self {
        Self {
            start: Start::Shipped,
            learning_rate: TUNING_RATE,
            steps: Some(TUNING_STEPS),
            warm_restart_period: TUNING_STEPS,
            ..self
        }
    }

    /// A third of the steps, in one period of the learning rate.
    #[must_use]
    pub fn shortened(self) -> Self {
        let steps = self.steps.map(|steps| steps.div_ceil(3));
        Self { warm_restart_period: steps.unwrap_or(self.warm_restart_period), steps, ..self }
    }

    /// The sizes of the network.
    #[must_use]
    pub fn shape(&self) -> ForecasterShape {
        ForecasterShape {
            width: self.d_model,
            heads: self.n_heads,
            layers: self.n_layers,
            feed_forward: self.d_ff,
            conv_channels: (self.d_model / 4).max(1),
            dropout: self.dropout,
        }
    }

    /// Steps of the optimiser in all, when there are `windows` to train on.
    #[must_use]
    pub fn total_steps(&self, windows: usize) -> usize {
        let epoch = windows.div_ceil((self.batch_size * self.accumulate).max(1)).max(1);
        self.steps.unwrap_or_else(|| self.epochs.unwrap_or(1) * epoch)
    }

    pub(super) fn check(&self, checks: &mut Checks) {
        let mut c = checks.section("forecaster");
        c.require(
            self.n_heads == 0 || self.d_model.is_multiple_of(self.n_heads),
            "n_heads",
            || format!("{} heads do not divide d_model {}", self.n_heads, self.d_model),
        );
        c.fixed("kernel_sizes", self.kernel_sizes == KERNELS, || format!("{KERNELS:?}"));
        c.fixed("sequence_length", self.sequence_length == WINDOW, || {
            format!("{WINDOW} points at each of three resolutions, and four weeks of seasons")
        });
        c.fixed("horizons", self.horizons == HORIZONS, || format!("{HORIZONS:?}"));
        let same = same_numbers(&self.quantiles, &QUANTILES);
        c.fixed("quantiles", same, || format!("{QUANTILES:?}"));
        let one = self.steps.is_some() != self.epochs.is_some();
        c.require(one, "steps", || "give either `steps` or `epochs`, not both".into());
        c.range("accumulate", self.accumulate, 1..=1024);
        c.range("steps", self.steps.unwrap_or(1), 1..=100_000_000);
        c.range("epochs", self.epochs.unwrap_or(1), 1..=1_000_000);
        let LossWeights { mse, mae, huber, pinball } = self.loss;
        for (name, weight) in [("mse", mse), ("mae", mae), ("huber", huber), ("pinball", pinball)] {
            c.range(&format!("loss.{name}"), weight, 0.0..=1000.0);
        }
        c.require(pinball > 0.0, "loss.pinball", || {
            "must be above 0: nothing else trains the outer quantiles".into()
        });
    }
}

impl Default for ForecasterConfig {
    fn default() -> Self {
        Self::preset(Preset::default())
    }
}

/// The reference's window.
const REFERENCE_WINDOW: usize = 24;

/// The section as written: what is absent comes from the preset, which is `reference` for a network of
/// that width.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Given {
    preset: Option<Preset>,
    start: Start,
    #[serde(alias = "hidden_dim", alias = "hidden_size")]
    d_model: Option<usize>,
    #[serde(alias = "num_heads", alias = "nhead")]
    n_heads: Option<usize>,
    #[serde(alias = "num_layers", alias = "num_encoder_layers", alias = "n_encoder_layers")]
    n_layers: Option<usize>,
    #[serde(alias = "ff_dim", alias = "dim_feedforward", alias = "d_feedforward")]
    d_ff: Option<usize>,
    #[serde(alias = "dropout_rate")]
    dropout: Option<f64>,
    #[serde(alias = "conv_kernel_sizes", alias = "conv_kernels")]
    kernel_sizes: Option<Vec<usize>>,
    #[serde(alias = "window_size", alias = "lookback", alias = "seq_length", alias = "seq_len")]
    pub(super) sequence_length: Option<usize>,
    #[serde(alias = "forecast_horizons", alias = "prediction_horizons")]
    pub(super) horizons: Option<Vec<usize>>,
    quantiles: Option<Vec<f32>>,
    #[serde(alias = "loss_weights")]
    pub(super) loss: Option<LossWeights>,
    pub(super) batch_size: Option<usize>,
    #[serde(alias = "gradient_accumulation_steps")]
    pub(super) accumulate: Option<usize>,
    #[serde(alias = "lr")]
    pub(super) learning_rate: Option<f64>,
    pub(super) weight_decay: Option<f64>,
    #[serde(alias = "max_steps")]
    pub(super) steps: Option<usize>,
    #[serde(alias = "num_epochs", alias = "max_epochs")]
    pub(super) epochs: Option<usize>,
    #[serde(alias = "T_0", alias = "t_0")]
    warm_restart_period: Option<usize>,
    #[serde(alias = "grad_clip", alias = "clip_grad_norm", alias = "max_grad_norm")]
    pub(super) gradient_clip: Option<f32>,
    #[serde(alias = "patience")]
    pub(super) early_stopping_patience: Option<usize>,
    name: Unused,
    #[serde(rename = "type")]
    kind: Unused,
    input_dim: Unused,
    output_dim: Unused,
    num_features: Unused,
    num_decoder_layers: Unused,
    max_seq_length: Unused,
    activation: Unused,
    seasonal_periods: Unused,
}

impl Given {
    pub(super) fn config(self, notes: &mut Notes) -> ForecasterConfig {
        self.note(notes);
        let of_width = match self.d_model {
            Some(REFERENCE_WIDTH) => Preset::Reference,
            _ => Preset::default(),
        };
        let preset = self.preset.unwrap_or(of_width);
        let base = ForecasterConfig::preset(preset);
        let steps = if self.epochs.is_none() { base.steps } else { None };
        let window = self.sequence_length.unwrap_or(WINDOW);
        ForecasterConfig {
            preset,
            start: self.start,
            d_model: self.d_model.unwrap_or(base.d_model),
            n_heads: self.n_heads.unwrap_or(base.n_heads),
            n_layers: self.n_layers.unwrap_or(base.n_layers),
            d_ff: self.d_ff.unwrap_or(base.d_ff),
            dropout: self.dropout.unwrap_or(base.dropout),
            kernel_sizes: self.kernel_sizes.unwrap_or(base.kernel_sizes),
            sequence_length: notes.fixed(
                "forecaster.sequence_length",
                window,
                &REFERENCE_WINDOW,
                WINDOW,
            ),
            horizons: self.horizons.unwrap_or(base.horizons),
            quantiles: self.quantiles.unwrap_or(base.quantiles),
            loss: self.loss.unwrap_or(base.loss),
            batch_size: self.batch_size.unwrap_or(base.batch_size),
            accumulate: self.accumulate.unwrap_or(base.accumulate),
            learning_rate: self.learning_rate.unwrap_or(base.learning_rate),
            weight_decay: self.weight_decay.unwrap_or(base.weight_decay),
            steps: self.steps.or(steps),
            epochs: self.epochs,
            warm_restart_period: self.warm_restart_period.unwrap_or(base.warm_restart_period),
            gradient_clip: self.gradient_clip.unwrap_or(base.gradient_clip),
            early_stopping_patience: self
                .early_stopping_patience
                .unwrap_or(base.early_stopping_patience),
        }
    }

    fn note(&self, notes: &mut Notes) {
        let why = "inputs and outputs are those on the model card";
        let shapes = [
            ("input_dim", self.input_dim),
            ("output_dim", self.output_dim),
            ("num_features", self.num_features),
            ("max_seq_length", self.max_seq_length),
        ];
        notes.unused("forecaster", why, &shapes);
        let why = "the network is one encoder with a head for each horizon, with GELU";
        let kind = [
            ("name", self.name),
            ("type", self.kind),
            ("num_decoder_layers", self.num_decoder_layers),
            ("activation", self.activation),
        ];
        notes.unused("forecaster", why, &kind);
        let why = "the day and the week, in seconds, whatever the interval";
        notes.unused("forecaster", why, &[("seasonal_periods", self.seasonal_periods)]);
    }
}
