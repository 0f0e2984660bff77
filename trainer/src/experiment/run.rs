//! The folder of a training run.
//!
//! ```text
//! runs/june/  config.yaml   the settings as they took effect
//!             command.txt   the command that began it
//!             run.json      and commit, seed, device and fingerprints of the data
//!             checkpoints/  to resume from: the last one of each stage, and the forecaster's best
//!             models/       what was exported
//!             curves.csv    learning curves
//!             pace.csv      steps a second and the most memory held, with each row of the curves
//!             tensorboard/  both as TensorBoard reads them
//!             metrics.json  figures on held-out data
//!             forecasts.json  what was forecast there, and where the errors are
//!             mlflow.json   what an MLflow server has of it, if one is told
//!             report.html
//!             log           one line an event
//! runs/latest               the name of the run that was begun last
//! ```
//!
//! A file appears whole or not at all, see [`write_atomic`].

use crate::config::{Config, ConfigError};
use crate::runtime::files::{FileError, write_atomic};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Where runs are kept by default.
pub const RUNS: &str = "runs";
/// The file in the folder of runs that names the run begun last.
const LATEST: &str = "latest";
const CONFIG: &str = "config.yaml";
const COMMAND: &str = "command.txt";

/// What can go wrong with a run's files.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A file or folder cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The folder holds a run already.
    #[error("{} holds a run already: add --resume to go on with it, or name another --out", .0.display())]
    Exists(PathBuf),
    /// The folder holds no run.
    #[error("{} holds no run (it has no config.yaml)", .0.display())]
    NoRun(PathBuf),
    /// No run was begun yet.
    #[error("no run was begun in {} yet: name one with --out", .0.display())]
    NoLatest(PathBuf),
    /// The run's settings cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A line of the learning curves is wrong.
    #[error("{}:{line}: not a row of learning curves", path.display())]
    Curves {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
    },
}

/// A run's folder.
#[derive(Clone, Debug)]
pub struct Run {
    dir: PathBuf,
}

impl Run {
    /// Begins a run in `dir`, which must not hold one yet, and makes it the latest.
    ///
    /// # Errors
    /// If there is a run already or the folder cannot be written.
    pub fn create(dir: &Path, config: &Config) -> Result<Self, RunError> {
        Self::vacant(dir)?;
        let run = Self { dir: dir.into() };
        for folder in [run.checkpoints(), run.judged(), run.models()] {
            fs::create_dir_all(&folder).map_err(FileError::of("create", &folder))?;
        }
        write_atomic(&run.config_path(), config.to_yaml().as_bytes())?;
        if let (Some(runs), Some(name)) = (dir.parent(), dir.file_name()) {
            write_atomic(&runs.join(LATEST), name.as_encoded_bytes())?;
        }
        Ok(run)
    }

    /// Makes sure that `dir` holds no run yet.
    ///
    /// # Errors
    /// If it does.
    pub fn vacant(dir: &Path) -> Result<(), RunError> {
        match dir.join(CONFIG).exists() {
            true => Err(RunError::Exists(dir.into())),
            false => Ok(()),
        }
    }

    /// Opens a run that was begun before.
    ///
    /// # Errors
    /// If there is none or its settings cannot be read.
    pub fn open(dir: &Path) -> Result<(Self, Config), RunError> {
        let run = Self { dir: dir.into() };
        if !run.config_path().exists() {
            return Err(RunError::NoRun(dir.into()));
        }
        let config = Config::load(&run.config_path())?;
        Ok((run, config))
    }

    /// A folder for a run that begins now: `runs/20250701-120000` in UTC, numbered if taken.
    #[must_use]
    pub fn fresh_dir(runs: &Path) -> PathBuf {
        let name = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S").to_string();
        let numbered = (2..1000).map(|n| runs.join(format!("{name}-{n}")));
        let mut names = std::iter::once(runs.join(&name)).chain(numbered);
        names.find(|dir| !dir.exists()).unwrap_or_else(|| runs.join(name))
    }

    /// The run in `runs` that was begun last.
    ///
    /// # Errors
    /// If none was.
    pub fn latest_dir(runs: &Path) -> Result<PathBuf, RunError> {
        let name = fs::read_to_string(runs.join(LATEST)).unwrap_or_default();
        match name.trim() {
            "" => Err(RunError::NoLatest(runs.into())),
            name => Ok(runs.join(name)),
        }
    }

