//! What training of the forecaster does.

use super::adamw::AdamWConfig;
use crate::config::{Config, LossWeights, Start};
use crate::model::forecaster::ForecasterShape;
use serde::{Deserialize, Serialize};

/// What training does, worked out from the config and the number of windows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Seed of weights, batches and dropout.
    pub seed: u64,
    /// Sizes.
    pub shape: ForecasterShape,
    /// Weights to begin with.
    pub start: Start,
    /// Steps in all.
    pub steps: usize,
    /// Windows that are computed at once.
    pub batch: usize,
    /// Batches in a step.
    pub accumulate: usize,
    /// Highest learning rate.
    pub learning_rate: f64,
    /// Steps of the first cosine period; each further one is twice as long (SGDR, Loshchilov 2017).
    pub restart_period: usize,
    /// Steps between evaluations on the validation part.
    pub evaluate_every: usize,
    /// Steps between checkpoints.
    pub checkpoint_every: usize,
    /// Steps between rows of the learning curves.
    pub log_every: usize,
    /// Evaluations without improvement after which training stops; 0: never.
    pub patience: usize,
    /// Weights of the loss.
    pub loss: LossWeights,
    /// The optimizer.
    pub optimizer: AdamWConfig,
}

/// Steps over which the learning rate rises at the start.
const WARM_UP: usize = 50;

impl Plan {
    /// The plan of `config` for `windows` training windows.
    #[must_use]
    pub fn new(config: &Config, windows: usize) -> Self {
        let c = &config.forecaster;
        Self {
            seed: config.seed,
            shape: c.shape(),
            start: c.start,
            steps: c.total_steps(windows),
            batch: c.batch_size,
            accumulate: c.accumulate,
            learning_rate: c.learning_rate,
            restart_period: c.warm_restart_period,
            evaluate_every: config.training.evaluate_every,
            checkpoint_every: config.training.checkpoint_every,
            log_every: config.training.log_every,
            patience: c.early_stopping_patience,
            loss: c.loss,
            optimizer: AdamWConfig {
                weight_decay: c.weight_decay as f32,
                clip_norm: c.gradient_clip,
                ..AdamWConfig::default()
            },
        }
    }

    /// Linear warm-up, then cosine periods of doubling length.
    #[must_use]
    pub fn learning_rate_at(&self, step: usize) -> f64 {
        let warm = ((step + 1) as f64 / WARM_UP as f64).min(1.0);
        let (mut start, mut period) = (0, self.restart_period.max(1));
        while step >= start + period {
            start += period;
            period *= 2;
        }
        let phase = (step - start) as f64 / period as f64;
        let cosine = 0.5 * (1.0 + (std::f64::consts::PI * phase).cos());
        self.learning_rate * warm * (0.02 + 0.98 * cosine)
    }
}
