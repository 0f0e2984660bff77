//! The one loop of training: step, evaluate when due, keep the best, stop early, save when due.
//!
//! What is trained only knows how to take a step and how well it does. Whatever follows from the
//! settings and the state alone, a run that is stopped (within a step as well) and resumed gives the
//! same bytes as an unbroken one.

mod kept;
mod pace;

pub use kept::{Kept, kept};
pub use pace::{PEAK_MEMORY_MIB, STEPS_PER_SECOND};

use crate::runtime::files::FileError;
use crate::runtime::frame::{self, Kind};
use crate::runtime::stop::Stop;
use anyhow::{Context as _, Result, ensure};
use pace::Pace;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::Instant;

/// A figure's name and value.
pub type Figure = (&'static str, f64);

/// When things are due, in steps; 0 is never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Steps in all.
    pub steps: usize,
    /// Steps between evaluations; the last step is always evaluated. 0: there is nothing to evaluate on.
    pub evaluate_every: usize,
    /// Whether what it begins with is evaluated as well: where nothing that is learned is better, it
    /// stays as it was.
    pub evaluate_first: bool,
    /// Evaluations without a new best after which training stops.
    pub patience: usize,
    /// Steps between checkpoints.
    pub checkpoint_every: usize,
    /// Steps between rows of the learning curves.
    pub log_every: usize,
}

/// What a step or an evaluation tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepReport {
    /// For the learning curves.
    pub figures: Vec<Figure>,
    /// For people, in a few words.
    pub note: String,
}

/// Training went out of hand: what it computes is no number any more.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("the {what}'s loss is {loss} at step {step}: diverged")]
pub struct Diverged {
    /// What is trained.
    pub what: &'static str,
    /// Its loss.
    pub loss: f32,
    /// The step, from 0.
    pub step: usize,
}

/// What can be trained.
pub trait Trainable {
    /// What its checkpoints are.
    const CHECKPOINT: Kind;
    /// All that decides what its steps do; a checkpoint goes on under the same alone.
    type Settings: Clone + PartialEq + Serialize + DeserializeOwned;
    /// All that its steps change, and the best that was kept.
    type State: Serialize + DeserializeOwned;

    /// The settings in force.
    fn settings(&self) -> &Self::Settings;

    /// When things are due.
    fn schedule(&self) -> Schedule;

    /// Takes the step after `done` others. `None` if `stop`, which it asks at its beginning at least, says so:
    /// all is as before the step then.
    ///
    /// # Errors
    /// If training has diverged.
    fn step(&mut self, done: usize, stop: Stop) -> Result<Option<StepReport>>;

    /// Says how well it does: a score, the lower the better. `None` if `stop` says so.
    fn evaluate(&self, stop: Stop) -> Option<(f64, StepReport)>;

    /// Keeps what it is now as the best.
    fn keep(&mut self);

    /// What a checkpoint holds.
    ///
    /// # Errors
    /// If the device fails to hand it over.
    fn state(&self) -> Result<Self::State>;

    /// Goes on from a checkpoint's state.
    ///
    /// # Errors
    /// If it is of another shape.
    fn restore(&mut self, state: Self::State) -> Result<()>;
}

/// Where a run stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Standing {
    /// Steps done.
    steps: usize,
    /// Steps done when it was last evaluated.
    evaluated: Option<usize>,
    /// The best score.
    best: Option<f64>,
    /// Evaluations since then.
    without_best: usize,
}

/// A checkpoint. Settings come first, so that those of another run are noticed before its state.
#[derive(Serialize, Deserialize)]
struct Checkpoint<Settings, State> {
    settings: Settings,
    standing: Standing,
    state: State,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All done.
    Finished,
    /// It was told to stop: everything is saved.
    Interrupted,
}

