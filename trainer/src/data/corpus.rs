//! What a run learns from: the user's series (or the built-in sample) and made-up traffic.

use super::{Track, WindowSet, file};
use crate::config::DataConfig;
use anyhow::{Context, Result, ensure};
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use scaleiq_core::interval::{Interval, IntervalLength};
use scaleiq_core::units::UnixSeconds;
use scaleiq_workload::Series;
use scaleiq_workload::traffic::{builtin, synthetic};
use std::collections::BTreeMap;
use std::path::Path;

/// Most windows taken from the user's series, from each further one and from each made-up one: as
/// many as fit into memory and differ enough from each other.
const OWN_WINDOWS: usize = 25_000;
const FURTHER_WINDOWS: usize = 4000;
const SYNTHETIC_WINDOWS: usize = 870;
/// Rows between training windows at least: neighbours say the same.
const TRAIN_STRIDE: usize = 3;
/// Days of each made-up series: four weeks of seasons and one more.
const SYNTHETIC_DAYS: usize = 35;
/// Made-up series come at these lengths in turn beside the corpus' own, since a model must serve
/// them all.
const SYNTHETIC_LENGTHS: [u32; 2] = [300, 600];
/// Further series are also told at intervals this many times as long, where that divides a day.
const COARSER: u32 = 2;
/// Windows between test origins; no divisor of an hour, so that all phases are seen.
pub const TEST_STRIDE: usize = 7;
/// Fewest rows that can be split, each part longer than a forecast.
const FEWEST_ROWS: usize = 1000;

/// All series of a run.
#[derive(Clone, Debug)]
pub struct Corpus {
    /// The user's series, or the built-in sample.
    pub own: Track,
    /// Further series and their augmentation.
    pub further: Vec<Track>,
    /// Made-up series.
    pub synthetic: Vec<Track>,
    /// Name to fingerprint, for the card.
    pub fingerprints: BTreeMap<String, String>,
    /// What the reader noticed.
    pub notes: Vec<String>,
    /// Seed of the dates of training windows.
    seed: u64,
}

impl Corpus {
    /// Reads or makes all series.
    ///
    /// # Errors
    /// If a file cannot be read or is too short to be split.
    pub fn load(config: &DataConfig, seed: u64) -> Result<Self> {
        let (name, series) = match &config.path {
            Some(path) => (file_name(path), file::read(path, &config.reading)?),
            None => {
                let series = builtin::generate(&builtin::SampleSpec::default());
                ("built-in sample".to_string(), series)
            }
        };
        let mut corpus = Self {
            own: track(&name, &series, config.interval_s, config)?,
            further: Vec::new(),
            synthetic: Vec::new(),
            fingerprints: BTreeMap::from([(name, series.fingerprint())]),
            notes: series.notes,
            seed,
        };
        for (k, path) in config.also.iter().enumerate() {
            corpus.add_further(path, config, &mut stream(seed, 10_000 + k as u64))?;
        }
        corpus.make_up(config.synthetic_series, seed);
        Ok(corpus)
    }

    /// A further file at its own interval and at a coarser one, each also in augmentation.
    fn add_further(
        &mut self,
        path: &Path,
        config: &DataConfig,
        rng: &mut ChaCha8Rng,
    ) -> Result<()> {
        let name = file_name(path);
        let series = file::read(path, &config.reading)?;
        let plain = track(&name, &series, IntervalLength::TWO_MINUTES.seconds(), config)?;
        self.further.push(plain.augmented(rng));
        let coarser_s = COARSER * plain.length.seconds();
        // A series too short for longer intervals teaches at its own alone.
        if let Ok(coarser) = track(&name, &series, coarser_s, config) {
            self.further.push(coarser.augmented(rng));
        }
        self.further.push(plain);
        self.fingerprints.insert(name, series.fingerprint());
        self.notes.extend(series.notes);
        Ok(())
    }

    /// Made-up series at the corpus' own length and others in turn; some are held out of training.
    fn make_up(&mut self, count: usize, seed: u64) {
        if count > 0 {
            let label = format!("{count} made-up series, seed {seed}");
            self.fingerprints.insert(label, env!("CARGO_PKG_VERSION").into());
        }
        let other = SYNTHETIC_LENGTHS.map(IntervalLength::new);
        let held_out = count / 8;
        self.synthetic = (0..count)
            .map(|k| {
                // Those held out judge the policy too, which plays at the corpus' own length.
                let turn = if k < held_out.max(OWN_LENGTH) { None } else { other.get(k % 4) };
                let length = turn.and_then(|l| l.as_ref().ok()).copied().unwrap_or(self.own.length);
                let rows = made_up_series(seed, k as u64, length);
                let test_from = rows.len();
                let validation_from = if k < held_out { 0 } else { test_from };
                let name = format!("made-up {}", k + 1);
                Track { name, rows, plans: Vec::new(), length, validation_from, test_from }
            })
            .collect();
    }

    /// Windows of the training part of a series that matters most.
    #[must_use]
    pub fn own_training(own: &Track) -> WindowSet {
        own.training_windows(TRAIN_STRIDE, OWN_WINDOWS)
    }

    /// Windows of its validation part.
    #[must_use]
    pub fn own_validation(own: &Track) -> WindowSet {
        own.validation_windows(TEST_STRIDE, OWN_WINDOWS)
    }

