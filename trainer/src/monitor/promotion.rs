//! A model tuned to recent data, and whether it is better than the one in force.

use crate::config::Config;
use crate::data::{TEST_STRIDE, Track};
use crate::evaluate::contest::{Around, Columns, Contest, Model};
use crate::evaluate::forecasts::WARM_DAYS;
use crate::evaluate::paired::{Ratio, ratio};
use crate::evaluate::test_series::TestSeries;
use crate::experiment::tuning::{Tuned, tune};
use crate::export::{Facts, NetworkFiles, runnable, write_folder};
use crate::learn::run_loop::Tick;
use crate::model::weights::Weights;
use crate::runtime::progress::SharedProgress;
use crate::runtime::stop::Stop;
use anyhow::{Context as _, Result};
use burn::tensor::Device;
use scaleiq_core::forecast::HORIZONS;
use scaleiq_core::model::{Bundle, Q_NETWORK_F32, Q_NETWORK_INT8, sha256_hex};
use std::collections::BTreeMap;
use std::path::Path;

/// Names of both in a contest.
const OLD: &str = "in force";
const NEW: &str = "tuned";

/// A tuned model and how it does against the one it was tuned from.
pub struct Candidate {
    tuned: Tuned,
    /// The errors of the tuned one over those of the old one on the rows held back, by horizon.
    pub ratios: Vec<Option<Ratio>>,
}

/// Tunes the model in `folder` to the rows of `track` before its test part, and judges both on that part.
///
/// # Errors
/// If the model cannot be read, there is too little to tune on, or `stop` says so.
pub fn candidate(
    folder: Option<&Path>,
    track: &Track,
    config: &Config,
    device: &Device,
    tick: impl FnMut(Tick),
    stop: Stop,
) -> Result<Candidate> {
    let weights = folder.map_or_else(Weights::shipped, Weights::load)?;
    let before = Track { rows: track.rows[..track.test_from].to_vec(), ..track.clone() };
    let tuned = tune(weights, &before, config, device, tick, stop)?;
    let old = Model::open(folder, OLD)?;
    let network = runnable(&tuned.files)?;
    let hash = tuned.files.iter().map(|(_, bytes)| sha256_hex(bytes)).collect();
    let new = Model { name: NEW.into(), network, hash, trained_on: Vec::new(), parts: false };
    let contest = Contest {
        models: vec![new, old],
        others: Vec::new(),
        experts: false,
        baselines: Vec::new(),
        columns: &[Columns::Recorded],
        warm_days: Some(WARM_DAYS),
    };
    let series = vec![TestSeries::of(track, TEST_STRIDE)];
    let progress = SharedProgress::begin("judging", contest.work(&series));
    let tick = |more| progress.add(more);
    let compared = contest.run(series, Around { tick: &tick, stop, kept: None })?;
    let compared = compared.first().context("nothing was judged")?;
    progress.end(&format!("{} origins held back", compared.series.origins().count()));
    let [new, old] = compared.standings.as_slice() else { anyhow::bail!("two models were judged") };
    let ratios = HORIZONS.map(|horizon| ratio(&compared.series, &new.made, &old.made, horizon));
    Ok(Candidate { tuned, ratios: ratios.into() })
}

impl Candidate {
    /// Whether it may take the old one's place: better at the longest horizon, not by chance, and
    /// nowhere worse.
    #[must_use]
    pub fn is_better(&self) -> bool {
        let better = self.ratios.last().copied().flatten().is_some_and(|r| r.is_better());
        better && !self.ratios.iter().flatten().any(Ratio::is_worse)
    }

    /// Writes it as a model's folder, with the Q-network of the model that it was tuned from.
    ///
    /// # Errors
    /// If that cannot be read, or the folder cannot be written.
    pub fn write(
        &self,
        to: &Path,
        tuned_from: Option<&Path>,
        command: &str,
        data: BTreeMap<String, String>,
    ) -> Result<()> {
        let mut files: NetworkFiles = self.tuned.files.clone();
        match tuned_from {
            None => files.extend(Bundle::shipped_q_network().map(|(n, b)| (n, b.to_vec()))),
            Some(folder) => {
                for name in [Q_NETWORK_F32, Q_NETWORK_INT8] {
                    let path = folder.join(name);
                    let bytes = std::fs::read(&path);
                    files.push((
                        name,
                        bytes.with_context(|| format!("reading {}", path.display()))?,
                    ));
                }
            }
        }
        let card = Bundle::card_of(tuned_from)?;
        let ratios = HORIZONS.iter().zip(&self.ratios).filter_map(|(horizon, ratio)| {
            Some((format!("over_the_model_before_h{horizon}"), (*ratio)?.ratio))
        });
        let facts = Facts {
            name: card.name.clone(),
            command: command.into(),
            data: card.data.into_iter().chain(data).collect(),
            metrics: ratios.collect(),
            base: card.policy.base,
            min_advantage: card.policy.min_advantage,
        };
        write_folder(to, &self.tuned.network, &files, facts)?;
        Bundle::load(to).map(|_| ()).context("reading back what was written")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::stop::never;
    use scaleiq_core::interval::{Interval, IntervalLength};
    use scaleiq_core::units::UnixSeconds;

    #[test]
    fn a_candidate_is_judged_on_what_it_did_not_see_and_is_written_whole() {
        let row = |k: usize| Interval {
            arrivals_events: Some(1000.0 + 900.0 * (k as f32 / 20.0).sin()),
            ..Interval::missing(UnixSeconds(600 * (k as i64 + 1)))
        };
        let rows: Vec<_> = (0..1600).map(row).collect();
        let length = IntervalLength::new(600).unwrap();
        let name = "wave".into();
        let track =
            Track { name, rows, plans: Vec::new(), length, validation_from: 800, test_from: 800 };
        let mut config = Config::default().tuning();
        (config.forecaster.steps, config.forecaster.batch_size) = (Some(8), 16);
        config.training.evaluate_every = 4;
        let device = Device::flex().autodiff();
        let made = candidate(None, &track, &config, &device, |_| (), &never).unwrap();
        let ratio = made.ratios[2].unwrap();
        // 800 rows of ten minutes are 5 days and a half: blocks of six hours.
        assert!((20..=23).contains(&ratio.blocks), "{ratio:?}");
        let folder = tempfile::tempdir().unwrap();
        made.write(folder.path(), None, "a test", BTreeMap::new()).unwrap();
        let card = Bundle::load(folder.path()).unwrap().card().clone();
        assert_eq!(card.metrics["over_the_model_before_h24"], ratio.ratio);
        // What is not shown to be better stays out, whatever the ratio.
        let chance = Ratio { ratio: 0.9, low: 0.8, high: 1.1, blocks: 30 };
        let better = Ratio { ratio: 0.9, low: 0.8, high: 0.95, blocks: 30 };
        let worse = Ratio { ratio: 1.1, low: 1.05, high: 1.2, blocks: 30 };
        let judged = |all: [Ratio; 3]| {
            Candidate {
                ratios: all.map(Some).into(),
                tuned: Tuned { network: made.tuned.network.clone(), files: Vec::new() },
            }
            .is_better()
        };
        assert!(judged([better, better, better]) && judged([chance, chance, better]));
        assert!(!judged([better, better, chance]) && !judged([worse, better, better]));
    }
}
