//! One process at work on a study.

use super::history::{Ending, Entry, History, Trial, Values};
use super::journal::Journal;
use super::propose::{Dimension, importance, propose, should_prune};
use crate::config::{Config, HpoConfig};
use crate::data::{Corpus, WindowSet};
use crate::learn::run_loop::{Checkpoints, Diverged, Outcome, RunLoop, Surroundings};
use crate::learn::supervised::plan::Plan;
use crate::learn::supervised::training::ForecasterTraining;
use crate::runtime::files::{FileError, write_atomic};
use crate::runtime::progress::Progress;
use crate::runtime::stop::Stop;
use anyhow::{Context as _, Result, bail};
use burn::tensor::Device;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Proposals of one trial that may turn out impossible (heads that do not divide the width).
const PROPOSALS: u64 = 100;

/// A search, and what it works with.
pub struct Study<'a> {
    folder: PathBuf,
    config: &'a Config,
    train: WindowSet,
    validation: WindowSet,
    device: Device,
    stop: Stop<'a>,
    dimensions: Vec<Dimension>,
    journal: Journal,
}

/// A trial that this process is at; others see so by the lock, which ends with the process.
struct Claim {
    id: u64,
    config: Config,
    _lock: File,
}

/// Where a search stands when a process leaves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// All trials have ended.
    Complete,
    /// Other processes are still at some.
    Others,
    /// It was told to stop: all is saved.
    Interrupted,
}

impl<'a> Study<'a> {
    /// Opens or begins the study in `folder`.
    ///
    /// # Errors
    /// If the folder cannot be used, or holds a study of other settings or data.
    pub fn open(
        folder: &Path,
        config: &'a Config,
        corpus: &Corpus,
        device: &Device,
        stop: Stop<'a>,
    ) -> Result<Self> {
        fs::create_dir_all(folder).map_err(FileError::of("create", folder))?;
        let searched = config.hpo.searched().into_iter();
        let dimensions = searched.map(|(setting, space)| Dimension::new(setting, space));
        Ok(Self {
            folder: folder.into(),
            config,
            train: corpus.training_windows(),
            validation: corpus.validation_windows(),
            device: device.clone(),
            stop,
            dimensions: dimensions.collect(),
            journal: Journal::open(&folder.join("study.jsonl"), &about(config, corpus))?,
        })
    }

    /// Takes trials until all have begun, and says how they end on stderr.
    ///
    /// # Errors
    /// If a file cannot be written or training fails otherwise than by diverging.
    pub fn run(&mut self) -> Result<Left> {
        let (trials, steps) = (self.config.hpo.n_trials as u64, self.steps());
        let done = self.journal.history().steps_done(steps);
        let mut progress = Progress::begin("search", trials * steps, done);
        while let Some(claim) = self.claim()? {
            if self.play(&claim, &mut progress)? == Outcome::Interrupted {
                return Ok(Left::Interrupted);
            }
            self.write_best()?;
        }
        let history = self.journal.history();
        let best = history.best().and_then(Trial::score);
        let best = best.map_or_else(|| "none".into(), |loss| format!("{loss:.4}"));
        progress.end(&format!("{} trials, best validation loss {best}", history.trials.len()));
        let all_ended = history.unfinished().next().is_none();
        Ok(if all_ended { Left::Complete } else { Left::Others })
    }

    /// What was tried.
    #[must_use]
    pub fn history(&self) -> &History {
        self.journal.history()
    }

    /// What each setting accounts for, see [`importance`].
    #[must_use]
    pub fn importance(&self) -> Vec<(String, f64)> {
        importance(&self.dimensions, self.history())
    }

    /// The settings that did best, for a run of full length.
    #[must_use]
    pub fn best(&self) -> Option<Config> {
        let mut best = self.config.clone();
        self.set(&mut best, &self.history().best()?.values);
        best.hpo.enable = false;
        Some(best)
    }

    /// Where the best settings are written.
    #[must_use]
    pub fn best_path(&self) -> PathBuf {
        self.folder.join("best.yaml")
    }