/// Where a run is, for a progress bar.
#[derive(Clone, Copy, Debug)]
pub struct Tick<'a> {
    /// Steps done.
    pub steps: usize,
    /// The best score so far.
    pub best: Option<f64>,
    /// How it goes, in a few words.
    pub note: &'a str,
}

/// What is saved of a run.
#[derive(Clone, Copy, Debug)]
pub struct Checkpoints<'a> {
    /// The file of the last checkpoint.
    pub last: &'a Path,
    /// How many of the best are kept beside it, see [`kept()`].
    pub keep_best: usize,
}

/// Takes the figures of a step.
pub type TakeFigures<'a> = &'a mut dyn FnMut(usize, &[Figure]) -> Result<()>;

/// What is around a run.
pub struct Surroundings<'a> {
    /// Where checkpoints go; without it nothing is saved.
    pub checkpoints: Option<Checkpoints<'a>>,
    /// Takes the figures of a step.
    pub record: TakeFigures<'a>,
    /// Takes with them how fast steps are taken and in how much memory, which is never twice the same.
    pub pace: Option<TakeFigures<'a>>,
    /// Is told of each step.
    pub tick: &'a mut dyn FnMut(Tick),
    /// Says when to stop.
    pub stop: Stop<'a>,
}

/// A training run.
#[derive(Clone, Debug)]
pub struct RunLoop<T> {
    trainable: T,
    standing: Standing,
}

impl<T: Trainable> RunLoop<T> {
    /// A run at its start.
    pub fn new(trainable: T) -> Self {
        Self { trainable, standing: Standing::default() }
    }

    /// The run that is saved at `checkpoint`; a run at its start if there is none.
    ///
    /// # Errors
    /// If the file is damaged, or was made with other settings.
    pub fn resumed(trainable: T, checkpoint: &Path) -> Result<Self> {
        let exists = checkpoint.try_exists().map_err(FileError::of("read", checkpoint))?;
        if exists { Self::load(trainable, checkpoint) } else { Ok(Self::new(trainable)) }
    }

    /// The run that is saved at `checkpoint`.
    ///
    /// # Errors
    /// If the file is missing or damaged, or was made with other settings.
    pub fn load(trainable: T, checkpoint: &Path) -> Result<Self> {
        let bytes = std::fs::read(checkpoint).map_err(FileError::of("read", checkpoint))?;
        Self::restored(trainable, &bytes, checkpoint)
    }

    /// The run whose checkpoint has these bytes; `checkpoint` is for messages.
    ///
    /// # Errors
    /// If they are damaged, or were made with other settings.
    pub fn restored(mut trainable: T, bytes: &[u8], checkpoint: &Path) -> Result<Self> {
        let saved: Checkpoint<T::Settings, T::State> = frame::decode(T::CHECKPOINT, bytes)
            .with_context(|| checkpoint.display().to_string())?;
        ensure!(
            saved.settings == *trainable.settings(),
            "{} was made with other settings; start a new run or use the old settings",
            checkpoint.display()
        );
        trainable.restore(saved.state).with_context(|| checkpoint.display().to_string())?;
        Ok(Self { trainable, standing: saved.standing })
    }

    /// Saves everything that [`Self::load`] needs to go on as if nothing had happened.
    ///
    /// # Errors
    /// If the file cannot be written; the old one is untouched then.
    pub fn save(&self, checkpoint: &Path) -> Result<()> {
        let settings = self.trainable.settings().clone();
        let (standing, state) = (self.standing.clone(), self.trainable.state()?);
        frame::write(T::CHECKPOINT, checkpoint, &Checkpoint { settings, standing, state })
    }

    /// Steps done.
    #[must_use]
    pub fn steps_done(&self) -> usize {
        self.standing.steps
    }

    /// The best score so far.
    #[must_use]
    pub fn best(&self) -> Option<f64> {
        self.standing.best
    }

    /// What is trained.
    #[must_use]
    pub fn trained(&self) -> &T {
        &self.trainable
    }

