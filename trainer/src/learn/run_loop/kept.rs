//! The best checkpoints of a run, beside its last one.
//!
//! Each is a whole checkpoint: put in the last one's place, the run goes on from there. A file's name says what it
//! is, so nothing else has to be saved of it.

use crate::runtime::files::FileError;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A checkpoint that is kept for its score.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// The file.
    pub path: PathBuf,
    /// Steps done.
    pub steps: usize,
    /// Its score, the lower the better.
    pub score: f32,
}

impl Kept {
    /// Where the checkpoint of these steps and this score is kept, beside the `last` one.
    fn new(last: &Path, steps: usize, score: f64) -> Self {
        let score = score as f32;
        let name = format!("{}step={steps}-score={score}.ckpt", prefix(last));
        Self { path: last.with_file_name(name), steps, score }
    }

    /// Reads a file's name; `None` if it is another file.
    fn of(last: &Path, path: PathBuf) -> Option<Self> {
        let name = path.file_name()?.to_str()?.strip_prefix(&prefix(last))?;
        let (steps, score) = name.strip_prefix("step=")?.split_once("-score=")?;
        let (steps, score) = (steps.parse().ok()?, score.strip_suffix(".ckpt")?.parse().ok()?);
        Some(Self { path, steps, score })
    }
}

/// How the names of the checkpoints beside `last` begin.
fn prefix(last: &Path) -> String {
    format!("{}-", last.file_stem().unwrap_or_default().to_string_lossy())
}

/// The checkpoints that are kept beside the `last` one, the best first, the earlier of two that are as good.
///
/// # Errors
/// If their folder is there and cannot be read.
pub fn kept(last: &Path) -> Result<Vec<Kept>, FileError> {
    let folder = last.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(FileError::of("read", folder)(error)),
    };
    let paths = entries.flatten().map(|entry| entry.path());
    let mut all: Vec<Kept> = paths.filter_map(|path| Kept::of(last, path)).collect();
    all.sort_by(|a, b| a.score.total_cmp(&b.score).then(a.steps.cmp(&b.steps)));
    Ok(all)
}

/// Keeps up to `most` checkpoints beside the `last` one: `save` writes the one of these steps and this score, if
/// it is among the best, and what is worse then goes.
pub(super) fn keep(
    last: &Path,
    most: usize,
    (steps, score): (usize, f64),
    save: impl FnOnce(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut all = kept(last)?;
    let new = Kept::new(last, steps, score);
    let better = all.iter().filter(|kept| kept.score <= new.score && kept.path != new.path).count();
    if better < most && score.is_finite() {
        save(&new.path)?;
        all.retain(|kept| kept.path != new.path);
        all.insert(better, new);
    }
    Ok(remove(all.drain(most.min(all.len())..))?)
}

/// Removes what is kept of later steps than `steps`: a run that was killed after its last checkpoint comes to
/// them again.
pub(super) fn forget_after(last: &Path, steps: usize) -> Result<(), FileError> {
    remove(kept(last)?.into_iter().filter(|kept| kept.steps > steps))
}

fn remove(files: impl Iterator<Item = Kept>) -> Result<(), FileError> {
    for Kept { path, .. } in files {
        fs::remove_file(&path).map_err(FileError::of("remove", &path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_stay_and_the_earlier_of_two_that_are_as_good() {
        let folder = tempfile::tempdir().unwrap();
        let last = folder.path().join("walk.ckpt");
        assert_eq!(kept(&folder.path().join("none/walk.ckpt")).unwrap(), []);
        // Other files, and those of another stage, are nobody's business.
        for other in ["walk.ckpt", "policy-step=1-score=0.ckpt", "walk-step=x-score=0.ckpt"] {
            fs::write(folder.path().join(other), "").unwrap();
        }
        let keep = |steps, score| {
            let save = |path: &Path| Ok(fs::write(path, "")?);
            keep(&last, 2, (steps, score), save).unwrap();
            kept(&last).unwrap().iter().map(|kept| kept.steps).collect::<Vec<_>>()
        };
        assert_eq!(keep(10, 0.5), [10]);
        assert_eq!(keep(20, f64::NAN), [10]);
        assert_eq!(keep(30, -0.25), [30, 10]);
        assert_eq!(keep(40, 0.5), [30, 10], "10 was as good before");
        assert_eq!(keep(50, 0.1), [30, 50]);
        assert_eq!(keep(50, 0.1), [30, 50], "the same again");
        assert!(folder.path().join("walk-step=30-score=-0.25.ckpt").exists());
        forget_after(&last, 30).unwrap();
        assert_eq!(kept(&last).unwrap().len(), 1);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4);
    }
}
