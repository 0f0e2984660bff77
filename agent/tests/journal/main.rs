//! The journal beside a simulated pool: what was recorded is made again, whatever happens to it.

mod damage;
mod disk;
mod models;

use agent::cli::{self, Cli, Command};
use agent::decide::{self, Calendar, Decider, Engine, ModelChoice, ModelId};
use agent::journal::{
    Checked, Journal, JournalConfig, Limits, Medium, Resumed, RunContext, Summary, Unknown,
    Verdict, resume, verify,
};
use agent::lab::replay;
use clap::Parser;
use scaleiq_core::decision::Decision;
use scaleiq_core::policy::Stage;
use scaleiq_core::sample::{Reading, Sample};
use scaleiq_core::settings::Settings;
use scaleiq_core::units::{JobLimits, UnixSeconds};
use scaleiq_workload::Series;
use scaleiq_workload::sim::{Load, Simulator, Step, World};
use std::fs;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const LARGE: Limits = Limits { file_bytes: 1 << 30, files: 1000 };

fn settings() -> Settings {
    replay::settings(World::queue(), JobLimits::new(1, 60).unwrap(), &ModelChoice::None)
}

/// Traffic with a rhythm of an hour and noise, so that decisions change.
fn load(hours: usize) -> Arc<Load> {
    let step = |k: usize| {
        let phase = (k % 720) as f32 / 720.0 * std::f32::consts::TAU;
        let noise = ((k / 24 * 7919) % 101) as f32;
        let rate_per_s = 150.0 + 80.0 * phase.sin() + noise;
        Step { rate_per_s, arrivals_events: 5.0 * rate_per_s, work_s: 0.1, speed: 1.0 }
    };
    Arc::new(
        Load::from_steps(UnixSeconds(1_700_000_000), (0..hours * 720).map(step).collect()).unwrap(),
    )
}

/// A pool under an agent with a journal.
struct Plant {
    simulator: Simulator<Arc<Load>>,
    obeys: bool,
    decisions: Vec<Decision>,
}

impl Plant {
    fn new(hours: usize) -> Self {
        let limits = settings().limits;
        let simulator = Simulator::new(load(hours), World::queue(), limits, replay::TICK_S, 1);
        Self { simulator, obeys: true, decisions: Vec::new() }
    }

    /// Plays so many ticks; whether each decision became durable.
    fn play(
        &mut self,
        ticks: usize,
        decider: &mut dyn Decider,
        journal: &mut Journal,
    ) -> Vec<bool> {
        let tick = |_| {
            let sample = self.simulator.tick().expect("the load is long enough");
            decider.observe(&sample).unwrap();
            let _ = journal.sample(&sample);
            let decision = decider.decide(sample.end.plus(1));
            let (_, done) = journal.decision(&decision);
            if self.obeys {
                self.simulator.set_jobs(decision.jobs);
            }
            self.decisions.push(decision);
            done.is_ok()
        };
        (0..ticks).map(tick).collect()
    }
}

fn context(choice: &ModelChoice, settings: Settings) -> RunContext {
    let model = decide::open(choice, Engine::default(), settings, Calendar::default()).unwrap().1;
    RunContext::new(model, settings, Calendar::default(), false)
}

fn resumed(folder: &Path, limits: Limits, choice: &ModelChoice, settings: Settings) -> Resumed {
    let config = JournalConfig { folder: folder.into(), limits };
    let open = || Ok(decide::open(choice, Engine::default(), settings, Calendar::default())?.0);
    resume(&config, context(choice, settings), open).unwrap()
}

/// A run without networks.
fn rules(folder: &Path, limits: Limits) -> Resumed {
    resumed(folder, limits, &ModelChoice::None, settings())
}

fn open(context: &RunContext) -> anyhow::Result<Option<Box<dyn Decider>>> {
    let choice = match context.model.sha256 {
        Some(_) => ModelChoice::Shipped,
        None => ModelChoice::None,
    };
    let planned = context.planned.clone();
    Ok(Some(decide::open(&choice, Engine::default(), context.settings, planned)?.0))
}

fn verified(folder: &Path) -> (Summary, Vec<Verdict>) {
    let mut verdicts = Vec::new();
    let note = |checked: &Checked<'_>| {
        verdicts.push(checked.verdict);
        ControlFlow::Continue(())
    };
    (verify(folder, open, note).unwrap(), verdicts)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "journal"))
        .collect();
    files.sort();
    files
}

