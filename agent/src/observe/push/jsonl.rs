//! JSON lines from stdin, or from a file that is followed as it grows.

use crate::observe::{Body, Closed, Found, Inlet, Lines, Manner, RefusedSample, parse};
use crate::platform::supervise::{Condition, Lifecycle};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind, Seek};
use std::ops::ControlFlow;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// How often a file is looked at for more.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Refused lines are logged no more often than this.
const WARN_EVERY: Duration = Duration::from_secs(1);

/// Where accepted lines go and refused ones are counted.
pub struct Sink {
    inlet: Box<dyn Inlet>,
    /// Length of the interval where nothing tells it.
    interval_s: u32,
    /// How whoever reads is.
    lifecycle: Lifecycle,
    warned: Option<Instant>,
}

impl Sink {
    /// A sink into the loop; samples of which nothing tells the length are of `interval_s`.
    #[must_use]
    pub fn new(inlet: impl Inlet + 'static, interval_s: u32, lifecycle: Lifecycle) -> Self {
        Self { inlet: Box::new(inlet), interval_s, lifecycle, warned: None }
    }

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
pub fn drain(reader: impl BufRead, sink: &mut Sink) -> io::Result<()> {
    let mut lines = Lines::new(reader);
    sink.lifecycle.set(Condition::Running);
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
pub fn follow(path: &Path, sink: &mut Sink) -> io::Result<()> {
    while !sink.inlet.is_closed() {
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
fn read_on(path: &Path, file: File, sink: &mut Sink) -> io::Result<ControlFlow<()>> {
    let mut position = file.try_clone()?;
    let mut lines = Lines::new(BufReader::new(file));
    sink.lifecycle.set(Condition::Running);
    loop {
        if lines.read()? == Found::Line {
            if sink.take(lines.number(), lines.line()).is_err() {
                return Ok(ControlFlow::Break(()));
            }
            continue;
        }
        if sink.inlet.is_closed() {
            return Ok(ControlFlow::Break(()));
        }
        match there(path, &mut position)? {
            There::Same => {
                sink.lifecycle.set(Condition::Running);
                thread::sleep(LOOK_EVERY);
            }
            // Whoever has it open may go on writing.
            There::Nothing => wait(path, "it has vanished", sink),
            There::Another => return Ok(ControlFlow::Continue(())),
        }
    }
}

/// Tells what is waited for, and waits a moment.
fn wait(path: &Path, why: &str, sink: &Sink) {
    let condition = Condition::Waiting(format!("{}: {why}", path.display()));
    if sink.lifecycle.condition() != condition {
        tracing::warn!("the source is {condition}");
        sink.lifecycle.set(condition);
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
