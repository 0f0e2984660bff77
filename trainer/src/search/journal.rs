//! A study's file: lines that are only ever added, under a lock that all processes on it share.
//!
//! A line counts once its end is written. What a process that was killed left of a line is cut off by
//! the next one, under the lock.

use super::history::{Entry, History};
use crate::runtime::files::FileError;
use anyhow::{Context as _, Result, ensure};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// Version of the file.
const VERSION: u32 = 1;

/// An open study.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    history: History,
    /// Bytes and lines read so far.
    read: u64,
    lines: usize,
}

impl Journal {
    /// Opens or begins the study at `path`, which is about `about`.
    ///
    /// # Errors
    /// If the file cannot be used, is damaged, or holds a study about something else.
    pub fn open(path: &Path, about: &str) -> Result<Self> {
        let file = OpenOptions::new().create(true).read(true).append(true).open(path);
        let file = file.map_err(FileError::of("open", path))?;
        let mut journal =
            Self { path: path.into(), file, history: History::default(), read: 0, lines: 0 };
        journal.locked(|journal| {
            if journal.lines == 0 {
                journal.append(Entry::Study { version: VERSION, about: about.into() })?;
            }
            ensure!(
                journal.history.about == about,
                "{} is of other settings or data ({}): name another folder",
                journal.path.display(),
                difference(&journal.history.about, about)
            );
            Ok(())
        })?;
        Ok(journal)
    }

    /// Reads a study without taking part in it.
    ///
    /// # Errors
    /// If the file cannot be read or is damaged.
    pub fn read(path: &Path) -> Result<History> {
        let file = File::open(path).map_err(FileError::of("read", path))?;
        let history = History::default();
        let mut journal = Self { path: path.into(), file, history, read: 0, lines: 0 };
        journal.catch_up()?;
        Ok(journal.history)
    }

    /// What all processes did up to now.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Does `work` while no other process reads or writes, after what they did was read.
    ///
    /// # Errors
    /// If the file cannot be locked, read or written, or `work` fails.
    pub fn locked<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.file.lock().map_err(FileError::of("lock", &self.path))?;
        let done = self.catch_up().and_then(|whole| {
            self.file.set_len(whole).map_err(FileError::of("write", &self.path))?;
            work(self)
        });
        self.file.unlock().map_err(FileError::of("unlock", &self.path))?;
        done
    }

    /// Adds a line, which is on the disk then. Only within [`Self::locked`].
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn append(&mut self, entry: Entry) -> Result<()> {
        let mut line = serde_json::to_string(&entry).context("writing a line of a study")?;
        line.push('\n');
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data());
        written.map_err(FileError::of("write", &self.path))?;
        // As another process reads it: the last digit of a number may be another then.
        self.take(serde_json::from_str(&line).context("reading a line of a study back")?)?;
        self.read += line.len() as u64;
        Ok(())
    }

    /// Reads what was added since, and says where the last whole line ends.
    fn catch_up(&mut self) -> Result<u64> {
        let mut text = String::new();
        let read = self.file.seek(SeekFrom::Start(self.read));
        let read = read.and_then(|_| self.file.read_to_string(&mut text));
        read.map_err(FileError::of("read", &self.path))?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        for line in text[..whole].lines() {
            let entry: Entry = serde_json::from_str(line).with_context(|| {
                format!("{}:{}: not a line of a study", self.path.display(), self.lines + 1)
            })?;
            if let Entry::Study { version, .. } = &entry {
                ensure!(
                    *version == VERSION,
                    "{} is a study of version {version}, and this program writes {VERSION}",
                    self.path.display()
                );
            }
            self.take(entry)?;
        }
        self.read += whole as u64;
        Ok(self.read)
    }

    fn take(&mut self, entry: Entry) -> Result<()> {
        self.lines += 1;
        let (path, line) = (self.path.display(), self.lines);
        self.history.apply(entry).map_err(|why| anyhow::anyhow!("{path}:{line}: {why}"))
    }
}

/// The first line that two texts differ in.
fn difference(before: &str, now: &str) -> String {
    let differs = before.lines().zip(now.lines()).find(|(a, b)| a != b);
    differs.map_or_else(
        || "more or fewer of them".into(),
        |(before, now)| format!("`{}` there, `{}` now", before.trim(), now.trim()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::history::{Ending, Values};

    fn trial(id: u64) -> Entry {
        Entry::Trial { id, values: Values::from([("dropout".into(), 0.1)]) }
    }

    #[test]
    fn two_who_share_a_study_see_what_the_other_did() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("study.jsonl");
        let mut a = Journal::open(&path, "seed: 1").unwrap();
        let mut b = Journal::open(&path, "seed: 1").unwrap();
        a.locked(|a| a.append(trial(0))).unwrap();
        b.locked(|b| {
            assert_eq!(b.history().trials.len(), 1);
            b.append(trial(1))?;
            b.append(Entry::End { id: 0, end: Ending::Complete, loss: Some(0.5), seconds: 1.0 })
        })
        .unwrap();
        a.locked(|a| a.append(Entry::Report { id: 1, step: 10, loss: 0.25 })).unwrap();
        let history = Journal::read(&path).unwrap();
        assert_eq!(history, *a.history());
        assert_eq!(history.best().map(|trial| trial.id), Some(0));
        assert_eq!(history.steps_done(100), 110);
    }

    #[test]
    fn half_a_line_of_somebody_killed_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("study.jsonl");
        let mut journal = Journal::open(&path, "seed: 1").unwrap();
        journal.locked(|journal| journal.append(trial(0))).unwrap();
        let whole = std::fs::read_to_string(&path).unwrap();
        for cut in 1..20 {
            let torn = format!("{whole}{}", &whole[..cut]);
            std::fs::write(&path, torn).unwrap();
            let mut journal = Journal::open(&path, "seed: 1").unwrap();
            journal.locked(|journal| journal.append(trial(1))).unwrap();
            assert_eq!(Journal::read(&path).unwrap().trials.len(), 2, "cut at {cut}");
        }
    }

    #[test]
    fn what_is_no_study_of_these_settings_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("study.jsonl");
        Journal::open(&path, "seed: 1\nsteps: 5").unwrap();
        let error = Journal::open(&path, "seed: 1\nsteps: 6").unwrap_err().to_string();
        assert!(error.ends_with("is of other settings or data (`steps: 5` there, `steps: 6` now): name another folder"), "{error}");
        std::fs::write(&path, "a diary\n").unwrap();
        let error = format!("{:#}", Journal::open(&path, "").unwrap_err());
        assert!(error.contains("study.jsonl:1: not a line of a study: "), "{error}");
    }
}
