//! The files of a journal.

use super::JournalError;
use scaleiq_workload::journal;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::Path;

pub(super) use scaleiq_workload::journal::path;

/// How large a journal may become: `files` of `file_bytes`, and the last record of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A file that is this large is followed by the next.
    pub file_bytes: u64,
    /// So many files are kept.
    pub files: usize,
}

/// What a file's name ends in while its header is being written.
const UNFINISHED: &str = ".journal.new";
/// Held by the agent that writes.
const LOCK: &str = "lock";

/// An error with the file or folder that it concerns.
pub(super) fn io_error(path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    |source| JournalError::Io { path: path.into(), source }
}

/// Makes the folder if it is not there, and keeps others from writing in it for as long as the
/// result lives.
pub(super) fn claim(folder: &Path) -> Result<File, JournalError> {
    fs::create_dir_all(folder).map_err(io_error(folder))?;
    let lock = File::options().create(true).append(true).open(folder.join(LOCK));
    let lock = lock.map_err(io_error(folder))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(JournalError::InUse(folder.into())),
        Err(TryLockError::Error(source)) => return Err(io_error(folder)(source)),
    }
    for entry in fs::read_dir(folder).map_err(io_error(folder))?.flatten() {
        if entry.file_name().to_string_lossy().ends_with(UNFINISHED) {
            fs::remove_file(entry.path()).map_err(io_error(folder))?;
        }
    }
    Ok(lock)
}

/// The numbers of all files, ascending.
pub(super) fn numbers(folder: &Path) -> Result<Vec<u32>, JournalError> {
    journal::numbers(folder).map_err(io_error(folder))
}

/// A new file that begins with `header`. It is there as a whole or not at all.
pub(super) fn create(folder: &Path, number: u32, header: &[u8]) -> io::Result<File> {
    let unfinished = folder.join(format!("{number:08}{UNFINISHED}"));
    let mut file = File::create(&unfinished)?;
    file.write_all(header)?;
    file.sync_all()?;
    fs::rename(&unfinished, path(folder, number))?;
    sync(folder)?;
    Ok(file)
}

/// A new name in a folder is durable only once the folder is.
fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Deletes the oldest files until `limits` hold. The size of what is left.
pub(super) fn prune(folder: &Path, limits: Limits) -> Result<u64, JournalError> {
    let numbers = numbers(folder)?;
    let surplus = numbers.len().saturating_sub(limits.files.max(1));
    let (old, kept) = numbers.split_at(surplus);
    for number in old {
        let path = path(folder, *number);
        fs::remove_file(&path).map_err(io_error(&path))?;
    }
    let size = |number: &u32| {
        let path = path(folder, *number);
        fs::metadata(&path).map(|m| m.len()).map_err(io_error(&path))
    };
    kept.iter().map(size).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_whole_or_not_there_and_the_oldest_go_first() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        fs::write(at.join("00000003.journal.new"), "half").unwrap();
        fs::write(at.join("notes.txt"), "mine").unwrap();
        let lock = claim(at).unwrap();
        assert!(matches!(claim(at), Err(JournalError::InUse(_))));
        assert_eq!(numbers(at).unwrap(), [] as [u32; 0]);
        for number in [9, 10, 11] {
            create(at, number, b"header").unwrap();
        }
        let limits = Limits { file_bytes: 1, files: 2 };
        assert_eq!(prune(at, limits).unwrap(), 12);
        assert_eq!(numbers(at).unwrap(), [10, 11]);
        assert!(at.join("notes.txt").exists());
        drop(lock);
        claim(at).unwrap();
    }
}
