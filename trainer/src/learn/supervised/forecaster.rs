//! Trains the forecaster.
//!
//! A step's batch and learning rate follow from the seed and the step's number alone, so that a
//! run that was interrupted and resumed gives the same network as an unbroken one, to the bit.

use super::adamw::{AdamW, AdamWConfig, AdamWState};
use super::loss::loss;
use crate::config::{Config, LossWeights, Start};
use crate::data::WindowSet;
use crate::model::forecaster::{Forecaster, ForecasterShape};
use crate::model::weights::Weights;
use anyhow::{Context, Result, ensure};
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Device;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use scaleiq_core::forecast::{QUANTILES, STEPS};
use serde::{Deserialize, Serialize};
use std::path::Path;

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
    /// Windows in a batch.
    pub batch: usize,
    /// Highest learning rate.
    pub learning_rate: f64,
    /// Steps of the first cosine period; each further one is twice as long (SGDR, Loshchilov 2017).
    pub restart_period: usize,
    /// Steps between evaluations on the validation part.
    pub evaluate_every: usize,
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
            shape: ForecasterShape {
                width: c.d_model,
                heads: c.n_heads,
                layers: c.n_layers,
                feed_forward: c.d_ff,
                conv_channels: (c.d_model / 4).max(1),
                dropout: c.dropout,
            },
            start: c.start,
            steps: c.total_steps(windows),
            batch: c.batch_size,
            learning_rate: c.learning_rate,
            restart_period: c.warm_restart_period,
            evaluate_every: config.training.evaluate_every,
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

/// A network in training.
pub struct ForecasterTrainer {
    plan: Plan,
    device: Device,
    network: Forecaster,
    optimizer: AdamW,
    progress: Progress,
    best: Option<Forecaster>,
}

/// Where training stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Progress {
    step: usize,
    best_validation: Option<f32>,
    without_improvement: usize,
}

/// A checkpoint, in postcard.
#[derive(Serialize, Deserialize)]
struct Checkpoint {
    plan: Plan,
    progress: Progress,
    network: Weights,
    best: Option<Weights>,
    optimizer: AdamWState,
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepReport {
    /// Steps done.
    pub step: usize,
    /// Loss on the batch.
    pub loss: f32,
    /// Global norm of the gradients.
    pub gradient_norm: f32,
    /// Learning rate used.
    pub learning_rate: f64,
    /// Loss on the validation part, if it was evaluated after this step.
    pub validation: Option<f32>,
}

impl ForecasterTrainer {
    /// A fresh network whose scaler is fit to `train` (the training part alone), or the shipped one
    /// with its scaler.
    ///
    /// # Errors
    /// If the plan starts from the shipped weights and has other sizes.
    pub fn new(plan: Plan, train: &WindowSet, device: &Device) -> Result<Self> {
        if plan.start == Start::Shipped {
            return Self::from_weights(plan, Weights::shipped()?, device)
                .context("`start: shipped` takes the sizes of preset `edge`");
        }
        device.seed(plan.seed);
        let network = plan.shape.init(device).with_scaler(&train.context_scaler(), device);
        Ok(Self::of(plan, network, device))
    }

    /// Goes on from `weights`, with their scaler.
    ///
    /// # Errors
    /// If they are of other sizes than the plan's.
    pub fn from_weights(plan: Plan, weights: Weights, device: &Device) -> Result<Self> {
        let network = weights.network(&plan.shape, device)?;
        Ok(Self::of(plan, network, device))
    }

    fn of(plan: Plan, network: Forecaster, device: &Device) -> Self {
        let optimizer = AdamW::new(plan.optimizer);
        let progress = Progress::default();
        Self { plan, device: device.clone(), network, optimizer, progress, best: None }
    }

    /// The same without the choice to copy nothing: for measuring what that choice is worth.
    #[must_use]
    pub fn without_null_slot(mut self, device: &Device) -> Self {
        self.network = self.network.without_null_slot(device);
        self
    }

    /// Whether all steps are done, or training stopped early.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.progress.step >= self.plan.steps
            || (self.plan.patience > 0 && self.progress.without_improvement >= self.plan.patience)
    }

    /// Steps done.
    #[must_use]
    pub fn steps_done(&self) -> usize {
        self.progress.step
    }

    /// What training does.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The network of the best validation so far, or the present one before the first.
    #[must_use]
    pub fn network(&self) -> &Forecaster {
        self.best.as_ref().unwrap_or(&self.network)
    }

    /// One step on a batch of `train`; evaluates on `validation` when it is time.
    ///
    /// # Errors
    /// If the loss is not finite: training has diverged, or the device computes nonsense.
    pub fn step(&mut self, train: &WindowSet, validation: &WindowSet) -> Result<StepReport> {
        ensure!(!train.is_empty(), "no training windows: the data is too short");
        let step = self.progress.step;
        let picked = pick(self.plan.seed, step, self.plan.batch, train.len());
        let (batch, truth) = train.batch(&picked, &self.device);
        // Dropout draws from the device: seeded by the step, it is the same after a resume.
        self.device.seed(self.plan.seed ^ ((step as u64 + 1) << 20));
        let value = loss(&self.plan.loss, self.network.forward(batch), truth);
        let gradients = GradientsParams::from_grads(value.backward(), &self.network);
        let value = value.into_scalar::<f32>();
        ensure!(value.is_finite(), "the forecaster's loss is {value} at step {step}: diverged");
        let learning_rate = self.plan.learning_rate_at(step);
        let (network, gradient_norm) =
            self.optimizer.step(learning_rate, self.network.clone(), gradients);
        self.network = network;
        self.progress.step += 1;
        let due = self.progress.step.is_multiple_of(self.plan.evaluate_every)
            || self.progress.step == self.plan.steps;
        let validation = if due { self.evaluate(validation) } else { None };
        let step = self.progress.step;
        Ok(StepReport { step, loss: value, gradient_norm, learning_rate, validation })
    }