    /// The command that began the run, which is `command` unless it is resumed: a model that was finished
    /// after a break is made by the command that began it.
    ///
    /// # Errors
    /// If the run's folder cannot be written.
    pub fn begun_by(&self, command: &str, resumed: bool) -> Result<String, RunError> {
        let path = self.dir.join(COMMAND);
        if let Some(first) = fs::read_to_string(&path).ok().filter(|_| resumed) {
            return Ok(first.trim().into());
        }
        write_atomic(&path, format!("{command}\n").as_bytes())?;
        Ok(command.into())
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The settings as they took effect.
    #[must_use]
    pub fn config_path(&self) -> PathBuf {
        self.dir.join(CONFIG)
    }

    /// Where the run comes from.
    #[must_use]
    pub fn manifest(&self) -> PathBuf {
        self.dir.join("run.json")
    }

    /// Folder of what training resumes from.
    #[must_use]
    pub fn checkpoints(&self) -> PathBuf {
        self.dir.join("checkpoints")
    }

    /// What training of the forecaster resumes from; its best checkpoints lie beside it.
    #[must_use]
    pub fn forecaster_checkpoint(&self) -> PathBuf {
        self.checkpoints().join("forecaster.ckpt")
    }

    /// Folder of exported models.
    #[must_use]
    pub fn models(&self) -> PathBuf {
        self.dir.join("models")
    }

    /// Folder of forecasts of the test part: an evaluation that was broken off goes on from them.
    #[must_use]
    pub fn judged(&self) -> PathBuf {
        self.checkpoints().join("judged")
    }

    /// The learning curves.
    #[must_use]
    pub fn curves(&self) -> PathBuf {
        self.dir.join("curves.csv")
    }

    /// How fast they were learned, and in how much memory.
    #[must_use]
    pub fn pace(&self) -> PathBuf {
        self.dir.join("pace.csv")
    }

    /// Figures on held-out data.
    #[must_use]
    pub fn metrics(&self) -> PathBuf {
        self.dir.join("metrics.json")
    }

    /// What was forecast on held-out data, for reports.
    #[must_use]
    pub fn forecasts(&self) -> PathBuf {
        self.dir.join("forecasts.json")
    }

    /// What an MLflow server has of the run.
    #[must_use]
    pub fn mlflow(&self) -> PathBuf {
        self.dir.join("mlflow.json")
    }

    /// The report.
    #[must_use]
    pub fn report(&self) -> PathBuf {
        self.dir.join("report.html")
    }

    /// Adds a line with the time to the log.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn log(&self, line: &str) -> Result<(), RunError> {
        let path = self.dir.join("log");
        let line = format!("{:.0} {line}\n", jiff::Timestamp::now());
        let file = fs::OpenOptions::new().create(true).append(true).open(&path);
        let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
        Ok(written.map_err(FileError::of("write", &path))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_told_by_the_command_that_began_it() {
        let folder = tempfile::tempdir().unwrap();
        let run = Run::create(&folder.path().join("a"), &Config::default()).unwrap();
        assert_eq!(run.begun_by("train --fresh", false).unwrap(), "train --fresh");
        assert_eq!(run.begun_by("train --resume", true).unwrap(), "train --fresh");
    }

    #[test]
    fn a_run_is_begun_once_and_opened_again() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("runs/june");
        assert!(matches!(Run::open(&dir), Err(RunError::NoRun(_))));
        let config = Config::quick();
        let run = Run::create(&dir, &config).unwrap();
        run.log("began").unwrap();
        assert!(run.judged().is_dir() && run.models().is_dir());
        assert_eq!(Run::open(&dir).unwrap().1, config);
        assert_eq!(Run::latest_dir(&root.path().join("runs")).unwrap(), dir);
        let error = Run::create(&dir, &config).unwrap_err().to_string();
        assert!(error.ends_with("add --resume to go on with it, or name another --out"), "{error}");
        let log = fs::read_to_string(dir.join("log")).unwrap();
        assert!(log.ends_with("Z began\n"), "{log}");
    }

    #[test]
    fn without_a_run_there_is_no_latest() {
        let root = tempfile::tempdir().unwrap();
        assert!(matches!(Run::latest_dir(root.path()), Err(RunError::NoLatest(_))));
        let dir = Run::fresh_dir(root.path());
        fs::create_dir(&dir).unwrap();
        assert_ne!(Run::fresh_dir(root.path()), dir);
    }
}
