//! Tunes a trained forecaster to one workload's own past.

use crate::config::Config;
use crate::data::{Corpus, Track};
use crate::export::{NetworkFiles, forecaster_files};
use crate::learn::supervised::forecaster::{ForecasterTrainer, Plan};
use crate::model::weights::Weights;
use crate::runtime::stop;
use anyhow::{Result, bail};
use burn::tensor::Device;

/// Share of the rows, from the start, that is trained on; the rest chooses the best checkpoint.
const TRAINED: f64 = 0.9;

/// How far the weights move from the shipped ones to the tuned: what a workload's own past teaches
/// need not hold later, and the mean of both does well in either case (Wortsman et al. 2022, "Robust
/// fine-tuning of zero-shot models", arXiv:2109.01903).
const TRUST: f32 = 0.5;

/// Goes on from `weights` on the rows of `track` before its test part, with `config`'s seed and
/// forecaster settings. `tick` is told the steps done and the loss on the validation part.
///
/// # Errors
/// If there is too little to train on, training diverges, or Ctrl-C was pressed.
pub fn tune(
    weights: Weights,
    track: &Track,
    config: &Config,
    device: &Device,
    mut tick: impl FnMut(usize, Option<f32>),
) -> Result<NetworkFiles> {
    let validation_from = (track.test_from as f64 * TRAINED) as usize;
    let track = Track { validation_from, ..track.clone() };
    let train = Corpus::own_training(&track).at_random_dates(config.seed);
    let validation = Corpus::own_validation(&track).at_random_dates(config.seed + 1);
    if train.is_empty() || validation.is_empty() {
        bail!("{}: {} rows are too few to tune on", track.name, track.test_from);
    }
    let plan = Plan::new(config, train.len());
    let shape = plan.shape;
    let mut trainer = ForecasterTrainer::from_weights(plan, weights.clone(), device)?;
    // If nothing that was learned is better on the validation part, the network stays as it was.
    tick(0, trainer.evaluate(&validation));
    while !trainer.is_done() {
        let report = trainer.step(&train, &validation)?;
        tick(report.step, report.validation);
        if stop::requested() {
            bail!("interrupted");
        }
    }
    let tuned = Weights::of(trainer.network())?;
    let network = weights.towards(&tuned, TRUST).network(&shape, device)?;
    forecaster_files(&network, &train)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::engine;
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
        let files = tune(Weights::shipped().unwrap(), &track(800), &config, &device, |_, loss| {
            losses.extend(loss);
        });
        let mut network = engine(&files.unwrap(), FORECASTER_INT8).unwrap();
        let set = crate::data::probe_windows();
        assert!(network.infer(&set.input(0)).unwrap().iter().all(|c| c.is_finite()));
        assert!(losses.len() == 3 && losses[2] < losses[0], "{losses:?}");
    }

    #[test]
    fn too_little_to_tune_on_is_said() {
        let config = Config::default().tuning();
        let weights = Weights::shipped().unwrap();
        let error = tune(weights, &track(30), &config, &Device::flex().autodiff(), |_, _| ());
        assert_eq!(error.unwrap_err().to_string(), "wave: 30 rows are too few to tune on");
    }
}
