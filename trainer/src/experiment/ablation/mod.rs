//! What each part of the forecaster is worth.
//!
//! Networks that lack a part are trained like the whole one; parts beside the network are held still
//! in forecasting. All are judged on the test parts of all series.

mod table;
mod variant;

pub use table::{Ablation, Judged};

use crate::config::Config;
use crate::data::{Corpus, Masked, TEST_STRIDE, Track, WindowSet};
use crate::evaluate::forecasts::{Course, WARM_DAYS, rolling_planned, scores};
use crate::evaluate::metrics::HorizonScores;
use crate::export::{engine, forecaster_files};
use crate::learn::run_loop::Tick;
use crate::learn::supervised::plan::Plan;
use crate::runtime::progress::Progress;
use crate::runtime::stop::Stop;
use crate::runtime::threads::in_parallel;
use anyhow::{Result, bail};
use burn::tensor::Device;
use scaleiq_core::forecast::{Adaptation, ForecastModel, ForecastPipeline, NoModel};
use scaleiq_core::model::{FORECASTER_F32, FORECASTER_INT8, ForecastNetwork};
use std::sync::{Mutex, PoisonError};
use table::Row;
use variant::{VARIANTS, Variant};

/// A network beside which nothing adapts, and with all that does.
const ALONE: Adaptation = Adaptation { mixture: false, band: false };
const ALL: Adaptation = Adaptation { mixture: true, band: true };

/// A forecaster to be judged.
struct Candidate {
    name: String,
    network: Box<dyn Network>,
    adaptation: Adaptation,
}

/// Trains the variants on `corpus` and judges all.
///
/// # Errors
/// If training diverges or `stop` says so.
pub fn run(config: &Config, corpus: &Corpus, device: &Device, stop: Stop) -> Result<Ablation> {
    let networks = train_all(config, corpus, device, stop)?;
    let further = corpus.further.iter().filter(|track| track.is_judged());
    let judged: Vec<&Track> = std::iter::once(&corpus.own).chain(further).collect();
    let candidates = candidates(&networks);
    let pairs = candidates.iter().flat_map(|c| judged.iter().map(move |track| (c, *track)));
    let pairs: Vec<(&Candidate, &Track)> = pairs.collect();
    let progress = Progress::begin("judging", pairs.len() as u64, 0);
    let progress = Mutex::new((progress, 0));
    let scores = in_parallel(&pairs, |(candidate, track)| {
        let scores = judge(candidate, track, stop);
        let (progress, done) = &mut *progress.lock().unwrap_or_else(PoisonError::into_inner);
        *done += 1;
        progress.set(*done, || candidate.name.clone());
        scores
    });
    let (progress, _) = progress.into_inner().unwrap_or_else(PoisonError::into_inner);
    progress.end(&format!("series: {}", judged.len()));
    if stop() {
        bail!("interrupted while judging; an ablation is not resumed");
    }
    let rows: Vec<Row> = candidates
        .iter()
        .zip(scores.chunks(judged.len()))
        .map(|(candidate, scores)| Row { name: candidate.name.clone(), scores: scores.to_vec() })
        .collect();
    let series = judged
        .iter()
        .map(|track| Judged { name: track.name.clone(), interval_s: track.length.seconds() });
    Ok(Ablation { series: series.collect(), rows })
}

/// Each network among the experts and alone; beside the whole one, what the parts around it do.
fn candidates(networks: &[Trained]) -> Vec<Candidate> {
    let mut all = Vec::new();
    let mut add = |name: String, network: Box<dyn Network>, adaptation| {
        all.push(Candidate { name, network, adaptation });
    };
    for Trained { variant, int8, exact } in networks {
        let name = variant.name();
        let int8 = || Box::new(Masked { model: int8.clone(), mask: variant.mask() });
        add(name.into(), int8(), ALL);
        add(format!("{name}: network alone"), int8(), ALONE);
        if *variant == Variant::Whole {
            add("f32 instead of int8".into(), Box::new(exact.clone()), ALL);
            add("no mixture".into(), int8(), Adaptation { mixture: false, band: true });
            add("no conformal step".into(), int8(), Adaptation { mixture: true, band: false });
            add("no network".into(), Box::new(NoModel), ALL);
        }
    }
    all
}

/// A network that was trained, in both forms.
struct Trained {
    variant: Variant,
    int8: ForecastNetwork,
    exact: ForecastNetwork,
}

fn train_all(
    config: &Config,
    corpus: &Corpus,
    device: &Device,
    stop: Stop,
) -> Result<Vec<Trained>> {
    let (train, validation) = (corpus.training_windows(), corpus.validation_windows());
    let plan = Plan::new(config, train.len());
    let total = (VARIANTS.len() * plan.steps) as u64;
    let mut progress = Progress::begin("variants", total, 0);
    let mut before = 0;
    let mut networks = Vec::new();
    for variant in VARIANTS {
        let masked = |set: &WindowSet| variant.mask().map(|mask| set.masked(mask));
        let (own_train, own_validation) = (masked(&train), masked(&validation));
        let train = own_train.as_ref().unwrap_or(&train);
        let validation = own_validation.as_ref().unwrap_or(&validation);
        let tick = |tick: Tick| {
            progress
                .set(before + tick.steps as u64, || format!("{}: {}", variant.name(), tick.note));
        };
        let network = variant.train(plan.clone(), train, validation, device, tick, stop)?;
        before += plan.steps as u64;
        let files = forecaster_files(&network, train)?;
        let int8 = engine(&files, FORECASTER_INT8)?;
        networks.push(Trained { variant, int8, exact: engine(&files, FORECASTER_F32)? });
    }
    progress.end(&format!("{} networks", networks.len()));
    Ok(networks)
}

/// Any network, to be played anew on each series.
trait Network: Sync + Send {
    fn play(
        &self,
        track: &Track,
        adaptation: Adaptation,
        course: Course,
        stop: Stop,
    ) -> Vec<HorizonScores>;
}

impl<M: ForecastModel + Clone + Sync + Send> Network for M {
    fn play(
        &self,
        track: &Track,
        adaptation: Adaptation,
        course: Course,
        stop: Stop,
    ) -> Vec<HorizonScores> {
        let pipeline = ForecastPipeline::adapting(track.length, self.clone(), adaptation);
        let origins = rolling_planned(pipeline, &track.rows, &track.plans, course, |_| !stop());
        scores(&track.rows, &origins, track.length.steps_per_day(), course.from)
    }
}

fn judge(candidate: &Candidate, track: &Track, stop: Stop) -> Vec<HorizonScores> {
    let from = track.test_from;
    let start = from.saturating_sub(WARM_DAYS * track.length.steps_per_day());
    let course = Course { start, from, stride: TEST_STRIDE };
    candidate.network.play(track, candidate.adaptation, course, stop)
}
