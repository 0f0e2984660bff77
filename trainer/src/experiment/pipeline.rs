//! The stages of a run, one after the other; each can be interrupted and resumed.

use super::context::RunContext;
use super::curves::{Curves, Stage};
use super::policy;
use super::results::{Results, card_metrics};
use crate::data::{TEST_STRIDE, Track, WindowSet};
use crate::evaluate::forecasts::{
    Course, Origin, WARM_DAYS, rolling_alone, rolling_planned, scores,
};
use crate::evaluate::parts::{experts_alone, network_alone};
use crate::export::{Facts, NetworkFiles, engine, forecaster_files, write_folder};
pub use crate::learn::run_loop::Outcome;
use crate::learn::run_loop::{RunLoop, Surroundings};
use crate::learn::supervised::plan::Plan;
use crate::learn::supervised::training::ForecasterTraining;
use crate::model::forecaster::Forecaster;
use crate::model::weights::Weights;
use crate::runtime::files::write_json;
use crate::runtime::progress::Progress;
use crate::runtime::threads::both;
use anyhow::{Context, Result};
use scaleiq_core::forecast::{Baseline, ForecastPipeline};
use scaleiq_core::model::{Bundle, FORECASTER_F32, FORECASTER_INT8};
use std::path::PathBuf;
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

impl RunContext<'_> {
    /// Does what `part` asks for; `command` goes on the card.
    ///
    /// # Errors
    /// If training diverges or a file cannot be written.
    pub fn train(&self, part: Part, command: &str) -> Result<Outcome> {
        let train = self.corpus.training_windows();
        let validation = self.corpus.validation_windows();
        let trained = match part {
            Part::Scaling => Some(self.trained_before(&train)?),
            _ => self.forecaster(&train, &validation)?,
        };
        let Some(network) = trained else { return Ok(Outcome::Interrupted) };
        let mut files = forecaster_files(&network, &train)?;
        let Some(mut results) = self.judge(&files)? else { return Ok(Outcome::Interrupted) };
        let min_advantage;
        if part == Part::Forecaster {
            // No Q-network has learned on this forecaster: the shipped one stands there, and never acts.
            min_advantage = f32::MAX;
            files.extend(Bundle::shipped_q_network().map(|(name, bytes)| (name, bytes.to_vec())));
        } else {
            let engine = engine(&files, FORECASTER_INT8)?;
            let Some(policy) = policy::train(self, &engine)? else {
                return Ok(Outcome::Interrupted);
            };
            files.extend(policy.files);
            min_advantage = policy.results.min_advantage;
            results.policy = Some(policy.results);
        }
        self.export(&network, &files, &results, min_advantage, command)?;
        Ok(Outcome::Finished)
    }

    /// Trains or resumes the forecaster; `None` if interrupted.
    fn forecaster(&self, train: &WindowSet, validation: &WindowSet) -> Result<Option<Forecaster>> {
        let plan = Plan::new(self.config, train.len());
        let steps = plan.steps as u64;
        let training = ForecasterTraining::new(plan, train, validation, &self.device)?;
        let checkpoint = self.forecaster_checkpoint();
        let mut training = RunLoop::resumed(training, &checkpoint)?;
        let done = training.steps_done();
        let mut curves = Curves::open(&self.run.curves(), Stage::Forecaster, done)?;
        let mut progress = Progress::begin("forecaster", steps, done as u64);
        let outcome = training.run(&mut Surroundings {
            checkpoint: Some(&checkpoint),
            record: &mut |step, figures| Ok(curves.push(step, figures)?),
            tick: &mut |tick| progress.set(tick.steps as u64, || tick.note.into()),
            stop: self.stop,
        })?;
        if outcome == Outcome::Interrupted {
            return Ok(None);
        }
        let best = training.best().map_or_else(|| "none".into(), |best| format!("{best:.4}"));
        progress.end(&format!("best validation loss {best}, {} windows", train.len()));
        Ok(Some(training.trained().network().clone()))
    }

    /// The forecaster for training the policy alone: that of the run, or else the shipped one.
    fn trained_before(&self, train: &WindowSet) -> Result<Forecaster> {
        let checkpoint = self.forecaster_checkpoint();
        let plan = Plan::new(self.config, train.len());
        if !checkpoint.exists() {
            return Weights::shipped()?.network(&plan.shape, &self.device);
        }
        let none = WindowSet::default();
        let training = ForecasterTraining::new(plan, train, &none, &self.device)?;
        Ok(RunLoop::load(training, &checkpoint)?.trained().network().clone())
    }

    fn forecaster_checkpoint(&self) -> PathBuf {
        self.run.checkpoints().join("forecaster.ckpt")
    }

    /// Scores the exported networks, run as the agent runs them, on the test part; beside them what
    /// their parts do alone. `None` if interrupted.
    fn judge(&self, files: &NetworkFiles) -> Result<Option<Results>> {
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
            !(self.stop)()
        };
        let network = |name| engine(files, name);
        let (exact, quantized) = (network(FORECASTER_F32)?, network(FORECASTER_INT8)?);
        let played = |network| {
            rolling_planned(ForecastPipeline::new(*length, network), own, plans, course, tick)
        };
        let experts = || experts_alone(*length, own, plans, course, tick);
        let (int8, (f32, experts)) = both(|| played(quantized), || (played(exact), experts()));
        let network =
            network_alone(network(FORECASTER_INT8)?, *length, own, course, |_| !(self.stop)());
        let persistence = rolling_alone(*length, own, course, Baseline::quantiles, |_| true);
        if (self.stop)() {
            return Ok(None);
        }
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
        Ok(Some(Results::new(own, *length, &int8, all.map(score).into())))
    }

    fn export(
        &self,
        network: &Forecaster,
        files: &NetworkFiles,
        results: &Results,
        min_advantage: f32,
        command: &str,
    ) -> Result<()> {
        let facts = Facts {
            name: self.config.forecaster.preset.to_string(),
            command: command.into(),
            data: self.corpus.fingerprints.clone(),
            metrics: card_metrics(results),
            base: self.config.agent.base,
            min_advantage,
        };
        write_folder(&self.run.models(), network, files, facts)?;
        // Whoever loads the folder next must be able to: try it while the user is here.
        Bundle::load(&self.run.models()).context("reading back what was exported")?;
        write_json(&self.run.metrics(), results)?;
        Ok(self.run.log("finished")?)
    }
}