    /// The next trial: one that nobody is at any more, or a new one. `None` if there is none left, or
    /// it is time to stop.
    fn claim(&mut self) -> Result<Option<Claim>> {
        if (self.stop)() {
            return Ok(None);
        }
        let (config, folder, dimensions) = (self.config, &self.folder, &self.dimensions);
        let claimed = self.journal.locked(|journal| {
            for trial in journal.history().unfinished() {
                if let Some(lock) = try_lock(&trial_folder(folder, trial.id))? {
                    return Ok(Some((trial.id, trial.values.clone(), lock)));
                }
            }
            let id = journal.history().trials.len() as u64;
            if id >= config.hpo.n_trials as u64 {
                return Ok(None);
            }
            let values = next(config, dimensions, journal.history(), id)?;
            let at = trial_folder(folder, id);
            fs::create_dir_all(&at).map_err(FileError::of("create", &at))?;
            let lock = try_lock(&at)?;
            let lock = lock.with_context(|| format!("{} is taken already", at.display()))?;
            journal.append(Entry::Trial { id, values })?;
            Ok(journal.history().trials.last().map(|trial| (id, trial.values.clone(), lock)))
        })?;
        Ok(claimed.map(|(id, values, _lock)| {
            let mut config = self.config.clone();
            shorten(&mut config);
            self.set(&mut config, &values);
            Claim { id, config, _lock }
        }))
    }

    /// Trains one trial to its end, or until it is given up or interrupted.
    fn play(&mut self, claim: &Claim, progress: &mut Progress) -> Result<Outcome> {
        let (began, id, steps) = (Instant::now(), claim.id, self.steps());
        let at = trial_folder(&self.folder, id);
        let checkpoint = at.join("forecaster.ckpt");
        let plan = Plan::new(&claim.config, self.train.len());
        let training = ForecasterTraining::new(plan, &self.train, &self.validation, &self.device)?;
        let mut training = RunLoop::resumed(training, &checkpoint)?;
        let pruned = AtomicBool::new(false);
        let stop = || pruned.load(Ordering::Relaxed) || (self.stop)();
        let others = self.journal.history().steps_done(steps)
            - self.journal.history().trials[id as usize].reports.last().map_or(0, |r| r.0);
        let (journal, pruner) = (&mut self.journal, self.config.hpo.pruner);
        let evaluate_every = self.config.training.evaluate_every as u64;
        let outcome = training.run(&mut Surroundings {
            checkpoints: Some(Checkpoints { last: &checkpoint, keep_best: 0 }),
            record: &mut |step, figures| {
                let loss = figures.iter().find(|(name, _)| *name == "validation_loss");
                let Some((_, loss)) = loss.filter(|(_, loss)| loss.is_finite()) else {
                    return Ok(());
                };
                let give_up = journal.locked(|journal| {
                    journal.append(Entry::Report { id, step: step as u64, loss: *loss })?;
                    let history = journal.history();
                    let trial = &history.trials[id as usize];
                    let ends = step as u64 >= steps;
                    Ok(!ends && should_prune(pruner, history, trial, steps, evaluate_every))
                })?;
                pruned.store(give_up, Ordering::Relaxed);
                Ok(())
            },
            pace: None,
            tick: &mut |tick| {
                progress.set(others + tick.steps as u64, || format!("trial {id}: {}", tick.note));
            },
            stop: &stop,
        });
        let (end, loss) = match outcome {
            Ok(Outcome::Finished) => (Ending::Complete, training.best()),
            Ok(Outcome::Interrupted) if pruned.into_inner() => (Ending::Pruned, training.best()),
            Ok(Outcome::Interrupted) => return Ok(Outcome::Interrupted),
            Err(error) if error.is::<Diverged>() => (Ending::Diverged, None),
            Err(error) => return Err(error.context(format!("trial {id}"))),
        };
        let seconds = began.elapsed().as_secs_f64();
        self.journal.locked(|journal| journal.append(Entry::End { id, end, loss, seconds }))?;
        let shown = loss.map_or_else(|| "no loss".into(), |loss| format!("loss {loss:.4}"));
        progress.say(&format!(
            "trial {id}: {}, {shown}, {}",
            end.name(),
            told(&self.history().trials[id as usize].values)
        ));
        // What it was trained to is of no further use; its figures are in the journal.
        fs::remove_file(&checkpoint)
            .or_else(missing_is_fine)
            .map_err(FileError::of("remove", &checkpoint))?;
        Ok(Outcome::Finished)
    }