#[test]
fn thousands_of_decisions_are_made_again_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { file_bytes: 300_000, files: 1000 };
    let mut plant = Plant::new(48);
    // One agent that never stops, and one that is restarted now and then.
    let mut steady = open(&context(&ModelChoice::Shipped, settings())).unwrap().unwrap();
    let mut alone = Plant::new(48);
    let mut arrived = 0.0;
    for ticks in [1, 1799, 2000, 1700] {
        let mut run = resumed(folder.path(), limits, &ModelChoice::Shipped, settings());
        assert_eq!(run.past.as_ref().map_or(0, |p| p.samples), plant.decisions.len() as u64);
        let durable = plant.play(ticks, run.decider.as_mut(), &mut run.journal);
        assert!(durable.iter().all(|d| *d));
        for _ in 0..ticks {
            let sample = alone.simulator.tick().unwrap();
            arrived += f64::from(sample.arrivals_events.known().unwrap());
            steady.observe(&sample).unwrap();
            let decision = steady.decide(sample.end.plus(1));
            alone.simulator.set_jobs(decision.jobs);
            alone.decisions.push(decision);
        }
    }
    assert!(plant.decisions == alone.decisions, "a restart changes nothing");
    assert!(files(folder.path()).len() > 3);
    let jobs: std::collections::BTreeSet<_> = plant.decisions.iter().map(|d| d.jobs.0).collect();
    assert!(jobs.len() > 10, "{jobs:?}");
    let (summary, _) = verified(folder.path());
    let expected = Summary { samples: 5500, decisions: 5500, same: 5500, differing: 0, torn: None };
    assert_eq!(summary, expected);
    // The trainer reads the traffic of it, over all files.
    let series = Series::read_journal(folder.path(), None).unwrap();
    let read: f64 = series.rows.iter().filter_map(|row| row.arrivals_events).map(f64::from).sum();
    let last = f64::from(series.length_s) * arrived / (5500.0 * f64::from(replay::TICK_S));
    assert!(
        series.notes.is_empty() && (arrived - 2.0 * last..=arrived).contains(&read),
        "{read} of {arrived}"
    );
}

/// The jobs that `decide` wants at each of so many ticks, given the tick's number and its sample.
fn jobs(ticks: usize, mut decide: impl FnMut(usize, Sample) -> Decision) -> Vec<f64> {
    let mut plant = Plant::new(ticks / 120 + 1);
    let mut step = |k| {
        let sample = plant.simulator.tick().unwrap();
        let jobs = decide(k, sample).jobs;
        plant.simulator.set_jobs(jobs);
        f64::from(jobs.0)
    };
    (0..ticks).map(&mut step).collect()
}

#[test]
fn one_wrapped_counter_is_forgotten_and_does_not_come_back_with_the_journal() {
    let (fault, day) = (360, 2880);
    let ticks = fault + day + 120;
    let mut steady = open(&context(&ModelChoice::Shipped, settings())).unwrap().unwrap();
    let clean = jobs(ticks, |_, sample| {
        steady.observe(&sample).unwrap();
        steady.decide(sample.end.plus(1))
    });

    let folder = tempfile::tempdir().unwrap();
    let start = || resumed(folder.path(), LARGE, &ModelChoice::Shipped, settings());
    let mut run = Some(start());
    let wrapped = jobs(ticks, |k, mut sample| {
        if [fault + 1, fault + day - 30].contains(&k) {
            // Each journal is for one agent at a time.
            drop(run.take());
        }
        let run = run.get_or_insert_with(start);
        if k == fault {
            // The difference of two readings of a counter of 32 bits that began anew.
            sample.arrivals_events = Reading::Known(4_294_966_296.0);
        }
        run.decider.observe(&sample).unwrap();
        run.journal.sample(&sample).unwrap();
        let decision = run.decider.decide(sample.end.plus(1));
        run.journal.decision(&decision).1.unwrap();
        decision
    });
    // From ten minutes behind it on, and a day later, over the second restart.
    for (name, from) in [("after it", fault + 20), ("a day later", fault + day - 40)] {
        let sum = |jobs: &[f64]| jobs[from..from + 120].iter().sum::<f64>();
        let (cost, expected) = (sum(&wrapped), sum(&clean));
        assert!(cost <= 1.1 * expected, "{name}: {cost} job ticks instead of {expected}");
    }
}
