//! What the policy plays: loads of the corpus, with the real forecaster's forecasts.

use super::extent::Extent;
use crate::config::Config;
use crate::data::recording::Recording;
use crate::data::workload::{LENGTH, Workload, forecast_all};
use crate::data::{Corpus, Track};
use crate::model::runnable::Runnable;
use crate::runtime::progress::SharedProgress;
use crate::runtime::ranks::Ranks;
use crate::runtime::stop::Stop;
use crate::runtime::threads::in_parallel;
use anyhow::Result;
use scaleiq_core::interval::{Interval, IntervalLength};
use scaleiq_workload::sim::{LoadSettings, Scale};
use std::cell::Cell;

/// Jobs that the peak of a load that judges keeps busy, as in the bench.
const JUDGED_PEAK: f32 = 40.0;

/// Forecasts between two reports of progress.
const TICK: u64 = 128;

/// A load to be made.
struct Spec<'a> {
    name: String,
    rows: &'a [Interval],
    length: IntervalLength,
    /// Seed of what is drawn at random.
    seed: u64,
    /// Whether scale, work and bursts are as the bench has them, and not drawn as well.
    as_in_bench: bool,
}

impl Spec<'_> {
    /// Forecasts that it takes.
    fn forecasts(&self) -> u64 {
        let seconds = self.rows.len() as u64 * u64::from(self.length.seconds());
        seconds / u64::from(LENGTH.seconds())
    }

    /// `tick` is told of each stretch of rows that was forecast.
    fn make(
        &self,
        engine: &Runnable,
        max_jobs: f32,
        tick: &dyn Fn(u64),
        stop: Stop,
    ) -> Result<Workload> {
        let recording = Recording::of(self.rows, self.length.seconds());
        let mut forecast = |intervals: &[Interval]| {
            let rows = Cell::new(0u64);
            forecast_all(engine, intervals, &|| {
                rows.set(rows.get() + 1);
                if rows.get().is_multiple_of(TICK) {
                    tick(TICK);
                }
                stop()
            })
        };
        if self.as_in_bench {
            let scale = Scale::PeakJobs(JUDGED_PEAK.min(max_jobs));
            let settings = LoadSettings { scale, ..LoadSettings::default() };
            Workload::new(&self.name, &recording, &settings, self.seed, &mut forecast)
        } else {
            let forecast = &mut forecast;
            Workload::randomised(&self.name, &recording, max_jobs, self.seed, forecast)
        }
    }
}

/// What to train on and what to judge with: of each real series the training part and the validation
/// part, and made-up series. The test part of no series is in either.
fn specs<'a>(corpus: &'a Corpus, seed: u64, extent: &Extent) -> [Vec<Spec<'a>>; 2] {
    let days = |track: &Track| extent.load_days * track.length.steps_per_day();
    let until = |track: &Track, end: usize| end.saturating_sub(days(track))..end;
    let own = &corpus.own;
    let real = || std::iter::once(own).chain(&corpus.further).filter(|t| t.is_judged());
    let mut parts = [Vec::new(), Vec::new()];
    let room = own.validation_from.saturating_sub(days(own));
    for k in 0..extent.own_loads {
        let end = room * k / (extent.own_loads - 1) + days(own);
        parts[0].push((own, until(own, end.min(own.validation_from))));
    }
    parts[0].extend(real().skip(1).map(|t| (t, until(t, t.validation_from))));
    parts[1].extend(real().map(|t| (t, until(t, t.test_from))));
    for (k, track) in corpus.synthetic.iter().take(extent.made_up_loads).enumerate() {
        parts[usize::from(k < extent.held_out)].push((track, 0..days(track).min(track.rows.len())));
    }
    let mut seed = seed;
    [false, true].map(|held_out| {
        let part = std::mem::take(&mut parts[usize::from(held_out)]);
        let spec = part.into_iter().map(|(track, range)| {
            seed += 1;
            let later = if held_out { ", later" } else { "" };
            Spec {
                name: format!("{}{later}", track.name),
                rows: &track.rows[range],
                length: track.length,
                seed,
                as_in_bench: held_out,
            }
        });
        spec.collect()
    })
}

/// Loads to train on and loads to judge with; `None` if `stop` says so. The first process alone judges, and
/// tells how far it is.
///
/// # Errors
/// If a load cannot be made.
pub(super) fn workloads(
    corpus: &Corpus,
    config: &Config,
    engine: &Runnable,
    ranks: Ranks,
    stop: Stop,
) -> Result<Option<[Vec<Workload>; 2]>> {
    if stop() {
        return Ok(None);
    }
    let max_jobs = config.agent.max_jobs.map_or(f32::INFINITY, |jobs| jobs as f32);
    let [train, held_out] = specs(corpus, config.seed, Extent::of(config.training.quick));
    let specs = [train, if ranks.is_first() { held_out } else { Vec::new() }];
    let total = specs.iter().flatten().map(Spec::forecasts).sum();
    let progress = ranks.is_first().then(|| SharedProgress::begin("workloads", total));
    let make = |spec: &Spec<'_>| {
        let tick = |more| {
            if let Some(progress) = &progress {
                progress.add_with(more, || spec.name.clone());
            }
        };
        let load = spec.make(engine, max_jobs, &tick, stop);
        tick(spec.forecasts() % TICK);
        load
    };
    let made = specs.map(|specs| {
        let loads = in_parallel(&specs, make);
        specs.into_iter().zip(loads).collect::<Vec<_>>()
    });
    if stop() {
        return Ok(None);
    }
    let [train, held_out] = made.map(|loads| {
        // A made-up series may be silent for two weeks; it teaches nothing then.
        let silent = |name: &str| corpus.synthetic.iter().any(|t| name.starts_with(&t.name));
        let kept = loads.into_iter().filter(|(spec, load)| load.is_ok() || !silent(&spec.name));
        kept.map(|(_, load)| load).collect::<Result<Vec<_>>>()
    });
    let loads = [train?, held_out?];
    if let Some(progress) = progress {
        progress.end(&format!("{} to train on, {} to judge with", loads[0].len(), loads[1].len()));
    }
    Ok(Some(loads))
}
