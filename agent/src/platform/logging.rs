//! Logs to stderr, through a queue: a reader of the log that stops reading stops nothing else.

use crate::platform::outlet::Outlet;
use std::io::{self, IsTerminal, Write, stderr};
use std::sync::OnceLock;
use std::time::Duration;
use tracing_subscriber::EnvFilter;

/// Lines that may wait for stderr.
const CAPACITY: usize = 1024;
/// Longest wait for them at the end.
const FLUSH: Duration = Duration::from_millis(300);
/// What is logged unless somebody says otherwise. A client tells of each of its tries, and so does, once a
/// minute, the source that it is for.
const QUIET: &str = "info,async_nats=off";

static OUTLET: OnceLock<Outlet<Vec<u8>>> = OnceLock::new();

/// Sends what is logged to stderr from now on, as `RUST_LOG` wants it (`info` if unset).
///
/// # Errors
/// If the system gives no thread.
pub fn start() -> io::Result<()> {
    let outlet = Outlet::start("log", CAPACITY, |line: Vec<u8>, dropped| {
        let mut stderr = stderr().lock();
        // There is nowhere to tell that stderr fails.
        if dropped > 0 {
            let _ = writeln!(stderr, "{dropped} log lines were dropped: stderr was not read");
        }
        let _ = stderr.write_all(&line);
    })?;
    let outlet = OUTLET.get_or_init(|| outlet).clone();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(QUIET));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(move || Entry(outlet.clone()))
        .with_ansi(stderr().is_terminal())
        .with_target(false)
        .init();
    Ok(())
}

/// Writes one line to stderr, behind what was logged before.
pub fn say(line: &str) {
    match OUTLET.get() {
        Some(outlet) => {
            outlet.send(format!("{line}\n").into_bytes());
        }
        None => eprintln!("{line}"),
    }
}

/// Waits a moment until what was logged is written.
pub fn flush() {
    if let Some(outlet) = OUTLET.get() {
        outlet.flush(FLUSH);
    }
}

/// Takes one entry of the log, which comes in one piece.
struct Entry(Outlet<Vec<u8>>);

impl Write for Entry {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
