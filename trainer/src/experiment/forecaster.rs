//! The forecaster's stage: trained by one process, or by several together.

use super::context::RunContext;
use super::curves::{Curves, Stage};
use crate::config::Config;
use crate::data::{Corpus, WindowSet};
use crate::learn::run_loop::{Checkpoints, Outcome, RunLoop, Surroundings};
use crate::learn::supervised::plan::Plan;
use crate::learn::supervised::training::ForecasterTraining;
use crate::model::forecaster::Forecaster;
use crate::model::weights::Weights;
use crate::runtime::files::FileError;
use crate::runtime::progress::Progress;
use crate::runtime::ranks::Ranks;
use crate::runtime::stop::Stop;
use anyhow::Result;
use burn::tensor::Device;
use std::cell::RefCell;
use std::path::Path;

/// Trains or resumes the forecaster; `None` if interrupted.
pub(super) fn train(
    context: &RunContext,
    train: &WindowSet,
    validation: &WindowSet,
) -> Result<Option<Forecaster>> {
    let RunContext { run, config, device, ranks, stop, .. } = context;
    let plan = Plan::new(config, train.len());
    let steps = plan.steps as u64;
    let training = ForecasterTraining::new(plan, train, validation, device)?.among(*ranks);
    let checkpoint = run.forecaster_checkpoint();
    let exists = checkpoint.try_exists().map_err(FileError::of("read", &checkpoint))?;
    let read = || std::fs::read(&checkpoint).map_err(FileError::of("read", &checkpoint));
    let saved = ranks.first_bytes(if exists { read()? } else { Vec::new() });
    let mut training = begun(training, &saved, &checkpoint)?;
    let done = training.steps_done();
    let curves = RefCell::new(Curves::open(run, Stage::Forecaster, done)?);
    let mut progress = Progress::begin("forecaster", steps, done as u64);
    let outcome = training.run(&mut Surroundings {
        checkpoints: Some(Checkpoints { last: &checkpoint, keep_best: config.training.keep_best }),
        record: &mut |step, figures| Ok(curves.borrow_mut().push(step, figures)?),
        pace: Some(&mut |step, figures| Ok(curves.borrow_mut().push_pace(step, figures)?)),
        tick: &mut |tick| progress.set(tick.steps as u64, || tick.note.into()),
        stop: *stop,
    })?;
    if outcome == Outcome::Interrupted {
        return Ok(None);
    }
    let best = training.best().map_or_else(|| "none".into(), |best| format!("{best:.4}"));
    progress.end(&format!("best validation loss {best}, {} windows", train.len()));
    Ok(Some(training.trained().network().clone()))
}

/// Takes part in training the forecaster, which the first process has begun; nothing is written.
///
/// # Errors
/// If training diverges.
pub fn help(
    config: &Config,
    corpus: &Corpus,
    device: &Device,
    ranks: Ranks,
    stop: Stop,
) -> Result<Outcome> {
    let (train, validation) = (corpus.training_windows(), corpus.validation_windows());
    let plan = Plan::new(config, train.len());
    let training = ForecasterTraining::new(plan, &train, &validation, device)?.among(ranks);
    let saved = ranks.first_bytes(Vec::new());
    begun(training, &saved, Path::new("the first process's checkpoint"))?.run(&mut Surroundings {
        checkpoints: None,
        record: &mut |_, _| Ok(()),
        pace: None,
        tick: &mut |_| (),
        stop,
    })
}

/// A run that goes on from a checkpoint of these bytes; from its start if there are none.
fn begun<'a>(
    training: ForecasterTraining<'a>,
    saved: &[u8],
    checkpoint: &Path,
) -> Result<RunLoop<ForecasterTraining<'a>>> {
    match saved {
        [] => Ok(RunLoop::new(training)),
        saved => RunLoop::restored(training, saved, checkpoint),
    }
}

/// The forecaster for training the policy alone: that of the run, or else the shipped one.
pub(super) fn trained_before(context: &RunContext, train: &WindowSet) -> Result<Forecaster> {
    let checkpoint = context.run.forecaster_checkpoint();
    let plan = Plan::new(context.config, train.len());
    if !checkpoint.exists() {
        return Weights::shipped()?.network(&plan.shape, &context.device);
    }
    let none = WindowSet::default();
    let training = ForecasterTraining::new(plan, train, &none, &context.device)?;
    Ok(RunLoop::load(training, &checkpoint)?.trained().network().clone())
}
