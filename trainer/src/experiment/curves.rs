//! Learning curves, and how fast they were learned: one row per figure, so that stages may record what they like.
//!
//! The two are apart since the first are the same whenever the same is learned, and the other never is.

use super::run::{Run, RunError};
use super::tensorboard::Events;
use crate::runtime::files::{FileError, write_atomic};
use serde::Serialize;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

const HEADER: &str = "stage,step,name,value";

/// What is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The forecasting network; steps are the optimiser's.
    Forecaster,
    /// The scaling policy; steps are rounds.
    Agent,
}

impl Stage {
    /// Its name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Forecaster => "forecaster",
            Self::Agent => "agent",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::Forecaster, Self::Agent].into_iter().find(|stage| stage.name() == name)
    }
}

/// A point of a learning curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// What was trained.
    pub stage: Stage,
    /// Step of that stage.
    pub step: usize,
    /// Which curve.
    pub name: String,
    /// Its value.
    pub value: f64,
}

/// Appends to `curves.csv` and `pace.csv`, and to what TensorBoard reads beside them.
#[derive(Debug)]
pub struct Curves {
    learning: Rows,
    pace: Rows,
    stage: Stage,
    events: Events,
}

impl Curves {
    /// Begins or goes on with a stage of which steps up to `done` count: rows after it, left by a
    /// run that was stopped after its last checkpoint, are dropped.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub fn open(run: &Run, stage: Stage, done: usize) -> Result<Self, RunError> {
        let (learning, mut kept) = Rows::open(&run.curves(), stage, done)?;
        let (pace, kept_pace) = Rows::open(&run.pace(), stage, done)?;
        kept.extend(kept_pace);
        let mine = kept.iter().filter(|point| point.stage == stage);
        let mine = mine.map(|point| (point.step, point.name.as_str(), point.value));
        let events = Events::begin(&run.dir().join("tensorboard").join(stage.name()), mine)?;
        Ok(Self { learning, pace, stage, events })
    }

    /// Adds what was learned by one step. Figures that are not finite are left out.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn push(&mut self, step: usize, figures: &[(&str, f64)]) -> Result<(), RunError> {
        self.learning.push(self.stage, step, figures)?;
        Ok(self.events.push(step, figures)?)
    }

    /// Adds how fast steps were taken up to this one. Figures that are not finite are left out.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn push_pace(&mut self, step: usize, figures: &[(&str, f64)]) -> Result<(), RunError> {
        self.pace.push(self.stage, step, figures)?;
        Ok(self.events.push(step, figures)?)
    }

    /// All points of such a file. No file is no points; a last line without its end (a crash) is left out.
    ///
    /// # Errors
    /// If the file cannot be read or a line is wrong.
    pub fn read(path: &Path) -> Result<Vec<Point>, RunError> {
        if !path.exists() {
            return Ok(Vec::new());
        }
        let text = fs::read_to_string(path).map_err(FileError::of("read", path))?;
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let rows = whole.lines().enumerate().skip(1);
        rows.map(|(index, row)| {
            parse_row(row).ok_or(RunError::Curves { path: path.into(), line: index + 1 })
        })
        .collect()
    }
}

/// A file of points that is appended to.
#[derive(Debug)]
struct Rows {
    path: PathBuf,
    file: File,
}

impl Rows {
    /// Opens the file without what `stage` wrote after step `done`; beside it the points that stay.
    fn open(path: &Path, stage: Stage, done: usize) -> Result<(Self, Vec<Point>), RunError> {
        let mut kept = Curves::read(path)?;
        kept.retain(|point| point.stage != stage || point.step <= done);
        let mut rows = format!("{HEADER}\n");
        for point in &kept {
            push_row(&mut rows, point.stage, point.step, &point.name, point.value);
        }
        write_atomic(path, rows.as_bytes())?;
        let file =
            OpenOptions::new().append(true).open(path).map_err(FileError::of("open", path))?;
        Ok((Self { path: path.into(), file }, kept))
    }

    fn push(
        &mut self,
        stage: Stage,
        step: usize,
        figures: &[(&str, f64)],
    ) -> Result<(), FileError> {
        let mut rows = String::new();
        for (name, value) in figures.iter().filter(|(_, value)| value.is_finite()) {
            push_row(&mut rows, stage, step, name, *value);
        }
        self.file.write_all(rows.as_bytes()).map_err(FileError::of("write", &self.path))
    }
}

fn push_row(text: &mut String, stage: Stage, step: usize, name: &str, value: f64) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{},{step},{name},{value}", stage.name());
}

fn parse_row(row: &str) -> Option<Point> {
    let [stage, step, name, value] = *row.split(',').collect::<Vec<_>>() else { return None };
    Some(Point {
        stage: Stage::parse(stage)?,
        step: step.parse().ok()?,
        name: name.into(),
        value: value.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn a_resumed_stage_forgets_what_came_after_its_checkpoint() {
        let root = tempfile::tempdir().unwrap();
        let run = Run::create(&root.path().join("a"), &Config::default()).unwrap();
        let path = run.curves();
        let mut curves = Curves::open(&run, Stage::Forecaster, 0).unwrap();
        curves.push(10, &[("train_loss", 0.5), ("learning_rate", f64::NAN)]).unwrap();
        curves.push_pace(10, &[("steps_per_second", 4.5)]).unwrap();
        curves.push(20, &[("train_loss", 0.4)]).unwrap();
        curves.push_pace(20, &[("steps_per_second", 4.0)]).unwrap();
        Curves::open(&run, Stage::Agent, 0).unwrap().push(99, &[("reward", -1.5)]).unwrap();
        fs::write(&path, fs::read_to_string(&path).unwrap() + "agent,100,rew").unwrap();
        let mut curves = Curves::open(&run, Stage::Forecaster, 10).unwrap();
        curves.push(20, &[("train_loss", 0.3)]).unwrap();
        insta::assert_snapshot!(fs::read_to_string(&path).unwrap(), @r"
        stage,step,name,value
        forecaster,10,train_loss,0.5
        agent,99,reward,-1.5
        forecaster,20,train_loss,0.3
        ");
        assert_eq!(Curves::read(&path).unwrap().len(), 3);
        let pace = Curves::read(&run.pace()).unwrap();
        let pace: Vec<_> = pace.iter().map(|p| (p.step, p.name.as_str(), p.value)).collect();
        assert_eq!(pace, [(10, "steps_per_second", 4.5)]);
    }

    #[test]
    fn a_wrong_line_is_named() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("curves.csv");
        assert_eq!(Curves::read(&path).unwrap(), []);
        fs::write(&path, "stage,step,name,value\nagent,one,reward,1\n").unwrap();
        assert!(Curves::read(&path).unwrap_err().to_string().contains("curves.csv:2: "));
    }
}
