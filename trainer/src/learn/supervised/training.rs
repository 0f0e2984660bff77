//! Trains the forecaster.
//!
//! A step's batch may be computed in parts, by several threads and processes; the sums are those of the whole
//! but for rounding, and taken in the order of parts.
//!
//! A step's batch, dropout and learning rate follow from the seed and the step's number alone, so that
//! a run that was interrupted and resumed gives the same network as an unbroken one, to the bit.

use super::adamw::{AdamW, AdamWState};
use super::gradients::{Descent, Sums, apart};
use super::infer::sum_of_losses;
use super::loss::loss;
use super::plan::Plan;
use crate::config::Start;
use crate::data::WindowSet;
use crate::learn::run_loop::{Diverged, Schedule, StepReport, Trainable};
use crate::model::forecaster::{Forecaster, Part};
use crate::model::weights::Weights;
use crate::runtime::device::is_cpu;
use crate::runtime::frame::{FORECASTER_CHECKPOINT, Kind};
use crate::runtime::ranks::Ranks;
use crate::runtime::stop::Stop;
use crate::runtime::threads::in_parallel;
use anyhow::{Context, Result, ensure};
use burn::optim::GradientsParams;
use burn::tensor::Device;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Parts of a batch on the CPU, and the fewest windows in one: less is not worth a network's gradients.
const PARTS: usize = 4;
const LEAST_AT_ONCE: usize = 8;

/// A network in training.
pub struct ForecasterTraining<'a> {
    plan: Plan,
    device: Device,
    /// Windows to learn from.
    train: &'a WindowSet,
    /// Windows that choose the best network.
    validation: &'a WindowSet,
    /// The processes that train it together.
    ranks: Ranks<'a>,
    network: Forecaster,
    optimizer: AdamW,
    best: Option<Forecaster>,
}

/// What a checkpoint holds of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ForecasterState {
    network: Weights,
    best: Option<Weights>,
    optimizer: AdamWState,
}

impl<'a> ForecasterTraining<'a> {
    /// A fresh network whose scaler is fit to `train` (the training part alone), or the shipped one
    /// with its scaler.
    ///
    /// # Errors
    /// If there is nothing to train on, or the plan starts from the shipped weights and has other sizes.
    pub fn new(
        plan: Plan,
        train: &'a WindowSet,
        validation: &'a WindowSet,
        device: &Device,
    ) -> Result<Self> {
        if plan.start == Start::Shipped {
            return Self::from_weights(plan, Weights::shipped()?, train, validation, device)
                .context("`start: shipped` takes the sizes of preset `edge`");
        }
        let network =
            plan.shape.init(plan.seed, device).with_scaler(&train.context_scaler(), device);
        Self::of(plan, network, train, validation, device)
    }

    /// Goes on from `weights`, with their scaler.
    ///
    /// # Errors
    /// If there is nothing to train on, or they are of other sizes than the plan's.
    pub fn from_weights(
        plan: Plan,
        weights: Weights,
        train: &'a WindowSet,
        validation: &'a WindowSet,
        device: &Device,
    ) -> Result<Self> {
        let network = weights.network(&plan.shape, device)?;
        Self::of(plan, network, train, validation, device)
    }

    fn of(
        plan: Plan,
        network: Forecaster,
        train: &'a WindowSet,
        validation: &'a WindowSet,
        device: &Device,
    ) -> Result<Self> {
        ensure!(!train.is_empty(), "no training windows: the data is too short");
        let (optimizer, device) = (AdamW::new(plan.optimizer), device.clone());
        let (ranks, best) = (Ranks::default(), None);
        Ok(Self { plan, device, train, validation, ranks, network, optimizer, best })
    }

    /// The same together with other processes, which train the same network on the same windows.
    #[must_use]
    pub fn among(self, ranks: Ranks<'a>) -> Self {
        Self { ranks, ..self }
    }

    /// The same without the choice to copy nothing: for measuring what that choice is worth.
    #[must_use]
    pub fn without_null_slot(mut self) -> Self {
        self.network = self.network.without_null_slot(&self.device);
        self
    }

    /// Loss and gradients of step `step`: of all its windows, whoever computes which.
    fn descent(&self, step: usize) -> Descent {
        let Self { plan, device, train, network, .. } = self;
        let picked = pick(plan.seed, step, plan.batch * plan.accumulate, train.len());
        let mine = self.ranks.share(picked.len());
        let at_once = self.windows_at_once();
        let step = Step { plan, device, train, step, picked: &picked };
        if self.ranks.size() == 1 && mine.len() <= at_once {
            return step.descent_of(network, mine);
        }
        let part = |windows: &Range<usize>| {
            let known = train.known(&picked[windows.clone()]);
            (step.descent_of(&apart(network), windows.clone()), known)
        };
        let mut sums = Sums::none(network);
        for batch in pieces(mine, plan.batch) {
            let parts: Vec<_> = pieces(batch, at_once).collect();
            sums.add(network, in_parallel(&parts, part));
        }
        sums.means(self.ranks, network, &self.device)
    }

