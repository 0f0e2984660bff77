//! `trainer ablate`: what each part of the forecaster is worth.
//!
//! Networks that lack a part are trained like the whole one; parts beside the network are held still
//! in forecasting. All are judged on the test parts of all series.

use crate::cli::AblateArgs;
use crate::config::Config;
use crate::data::{Corpus, Masked, TEST_STRIDE, Track, WindowSet};
use crate::device;
use crate::evaluate::forecasts::{Course, NoNetwork, WARM_DAYS, rolling_planned, scores};
use crate::evaluate::metrics::HorizonScores;
use crate::export::{engine, forecaster_files};
use crate::progress::Progress;
use crate::run::write_atomic;
use crate::train::ablation::{VARIANTS, Variant};
use crate::train::forecaster::Plan;
use anyhow::{Context, Result};
use scaleiq_core::forecast::{Adaptation, ForecastModel, HORIZONS, Perception};
use scaleiq_core::model::{FORECASTER_F32, FORECASTER_INT8, ForecastNetwork};
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

/// A network beside which nothing adapts, and with all that does.
const ALONE: Adaptation = Adaptation { mixture: false, band: false };
const ALL: Adaptation = Adaptation { mixture: true, band: true };

/// One row of the table: a forecaster and its scores on each series.
struct Row {
    name: String,
    /// `[series][horizon]`
    scores: Vec<Vec<HorizonScores>>,
}

/// A forecaster to be judged.
struct Candidate {
    name: String,
    network: Box<dyn Network>,
    adaptation: Adaptation,
}

/// Trains the variants, judges all, prints the table.
///
/// # Errors
/// If the data cannot be read, training diverges, or the table cannot be written.
pub fn run(args: &AblateArgs) -> Result<()> {
    let config = args.config()?;
    let chosen = device::choose(config.training.device)?;
    eprintln!("device: {}", chosen.name);
    let corpus = Corpus::load(&config.data, config.seed).context("loading the data")?;
    let networks = train_all(&config, &corpus, &chosen.device)?;
    let further = corpus.further.iter().filter(|track| track.is_judged());
    let judged: Vec<&Track> = std::iter::once(&corpus.own).chain(further).collect();
    let candidates = candidates(&networks);
    let pairs = candidates.iter().flat_map(|c| judged.iter().map(move |track| (c, *track)));
    let pairs: Vec<(&Candidate, &Track)> = pairs.collect();
    let progress = Progress::begin("judging", pairs.len() as u64, 0);
    let progress = Mutex::new((progress, 0));
    let scores = on_two_threads(&pairs, |(candidate, track)| {
        let scores = judge(candidate, track);
        let (progress, done) = &mut *progress.lock().unwrap_or_else(PoisonError::into_inner);
        *done += 1;
        progress.set(*done, || candidate.name.clone());
        scores
    });
    let (progress, _) = progress.into_inner().unwrap_or_else(PoisonError::into_inner);
    progress.end(&format!("series: {}", judged.len()));
    let rows: Vec<Row> = candidates
        .iter()
        .zip(scores.chunks(judged.len()))
        .map(|(candidate, scores)| Row { name: candidate.name.clone(), scores: scores.to_vec() })
        .collect();
    print!("{}", table(&rows));
    if let Some(path) = &args.out {
        write_atomic(path, csv(&rows, &judged).as_bytes())?;
    }
    Ok(())
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
            add("no network".into(), Box::new(NoNetwork), ALL);
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
    device: &burn::tensor::Device,
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
        let network = variant.train(plan.clone(), train, validation, device, |step, best| {
            let message = || format!("{}: validation {best:.4}", variant.name());
            progress.set(before + step as u64, message);
        })?;
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
    fn play(&self, track: &Track, adaptation: Adaptation, course: Course) -> Vec<HorizonScores>;
}

impl<M: ForecastModel + Clone + Sync + Send> Network for M {
    fn play(&self, track: &Track, adaptation: Adaptation, course: Course) -> Vec<HorizonScores> {
        let perception = Perception::adapting(track.length, self.clone(), adaptation);
        let origins = rolling_planned(perception, &track.rows, &track.plans, course, |_| ());
        scores(&track.rows, &origins, track.length.steps_per_day(), course.from)
    }
}

fn judge(candidate: &Candidate, track: &Track) -> Vec<HorizonScores> {
    let from = track.test_from;
    let start = from.saturating_sub(WARM_DAYS * track.length.steps_per_day());
    let course = Course { start, from, stride: TEST_STRIDE };
    candidate.network.play(track, candidate.adaptation, course)
}

/// `f` of all items, in their order.
fn on_two_threads<T: Sync, R: Send>(items: &[T], f: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let (one, other) = items.split_at(items.len() / 2);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| other.iter().map(&f).collect::<Vec<R>>());
        let mut all: Vec<R> = one.iter().map(&f).collect();
        all.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        all
    })
}

/// WAPE and pinball loss over the first row's, as geometric means over the series; coverage.
fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| forecaster | WAPE, 6 steps | 12 steps | 24 steps | pinball, 24 steps | coverage | worst day |\n\
         |---|---|---|---|---|---|---|\n",
    );
    let Some(whole) = rows.first() else { return text };
    for row in rows {
        let _ = write!(text, "| {} |", row.name);
        for h in 0..HORIZONS.len() {
            let wape = |s: &HorizonScores| s.scores.point.wape;
            let _ = write!(text, " {} |", figure(geometric_ratio(row, whole, h, wape), 3));
        }
        let last = HORIZONS.len() - 1;
        let pinball = geometric_ratio(row, whole, last, |s| s.scores.pinball);
        let all = || row.scores.iter().flatten();
        let coverages: Vec<f64> = all().filter_map(|s| s.scores.coverage_80).collect();
        let mean = coverages.iter().sum::<f64>() / coverages.len() as f64;
        let worst = all().filter_map(|s| s.worst_day_coverage_80).reduce(f64::min);
        let _ = writeln!(
            text,
            " {} | {} | {} |",
            figure(pinball, 3),
            figure(Some(mean).filter(|m| m.is_finite()), 3),
            figure(worst, 2)
        );
    }
    text
}

fn figure(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "-".into(), |value| format!("{value:.digits$}"))
}

fn geometric_ratio(
    row: &Row,
    whole: &Row,
    horizon: usize,
    of: impl Fn(&HorizonScores) -> Option<f64>,
) -> Option<f64> {
    let ratios = row.scores.iter().zip(&whole.scores).filter_map(|(mine, theirs)| {
        let ratio = of(mine.get(horizon)?)? / of(theirs.get(horizon)?)?;
        (ratio > 0.0).then(|| ratio.ln())
    });
    let ratios: Vec<f64> = ratios.collect();
    (!ratios.is_empty()).then(|| (ratios.iter().sum::<f64>() / ratios.len() as f64).exp())
}

fn csv(rows: &[Row], judged: &[&Track]) -> String {
    let mut text =
        String::from("forecaster,series,interval_s,horizon,wape,pinball,coverage_80,worst_day\n");
    for row in rows {
        for (scores, track) in row.scores.iter().zip(judged) {
            for s in scores {
                let number = |v: Option<f64>| v.map_or_else(String::new, |v| format!("{v:.6}"));
                let _ = writeln!(
                    text,
                    "{},{},{},{},{},{},{},{}",
                    row.name.replace(',', ":"),
                    track.name.replace(',', " "),
                    track.length.seconds(),
                    s.horizon,
                    number(s.scores.point.wape),
                    number(s.scores.pinball),
                    number(s.scores.coverage_80),
                    number(s.worst_day_coverage_80),
                );
            }
        }
    }
    text
}
