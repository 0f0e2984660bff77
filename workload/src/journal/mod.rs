//! The agent's journal, as far as others read it: its files, their frames, and the samples among their records.
//!
//! ```text
//! folder/00000007.journal   frames: a header, then samples, decisions and the like
//! folder/00000008.journal   ... a file that is full is followed by the next; the oldest are deleted
//! ```
//!
//! What else a record may be is the agent's, which writes them. Its traffic is read here, as a [`Series`].

pub mod frame;
mod samples;

use std::io;
use std::path::{Path, PathBuf};

#[cfg(doc)]
use crate::Series;

/// Format of the files: the second byte of each header, behind a 0. To be raised when what a record is
/// changes, but for decisions.
pub const FORMAT: u8 = 1;
/// First byte of a record that is a sample; the sample follows as postcard.
pub const SAMPLE: u8 = 2;
/// What a file's name ends in.
const ENDING: &str = ".journal";

/// The file numbered `number`.
#[must_use]
pub fn path(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("{number:08}{ENDING}"))
}

/// The numbers of all files, ascending.
///
/// # Errors
/// If the folder cannot be read.
pub fn numbers(folder: &Path) -> io::Result<Vec<u32>> {
    let mut numbers = Vec::new();
    for entry in folder.read_dir()? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(ENDING));
        numbers.extend(number.and_then(|number| number.parse::<u32>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}
