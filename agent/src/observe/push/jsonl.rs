//! JSON lines from stdin, or from a file that is followed as it grows.

use super::sink::Sink;
use crate::config::{At, Kind, Text};
use crate::observe::source::{Delivery, Source, SourceVariant};
use crate::observe::{Found, Lines};
use crate::platform::supervise::Condition;
use serde_json::{Map, Value};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind, Seek};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// How often a file is looked at for more.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// `source: {type: jsonl}`.
pub const JSONL: SourceVariant = SourceVariant {
    word: "jsonl",
    about: "JSON lines in a file that is followed as it grows, or on stdin",
    example: "{type: jsonl, path: samples.jsonl}",
    fields: |f| {
        let input = f.required("path", "a file of JSON lines, or `-` for stdin", Where)?;
        Some(Arc::new(input.value))
    },
};

/// Where the lines are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonLines {
    /// On stdin.
    Stdin,
    /// In a file.
    File(PathBuf),
}

/// A file, or a word for stdin.
struct Where;

impl Kind for Where {
    type Value = JsonLines;

    fn read(&self, at: &At<'_>) -> Option<JsonLines> {
        let text = Text.read(at)?;
        Some(if text == "-" { JsonLines::Stdin } else { JsonLines::File(at.path(&text)) })
    }

    fn schema(&self) -> Map<String, Value> {
        Text.schema()
    }
}

impl Source for JsonLines {
    fn describe(&self) -> String {
        match self {
            Self::Stdin => "JSON lines on stdin".into(),
            Self::File(path) => format!("JSON lines in {}", path.display()),
        }
    }

    fn note(&self) -> Option<String> {
        match self {
            Self::File(path) if !path.exists() => {
                Some(format!("there is no file {} yet: it is waited for", path.display()))
            }
            Self::Stdin | Self::File(_) => None,
        }
    }

    fn run(&self, to: &Delivery<'_>) -> io::Result<String> {
        let mut sink = Sink::new(to);
        match self {
            Self::Stdin => drain(io::stdin().lock(), &mut sink)
                .map(|()| "stdin is at its end: no more samples will come".into()),
            Self::File(path) => {
                follow(path, &mut sink).map(|()| "the agent is stopping".into()).map_err(|error| {
                    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
                })
            }
        }
    }
}

/// Reads `reader` to its end.
///
/// # Errors
/// If reading fails.
fn drain(reader: impl BufRead, sink: &mut Sink<'_>) -> io::Result<()> {
    let mut lines = Lines::new(reader);
    sink.to().lifecycle.set(Condition::Running);
    loop {
        let found = lines.read()?;
        if found == Found::End || sink.take(lines.number(), lines.line()).is_err() {
            return Ok(());
        }
        if found == Found::Rest {
            return Ok(());
        }
    }
}

/// Reads the file at `path` from its beginning and goes on as it grows, also when it is truncated
/// or replaced. While it is not there it is waited for. Ends with the loop.
///
/// # Errors
/// If the file cannot be read.
fn follow(path: &Path, sink: &mut Sink<'_>) -> io::Result<()> {
    while !sink.to().inlet.is_closed() {
        match File::open(path) {
            Ok(file) => {
                if read_on(path, file, sink)?.is_break() {
                    break;
                }
                tracing::info!("{} was replaced or truncated: reading it anew", path.display());
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                wait(path, "there is no such file yet", sink);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads what is in `file` and what is added to it, until another is at `path`; breaks when the loop ends.
fn read_on(path: &Path, file: File, sink: &mut Sink<'_>) -> io::Result<ControlFlow<()>> {
    let mut position = file.try_clone()?;
    let mut lines = Lines::new(BufReader::new(file));
    sink.to().lifecycle.set(Condition::Running);
    loop {
        if lines.read()? == Found::Line {
            if sink.take(lines.number(), lines.line()).is_err() {
                return Ok(ControlFlow::Break(()));
            }
            continue;
        }
        if sink.to().inlet.is_closed() {
            return Ok(ControlFlow::Break(()));
        }
        match there(path, &mut position)? {
            There::Same => {
                sink.to().lifecycle.set(Condition::Running);
                thread::sleep(LOOK_EVERY);
            }
            // Whoever has it open may go on writing.
            There::Nothing => wait(path, "it has vanished", sink),
            There::Another => return Ok(ControlFlow::Continue(())),
        }
    }
}

/// Tells what is waited for, and waits a moment.
fn wait(path: &Path, why: &str, sink: &Sink<'_>) {
    let condition = Condition::Waiting(format!("{}: {why}", path.display()));
    if sink.to().lifecycle.condition() != condition {
        tracing::warn!("the source is {condition}");
        sink.to().lifecycle.set(condition);
    }
    thread::sleep(LOOK_EVERY);
}

/// What is at the path of a file that is read.
enum There {
    /// That file.
    Same,
    /// Nothing.
    Nothing,
    /// Another file, or a shorter one than what was read.
    Another,
}

fn there(path: &Path, file: &mut File) -> io::Result<There> {
    let there = match fs::metadata(path) {
        Ok(there) => there,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(There::Nothing),
        // The file that is open can be read on.
        Err(_) => return Ok(There::Same),
    };
    let ours = file.metadata()?;
    if !ours.is_file() {
        return Ok(There::Same);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if (there.dev(), there.ino()) != (ours.dev(), ours.ino()) {
            return Ok(There::Another);
        }
    }
    let is_shorter = there.len() < file.stream_position()?;
    Ok(if is_shorter { There::Another } else { There::Same })
}