    /// Windows of one part of a batch. The CPU's threads compute a part each, which beats all of them computing
    /// each operation; the parts are the same however many threads there are.
    fn windows_at_once(&self) -> usize {
        let batch = self.plan.batch;
        if is_cpu(&self.device) { batch.div_ceil(PARTS).max(LEAST_AT_ONCE) } else { batch }
    }

    /// The network of the best validation so far, or the present one before the first.
    #[must_use]
    pub fn network(&self) -> &Forecaster {
        self.best.as_ref().unwrap_or(&self.network)
    }
}

impl Trainable for ForecasterTraining<'_> {
    const CHECKPOINT: Kind = FORECASTER_CHECKPOINT;
    type Settings = Plan;
    type State = ForecasterState;

    fn settings(&self) -> &Plan {
        &self.plan
    }

    fn schedule(&self) -> Schedule {
        let plan = &self.plan;
        Schedule {
            steps: plan.steps,
            evaluate_every: if self.validation.is_empty() { 0 } else { plan.evaluate_every },
            evaluate_first: plan.start == Start::Shipped,
            patience: plan.patience,
            checkpoint_every: plan.checkpoint_every,
            log_every: plan.log_every,
        }
    }

    /// One step. It is too short to be broken off.
    fn step(&mut self, done: usize, stop: Stop) -> Result<Option<StepReport>> {
        if self.ranks.any(stop()) {
            return Ok(None);
        }
        let Descent { loss, gradients } = self.descent(done);
        ensure!(loss.is_finite(), Diverged { what: "forecaster", loss, step: done });
        let learning_rate = self.plan.learning_rate_at(done);
        let (network, gradient_norm) =
            self.optimizer.step(learning_rate, self.network.clone(), gradients);
        self.network = network;
        let figures = vec![
            ("train_loss", f64::from(loss)),
            ("learning_rate", learning_rate),
            ("gradient_norm", f64::from(gradient_norm)),
        ];
        Ok(Some(StepReport { figures, note: format!("loss {loss:.4}") }))
    }

    /// Mean loss on the validation windows.
    fn evaluate(&self, stop: Stop) -> Option<(f64, StepReport)> {
        let Self { plan, network, validation, device, ranks, .. } = self;
        let mine = ranks.share(validation.len());
        let sum = sum_of_losses(&plan.loss, network, validation, mine, device, stop);
        if ranks.any(sum.is_none()) {
            return None;
        }
        // In f32, as it has always been told and compared.
        let mean = (ranks.total(sum?) / validation.len() as f64) as f32;
        let (value, note) = (f64::from(mean), format!("validation {mean:.4}"));
        Some((value, StepReport { figures: vec![("validation_loss", value)], note }))
    }

    fn keep(&mut self) {
        self.best = Some(self.network.clone());
    }

    fn state(&self) -> Result<ForecasterState> {
        Ok(ForecasterState {
            network: Weights::of(&self.network)?,
            best: self.best.as_ref().map(Weights::of).transpose()?,
            optimizer: self.optimizer.state(),
        })
    }

    fn restore(&mut self, state: ForecasterState) -> Result<()> {
        let network = |weights: Weights| weights.network(&self.plan.shape, &self.device);
        let (restored, best) = (network(state.network)?, state.best.map(network).transpose()?);
        self.optimizer = AdamW::restore(self.plan.optimizer, state.optimizer, &self.device);
        (self.network, self.best) = (restored, best);
        Ok(())
    }
}

/// What a step's parts have in common.
struct Step<'a> {
    plan: &'a Plan,
    device: &'a Device,
    train: &'a WindowSet,
    step: usize,
    /// The windows of all parts.
    picked: &'a [usize],
}

impl Step<'_> {
    /// Loss and gradients of the `windows` among the `picked` ones.
    fn descent_of(&self, network: &Forecaster, windows: Range<usize>) -> Descent {
        let Self { plan, device, train, step, picked } = *self;
        let (batch, truth) = train.batch(&picked[windows.clone()], device);
        // Dropout is seeded by the step, so that it is the same after a resume.
        let seed = plan.seed ^ ((step as u64 + 1) << 20);
        if !is_cpu(device) {
            // The CPU draws by window, and threads of their own would seed each other's.
            device.seed(seed);
        }
        let forecast = network.forward_part(batch, &Part { windows, of: picked.len(), seed });
        let loss = loss(&plan.loss, forecast, truth);
        let gradients = GradientsParams::from_grads(loss.backward(), network);
        Descent { loss: loss.into_scalar::<f32>(), gradients }
    }
}

/// `windows` in pieces of `size`, and a last one of what is left.
fn pieces(windows: Range<usize>, size: usize) -> impl Iterator<Item = Range<usize>> {
    let end = windows.end;
    windows.step_by(size).map(move |from| from..end.min(from + size))
}

/// The windows of step `step`: a function of the seed and the step alone.
fn pick(seed: u64, step: usize, batch: usize, windows: usize) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(step as u64 + 1);
    (0..batch).map(|_| (rng.next_u64() % windows as u64) as usize).collect()
}

#[cfg(test)]
#[path = "training_tests.rs"]
mod tests;
