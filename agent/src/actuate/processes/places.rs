//! The places of workers: a locked file for each, held by the worker itself.

use nix::unistd::geteuid;
use sha2::{Digest, Sha256};
use std::env;
use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The file that tells how many workers were wanted last.
const WANTED_FILE: &str = "wanted";
/// The file that every keeper of the pool has locked, together with those that are still draining.
const KEEPERS_FILE: &str = "keepers.lock";

/// The folder of a pool.
#[derive(Clone, Debug)]
pub(super) struct Places(PathBuf);

impl Places {
    /// Makes the folder unless it is there.
    pub(super) fn open(folder: PathBuf) -> io::Result<Self> {
        let named = |error: io::Error| {
            let what = format!("`actuator.folder` {}: {error}", folder.display());
            io::Error::new(error.kind(), what)
        };
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(named)?;
        Ok(Self(folder))
    }

    pub(super) fn folder(&self) -> &Path {
        &self.0
    }

    /// Enters as a keeper, until the file is closed. Where no other one is there, `clear` is called before: what
    /// lives of the pool then is nobody's.
    pub(super) fn enter(&self, clear: impl FnOnce()) -> io::Result<File> {
        let keepers = File::options().append(true).create(true).open(self.0.join(KEEPERS_FILE))?;
        match keepers.try_lock() {
            Ok(()) => {
                clear();
                keepers.unlock()?;
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
        keepers.lock_shared()?;
        Ok(keepers)
    }

    /// Leaves as a keeper whose workers are gone. Where it was the last one, `clear` is called.
    pub(super) fn leave(entered: File, clear: impl FnOnce()) -> io::Result<()> {
        entered.unlock()?;
        match entered.try_lock() {
            Ok(()) => clear(),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
        Ok(())
    }

    /// Takes the place `index`, which is held until the file and all copies of it are closed; `None` if
    /// another worker holds it, such as one that an earlier keeper is still draining.
    pub(super) fn take(&self, index: u32) -> io::Result<Option<File>> {
        let path = self.0.join(format!("worker-{index}.lock"));
        File::options().append(true).create(true).open(&path)?;
        // What only reads is a worker's stdin, and empty.
        let file = File::open(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Returns how many workers were wanted last, if that is known.
    pub(super) fn wanted(&self) -> Option<u32> {
        fs::read_to_string(self.0.join(WANTED_FILE)).ok()?.trim().parse().ok()
    }

    /// Keeps how many are wanted, for the next start.
    pub(super) fn keep_wanted(&self, jobs: u32) -> io::Result<()> {
        let path = self.0.join(WANTED_FILE);
        let unfinished = path.with_extension("new");
        fs::write(&unfinished, format!("{jobs}\n"))?;
        fs::rename(unfinished, path)
    }
}

/// Returns the folder of the pool of these words that is started from the working directory: below that of
/// the service or the session, else below that for temporary files.
pub(super) fn of_machine(words: &[String]) -> io::Result<PathBuf> {
    let below = ["RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"].into_iter().find_map(env::var_os);
    let below = below.map_or_else(env::temp_dir, PathBuf::from);
    let mut hash = Sha256::new();
    hash.update(env::current_dir()?.as_os_str().as_bytes());
    for word in words {
        hash.update([0]);
        hash.update(word);
    }
    let name: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let folder = below.join(format!("scaleiq-pool-{name}"));
    // Folders for temporary files are everybody's.
    match fs::symlink_metadata(&folder) {
        Ok(found) if !found.is_dir() || found.uid() != geteuid().as_raw() => {
            let what = format!("{} is another user's: set `actuator.folder`", folder.display());
            Err(io::Error::new(ErrorKind::PermissionDenied, what))
        }
        Ok(_) => Ok(folder),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(folder),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_taken_once_and_free_when_its_file_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::open(folder.path().join("pool")).unwrap();
        let held = places.take(1).unwrap().unwrap();
        let copy = held.try_clone().unwrap();
        assert!(places.take(1).unwrap().is_none() && places.take(2).unwrap().is_some());
        drop(held);
        assert!(places.take(1).unwrap().is_none(), "a copy is open");
        drop(copy);
        assert!(places.take(1).unwrap().is_some());
    }

    #[test]
    fn only_who_comes_alone_clears() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::open(folder.path().into()).unwrap();
        let enter = || {
            let mut was_alone = false;
            (places.enter(|| was_alone = true).unwrap(), was_alone)
        };
        let (first, was_alone) = enter();
        assert!(was_alone);
        let (second, was_alone) = enter();
        assert!(!was_alone);
        drop(first);
        assert!(!enter().1, "the second one is there");
        drop(second);
        assert!(enter().1);
    }

    #[test]
    fn only_who_leaves_last_clears() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::open(folder.path().into()).unwrap();
        let [first, second] = [(), ()].map(|()| places.enter(|| ()).unwrap());
        let leave = |entered| {
            let mut was_last = false;
            Places::leave(entered, || was_last = true).unwrap();
            was_last
        };
        assert_eq!([leave(first), leave(second)], [false, true]);
    }

    #[test]
    fn the_number_wanted_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::open(folder.path().into()).unwrap();
        assert_eq!(places.wanted(), None);
        places.keep_wanted(7).unwrap();
        assert_eq!(places.wanted(), Some(7));
    }
}
