//! Learning curves as TensorBoard reads them: records of TensorFlow's `Event` messages
//! (`tensorflow/core/util/event.proto`, `tensorflow/core/lib/io/record_writer.h`).
//!
//! ```sh
//! tensorboard --logdir runs
//! ```

use crate::runtime::files::FileError;
use crc::{CRC_32_ISCSI, Crc};
use prost::Message;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);
/// TensorBoard looks for files with `tfevents` in their names.
const FILE: &str = "events.out.tfevents.0.scaleiq";
const VERSION: &str = "brain.Event:2";

#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(string, optional, tag = "3")]
    file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    summary: Option<Summary>,
}

#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Value>,
}

#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(string, tag = "1")]
    tag: String,
    #[prost(float, tag = "2")]
    simple_value: f32,
}

/// The file of one stage of a run.
#[derive(Debug)]
pub(super) struct Events {
    path: PathBuf,
    file: File,
}

impl Events {
    /// Begins the file anew, with what was recorded up to now.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn begin<'a>(
        folder: &Path,
        kept: impl Iterator<Item = (usize, &'a str, f64)>,
    ) -> Result<Self, FileError> {
        fs::create_dir_all(folder).map_err(FileError::of("create", folder))?;
        let path = folder.join(FILE);
        let file = File::create(&path).map_err(FileError::of("create", &path))?;
        let mut events = Self { path, file };
        let version = Some(VERSION.into());
        events.write(&Event { wall_time: now(), step: 0, file_version: version, summary: None })?;
        for (step, name, value) in kept {
            events.push(step, &[(name, value)])?;
        }
        Ok(events)
    }

    /// Adds the figures of one step. Those that are not finite are left out.
    ///
    /// # Errors
    /// If they cannot be written.
    pub(super) fn push(&mut self, step: usize, figures: &[(&str, f64)]) -> Result<(), FileError> {
        let value =
            |(tag, value): &(&str, f64)| Value { tag: (*tag).into(), simple_value: *value as f32 };
        let finite = figures.iter().filter(|(_, value)| value.is_finite());
        let summary = Some(Summary { value: finite.map(value).collect() });
        self.write(&Event { wall_time: now(), step: step as i64, file_version: None, summary })
    }

    fn write(&mut self, event: &Event) -> Result<(), FileError> {
        let written = self.file.write_all(&record(&event.encode_to_vec()));
        written.map_err(FileError::of("write", &self.path))
    }
}

fn now() -> f64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_secs_f64())
}

/// Length, its checksum, the data, its checksum.
fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    [&length[..], &masked(&length), data, &masked(data)].concat()
}

/// A checksum of what holds checksums itself is turned and moved.
fn masked(data: &[u8]) -> [u8; 4] {
    CRC.checksum(data).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events of a file, whose checksums must be right.
    fn read(path: &Path) -> Vec<Event> {
        let bytes = fs::read(path).unwrap();
        let (mut rest, mut events) = (bytes.as_slice(), Vec::new());
        while !rest.is_empty() {
            let length = u64::from_le_bytes(rest[..8].try_into().unwrap()) as usize;
            let data = &rest[12..12 + length];
            assert_eq!(record(data), rest[..16 + length]);
            events.push(Event::decode(data).unwrap());
            rest = &rest[16 + length..];
        }
        events
    }

    #[test]
    fn what_was_recorded_before_and_after_is_there() {
        assert_eq!(CRC.checksum(b"123456789"), 0xe306_9283, "the check value of CRC-32C");
        let folder = tempfile::tempdir().unwrap();
        let kept = [(10, "train_loss", 0.5)].into_iter();
        let mut events = Events::begin(folder.path(), kept).unwrap();
        events.push(20, &[("train_loss", 0.25), ("learning_rate", 0.1)]).unwrap();
        let all = read(&folder.path().join(FILE));
        assert_eq!(all[0].file_version.as_deref(), Some(VERSION));
        let steps: Vec<i64> = all[1..].iter().map(|event| event.step).collect();
        assert_eq!(steps, [10, 20]);
        let last = all[2].summary.as_ref().unwrap();
        assert_eq!(
            (last.value[0].simple_value, last.value[1].tag.as_str()),
            (0.25, "learning_rate")
        );
    }
}
