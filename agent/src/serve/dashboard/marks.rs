//! Marks on the time axis: deploys and whatever else people note, and what the agent itself did anew.

use scaleiq_core::units::UnixSeconds;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The file of a journal's folder in which people's marks are kept, one a line.
const FILE: &str = "annotations.jsonl";
/// Most marks that are shown.
const KEPT: usize = 500;
/// Most bytes of a mark's text, and of a name.
const MAX_TEXT: usize = 256;

/// What a mark tells of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// A new version of what is scaled, or of what is around it.
    Deploy,
    /// Another configuration.
    Config,
    /// Another model.
    Model,
    /// The agent was started.
    Start,
    /// Limits that people changed for a while.
    Limits,
    /// Anything else.
    #[default]
    Note,
}

/// A mark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When it was.
    pub at: UnixSeconds,
    /// What it tells of,
    pub kind: MarkKind,
    /// in words,
    pub text: String,
    /// and by whom; empty where the agent itself does.
    #[serde(default)]
    pub who: String,
}

impl Mark {
    /// Looks at what a person sent.
    ///
    /// # Errors
    /// If a text is missing or too long.
    pub(crate) fn checked(self) -> Result<Self, String> {
        let bad = |text: &str| text.len() > MAX_TEXT || text.contains(char::is_control);
        if self.text.trim().is_empty() || bad(&self.text) {
            return Err(format!("`text` is needed, in one line of at most {MAX_TEXT} bytes"));
        }
        if bad(&self.who) {
            return Err(format!("`who` is one line of at most {MAX_TEXT} bytes"));
        }
        Ok(self)
    }
}

/// The marks of one workload, in the order of their time.
#[derive(Debug, Default)]
pub(super) struct Marks {
    list: VecDeque<Mark>,
    file: Option<PathBuf>,
    /// Lines in the file.
    lines: usize,
}

impl Marks {
    /// Those that are kept in `folder`.
    pub(super) fn open(folder: Option<&Path>) -> Self {
        let mut marks = Self { file: folder.map(|f| f.join(FILE)), ..Self::default() };
        let Some(file) = marks.file.clone() else { return marks };
        match fs::read_to_string(&file) {
            Ok(text) => {
                marks.lines = text.lines().count();
                // A line that was cut off is none.
                for mark in text.lines().filter_map(|line| serde_json::from_str(line).ok()) {
                    marks.add(mark);
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => tracing::warn!("{}: {error}: annotations are not shown", file.display()),
        }
        marks
    }

    /// Adds a mark.
    pub(super) fn add(&mut self, mark: Mark) {
        let place = self.list.partition_point(|other| other.at <= mark.at);
        self.list.insert(place, mark);
        if self.list.len() > KEPT {
            self.list.pop_front();
        }
    }

    /// Adds a person's mark and keeps it.
    ///
    /// # Errors
    /// If it cannot be kept; it is shown all the same.
    pub(super) fn keep(&mut self, mark: Mark) -> Result<(), String> {
        let line = serde_json::to_string(&mark).map_err(|error| error.to_string())?;
        self.add(mark);
        let Some(file) = &self.file else { return Ok(()) };
        let written = OpenOptions::new().create(true).append(true).open(file);
        let written = written.and_then(|mut file| writeln!(file, "{line}"));
        self.lines += 1;
        let trimmed = written.and_then(|()| match self.lines > 2 * KEPT {
            true => trim(file).map(|()| self.lines = KEPT),
            false => Ok(()),
        });
        trimmed.map_err(|error| {
            format!("{}: {error}: it is shown until the agent is restarted", file.display())
        })
    }

    pub(super) fn list(&self) -> &VecDeque<Mark> {
        &self.list
    }
}

/// Leaves the lines that were written last: none of the others is shown.
fn trim(file: &Path) -> io::Result<()> {
    let text = fs::read_to_string(file)?;
    let dropped = text.lines().count().saturating_sub(KEPT);
    let rest: String = text.split_inclusive('\n').skip(dropped).collect();
    let unfinished = file.with_extension("new");
    fs::write(&unfinished, rest)?;
    fs::rename(unfinished, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(at: i64) -> Mark {
        let (text, who) = (format!("v{at}"), "ana".into());
        Mark { at: UnixSeconds(at), kind: MarkKind::Deploy, text, who }
    }

    #[test]
    fn marks_are_in_order_kept_and_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let mut marks = Marks::open(Some(folder.path()));
        for at in [5, 3, 4] {
            marks.keep(mark(at)).unwrap();
        }
        let marks = Marks::open(Some(folder.path()));
        assert_eq!(marks.list().iter().map(|m| m.at.0).collect::<Vec<_>>(), [3, 4, 5]);
        let mut marks = Marks::open(Some(folder.path()));
        (6..2000).for_each(|at| marks.keep(mark(at)).unwrap());
        assert_eq!((marks.list().len(), marks.list()[0].at.0), (KEPT, 1500));
        let kept = fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert!(kept.lines().count() <= 2 * KEPT && kept.ends_with('\n'));
        assert_eq!(Marks::open(Some(folder.path())).list(), marks.list());
    }

    #[test]
    fn a_mark_says_something_in_one_line() {
        assert!(mark(1).checked().is_ok());
        for text in ["", " ", "a\nb", &"x".repeat(300)] {
            let text = text.to_string();
            assert!(Mark { text, ..mark(1) }.checked().unwrap_err().contains("`text`"));
        }
    }
}
