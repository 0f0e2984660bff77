//! The policy stage: workloads with the real forecaster's forecasts, the DQN on them, its export. Several
//! processes play; the first one learns, judges and exports.

use super::context::RunContext;
use super::curves::{Curves, Stage};
use super::extent::Extent;
use super::workloads::workloads;
use crate::config::Config;
use crate::data::Corpus;
use crate::evaluate::policy::EvalReport;
use crate::export::{NetworkFiles, file, q_network_files, runnable};
use crate::learn::rl::actors::{act, dismiss};
use crate::learn::rl::settings::PolicySettings;
use crate::learn::rl::training::PolicyTraining;
use crate::learn::run_loop::{Checkpoints, Outcome, RunLoop, Surroundings};
use crate::model::runnable::Runnable;
use crate::runtime::progress::Progress;
use crate::runtime::ranks::Ranks;
use crate::runtime::stop::Stop;
use anyhow::Result;
use scaleiq_core::model::{Bundle, FORECASTER_INT8};
use std::cell::RefCell;

/// States that activation scales are measured on.
const CALIBRATION_STATES: usize = 512;

/// What the stage leaves.
pub(super) struct Trained {
    /// The exported networks.
    pub(super) files: NetworkFiles,
    /// How the best network did against the rules; `None` if none was trained.
    pub(super) results: Option<EvalReport>,
}

/// What stands beside a forecaster on which no Q-network has learned: the shipped one, which never acts.
pub(super) fn shipped() -> Trained {
    let files = Bundle::shipped_q_network().map(|(name, bytes)| (name, bytes.to_vec()));
    Trained { files: files.into(), results: None }
}

/// Trains or resumes the policy on the forecasts of the forecaster among `files`; `None` if interrupted.
///
/// # Errors
/// If a load cannot be made or a file cannot be written.
pub(super) fn train(context: &RunContext<'_>, files: &NetworkFiles) -> Result<Option<Trained>> {
    let RunContext { ranks, stop, .. } = context;
    let engine = engine_of_first(*ranks, file(files, FORECASTER_INT8)?.to_vec())?;
    let learned = learn(context, &engine)?;
    dismiss(*ranks)?;
    // What follows is the first process's alone.
    ranks.part();
    let Some(learned) = learned else { return Ok(None) };
    let trained = learned.trained();
    let states = trained.sample_states(CALIBRATION_STATES);
    let files = q_network_files(&trained.best_network().export(), &states)?;
    Ok(trained.verdict(*stop).map(|results| Trained { files, results: Some(results) }))
}

/// Plays a share of the policy's episodes, from which the first process learns; nothing is written.
///
/// # Errors
/// If a load cannot be made, or what the first process sends cannot be understood.
pub fn help(config: &Config, corpus: &Corpus, ranks: Ranks, stop: Stop) -> Result<()> {
    let engine = engine_of_first(ranks, Vec::new())?;
    // Who is told to stop says so when it shall play, and needs no workloads for that.
    let [workloads, _] = workloads(corpus, config, &engine, ranks, stop)?.unwrap_or_default();
    act(&settings(config), &workloads, ranks, stop)
}

/// The int8 forecaster of the first process, whose `onnx` it is. Other processors may quantize to other
/// numbers.
fn engine_of_first(ranks: Ranks, onnx: Vec<u8>) -> Result<Runnable> {
    runnable(&vec![(FORECASTER_INT8, ranks.first_bytes(onnx))])
}

/// Learns to the end; `None` if interrupted.
fn learn<'a>(
    context: &RunContext<'a>,
    engine: &Runnable,
) -> Result<Option<RunLoop<PolicyTraining<'a>>>> {
    let RunContext { run, config, corpus, device, ranks, stop } = context;
    let Some([workloads, held_out]) = workloads(corpus, config, engine, *ranks, *stop)? else {
        return Ok(None);
    };
    let training = PolicyTraining::new(settings(config), workloads, held_out, device, *stop)?;
    let Some(training) = training else { return Ok(None) };
    let checkpoint = run.checkpoints().join("policy.ckpt");
    let mut training = RunLoop::resumed(training.among(*ranks), &checkpoint)?;
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
    Ok(Some(training))
}

/// All that decides what the stage does.
fn settings(config: &Config) -> PolicySettings {
    let usual = PolicySettings::new(config);
    let Extent { judged_ticks, policy_warm_s, after_ticks, .. } = Extent::of(config.training.quick);
    PolicySettings {
        evaluate_ticks: judged_ticks.unwrap_or(usual.evaluate_ticks),
        warm_s: policy_warm_s.unwrap_or(usual.warm_s),
        after_ticks: after_ticks.unwrap_or(usual.after_ticks),
        ..usual
    }
}
