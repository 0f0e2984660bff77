//! An agent process for tests, and an HTTP client of a few lines.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longest wait for anything.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// A running `agent run`, killed when dropped.
pub(crate) struct Agent {
    pub(crate) address: SocketAddr,
    pub(crate) folder: TempDir,
    pub(crate) child: Child,
    deaf: Arc<AtomicBool>,
    log: Arc<Mutex<String>>,
}

impl Agent {
    /// Starts one in a folder of its own and waits until it listens.
    pub(crate) fn start(config: &str) -> Self {
        Self::start_with(config, |_| {})
    }

    /// As `start`; `prepare` may put files in the folder before.
    pub(crate) fn start_with(config: &str, prepare: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        prepare(folder.path());
        let child = spawn(folder.path(), config);
        Self::wait(folder, child)
    }

    /// As `start`, in a folder that is there; the process may write files of so many KiB.
    pub(crate) fn start_in(folder: TempDir, config: &str, max_kib: Option<u32>) -> Self {
        let child = match max_kib {
            Some(kib) => spawn_limited(folder.path(), config, &format!("-f {kib}")),
            None => spawn(folder.path(), config),
        };
        Self::wait(folder, child)
    }

    /// As `start`, with a process that is started otherwise, such as with other variables.
    pub(crate) fn start_as(config: &str, adapt: impl FnOnce(&mut Command)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
        prepare(&mut command, folder.path(), config);
        adapt(&mut command);
        let child = command.spawn().unwrap();
        Self::wait(folder, child)
    }

    /// Stops reading what the process logs, and leaves it unread.
    pub(crate) fn stop_reading_the_log(&self) {
        self.deaf.store(true, Ordering::Relaxed);
    }

    /// As `start`, with so many file descriptors.
    pub(crate) fn start_with_descriptors(config: &str, most: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let child = spawn_limited(folder.path(), config, &format!("-n {most}"));
        Self::wait(folder, child)
    }

    fn wait(folder: TempDir, mut child: Child) -> Self {
        let log = Arc::new(Mutex::new(String::new()));
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let deaf = Arc::new(AtomicBool::new(false));
        let (kept, hears_nothing) = (log.clone(), deaf.clone());
        thread::spawn(move || {
            let mut lines = stderr.lines();
            while let Some(Ok(line)) = lines.next() {
                let mut kept = kept.lock().unwrap();
                kept.push_str(&line);
                kept.push('\n');
                drop(kept);
                while hears_nothing.load(Ordering::Relaxed) {
                    thread::park();
                }
            }
        });
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut agent = Self { address: nowhere, folder, child, log, deaf };
        let log = agent.wait_for_log("listening on http://");
        let (_, rest) = log.split_once("listening on http://").unwrap();
        let address: SocketAddr = rest.split(',').next().unwrap().parse().unwrap();
        agent.address = SocketAddr::from((Ipv4Addr::LOCALHOST, address.port()));
        agent
    }

    /// Runs one that is expected to fail: its exit code and its log.
    pub(crate) fn fail(config: &str) -> (Option<i32>, String) {
        let folder = tempfile::tempdir().unwrap();
        let output = spawn(folder.path(), config).wait_with_output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// The log, once it contains `words`.
    pub(crate) fn wait_for_log(&self, words: &str) -> String {
        let mut log = String::new();
        until(|| {
            log = self.log.lock().unwrap().clone();
            log.contains(words)
        });
        log
    }

    /// The content of a file in the folder, once it is there.
    pub(crate) fn wait_for(&self, name: &str) -> String {
        let path = self.folder.path().join(name);
        until(|| std::fs::read_to_string(&path).is_ok_and(|text| text.ends_with('\n')));
        std::fs::read_to_string(path).unwrap()
    }

    /// Takes the limit of `start_in` away.
    pub(crate) fn give_room(&self) {
        let id = self.child.id().to_string();
        let prlimit = Command::new("prlimit").args(["--pid", &id, "--fsize=unlimited"]).status();
        assert!(prlimit.unwrap().success());
    }

    /// Kills it without warning; its folder stays.
    pub(crate) fn kill(mut self) -> TempDir {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap())
    }

    /// Its memory, in KiB.
    #[cfg(target_os = "linux")]
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches("kB").trim().parse().unwrap()
    }

    /// Sends SIGTERM: its exit code and its log.
    pub(crate) fn terminate(mut self) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let mut code = None;
        until(|| {
            let status = self.child.try_wait().unwrap();
            code = status.and_then(|s| s.code());
            status.is_some()
        });
        (code, self.log.lock().unwrap().clone())
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(folder: &Path, config: &str) -> Child {
    start(Command::new(env!("CARGO_BIN_EXE_agent")), folder, config)
}

/// With the signal ignored, a file that is too large is an error like that of a full disk.
fn spawn_limited(folder: &Path, config: &str, limit: &str) -> Child {
    let mut shell = Command::new("bash");
    let line = format!("trap '' XFSZ; ulimit -S {limit}; exec \"$0\" \"$@\"");
    shell.args(["-c", &line, env!("CARGO_BIN_EXE_agent")]);
    start(shell, folder, config)
}

fn start(mut command: Command, folder: &Path, config: &str) -> Child {
    prepare(&mut command, folder, config);
    command.spawn().unwrap()
}

fn prepare(command: &mut Command, folder: &Path, config: &str) {
    // Rules alone, mostly: what is tested here is everything around the model.
    let model = if config.contains("model:") { "" } else { "model: none\n" };
    std::fs::write(folder.join("c.yaml"), format!("{model}{config}")).unwrap();
    command
        .args(["run", "--config", "c.yaml"])
        .current_dir(folder)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
}

/// Waits until `done`.
pub(crate) fn until(mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < TIME_LIMIT, "it did not happen");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A connection on which nothing was said.
pub(crate) fn connect(agent: &Agent) -> TcpStream {
    let stream = TcpStream::connect(agent.address).unwrap();
    stream.set_read_timeout(Some(TIME_LIMIT)).unwrap();
    stream.set_write_timeout(Some(TIME_LIMIT)).unwrap();
    stream
}

/// GET: status and body.
pub(crate) fn get(agent: &Agent, path: &str) -> (u16, String) {
    request(agent, "GET", path, &[("Host", &agent.address.to_string())], "")
}

/// POST: status and body.
pub(crate) fn post(agent: &Agent, path: &str, body: &str) -> (u16, String) {
    request(agent, "POST", path, &[("Host", &agent.address.to_string())], body)
}

/// DELETE: status and body.
pub(crate) fn delete(agent: &Agent, path: &str) -> (u16, String) {
    request(agent, "DELETE", path, &[("Host", &agent.address.to_string())], "")
}

/// One request on a connection of its own.
pub(crate) fn request(
    agent: &Agent,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl AsRef<[u8]>,
) -> (u16, String) {
    let (head, body) = exchange(agent, method, path, headers, body);
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body)
}

/// As `request`: head and body of the answer.
pub(crate) fn exchange(
    agent: &Agent,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl AsRef<[u8]>,
) -> (String, String) {
    let body = body.as_ref();
    let mut stream = connect(agent);
    let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!("Content-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).unwrap();
    // A refusal may come before the body was read.
    let _ = stream.write_all(body);
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_string(), body.to_string())
}