    /// Windows of the training part, of all series.
    #[must_use]
    pub fn training_windows(&self) -> WindowSet {
        let mut set = Self::own_training(&self.own);
        for (tracks, most) in
            [(&self.further, FURTHER_WINDOWS), (&self.synthetic, SYNTHETIC_WINDOWS)]
        {
            for track in tracks {
                set.extend(track.training_windows(TRAIN_STRIDE, most));
            }
        }
        set.at_random_dates(self.seed)
    }

    /// Windows that choose the best checkpoint: later ones of the real series, and made-up series
    /// that are not trained on.
    #[must_use]
    pub fn validation_windows(&self) -> WindowSet {
        let mut set = Self::own_validation(&self.own);
        for (tracks, most) in
            [(&self.further, FURTHER_WINDOWS / 10), (&self.synthetic, SYNTHETIC_WINDOWS / 8)]
        {
            for track in tracks {
                set.extend(track.validation_windows(TEST_STRIDE, most));
            }
        }
        set.at_random_dates(self.seed + 1)
    }
}

/// The first made-up series are all of the corpus' own length: the policy plays them.
const OWN_LENGTH: usize = 7;

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// `series` at `length_s` or its own length if that is longer, split by time.
fn track(name: &str, series: &Series, length_s: u32, config: &DataConfig) -> Result<Track> {
    let length = IntervalLength::new(length_s.max(series.length_s)).context(name.to_string())?;
    let Series { rows, plans, .. } = series.resample(length);
    let seconds = length.seconds();
    ensure!(
        rows.len() >= FEWEST_ROWS,
        "{name}: {} intervals of {seconds} s are too few to train on; {FEWEST_ROWS} is the least",
        rows.len()
    );
    let share = |part: f64| (rows.len() as f64 * part) as usize;
    Ok(Track {
        name: name.into(),
        validation_from: share(config.train_fraction),
        test_from: share(config.train_fraction + config.validation_fraction),
        rows,
        plans,
        length,
    })
}

fn stream(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

fn made_up_series(seed: u64, k: u64, length: IntervalLength) -> Vec<Interval> {
    let spec = synthetic::SyntheticSpec::random(&mut stream(seed, k + 1));
    let counts = synthetic::generate(&spec, SYNTHETIC_DAYS * length.steps_per_day(), length);
    let length_s = i64::from(length.seconds());
    let interval = |(k, count): (usize, f32)| Interval {
        arrivals_events: count.is_finite().then_some(count),
        ..Interval::missing(UnixSeconds(length_s * (k as i64 + 1)))
    };
    counts.into_iter().enumerate().map(interval).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    /// A daily wave in 5-minute rows.
    fn file(folder: &Path, name: &str, rows: usize) -> std::path::PathBuf {
        let mut text = String::from("timestamp,value\n");
        for k in 0..rows {
            let value = 500.0 + 400.0 * (k as f64 / 46.0).sin();
            writeln!(text, "{},{value:.0}", 1_700_000_100 + 300 * k).unwrap();
        }
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn further_files_teach_at_their_own_and_a_coarser_interval_and_augmented() {
        let folder = tempfile::tempdir().unwrap();
        let also =
            vec![file(folder.path(), "long.csv", 2400), file(folder.path(), "short.csv", 1200)];
        let path = Some(file(folder.path(), "own.csv", 1500));
        let config = DataConfig { path, also, synthetic_series: 0, ..DataConfig::default() };
        let corpus = Corpus::load(&config, 7).unwrap();
        let told: Vec<_> =
            corpus.further.iter().map(|t| (t.name.as_str(), t.length.seconds())).collect();
        assert_eq!(
            told,
            [
                ("long.csv, augmented", 300),
                ("long.csv, augmented", 600),
                ("long.csv", 300),
                ("short.csv, augmented", 300),
                ("short.csv", 300)
            ]
        );
        assert!(corpus.fingerprints.contains_key("short.csv"));
        let own = Corpus::own_training(&corpus.own).len();
        assert!(corpus.training_windows().len() > 3 * own);
        // Tests stay untouched: of each file only the plain series reaches beyond training.
        for track in &corpus.further {
            let plain = !track.name.contains("augmented");
            assert_eq!(track.is_judged(), plain, "{}", track.name);
        }
    }

    #[test]
    fn a_further_file_that_is_too_short_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let also = vec![file(folder.path(), "tiny.csv", 300)];
        let config = DataConfig { also, synthetic_series: 0, ..DataConfig::default() };
        let error = Corpus::load(&config, 7).unwrap_err().to_string();
        assert_eq!(
            error,
            "tiny.csv: 300 intervals of 300 s are too few to train on; 1000 is the least"
        );
    }

    #[test]
    fn made_up_series_come_at_several_lengths() {
        let config = DataConfig { synthetic_series: 12, ..DataConfig::default() };
        let corpus = Corpus::load(&config, 7).unwrap();
        let lengths: Vec<u32> = corpus.synthetic.iter().map(|t| t.length.seconds()).collect();
        assert_eq!(lengths[..OWN_LENGTH], [120; OWN_LENGTH]);
        for length in [120, 300, 600] {
            assert!(lengths[OWN_LENGTH..].contains(&length), "{lengths:?}");
        }
        assert_eq!(corpus.synthetic[0].validation_from, 0);
    }
}
