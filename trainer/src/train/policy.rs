//! The policy stage: workloads with the real forecaster's forecasts, the DQN on them, its export.

use super::dqn::{DqnConfig, DqnTrainer};
use super::evaluate::EvalReport;
use super::stages::Stages;
use super::workload::{Workload, forecast_all};
use crate::config::Config;
use crate::data::Corpus;
use crate::export::{NetworkFiles, q_network_files};
use crate::interrupt;
use crate::progress::Progress;
use crate::run::{Curves, Stage};
use anyhow::Result;
use scaleiq_core::interval::Interval;
use scaleiq_core::model::ForecastNetwork;
use scaleiq_core::sim::{LoadSettings, Series};
use scaleiq_core::units::UnixSeconds;

/// Days of each load: a week of memory and five to be played.
const LOAD_DAYS: usize = 12;
/// Loads of the user's own traffic, at different scales.
const OWN_LOADS: u64 = 4;
/// Made-up loads at most: forecasting them is most of the stage's preparation.
const MADE_UP_LOADS: usize = 7;
/// Of those, loads that judge and are not trained on.
const HELD_OUT: usize = 3;

/// What the stage leaves.
pub struct Trained {
    /// The exported networks.
    pub files: NetworkFiles,
    /// How the best network did against the rules.
    pub results: EvalReport,
}

impl From<&Config> for DqnConfig {
    fn from(config: &Config) -> Self {
        let a = &config.agent;
        Self {
            seed: config.seed,
            hidden: a.hidden.clone(),
            rounds: a.rounds as u32,
            batch: a.batch_size,
            memory: a.memory_size,
            alpha: a.alpha,
            beta: a.beta,
            n_step: a.n_step,
            gamma: a.gamma,
            tau: a.tau,
            learning_rate: a.learning_rate as f32,
            gradient_clip: a.gradient_clip,
            base: a.base,
            reward: a.reward,
            evaluate_every: a.evaluate_every as u32,
            ..Self::default()
        }
    }
}

/// Trains or resumes the policy on the forecasts of `engine`; `None` if interrupted.
///
/// # Errors
/// If a load cannot be made or a file cannot be written.
pub fn train(stages: &Stages<'_>, engine: ForecastNetwork) -> Result<Option<Trained>> {
    let (workloads, held_out) = workloads(stages.corpus, stages.config.seed, &engine)?;
    let checkpoint = stages.run.checkpoints().join("policy.ckpt");
    let device = &stages.device;
    let mut trainer = if checkpoint.exists() {
        DqnTrainer::load(&checkpoint, workloads.clone(), held_out, device)?
    } else {
        DqnTrainer::new(DqnConfig::from(stages.config), workloads.clone(), held_out, device)?
    };
    let done = trainer.rounds_done();
    let mut curves = Curves::open(&stages.run.curves(), Stage::Agent, done as usize)?;
    let mut progress = Progress::begin("policy", trainer.rounds_total().into(), done.into());
    let mut latest = String::from("not judged yet");
    while trainer.rounds_done() < trainer.rounds_total() {
        let report = trainer.round();
        let mut figures = vec![
            ("loss", f64::from(report.loss)),
            ("mean_q", f64::from(report.mean_q)),
            ("reward", f64::from(report.reward)),
            ("cost", f64::from(report.cost)),
            ("sla_percent", 100.0 * f64::from(report.sla)),
        ];
        if let Some(evaluation) = &report.evaluation {
            figures.push(("held_out", evaluation.dqn));
            figures.push(("held_out_planner", evaluation.planner));
            latest = format!("held out {:.3}, planner {:.3}", evaluation.dqn, evaluation.planner);
        }
        curves.push(report.round as usize, &figures)?;
        progress.set(report.round.into(), || latest.clone());
        trainer.save(&checkpoint)?;
        if interrupt::requested() && trainer.rounds_done() < trainer.rounds_total() {
            return Ok(None);
        }
    }
    progress.end(&latest);
    let weights = trainer.best_network().export();
    let states = trainer.sample_states(CALIBRATION_STATES);
    let files = q_network_files(&weights, &states)?;
    Ok(Some(Trained { files, results: trainer.evaluate() }))
}

/// States that activation scales are measured on.
const CALIBRATION_STATES: usize = 512;

/// Loads to train on and loads to judge with. The test part of the user's series is in neither.
fn workloads(
    corpus: &Corpus,
    seed: u64,
    engine: &ForecastNetwork,
) -> Result<(Vec<Workload>, Vec<Workload>)> {
    let own = &corpus.own;
    let rows = LOAD_DAYS * own.length.steps_per_day();
    let made_up: Vec<_> = corpus.synthetic.iter().take(MADE_UP_LOADS).collect();
    let total = OWN_LOADS as usize + 1 + made_up.len();
    let mut progress = Progress::begin("workloads", total as u64, 0);
    let mut forecast = |intervals: &[Interval]| forecast_all(engine, intervals);
    let mut make = |name: &str, rows: &[Interval], random: Option<u64>| {
        let counts: Vec<f32> = rows.iter().map(|i| i.arrivals_events.unwrap_or(f32::NAN)).collect();
        let interval_s = own.length.seconds();
        let start = rows.first().map_or(UnixSeconds(0), |i| i.end.plus(-i64::from(interval_s)));
        let series = Series { start, interval_s, counts_events: &counts };
        match random {
            Some(seed) => Workload::randomised(name, &series, seed, &mut forecast),
            None => Workload::new(name, &series, &LoadSettings::default(), seed, &mut forecast),
        }
    };
    let mut done = 0;
    let mut step = || {
        done += 1;
        progress.set(done, String::new);
    };
    let training = &own.rows[..own.validation_from];
    let mut train = Vec::new();
    for k in 0..OWN_LOADS {
        let room = training.len().saturating_sub(rows);
        let from = room * k as usize / (OWN_LOADS as usize - 1);
        let part = &training[from..training.len().min(from + rows)];
        train.push(make(&format!("{} {}", own.name, k + 1), part, Some(seed ^ (k + 1)))?);
        step();
    }
    let judged = &own.rows[..own.test_from];
    let judged = &judged[judged.len().saturating_sub(rows)..];
    let mut held_out = vec![make(&format!("{}, later", own.name), judged, None)?];
    step();
    for (k, series) in made_up.iter().enumerate() {
        let part = &series.rows[..series.rows.len().min(rows)];
        // A made-up series may be silent for two weeks; it teaches nothing then.
        if let Ok(load) = make(&format!("made-up {}", k + 1), part, Some(seed ^ (100 + k as u64))) {
            if k < HELD_OUT { held_out.push(load) } else { train.push(load) }
        }
        step();
    }
    progress.end(&format!("{} to train on, {} to judge with", train.len(), held_out.len()));
    Ok((train, held_out))
}
