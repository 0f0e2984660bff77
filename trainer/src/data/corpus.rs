//! What a run learns from: the user's series (or the built-in sample) and made-up traffic.

use super::{Split, WindowSet, windows};
use crate::config::DataConfig;
use anyhow::{Result, ensure};
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use scaleiq_core::interval::{Interval, IntervalLength};
use scaleiq_core::units::UnixSeconds;
use scaleiq_data::{Series, sample_traffic, synthetic};
use std::collections::BTreeMap;

/// Windows taken from the user's series and from each made-up one: as many as fit into memory and
/// differ enough from each other.
const OWN_STRIDE: usize = 3;
const SYNTHETIC_STRIDE: usize = 29;
/// Days of each made-up series: four weeks of seasons and one more.
const SYNTHETIC_DAYS: usize = 35;
/// Windows between test origins; no divisor of an hour, so that all phases are seen.
pub const TEST_STRIDE: usize = 7;
/// Fewest rows that can be split, each part longer than a forecast.
const FEWEST_ROWS: usize = 1000;

/// All series of a run at one interval length.
#[derive(Clone, Debug)]
pub struct Corpus {
    /// Name of the user's series.
    pub name: String,
    /// The user's series.
    pub own: Vec<Interval>,
    /// Made-up series.
    pub synthetic: Vec<Vec<Interval>>,
    /// Length of an interval.
    pub length: IntervalLength,
    /// Row of `own` at which validation begins.
    pub validation_from: usize,
    /// Row of `own` at which the test begins.
    pub test_from: usize,
    /// Name to fingerprint, for the card.
    pub fingerprints: BTreeMap<String, String>,
    /// What the reader noticed.
    pub notes: Vec<String>,
}

impl Corpus {
    /// Reads or makes all series.
    ///
    /// # Errors
    /// If the user's file cannot be read or is too short to be split.
    pub fn load(config: &DataConfig, seed: u64) -> Result<Self> {
        let (name, series) = match &config.path {
            Some(path) => (path.display().to_string(), Series::read_csv(path)?),
            None => {
                let series = sample_traffic::generate(&sample_traffic::SampleSpec::default());
                ("built-in sample".to_string(), series)
            }
        };
        let wanted = IntervalLength::new(config.interval_s.max(series.length_s))?;
        let series = series.resample(wanted);
        let rows = series.rows.len();
        ensure!(
            rows >= FEWEST_ROWS,
            "{name}: {rows} intervals of {} s are too few to train on; {FEWEST_ROWS} is the least",
            wanted.seconds()
        );
        let share = |part: f64| (rows as f64 * part) as usize;
        let mut fingerprints = BTreeMap::from([(name.clone(), series.fingerprint())]);
        if config.synthetic_series > 0 {
            let label = format!("{} made-up series, seed {seed}", config.synthetic_series);
            fingerprints.insert(label, env!("CARGO_PKG_VERSION").into());
        }
        let made_up = |k: usize| made_up_series(seed, k as u64, wanted);
        Ok(Self {
            validation_from: share(config.train_fraction),
            test_from: share(config.train_fraction + config.validation_fraction),
            own: series.rows,
            synthetic: (0..config.synthetic_series).map(made_up).collect(),
            length: wanted,
            fingerprints,
            notes: series.notes,
            name,
        })
    }

    /// Windows of the training part, of all series.
    #[must_use]
    pub fn training_windows(&self) -> WindowSet {
        let split = Split { from: 0, to: self.validation_from };
        let mut set = windows(&self.own, self.length, split, OWN_STRIDE);
        for series in self.synthetic.iter().skip(self.held_out()) {
            let split = Split { from: 0, to: series.len() };
            set.extend(windows(series, self.length, split, SYNTHETIC_STRIDE));
        }
        set
    }

    /// Windows that choose the best checkpoint: later ones of the user's series, and made-up series
    /// that are not trained on.
    #[must_use]
    pub fn validation_windows(&self) -> WindowSet {
        let split = Split { from: self.validation_from, to: self.test_from };
        let mut set = windows(&self.own, self.length, split, TEST_STRIDE);
        for series in self.synthetic.iter().take(self.held_out()) {
            let split = Split { from: 0, to: series.len() };
            set.extend(windows(series, self.length, split, 8 * SYNTHETIC_STRIDE));
        }
        set
    }

    /// Made-up series kept out of training.
    fn held_out(&self) -> usize {
        self.synthetic.len() / 8
    }
}

fn made_up_series(seed: u64, k: u64, length: IntervalLength) -> Vec<Interval> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(k + 1);
    let spec = synthetic::SyntheticSpec::random(&mut rng);
    let counts = synthetic::generate(&spec, SYNTHETIC_DAYS * length.steps_per_day(), length);
    let length_s = i64::from(length.seconds());
    let interval = |(k, count): (usize, f32)| Interval {
        arrivals_events: count.is_finite().then_some(count),
        ..Interval::missing(UnixSeconds(length_s * (k as i64 + 1)))
    };
    counts.into_iter().enumerate().map(interval).collect()
}