    /// Trains to the end, or until it is told to stop.
    ///
    /// # Errors
    /// If training diverges or a file cannot be written.
    pub fn run(&mut self, around: &mut Surroundings) -> Result<Outcome> {
        let schedule = self.trainable.schedule();
        let mut judged = String::from("not judged yet");
        let mut pace = Pace::default();
        if let Some(Checkpoints { last, .. }) = around.checkpoints {
            kept::forget_after(last, self.standing.steps)?;
        }
        loop {
            let told = if self.evaluation_is_due(&schedule) {
                let Some((score, told)) = self.trainable.evaluate(around.stop) else {
                    return self.interrupted(around);
                };
                self.judged(score);
                judged.clone_from(&told.note);
                // What it began with is no step of the curve.
                if self.standing.steps > 0 {
                    (around.record)(self.standing.steps, &told.figures)?;
                }
                self.keep_if_good(score, around.checkpoints)?;
                StepReport::default()
            } else if self.is_done(&schedule) {
                break;
            } else {
                let (done, began) = (self.standing.steps, Instant::now());
                let Some(told) = self.trainable.step(done, around.stop)? else {
                    return self.interrupted(around);
                };
                self.standing.steps += 1;
                pace.step_since(began);
                if is_due(schedule.log_every, done + 1) {
                    (around.record)(done + 1, &told.figures)?;
                    around.pace.as_mut().map_or(Ok(()), |tell| tell(done + 1, &pace.figures()))?;
                }
                told
            };
            self.tell(around, &judged, &told.note);
            let due = is_due(schedule.checkpoint_every, self.standing.steps);
            if due && !self.evaluation_is_due(&schedule) {
                self.save_last(around)?;
            }
        }
        self.save_last(around)?;
        Ok(Outcome::Finished)
    }

    fn is_done(&self, schedule: &Schedule) -> bool {
        let patience = schedule.patience;
        self.standing.steps >= schedule.steps
            || (patience > 0 && self.standing.without_best >= patience)
    }

    /// Whether the steps done are to be evaluated and were not yet.
    fn evaluation_is_due(&self, schedule: &Schedule) -> bool {
        let steps = self.standing.steps;
        let due = match steps {
            0 => schedule.evaluate_first,
            _ => is_due(schedule.evaluate_every, steps) || steps == schedule.steps,
        };
        schedule.evaluate_every > 0 && due && self.standing.evaluated != Some(steps)
    }

    fn judged(&mut self, score: f64) {
        self.standing.evaluated = Some(self.standing.steps);
        if self.standing.best.is_none_or(|best| score < best) {
            self.standing.best = Some(score);
            self.standing.without_best = 0;
            self.trainable.keep();
        } else {
            self.standing.without_best += 1;
        }
    }

    fn tell(&self, around: &mut Surroundings, judged: &str, note: &str) {
        let note = if note.is_empty() { judged.into() } else { format!("{judged}; {note}") };
        let Standing { steps, best, .. } = self.standing;
        (around.tick)(Tick { steps, best, note: &note });
    }

    fn interrupted(&self, around: &Surroundings) -> Result<Outcome> {
        self.save_last(around)?;
        Ok(Outcome::Interrupted)
    }

    fn save_last(&self, around: &Surroundings) -> Result<()> {
        around.checkpoints.map_or(Ok(()), |Checkpoints { last, .. }| self.save(last))
    }

    /// Saves what has this score beside the last checkpoint, if it is among the best.
    fn keep_if_good(&self, score: f64, checkpoints: Option<Checkpoints>) -> Result<()> {
        let Some(Checkpoints { last, keep_best }) = checkpoints else { return Ok(()) };
        kept::keep(last, keep_best, (self.standing.steps, score), |path| self.save(path))
    }
}

fn is_due(every: usize, steps: usize) -> bool {
    every > 0 && steps.is_multiple_of(every)
}

#[cfg(test)]
pub(crate) mod tests;
