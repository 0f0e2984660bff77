//! The stages of a run, one after the other; each can be interrupted and resumed.

use super::context::RunContext;
use super::extent::Extent;
use super::forecaster;
use super::policy;
use super::results::{Results, card_metrics};
use crate::data::TEST_STRIDE;
use crate::evaluate::contest::{Around, Columns, Contest, Model, Standing};
use crate::evaluate::importance::importance;
use crate::evaluate::test_series::TestSeries;
use crate::evaluate::view::SeriesView;
use crate::export::{self, Facts, NetworkFiles, engine, forecaster_files, runnable, write_folder};
pub use crate::learn::run_loop::Outcome;
use crate::model::forecaster::Forecaster;
use crate::model::runnable::Runnable;
use crate::runtime::files::{write_atomic, write_json};
use crate::runtime::progress::SharedProgress;
use anyhow::{Context, Result};
use scaleiq_core::model::{Bundle, FORECASTER_F32, FORECASTER_INT8, Origin, sha256_hex};

/// Names of the run's model, of its network in f32 and of the model that comes with ScaleIQ.
pub const OURS: &str = "this run";
const EXACT: &str = "this run, f32";
/// See [`OURS`].
pub const SHIPPED: &str = "shipped";

/// Which part of training to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Forecaster, policy and report.
    All,
    /// Only the forecaster.
    Forecaster,
    /// Only the scaling policy.
    Scaling,
    /// Only the report.
    Report,
}

/// The network in `file`, one of `files`, as a model to judge.
fn exported(files: &NetworkFiles, file: &str, name: &str, network: Runnable) -> Result<Model> {
    Ok(Model {
        name: name.into(),
        network,
        hash: sha256_hex(export::file(files, file)?),
        trained_on: Vec::new(),
        parts: false,
    })
}

/// The name of a forecaster in `metrics.json` and on the card.
fn key(name: &str) -> &str {
    match name {
        OURS => "int8",
        EXACT => "f32",
        name => name.strip_prefix(OURS).map_or(name, str::trim_start),
    }
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
            Part::Scaling => Some(forecaster::trained_before(self, &train)?),
            _ => forecaster::train(self, &train, &validation)?,
        };
        let Some(network) = trained else { return Ok(Outcome::Interrupted) };
        if part == Part::Forecaster {
            // What follows is the first process's alone.
            self.ranks.part();
        }
        let mut files = forecaster_files(&network, &train)?;
        let judged = self.judge(&files)?;
        let policy = match part {
            Part::Forecaster => Some(policy::shipped()),
            // The other processes wait for it: where judging was interrupted, it ends at once, and they do.
            _ => policy::train(self, &files)?,
        };
        let (Some(mut results), Some(policy)) = (judged, policy) else {
            return Ok(Outcome::Interrupted);
        };
        files.extend(policy.files);
        let min_advantage = policy.results.as_ref().map_or(f32::MAX, |judged| judged.min_advantage);
        results.policy = policy.results;
        self.export(&network, &files, &results, min_advantage, command)?;
        Ok(Outcome::Finished)
    }

    /// Judges the exported networks, run as the agent runs them, on the test part, beside what their
    /// parts do alone, the shipped model and classical forecasters. `None` if interrupted; what was
    /// forecast up to then is kept.
    fn judge(&self, files: &NetworkFiles) -> Result<Option<Results>> {
        let extent = Extent::of(self.config.training.quick);
        let mut series = TestSeries::of(&self.corpus.own, TEST_STRIDE);
        let note = extent.cut(&mut series);
        let series = vec![series];
        let network = runnable(files)?;
        let ours = exported(files, FORECASTER_INT8, OURS, network.clone())?;
        let mut models = vec![Model { parts: extent.parts, ..ours }];
        if extent.parts {
            let exact = Runnable::Tract(engine(files, FORECASTER_F32)?);
            models.push(exported(files, FORECASTER_F32, EXACT, exact)?);
        }
        models.push(Model::open(Origin::BuiltIn, SHIPPED)?);
        let contest = Contest {
            models,
            others: Vec::new(),
            experts: true,
            baselines: extent.baselines.into(),
            columns: &[Columns::Recorded],
            warm_days: Some(extent.warm_days),
        };
        let progress = SharedProgress::begin("evaluation", contest.work(&series));
        let (tick, kept) = (|more| progress.add(more), self.run.judged());
        let around = Around { tick: &tick, stop: self.stop, kept: Some(&kept) };
        let judged = contest.run(series, around);
        if (self.stop)() {
            return Ok(None);
        }
        let judged = judged?;
        let compared = judged.first().context("nothing was judged")?;
        let origins = compared.series.origins().count();
        progress
            .end(&note.clone().unwrap_or_else(|| format!("{origins} origins of the test part")));
        // Compact: it is read by reports alone.
        let view = SeriesView { note, ..SeriesView::of(compared) };
        write_atomic(&self.run.forecasts(), &serde_json::to_vec(&view)?)?;
        let scores = |s: &Standing| (key(&s.name).into(), s.scores.clone());
        Ok(Some(Results {
            interval_s: compared.series.length.seconds(),
            forecast: compared.standings.iter().map(scores).collect(),
            importance: importance(
                &mut network.clone(),
                &self.corpus.own.test_windows(TEST_STRIDE),
            )?,
            policy: None,
        }))
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
