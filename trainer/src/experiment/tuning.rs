//! Tunes a trained forecaster to one workload's own past.

use crate::config::Config;
use crate::data::{Corpus, Track};
use crate::export::{NetworkFiles, forecaster_files};
use crate::learn::run_loop::{Outcome, RunLoop, Surroundings, Tick};
use crate::learn::supervised::plan::Plan;
use crate::learn::supervised::training::ForecasterTraining;
use crate::model::forecaster::Forecaster;
use crate::model::weights::Weights;
use crate::runtime::stop::Stop;
use anyhow::{Result, bail};
use burn::tensor::Device;

/// Share of the rows, from the start, that is trained on; the rest chooses the best checkpoint.
const TRAINED: f64 = 0.9;

/// How far the weights move from the shipped ones to the tuned: what a workload's own past teaches
/// need not hold later, and the mean of both does well in either case (Wortsman et al. 2022, "Robust
/// fine-tuning of zero-shot models", arXiv:2109.01903).
const TRUST: f32 = 0.5;

/// A tuned forecaster and its files.
pub struct Tuned {
    /// The network.
    pub network: Forecaster,
    /// As it is written.
    pub files: NetworkFiles,
}

/// Goes on from `weights` on the rows of `track` before its test part, with `config`'s seed and
/// forecaster settings. If nothing that was learned is better on the validation part, the network stays
/// as it was. `tick` is told how it goes.
///
/// # Errors
/// If there is too little to train on, training diverges, or `stop` says so.
pub fn tune(
    weights: Weights,
    track: &Track,
    config: &Config,
    device: &Device,
    mut tick: impl FnMut(Tick),
    stop: Stop,
) -> Result<Tuned> {
    let validation_from = (track.test_from as f64 * TRAINED) as usize;
    let track = Track { validation_from, ..track.clone() };
    let train = Corpus::own_training(&track).at_random_dates(config.seed);
    let validation = Corpus::own_validation(&track).at_random_dates(config.seed + 1);
    if train.is_empty() || validation.is_empty() {
        bail!("{}: {} rows are too few to tune on", track.name, track.test_from);
    }
    let plan = Plan::new(config, train.len());
    let shape = plan.shape;
    let training =
        ForecasterTraining::from_weights(plan, weights.clone(), &train, &validation, device)?;
    let mut training = RunLoop::new(training);
    let outcome = training.run(&mut Surroundings {
        checkpoints: None,
        record: &mut |_, _| Ok(()),
        pace: None,
        tick: &mut tick,
        stop,
    })?;
    if outcome == Outcome::Interrupted {
        bail!("interrupted");
    }
    let tuned = Weights::of(training.trained().network())?;
    let network = weights.towards(&tuned, TRUST).network(&shape, device)?;
    let files = forecaster_files(&network, &train)?;
    Ok(Tuned { network, files })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::engine;
    use crate::runtime::stop::never;
    use scaleiq_core::forecast::ForecastModel as _;
    use scaleiq_core::interval::{Interval, IntervalLength};
    use scaleiq_core::model::FORECASTER_INT8;
    use scaleiq_core::units::UnixSeconds;

    fn track(n: usize) -> Track {
        let row = |k: usize| Interval {
            arrivals_events: Some(1000.0 + 900.0 * (k as f32 / 20.0).sin()),
            ..Interval::missing(UnixSeconds(600 * (k as i64 + 1)))
        };
        let rows: Vec<_> = (0..n).map(row).collect();
        let length = IntervalLength::new(600).unwrap();
        let name = "wave".into();
        Track { name, rows, plans: Vec::new(), length, validation_from: n, test_from: n }
    }

    #[test]
    fn tuning_learns_the_workload_and_gives_a_network_that_runs() {
        let mut config = Config::default().tuning();
        (config.forecaster.steps, config.forecaster.batch_size) = (Some(8), 16);
        config.training.evaluate_every = 4;
        let mut losses = Vec::new();
        let device = Device::flex().autodiff();
        let note = |tick: Tick| losses.extend(tick.best);
        let weights = Weights::shipped().unwrap();
        let files = tune(weights, &track(800), &config, &device, note, &never);
        let mut network = engine(&files.unwrap().files, FORECASTER_INT8).unwrap();
        let set = crate::data::probe_windows();
        assert!(network.infer(&set.input(0)).unwrap().iter().all(|c| c.is_finite()));
        assert!(losses.len() > 8 && losses.last() < losses.first(), "{losses:?}");
    }

    #[test]
    fn too_little_to_tune_on_is_said() {
        let config = Config::default().tuning();
        let weights = Weights::shipped().unwrap();
        let error = tune(weights, &track(30), &config, &Device::flex().autodiff(), |_| (), &never);
        assert_eq!(error.err().unwrap().to_string(), "wave: 30 rows are too few to tune on");
    }
}
