//! The policy stage: workloads with the real forecaster's forecasts, the DQN on them, its export.

use super::context::RunContext;
use super::curves::{Curves, Stage};
use super::extent::Extent;
use super::workloads::workloads;
use crate::evaluate::policy::EvalReport;
use crate::export::{NetworkFiles, q_network_files};
use crate::learn::rl::settings::PolicySettings;
use crate::learn::rl::training::PolicyTraining;
use crate::learn::run_loop::{Checkpoints, Outcome, RunLoop, Surroundings};
use crate::model::runnable::Runnable;
use crate::runtime::progress::Progress;
use anyhow::Result;
use std::cell::RefCell;

/// States that activation scales are measured on.
const CALIBRATION_STATES: usize = 512;

/// What the stage leaves.
pub(super) struct Trained {
    /// The exported networks.
    pub(super) files: NetworkFiles,
    /// How the best network did against the rules.
    pub(super) results: EvalReport,
}

/// Trains or resumes the policy on the forecasts of `engine`; `None` if interrupted.
///
/// # Errors
/// If a load cannot be made or a file cannot be written.
pub(super) fn train(context: &RunContext<'_>, engine: &Runnable) -> Result<Option<Trained>> {
    let RunContext { run, config, corpus, device, stop, .. } = context;
    let Some([workloads, held_out]) = workloads(corpus, config, engine, *stop)? else {
        return Ok(None);
    };
    let usual = PolicySettings::new(config);
    let Extent { judged_ticks, policy_warm_s, after_ticks, .. } = Extent::of(config.training.quick);
    let settings = PolicySettings {
        evaluate_ticks: judged_ticks.unwrap_or(usual.evaluate_ticks),
        warm_s: policy_warm_s.unwrap_or(usual.warm_s),
        after_ticks: after_ticks.unwrap_or(usual.after_ticks),
        ..usual
    };
    let training = PolicyTraining::new(settings, workloads, held_out, device, *stop)?;
    let Some(training) = training else { return Ok(None) };
    let checkpoint = run.checkpoints().join("policy.ckpt");
    let mut training = RunLoop::resumed(training, &checkpoint)?;
    let done = training.steps_done();
    let curves = RefCell::new(Curves::open(run, Stage::Agent, done)?);
    let mut progress = Progress::begin("policy", config.agent.rounds as u64, done as u64);
    let mut latest = String::new();
    let outcome = training.run(&mut Surroundings {
        // One holds the whole replay memory.
        checkpoints: Some(Checkpoints { last: &checkpoint, keep_best: 0 }),
        record: &mut |round, figures| Ok(curves.borrow_mut().push(round, figures)?),
        pace: Some(&mut |round, figures| Ok(curves.borrow_mut().push_pace(round, figures)?)),
        tick: &mut |tick| {
            progress.set(tick.steps as u64, || tick.note.into());
            latest = tick.note.into();
        },
        stop: *stop,
    })?;
    if outcome == Outcome::Interrupted {
        return Ok(None);
    }
    progress.end(&latest);
    let trained = training.trained();
    let states = trained.sample_states(CALIBRATION_STATES);
    let files = q_network_files(&trained.best_network().export(), &states)?;
    Ok(trained.verdict(*stop).map(|results| Trained { files, results }))
}
