//! A journal to explain: what the shipped model decided in the first hours of the built-in sample.

use agent::decide::{self, Calendar, Engine, ModelChoice};
use agent::journal::{JournalConfig, Limits, RunContext, resume};
use agent::lab::replay::{TICK_S, settings};
use scaleiq_core::units::JobLimits;
use scaleiq_workload::sim::{Load, LoadSettings, Scale, Series, Simulator, World};
use scaleiq_workload::traffic::builtin::{SampleSpec, generate};
use std::path::Path;

/// Four hours of 2-minute rows.
const ROWS: usize = 120;
const SEED: u64 = 1;

/// Writes a journal into `folder`; the same one every time.
pub(crate) fn journal(folder: &Path) {
    let sample = generate(&SampleSpec { rows: ROWS, ..SampleSpec::default() });
    let counts: Vec<f32> = sample.arrivals_filled();
    let series =
        Series { start: sample.start, interval_s: sample.length_s, counts_events: &counts };
    let scale = LoadSettings { scale: Scale::PeakJobs(20.0), ..LoadSettings::default() };
    let load = Load::from_series(&series, &scale, SEED).unwrap();

    let limits = JobLimits::new(1, 60).unwrap();
    let choice = ModelChoice::Shipped;
    let settings = settings(World::queue(), limits, &choice);
    let open = || decide::open(&choice, Engine::default(), settings, Calendar::default());
    let terms = RunContext::new(open().unwrap().1, settings, Calendar::default(), false);
    let config =
        JournalConfig { folder: folder.into(), limits: Limits { file_bytes: 1 << 24, files: 4 } };
    let mut run = resume(&config, terms, || Ok(open()?.0)).unwrap();
    let mut simulator = Simulator::new(&load, World::queue(), limits, TICK_S, SEED);
    while let Some(sample) = simulator.tick() {
        run.decider.observe(&sample).unwrap();
        run.journal.sample(&sample).unwrap();
        let decision = run.decider.decide(sample.end);
        let (_, durable) = run.journal.decision(&decision);
        durable.unwrap();
        simulator.set_jobs(decision.jobs);
    }
}
