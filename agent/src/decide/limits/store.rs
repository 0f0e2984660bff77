//! Overrides on a disk, so that a restart forgets none.

use super::Overrides;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The file of a journal's folder in which they are.
const FILE: &str = "overrides.json";

/// Where overrides are kept; nowhere without a folder.
#[derive(Clone, Debug, Default)]
pub struct OverrideStore(Option<PathBuf>);

impl OverrideStore {
    /// In `folder`, if there is one.
    #[must_use]
    pub fn new(folder: Option<&Path>) -> Self {
        Self(folder.map(|folder| folder.join(FILE)))
    }

    /// Returns what was kept; nothing, and a line in the log, if that cannot be read. The file then
    /// stays as it is until something is set.
    #[must_use]
    pub fn load(&self) -> Overrides {
        let Some(path) = &self.0 else { return Overrides::default() };
        let read = fs::read(path).and_then(|bytes| Ok(serde_json::from_slice(&bytes)?));
        read.unwrap_or_else(|error: io::Error| {
            if error.kind() != ErrorKind::NotFound {
                tracing::error!(
                    "{}: {error}: what was set by hand before is not known, and not in force",
                    path.display()
                );
            }
            Overrides::default()
        })
    }

    /// Keeps `overrides`, in the place of what was kept. A failure is told: they are in force all the
    /// same, and a restart forgets them.
    pub fn save(&self, overrides: &Overrides) {
        let Some(path) = &self.0 else { return };
        if let Err(error) = write(path, overrides) {
            tracing::error!(
                "{}: {error}: what is set by hand is in force, and a restart would forget it",
                path.display()
            );
        }
    }
}

fn write(path: &Path, overrides: &Overrides) -> io::Result<()> {
    let unfinished = path.with_extension("json.new");
    let mut file = File::create(&unfinished)?;
    file.write_all(&serde_json::to_vec_pretty(overrides)?)?;
    file.sync_all()?;
    fs::rename(unfinished, path)
}

#[cfg(test)]
mod tests {
    use super::super::Draft;
    use super::*;
    use scaleiq_core::units::UnixSeconds;
    use tempfile::TempDir;

    #[test]
    fn what_was_set_is_there_again_and_a_damaged_file_is_none() {
        let folder = TempDir::new().unwrap();
        let store = OverrideStore::new(Some(folder.path()));
        assert!(store.load().is_empty());
        let mut overrides = Overrides::default();
        let now = UnixSeconds(1_800_000_000);
        let draft = Draft {
            min: Some(3),
            until: now.plus(60),
            who: "ana".into(),
            why: "a test".into(),
            ..Draft::default()
        };
        overrides.set(draft, now, None).unwrap();
        store.save(&overrides);
        assert_eq!(store.load(), overrides);
        fs::write(folder.path().join(FILE), "[{\"id\": 1").unwrap();
        assert!(store.load().is_empty());
    }
}