    fn write_best(&self) -> Result<()> {
        let Some(best) = self.best() else { return Ok(()) };
        Ok(write_atomic(&self.best_path(), best.to_yaml().as_bytes())?)
    }

    fn set(&self, config: &mut Config, values: &Values) {
        set(config, &self.dimensions, values);
    }

    /// Steps of a trial.
    fn steps(&self) -> u64 {
        let mut config = self.config.clone();
        shorten(&mut config);
        config.forecaster.total_steps(self.train.len()) as u64
    }
}

/// What trial `id` tries: first of all the settings as they stand.
fn next(config: &Config, dimensions: &[Dimension], history: &History, id: u64) -> Result<Values> {
    if id == 0 {
        let value = |d: &Dimension| (d.setting.key().into(), d.setting.get(&config.forecaster));
        return Ok(dimensions.iter().map(value).collect());
    }
    for again in 0..PROPOSALS {
        let values = propose(dimensions, history, config.seed, id, again)?;
        let mut tried = config.clone();
        set(&mut tried, dimensions, &values);
        if tried.check().is_ok() {
            return Ok(values);
        }
    }
    bail!(
        "`hpo.spaces`: of {PROPOSALS} proposals none was possible; do the heads divide the widths?"
    )
}

fn set(config: &mut Config, dimensions: &[Dimension], values: &Values) {
    for dimension in dimensions {
        if let Some(value) = values.get(dimension.setting.key()) {
            dimension.setting.set(&mut config.forecaster, *value);
        }
    }
}

/// Gives a trial's settings its steps.
fn shorten(config: &mut Config) {
    if let Some(steps) = config.hpo.steps {
        let forecaster = &mut config.forecaster;
        (forecaster.steps, forecaster.epochs) = (Some(steps), None);
        forecaster.warm_restart_period = forecaster.warm_restart_period.min(steps);
    }
}

/// What a study is of: all that decides what a trial comes to. More trials, and another device, are the
/// same study.
fn about(config: &Config, corpus: &Corpus) -> String {
    let hpo = HpoConfig { n_trials: 0, enable: true, ..config.hpo.clone() };
    let mut same = Config { hpo, ..config.clone() };
    same.training.device = crate::config::DeviceChoice::Auto;
    let data = corpus.fingerprints.iter().map(|(name, print)| format!("{name}: {print}\n"));
    same.to_yaml() + &data.collect::<String>()
}

fn trial_folder(folder: &Path, id: u64) -> PathBuf {
    folder.join(format!("trial-{id:04}"))
}

/// The lock of a trial, unless somebody holds it.
fn try_lock(folder: &Path) -> Result<Option<File>> {
    let path = folder.join("lock");
    let file = File::create(&path).map_err(FileError::of("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(FileError::of("lock", &path)(error).into()),
    }
}

fn missing_is_fine(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

fn told(values: &Values) -> String {
    let all: Vec<String> =
        values.iter().map(|(key, value)| format!("{key} {}", shown(*value))).collect();
    all.join(", ")
}

/// A number in three digits.
#[must_use]
pub fn shown(value: f64) -> String {
    if value == 0.0 || (0.001..10_000.0).contains(&value.abs()) {
        let digits = (2 - value.abs().max(1e-9).log10().floor() as i32).clamp(0, 5);
        let text = format!("{value:.*}", digits as usize);
        let text = if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.')
        } else {
            &text
        };
        return text.into();
    }
    format!("{value:.2e}")
}