    /// Evaluates the present network on `validation`; it is kept if it is the best so far. `None` if
    /// there is nothing to evaluate on.
    pub fn evaluate(&mut self, validation: &WindowSet) -> Option<f32> {
        let value = mean_loss(&self.plan.loss, &self.network, validation, &self.device)?;
        if self.progress.best_validation.is_none_or(|best| value < best) {
            self.progress.best_validation = Some(value);
            self.progress.without_improvement = 0;
            self.best = Some(self.network.clone());
        } else {
            self.progress.without_improvement += 1;
        }
        Some(value)
    }

    /// Saves everything that [`Self::load`] needs to go on as if nothing had happened.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let checkpoint = Checkpoint {
            plan: self.plan.clone(),
            progress: self.progress.clone(),
            network: Weights::of(&self.network)?,
            best: self.best.as_ref().map(Weights::of).transpose()?,
            optimizer: self.optimizer.state(),
        };
        let bytes = postcard::to_stdvec(&checkpoint).context("encoding the checkpoint")?;
        Ok(crate::runtime::files::write_atomic(path, &bytes)?)
    }

    /// Goes on from a checkpoint.
    ///
    /// # Errors
    /// If the file is missing, damaged, or was made with other settings.
    pub fn load(path: &Path, plan: Plan, device: &Device) -> Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        let checkpoint: Checkpoint = postcard::from_bytes(&bytes)
            .with_context(|| format!("{} is damaged or from another version", path.display()))?;
        ensure!(
            checkpoint.plan == plan,
            "{} was made with other settings; start a new run or use the old settings",
            path.display()
        );
        let restore = |weights: Weights| {
            weights.network(&plan.shape, device).with_context(|| path.display().to_string())
        };
        Ok(Self {
            network: restore(checkpoint.network)?,
            best: checkpoint.best.map(restore).transpose()?,
            optimizer: AdamW::restore(plan.optimizer, checkpoint.optimizer, device),
            progress: checkpoint.progress,
            device: device.clone(),
            plan,
        })
    }
}

/// The windows of step `step`: a function of the seed and the step alone.
fn pick(seed: u64, step: usize, batch: usize, windows: usize) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(step as u64 + 1);
    (0..batch).map(|_| (rng.next_u64() % windows as u64) as usize).collect()
}

/// Rows evaluated at once.
const EVALUATION_BATCH: usize = 256;

/// Mean loss over all windows; `None` if there is none.
fn mean_loss(
    weights: &LossWeights,
    network: &Forecaster,
    set: &WindowSet,
    device: &Device,
) -> Option<f32> {
    let network = network.valid();
    let device = device.clone().inner();
    let all: Vec<usize> = (0..set.len()).collect();
    let mut sum = 0.0f64;
    for picked in all.chunks(EVALUATION_BATCH) {
        let (batch, truth) = set.batch(picked, &device);
        let value = loss(weights, network.forward(batch), truth).into_scalar::<f32>();
        sum += f64::from(value) * picked.len() as f64;
    }
    (!set.is_empty()).then(|| (sum / set.len() as f64) as f32)
}

/// Changes of `z` forecast for the windows `picked`, `[STEPS * QUANTILES]` each.
#[must_use]
pub fn forecast(
    network: &Forecaster,
    set: &WindowSet,
    picked: &[usize],
    device: &Device,
) -> Vec<[f32; STEPS * QUANTILES.len()]> {
    let network = network.valid();
    let device = device.clone().inner();
    let mut out = Vec::with_capacity(picked.len());
    for picked in picked.chunks(EVALUATION_BATCH) {
        let (batch, _) = set.batch(picked, &device);
        let values = network.forward(batch).into_data().try_to_vec::<f32>().unwrap_or_default();
        out.extend(values.as_chunks::<{ STEPS * QUANTILES.len() }>().0);
    }
    out
}

/// Steps of [`probe_steps`].
pub const PROBE_STEPS: usize = 3;

/// Losses of [`PROBE_STEPS`] training steps on a fixed tiny problem, each taken when it is asked for:
/// what `trainer doctor` compares between devices.
///
/// # Errors
/// If the network cannot be made there; a step's, if its loss is not finite.
pub fn probe_steps(device: &Device) -> Result<impl Iterator<Item = Result<f32>> + use<>> {
    // Without an encoder block: the decoder has the same operators, and each further shape of a matrix is
    // two kernels more, which a software driver compiles for a second each.
    let shape = ForecasterShape {
        width: 16,
        heads: 2,
        layers: 0,
        feed_forward: 16,
        conv_channels: 2,
        dropout: 0.0,
    };
    let mut plan = Plan::new(&Config::default(), 1);
    (plan.shape, plan.batch) = (shape, 4);
    let set = crate::data::probe_windows();
    // Weights are drawn on the CPU: random numbers differ between backends. They move as a record,
    // since a tensor that moves between devices stays tied to the gradients of its old one.
    let cpu = Device::flex().autodiff();
    let mut trainer = ForecasterTrainer::new(plan, &set, &cpu)?;
    trainer.network = Weights::of(&trainer.network)?.network(&shape, device)?;
    trainer.device = device.clone();
    let empty = WindowSet::default();
    Ok((0..PROBE_STEPS).map(move |_| trainer.step(&set, &empty).map(|report| report.loss)))
}
