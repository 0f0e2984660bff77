//! Files that appear whole or not at all: each is written beside its place and then renamed.

use serde::Serialize;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A file or folder that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {}", path.display(), reason(cause))]
pub struct FileError {
    /// What was tried.
    action: &'static str,
    /// On what.
    path: PathBuf,
    /// Why it failed; told by the message, so not a source of its own.
    cause: io::Error,
}

impl FileError {
    /// Turns the cause of a failed `action` on `path` into an error that names both.
    pub fn of(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |cause| Self { action, path, cause }
    }
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "the disk is full; what was there before is untouched".into()
        }
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".into(),
        _ => error.to_string(),
    }
}

/// Writes a file so that a reader, or this program after a crash, sees the old or the new one.
///
/// # Errors
/// If it cannot be written. The old file is untouched then.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Another process may be writing the same file.
    let beside = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let write = || -> io::Result<()> {
        let mut file = fs::File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().map_err(|source| {
        // Only the half-written copy goes; that it may be gone already is fine.
        let _ = fs::remove_file(&beside);
        FileError::of("write", path)(source)
    })
}

/// Writes a value as readable JSON, atomically.
///
/// # Errors
/// If it cannot be written.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), FileError> {
    let json = serde_json::to_vec_pretty(value).map_err(io::Error::from);
    let mut json = json.map_err(FileError::of("write", path))?;
    json.push(b'\n');
    write_atomic(path, &json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_replaced_whole() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("metrics.json");
        write_json(&path, &[1, 2]).unwrap();
        write_json(&path, &[3]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "[\n  3\n]\n");
        let names: Vec<_> = fs::read_dir(root.path()).unwrap().flatten().collect();
        assert_eq!(names.len(), 1);
        let nowhere = root.path().join("no/metrics.json");
        let error = write_atomic(&nowhere, b"x").unwrap_err().to_string();
        assert!(error.starts_with("cannot write ") && error.contains("no/metrics.json"), "{error}");
    }

    #[test]
    fn a_full_disk_is_called_by_its_name() {
        let source = io::Error::from(io::ErrorKind::StorageFull);
        let error = FileError::of("write", Path::new("runs/a/metrics.json"))(source).to_string();
        insta::assert_snapshot!(error, @"cannot write runs/a/metrics.json: the disk is full; what was there before is untouched");
    }
}
