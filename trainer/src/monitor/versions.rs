//! Versions of a model, of which one is in force.
//!
//! ```text
//! versions/  0001/ 0002/ ...  folders of models
//!            current            the one in force: a link to its folder
//!            history.jsonl      when which came into force, and why
//! ```
//!
//! The link changes at once: whoever opens `versions/current` sees one version or the other.

use crate::runtime::files::FileError;
use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

const CURRENT: &str = "current";
const HISTORY: &str = "history.jsonl";

/// A folder of versions.
#[derive(Clone, Debug)]
pub struct Versions {
    dir: PathBuf,
}

/// A line of the history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// When, in RFC 3339.
    pub at: String,
    /// The version that came into force.
    pub version: u32,
    /// Why.
    pub why: String,
}

impl Versions {
    /// Opens or makes the folder.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn open(dir: &Path) -> Result<Self> {
        fs::create_dir_all(dir).map_err(FileError::of("create", dir))?;
        Ok(Self { dir: dir.into() })
    }

    /// The folder of a version.
    #[must_use]
    pub fn folder(&self, version: u32) -> PathBuf {
        self.dir.join(name(version))
    }

    /// The link to the version in force.
    #[must_use]
    pub fn current_path(&self) -> PathBuf {
        self.dir.join(CURRENT)
    }

    /// The version in force; `None` before the first.
    ///
    /// # Errors
    /// If `current` is something else than a link to a version.
    pub fn current(&self) -> Result<Option<u32>> {
        let path = self.current_path();
        match fs::read_link(&path) {
            Ok(to) => {
                let version = to.file_name().and_then(|name| name.to_str()?.parse().ok());
                let version = version.with_context(|| {
                    format!("{} links to {}, which is no version", path.display(), to.display())
                });
                version.map(Some)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(FileError::of("read", &path)(error).into()),
        }
    }

    /// The number of the next version.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn next(&self) -> Result<u32> {
        let entries = fs::read_dir(&self.dir).map_err(FileError::of("read", &self.dir))?;
        let known = entries.flatten().filter_map(|e| e.file_name().to_str()?.parse::<u32>().ok());
        Ok(known.max().unwrap_or(0) + 1)
    }

    /// Puts a version in force and notes why.
    ///
    /// # Errors
    /// If it is not there, or the link or the history cannot be written.
    pub fn put_in_force(&self, version: u32, why: &str) -> Result<()> {
        ensure!(
            self.folder(version).is_dir(),
            "there is no version {version} in {}",
            self.dir.display()
        );
        let beside = self.dir.join(format!(".{CURRENT}.{}", std::process::id()));
        let linked = link(Path::new(&name(version)), &beside)
            .and_then(|()| fs::rename(&beside, self.current_path()));
        linked.map_err(FileError::of("write", &self.current_path()))?;
        let change =
            Change { at: format!("{:.0}", jiff::Timestamp::now()), version, why: why.into() };
        let line = serde_json::to_string(&change)? + "\n";
        let path = self.dir.join(HISTORY);
        let file = fs::OpenOptions::new().create(true).append(true).open(&path);
        let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
        Ok(written.map_err(FileError::of("write", &path))?)
    }

    /// Puts the version in force again that was before the present one, and says which.
    ///
    /// # Errors
    /// If there was none.
    pub fn roll_back(&self) -> Result<u32> {
        let Some(current) = self.current()? else {
            bail!("{} has no version in force", self.dir.display())
        };
        let before = self.history()?.into_iter().rev().find(|change| change.version < current);
        let before =
            before.with_context(|| format!("nothing was in force before version {current}"))?;
        self.put_in_force(before.version, &format!("rolled back from version {current}"))?;
        Ok(before.version)
    }

    /// What was in force, oldest first.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn history(&self) -> Result<Vec<Change>> {
        let path = self.dir.join(HISTORY);
        if !path.exists() {
            return Ok(Vec::new());
        }
        let text = fs::read_to_string(&path).map_err(FileError::of("read", &path))?;
        let line = |(number, line): (usize, &str)| {
            serde_json::from_str(line).with_context(|| {
                format!("{}:{}: not a line of its history", path.display(), number + 1)
            })
        };
        text.lines().enumerate().map(line).collect()
    }
}

fn name(version: u32) -> String {
    format!("{version:04}")
}

#[cfg(unix)]
fn link(to: &Path, at: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(to, at)
}

#[cfg(windows)]
fn link(to: &Path, at: &Path) -> std::io::Result<()> {
    std::os::windows::fs::symlink_dir(to, at)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn versions_come_into_force_and_go_back() {
        let root = tempfile::tempdir().unwrap();
        let versions = Versions::open(&root.path().join("own")).unwrap();
        assert_eq!((versions.current().unwrap(), versions.next().unwrap()), (None, 1));
        assert!(
            versions
                .put_in_force(1, "x")
                .unwrap_err()
                .to_string()
                .starts_with("there is no version 1")
        );
        for version in 1..=3 {
            assert_eq!(versions.next().unwrap(), version);
            fs::create_dir(versions.folder(version)).unwrap();
        }
        versions.put_in_force(1, "the first").unwrap();
        let error = versions.roll_back().unwrap_err().to_string();
        assert_eq!(error, "nothing was in force before version 1");
        versions.put_in_force(3, "better").unwrap();
        fs::write(versions.folder(3).join("card.json"), "3").unwrap();
        assert_eq!(fs::read_to_string(versions.current_path().join("card.json")).unwrap(), "3");
        assert_eq!(versions.roll_back().unwrap(), 1);
        assert_eq!(versions.current().unwrap(), Some(1));
        let told: Vec<u32> = versions.history().unwrap().iter().map(|c| c.version).collect();
        assert_eq!(told, [1, 3, 1]);
        assert_eq!(versions.next().unwrap(), 4, "numbers are not given twice");
    }
}
