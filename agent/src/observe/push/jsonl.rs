//! JSON lines from stdin, or from a file that is followed as it grows.

use crate::config::{At, Kind, Text};
use crate::observe::source::{Source, SourceVariant};
use crate::observe::{Body, Closed, Found, Inlet, Lines, Manner, RefusedSample, parse};
use serde_json::{Map, Value};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// How often a file is looked at for more.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Refused lines are logged no more often than this.
const WARN_EVERY: Duration = Duration::from_secs(1);

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

    fn check(&self) -> Result<(), String> {
        match self {
            Self::File(path) if !path.exists() => {
                Err(format!("`source.path`: there is no file {}", path.display()))
            }
            Self::Stdin | Self::File(_) => Ok(()),
        }
    }

    fn run(&self, inlet: &dyn Inlet, interval_s: u32) -> io::Result<()> {
        let mut sink = Sink { inlet, interval_s, warned: None };
        match self {
            Self::Stdin => drain(io::stdin().lock(), &mut sink),
            Self::File(path) => follow(path, &mut sink)
                .map_err(|error| io::Error::other(format!("{}: {error}", path.display()))),
        }
    }
}

/// Where accepted lines go and refused ones are counted.
struct Sink<'a> {
    inlet: &'a dyn Inlet,
    /// Length of the interval where nothing tells it.
    interval_s: u32,
    warned: Option<Instant>,
}

impl Sink<'_> {
    /// Takes one line; `None` stands for one that was too long.
    fn take(&mut self, number: u64, line: Option<&[u8]>) -> Result<(), Closed> {
        let body = line.map_or_else(
            || Body { refused: vec![(1, RefusedSample::too_long())], ..Body::default() },
            |line| parse(line, &Manner::live(None, self.interval_s)),
        );
        for (_, refused) in &body.refused {
            self.inlet.unread(refused.refusal);
        }
        let unread = body.refused.into_iter().map(|(_, refused)| refused.to_string()).next();
        let ingested = self.inlet.ingest(body.samples)?;
        let refused = ingested.errors.into_iter().map(|(_, refused)| refused.to_string()).next();
        let warning = ingested.warnings.into_iter().map(|(_, warning)| warning.message).next();
        let quiet = self.warned.is_some_and(|at| at.elapsed() < WARN_EVERY);
        let message = match (unread.or(refused), warning) {
            (Some(refused), _) => format!("sample refused: {refused}"),
            (None, Some(warning)) => format!("sample taken in part: {warning}"),
            (None, None) => return Ok(()),
        };
        if !quiet {
            tracing::warn!(line = number, "{message}");
            self.warned = Some(Instant::now());
        }
        Ok(())
    }
}

/// Reads `reader` to its end.
///
/// # Errors
/// If reading fails.
fn drain(reader: impl BufRead, sink: &mut Sink<'_>) -> io::Result<()> {
    let mut lines = Lines::new(reader);
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
/// or replaced. Ends with the loop.
///
/// # Errors
/// If the file cannot be read.
fn follow(path: &Path, sink: &mut Sink<'_>) -> io::Result<()> {
    loop {
        let file = File::open(path)?;
        let mut position = file.try_clone()?;
        let mut lines = Lines::new(BufReader::new(file));
        loop {
            if lines.read()? == Found::Line {
                if sink.take(lines.number(), lines.line()).is_err() {
                    return Ok(());
                }
                continue;
            }
            thread::sleep(LOOK_EVERY);
            if was_replaced(path, &mut position)? {
                tracing::info!("{} was replaced or truncated: reading it anew", path.display());
                break;
            }
        }
    }
}

/// Whether `path` is another file by now, or shorter than what was read of `file`. While there is
/// nothing at `path`, the old file stays.
fn was_replaced(path: &Path, file: &mut File) -> io::Result<bool> {
    let Ok(there) = fs::metadata(path) else { return Ok(false) };
    let ours = file.metadata()?;
    if !ours.is_file() {
        return Ok(false);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if (there.dev(), there.ino()) != (ours.dev(), ours.ino()) {
            return Ok(true);
        }
    }
    Ok(there.len() < file.stream_position()?)
}
