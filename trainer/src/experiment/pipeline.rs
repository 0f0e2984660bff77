//! The stages of a run, one after the other; each can be interrupted and resumed.

use super::curves::{Curves, Stage};
use super::policy;
use super::run::Run;
use crate::config::{Config, Start};
use crate::data::{Corpus, TEST_STRIDE, Track, WindowSet};
use crate::evaluate::forecasts::{
    Course, Origin, WARM_DAYS, rolling_alone, rolling_planned, scores,
};
use crate::evaluate::parts::{experts_alone, network_alone};
use crate::export::{Facts, NetworkFiles, engine, forecaster_files, write_folder};
use crate::learn::supervised::forecaster::{ForecasterTrainer, Plan};
use crate::model::forecaster::Forecaster;
use crate::model::weights::Weights;
use crate::report::summary::{self, Results};
use crate::runtime::files::write_json;
use crate::runtime::progress::Progress;
use crate::runtime::stop;
use anyhow::{Context, Result};
use burn::tensor::Device;
use scaleiq_core::forecast::{Baseline, Perception};
use scaleiq_core::model::{Bundle, FORECASTER_F32, FORECASTER_INT8};
use std::sync::{Mutex, PoisonError};

/// Which part of training to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Forecaster, policy and report.
    All,
    /// Only the forecaster.
    Forecaster,
    /// Only the scaling policy.
    Scaling,
    /// Only plots and report.
    Report,
}

/// How a run of stages ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All done.
    Finished,
    /// Ctrl-C: everything is saved.
    Interrupted,
}

/// What the stages work with.
pub struct Stages<'a> {
    /// The run's folder.
    pub run: &'a Run,
    /// Settings.
    pub config: &'a Config,
    /// Data.
    pub corpus: &'a Corpus,
    /// Where to train.
    pub device: Device,
}

