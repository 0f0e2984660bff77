//! The policy stage: workloads with the real forecaster's forecasts, the DQN on them, its export.

use super::pipeline::Stages;
use crate::config::Config;
use crate::data::workload::{Workload, forecast_all};
use crate::data::{Corpus, Track};
use crate::experiment::curves::{Curves, Stage};
use crate::export::{NetworkFiles, q_network_files};
use crate::learn::rl::dqn::{DqnConfig, DqnTrainer};
use crate::learn::rl::judge::EvalReport;
use crate::runtime::progress::Progress;
use crate::runtime::stop;
use crate::runtime::threads::in_parallel;
use anyhow::Result;
use scaleiq_core::interval::{Interval, IntervalLength};
use scaleiq_core::model::ForecastNetwork;
use scaleiq_core::units::UnixSeconds;
use scaleiq_workload::sim::{LoadSettings, Series};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Days of each load: a week of memory and five to be played.
const LOAD_DAYS: usize = 12;
/// Loads of the user's own traffic, at different scales.
const OWN_LOADS: usize = 4;
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
    let [workloads, held_out] = workloads(stages.corpus, stages.config.seed, &engine)?;
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
        let start = Instant::now();
        let report = trainer.round();
        let per_second = report.decisions as f64 / start.elapsed().as_secs_f64();
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
        progress.set(report.round.into(), || format!("{latest}; {per_second:.0} decisions/s"));
        trainer.save(&checkpoint)?;
        if stop::requested() && trainer.rounds_done() < trainer.rounds_total() {
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

/// A load to be made.
struct Wish<'a> {
    name: String,
    rows: &'a [Interval],
    length: IntervalLength,
    /// Seed of what is drawn at random.
    seed: u64,
    /// Whether scale, work and bursts are as the bench has them, and not drawn as well.
    as_in_bench: bool,
}

impl Wish<'_> {
    fn make(&self, engine: &ForecastNetwork) -> Result<Workload> {
        let events = |i: &Interval| i.arrivals_events.unwrap_or(f32::NAN);
        let counts: Vec<f32> = self.rows.iter().map(events).collect();
        let interval_s = self.length.seconds();
        let first = self.rows.first().map(|i| i.end.plus(-i64::from(interval_s)));
        let start = first.unwrap_or(UnixSeconds(0));
        let series = Series { start, interval_s, counts_events: &counts };
        let mut forecast = |intervals: &[Interval]| forecast_all(engine, intervals);
        if self.as_in_bench {
            let settings = LoadSettings::default();
            Workload::new(&self.name, &series, &settings, self.seed, &mut forecast)
        } else {
            Workload::randomised(&self.name, &series, self.seed, &mut forecast)
        }
    }
}

/// What to train on and what to judge with: of each real series the training part and the validation
/// part, and made-up series. The test part of no series is in either.
fn wishes(corpus: &Corpus, seed: u64) -> [Vec<Wish<'_>>; 2] {
    let days = |track: &Track| LOAD_DAYS * track.length.steps_per_day();
    let until = |track: &Track, end: usize| end.saturating_sub(days(track))..end;
    let own = &corpus.own;
    let real = || std::iter::once(own).chain(&corpus.further).filter(|t| t.is_judged());
    let mut parts = [Vec::new(), Vec::new()];
    let room = own.validation_from.saturating_sub(days(own));
    for k in 0..OWN_LOADS {
        let end = room * k / (OWN_LOADS - 1) + days(own);
        parts[0].push((own, until(own, end.min(own.validation_from))));
    }
    parts[0].extend(real().skip(1).map(|t| (t, until(t, t.validation_from))));
    parts[1].extend(real().map(|t| (t, until(t, t.test_from))));
    for (k, track) in corpus.synthetic.iter().take(MADE_UP_LOADS).enumerate() {
        parts[usize::from(k < HELD_OUT)].push((track, 0..days(track).min(track.rows.len())));
    }
    let mut seed = seed;
    [false, true].map(|held_out| {
        let part = std::mem::take(&mut parts[usize::from(held_out)]);
        let wish = part.into_iter().map(|(track, range)| {
            seed += 1;
            let later = if held_out { ", later" } else { "" };
            Wish {
                name: format!("{}{later}", track.name),
                rows: &track.rows[range],
                length: track.length,
                seed,
                as_in_bench: held_out,
            }
        });
        wish.collect()
    })
}

/// Loads to train on and loads to judge with.
fn workloads(corpus: &Corpus, seed: u64, engine: &ForecastNetwork) -> Result<[Vec<Workload>; 2]> {
    let wishes = wishes(corpus, seed);
    let total = wishes.iter().map(Vec::len).sum::<usize>();
    let progress = Mutex::new((Progress::begin("workloads", total as u64, 0), 0));
    let make = |wish: &Wish<'_>| {
        let load = wish.make(engine);
        let (progress, done) = &mut *progress.lock().unwrap_or_else(PoisonError::into_inner);
        *done += 1;
        progress.set(*done, || wish.name.clone());
        load
    };
    let [train, held_out] = wishes.map(|wishes| {
        let loads = wishes.iter().zip(in_parallel(&wishes, make));
        // A made-up series may be silent for two weeks; it teaches nothing then.
        let silent = |name: &str| corpus.synthetic.iter().any(|t| name.starts_with(&t.name));
        let kept = loads.filter(|(wish, load)| load.is_ok() || !silent(&wish.name));
        kept.map(|(_, load)| load).collect::<Result<Vec<_>>>()
    });
    let loads = [train?, held_out?];
    let (progress, _) = progress.into_inner().unwrap_or_else(PoisonError::into_inner);
    progress.end(&format!("{} to train on, {} to judge with", loads[0].len(), loads[1].len()));
    Ok(loads)
}
