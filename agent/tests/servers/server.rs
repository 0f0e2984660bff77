//! A server in a folder of its own, which ends with the test.

use super::{free_port, require};
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longest wait until a server answers, or has ended.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Somebody else may take a port between the moment it was free and the one it is used.
const TRIES: u32 = 3;

/// What a server's command line is made from.
pub(crate) struct Place<'a> {
    /// A folder for its files, its log among them.
    pub(crate) folder: &'a Path,
    /// A port to listen on, on 127.0.0.1.
    pub(crate) port: u16,
}

type Prepare = Box<dyn Fn(&mut Command, &Place<'_>) + Send>;

/// A running server, killed when dropped. Its files go with it.
pub(crate) struct Server {
    /// The port it listens on.
    pub(crate) port: u16,
    program: std::path::PathBuf,
    prepare: Prepare,
    answers: fn(u16) -> bool,
    end: &'static str,
    child: Option<Child>,
    folder: TempDir,
}

impl Server {
    /// Starts `program` of Debian's `package`, to which `prepare` gives its arguments and files, and waits
    /// until its port can be connected to. `None` if it is not installed, which is said.
    pub(crate) fn start(
        program: &str,
        package: &str,
        prepare: impl Fn(&mut Command, &Place<'_>) + Send + 'static,
    ) -> Option<Self> {
        Self::start_when(program, package, connects, prepare)
    }

    /// As `start`, for a server that connects before it answers: `answers` is asked with its port.
    pub(crate) fn start_when(
        program: &str,
        package: &str,
        answers: fn(u16) -> bool,
        prepare: impl Fn(&mut Command, &Place<'_>) + Send + 'static,
    ) -> Option<Self> {
        let program = require(program, package)?;
        let prepare: Prepare = Box::new(prepare);
        let folder = tempfile::tempdir().unwrap();
        let mut server =
            Self { port: 0, program, prepare, answers, end: "KILL", child: None, folder };
        for _ in 0..TRIES {
            server.port = free_port();
            if server.try_to_run() {
                return Some(server);
            }
        }
        panic!("{} does not start:\n{}", server.program.display(), server.log());
    }

    /// The signal that ends it, where another than KILL does so without leaving children behind.
    pub(crate) fn ended_by(mut self, signal: &'static str) -> Self {
        self.end = signal;
        self
    }

    /// Its folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it has printed.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder().join("log")).unwrap_or_default()
    }

    /// Ends it without a warning; its files stay.
    pub(crate) fn kill(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        // One that was stopped hears nothing but KILL.
        for signal in [self.end, "CONT"] {
            signal_group(&child, signal);
        }
        let begin = Instant::now();
        while !child.try_wait().is_ok_and(|status| status.is_some()) {
            if begin.elapsed() > TIMEOUT {
                signal_group(&child, "KILL");
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Starts it again after `kill`: with the same files, on the same port.
    pub(crate) fn restart(&mut self) {
        assert!(self.child.is_none(), "it runs");
        assert!(self.try_to_run(), "it does not start again:\n{}", self.log());
    }

    /// Has it do nothing until it is resumed: connections are taken and never answered.
    pub(crate) fn freeze(&self) {
        signal_group(self.child.as_ref().unwrap(), "STOP");
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        signal_group(self.child.as_ref().unwrap(), "CONT");
    }

    /// Whether it runs and answers within a generous time.
    fn try_to_run(&mut self) -> bool {
        let log = File::create(self.folder().join("log")).unwrap();
        let mut command = Command::new(&self.program);
        command
            .current_dir(self.folder())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0);
        (self.prepare)(&mut command, &Place { folder: self.folder.path(), port: self.port });
        let mut child = command.spawn().unwrap();
        let begin = Instant::now();
        loop {
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            if (self.answers)(self.port) {
                break;
            }
            if begin.elapsed() > TIMEOUT {
                self.child = Some(child);
                self.kill();
                return false;
            }
            thread::sleep(Duration::from_millis(20));
        }
        self.child = Some(child);
        true
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn connects(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok()
}

/// Its children belong to its group.
fn signal_group(child: &Child, signal: &str) {
    let group = format!("-{}", child.id());
    // It may have ended by itself.
    let _ = Command::new("kill").args(["-s", signal, "--", &group]).stderr(Stdio::null()).status();
}