impl Stages<'_> {
    /// Does what `part` asks for; `command` goes on the card.
    ///
    /// # Errors
    /// If training diverges or a file cannot be written.
    pub fn all(&self, part: Part, command: &str) -> Result<Outcome> {
        let train = self.corpus.training_windows();
        let validation = self.corpus.validation_windows();
        let trained = match part {
            Part::Scaling => Some(self.trained_before(&train)?),
            _ => self.forecaster(&train, &validation)?,
        };
        let Some(network) = trained else { return Ok(Outcome::Interrupted) };
        let mut files = forecaster_files(&network, &train)?;
        let mut results = self.judge(&files)?;
        let caution;
        if part == Part::Forecaster {
            // No Q-network has learned on this forecaster: the shipped one stands there, and never acts.
            caution = f32::MAX;
            files.extend(Bundle::shipped_q_network().map(|(name, bytes)| (name, bytes.to_vec())));
        } else {
            let engine = engine(&files, FORECASTER_INT8)?;
            let Some(policy) = policy::train(self, engine)? else {
                return Ok(Outcome::Interrupted);
            };
            files.extend(policy.files);
            caution = policy.results.caution;
            results.policy = Some(policy.results);
        }
        self.export(&network, &files, &results, caution, command)?;
        Ok(Outcome::Finished)
    }

    /// Trains or resumes the forecaster; `None` if interrupted.
    fn forecaster(&self, train: &WindowSet, validation: &WindowSet) -> Result<Option<Forecaster>> {
        let plan = Plan::new(self.config, train.len());
        let checkpoint = self.run.checkpoints().join("forecaster.ckpt");
        let mut trainer = if checkpoint.exists() {
            ForecasterTrainer::load(&checkpoint, plan, &self.device)?
        } else {
            ForecasterTrainer::new(plan, train, &self.device)?
        };
        if trainer.plan().start == Start::Shipped && trainer.steps_done() == 0 {
            // If nothing that is learned is better on the validation part, it stays as shipped.
            trainer.evaluate(validation);
        }
        let total = trainer.plan().steps as u64;
        let mut curves = Curves::open(&self.run.curves(), Stage::Forecaster, trainer.steps_done())?;
        let mut progress = Progress::begin("forecaster", total, trainer.steps_done() as u64);
        let mut best = f32::INFINITY;
        while !trainer.is_done() {
            let report = trainer.step(train, validation)?;
            if report.step.is_multiple_of(self.config.training.log_every) {
                let figures = [
                    ("train_loss", f64::from(report.loss)),
                    ("learning_rate", report.learning_rate),
                    ("gradient_norm", f64::from(report.gradient_norm)),
                ];
                curves.push(report.step, &figures)?;
            }
            if let Some(loss) = report.validation {
                curves.push(report.step, &[("validation_loss", f64::from(loss))])?;
                best = best.min(loss);
            }
            progress.set(report.step as u64, || {
                format!("loss {:.4}, validation {best:.4}", report.loss)
            });
            let due = report.step.is_multiple_of(self.config.training.checkpoint_every);
            if due || trainer.is_done() || stop::requested() {
                trainer.save(&checkpoint)?;
            }
            if stop::requested() && !trainer.is_done() {
                return Ok(None);
            }
        }
        progress.end(&format!("best validation loss {best:.4}, {} windows", train.len()));
        Ok(Some(trainer.network().clone()))
    }

    /// The forecaster for training the policy alone: that of the run, or else the shipped one.
    fn trained_before(&self, train: &WindowSet) -> Result<Forecaster> {
        let checkpoint = self.run.checkpoints().join("forecaster.ckpt");
        let plan = Plan::new(self.config, train.len());
        if !checkpoint.exists() {
            return Weights::shipped()?.network(&plan.shape, &self.device);
        }
        let trainer = ForecasterTrainer::load(&checkpoint, plan, &self.device)?;
        Ok(trainer.network().clone())
    }

    /// Scores the exported networks, run as the agent runs them, on the test part; beside them what
    /// their parts do alone.
    fn judge(&self, files: &NetworkFiles) -> Result<Results> {
        let Track { rows: own, plans, length, test_from: from, .. } = &self.corpus.own;
        let start = from.saturating_sub(WARM_DAYS * length.steps_per_day());
        let course = Course { start, from: *from, stride: TEST_STRIDE };
        let rows = (own.len() - start) as u64;
        let progress = Mutex::new((Progress::begin("evaluation", 3 * rows, 0), 0));
        let tick = |row: usize| {
            if row.is_multiple_of(512) {
                let (progress, done) =
                    &mut *progress.lock().unwrap_or_else(PoisonError::into_inner);
                *done += 512;
                progress.set(*done, String::new);
            }
        };
        let network = |name| engine(files, name);
        let (exact, quantized) = (network(FORECASTER_F32)?, network(FORECASTER_INT8)?);
        let played =
            |network| rolling_planned(Perception::new(*length, network), own, plans, course, tick);
        let experts = || experts_alone(*length, own, plans, course, tick);
        let (int8, (f32, experts)) = both(|| played(quantized), || (played(exact), experts()));
        let network = network_alone(network(FORECASTER_INT8)?, *length, own, course);
        let persistence = rolling_alone(*length, own, course, Baseline::quantiles);
        let (progress, _) = progress.into_inner().unwrap_or_else(PoisonError::into_inner);
        progress.end(&format!("{} origins of the test part", int8.len()));
        let score = |(name, origins): (&str, &[Origin])| {
            (name.to_string(), scores(own, origins, length.steps_per_day(), *from))
        };
        let all: [(&str, &[Origin]); 5] = [
            ("int8", &int8),
            ("f32", &f32),
            ("network_alone", &network),
            ("experts_alone", &experts),
            ("persistence", &persistence),
        ];
        Ok(Results::new(own, *length, &int8, all.map(score).into()))
    }

    fn export(
        &self,
        network: &Forecaster,
        files: &NetworkFiles,
        results: &Results,
        caution: f32,
        command: &str,
    ) -> Result<()> {
        let facts = Facts {
            name: self.config.forecaster.preset.to_string(),
            command: command.into(),
            data: self.corpus.fingerprints.clone(),
            metrics: summary::card_metrics(results),
            base: self.config.agent.base,
            caution,
        };
        write_folder(&self.run.models(), network, files, facts)?;
        // Whoever loads the folder next must be able to: try it while the user is here.
        Bundle::load(&self.run.models()).context("reading back what was exported")?;
        write_json(&self.run.metrics(), results)?;
        Ok(self.run.log("finished")?)
    }
}

/// Does both at once.
fn both<A, B: Send>(a: impl FnOnce() -> A, b: impl FnOnce() -> B + Send) -> (A, B) {
    std::thread::scope(|scope| {
        let b = scope.spawn(b);
        let a = a();
        (a, b.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}
