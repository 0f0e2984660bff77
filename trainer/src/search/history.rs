//! What a study has tried so far.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Values of the settings searched, by key.
pub type Values = BTreeMap<String, f64>;

/// One line of a study's file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum Entry {
    /// The first line: what is searched on.
    Study {
        /// Version of the file.
        version: u32,
        /// The settings around those that are searched, and the data's fingerprints.
        about: String,
    },
    /// A trial begins.
    Trial {
        /// Its number, from 0.
        id: u64,
        /// What it tries.
        values: Values,
    },
    /// A trial was evaluated.
    Report {
        /// Which.
        id: u64,
        /// After so many steps.
        step: u64,
        /// The validation loss.
        loss: f64,
    },
    /// A trial has ended.
    End {
        /// Which.
        id: u64,
        /// How.
        end: Ending,
        /// Its least validation loss; `None` if there is none.
        loss: Option<f64>,
        /// What it took in the process that ended it, in seconds.
        seconds: f64,
    },
}

/// How a trial ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It took all its steps.
    Complete,
    /// It was given up, being worse than others at the same step.
    Pruned,
    /// Its loss went out of hand.
    Diverged,
}

impl Ending {
    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Pruned => "pruned",
            Self::Diverged => "diverged",
        }
    }
}

/// A trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Its number, from 0.
    pub id: u64,
    /// What it tries.
    pub values: Values,
    /// Steps done and validation loss, ascending.
    pub reports: Vec<(u64, f64)>,
    /// How it ended and its least loss; `None` while it runs, or after whoever ran it was killed.
    pub end: Option<(Ending, Option<f64>)>,
}

impl Trial {
    /// The least loss of a trial that took all its steps.
    #[must_use]
    pub fn score(&self) -> Option<f64> {
        match self.end {
            Some((Ending::Complete, loss)) => loss,
            _ => None,
        }
    }
}

/// All trials of a study.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// What is searched on; empty before the first line.
    pub about: String,
    /// By number.
    pub trials: Vec<Trial>,
}

impl History {
    /// Takes in one more event. What repeats an event changes nothing: a trial that goes on from its
    /// checkpoint reports some steps again.
    ///
    /// # Errors
    /// If the event cannot follow those before it.
    pub fn apply(&mut self, entry: Entry) -> Result<(), &'static str> {
        let known = "a trial that never began";
        match entry {
            Entry::Study { about, .. } => self.about = about,
            Entry::Trial { id, values } => {
                if id != self.trials.len() as u64 {
                    return Err("a trial that is not the next one");
                }
                self.trials.push(Trial { id, values, reports: Vec::new(), end: None });
            }
            Entry::Report { id, step, loss } => {
                let trial = self.trials.get_mut(id as usize).ok_or(known)?;
                if trial.reports.last().is_none_or(|(last, _)| *last < step) {
                    trial.reports.push((step, loss));
                }
            }
            Entry::End { id, end, loss, .. } => {
                self.trials.get_mut(id as usize).ok_or(known)?.end = Some((end, loss));
            }
        }
        Ok(())
    }

    /// The trial with the least loss among those that took all their steps.
    #[must_use]
    pub fn best(&self) -> Option<&Trial> {
        let scored = self.trials.iter().filter_map(|trial| Some((trial.score()?, trial)));
        scored.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, trial)| trial)
    }

    /// Trials that have not ended.
    pub fn unfinished(&self) -> impl Iterator<Item = &Trial> {
        self.trials.iter().filter(|trial| trial.end.is_none())
    }

    /// Steps that were done, of trials of `steps` each; one that has ended counts as whole.
    #[must_use]
    pub fn steps_done(&self, steps: u64) -> u64 {
        let done = |trial: &Trial| match trial.end {
            Some(_) => steps,
            None => trial.reports.last().map_or(0, |(step, _)| *step),
        };
        self.trials.iter().map(done).sum()
    }
}
