//! A loop behind REST in this process, with a disk and a device that can be held up.

use agent::app::{Components, Config, WorkloadConfig};
use agent::decide::limits::{OverrideStore, Schedule};
use agent::decide::{Decider, DeviceWithFallback, Mode, ModelId};
use agent::device::{Client, Port, Timeouts};
use agent::journal::{Journal, JournalConfig, Limits, Medium, Resumed, RunContext, resume};
use agent::observe::pool::PoolWatch;
use agent::platform::clock::Clock;
use agent::serve::dashboard::{About, DashboardState};
use agent::serve::{Access, Api, Served, Server, Watch, router};
use agent::telemetry::{ConnectionMetrics, Metrics};
use agent::workload::{Audience, Beginning, Control, Handle, Started};
use scaleiq_core::units::UnixSeconds;
use scaleiq_core::wire::{Frame, FrameReader, Message, Refusal, Status, encode};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Runtime;
use tokio_serial::{SerialPort, SerialStream};

/// Longest wait for anything.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// What all share who are held up by it, and who hold it up.
#[derive(Default)]
struct Gate {
    is_shut: bool,
    /// Those who wait before it.
    waiting: usize,
}

/// Holds up whoever passes while it is shut.
#[derive(Clone, Default)]
pub(crate) struct Barrier(Arc<(Mutex<Gate>, Condvar)>);

impl Barrier {
    /// Shuts it, or opens it for all who wait.
    pub(crate) fn set_shut(&self, is_shut: bool) {
        self.0.0.lock().unwrap().is_shut = is_shut;
        self.0.1.notify_all();
    }

    /// Passes, as soon as it is open.
    fn pass(&self) {
        let mut gate = self.0.0.lock().unwrap();
        gate.waiting += 1;
        self.0.1.notify_all();
        gate = self.0.1.wait_while(gate, |gate| gate.is_shut).unwrap();
        gate.waiting -= 1;
    }

    /// Whether somebody is held up now.
    pub(crate) fn is_blocking(&self) -> bool {
        let gate = self.0.0.lock().unwrap();
        gate.is_shut && gate.waiting > 0
    }

    /// Waits until somebody is held up.
    pub(crate) fn wait_until_blocking(&self) {
        let gate = self.0.0.lock().unwrap();
        let free = |gate: &mut Gate| !(gate.is_shut && gate.waiting > 0);
        let waited = self.0.1.wait_timeout_while(gate, TIME_LIMIT, free).unwrap();
        assert!(!waited.1.timed_out(), "nobody came to the barrier");
    }
}

/// A disk that makes nothing durable while its barrier is shut.
struct Disk {
    file: File,
    barrier: Barrier,
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Medium for Disk {
    fn sync(&mut self) -> io::Result<()> {
        self.barrier.pass();
        Medium::sync(&mut self.file)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        Medium::cut(&mut self.file, length)
    }
}

/// An agent without networks.
pub(crate) struct Rig {
    pub(crate) address: SocketAddr,
    pub(crate) control: Handle,
    thread: Option<JoinHandle<()>>,
    runtime: Runtime,
}

impl Rig {
    /// One with a journal in `folder`, on a disk behind `barrier`.
    pub(crate) fn on_disk(folder: &Path, barrier: &Barrier) -> Self {
        let config = config();
        let limits = Limits { file_bytes: 1 << 30, files: 10 };
        let journal = JournalConfig { folder: folder.into(), limits };
        let (model, planned) = (ModelId::none(), config.planned.clone());
        let terms = RunContext::new(model.clone(), config.settings, planned, false);
        let open = || Ok(config.open_here()?.0);
        let Resumed { decider, journal, .. } = resume(&journal, terms, open).unwrap();
        let path = newest(folder);
        let mut file = File::options().write(true).open(&path).unwrap();
        Medium::cut(&mut file, path.metadata().unwrap().len()).unwrap();
        let disk = Disk { file, barrier: barrier.clone() };
        Self::start(&config, decider, model, Some(journal.with_medium(Box::new(disk))))
    }

    /// One for which the device on the port of `line` decides.
    pub(crate) fn on_a_line(line: &Line) -> Self {
        let config = config();
        let port = Port { path: line.path.clone(), baud: 115_200 };
        // Nothing but the line itself ends the wait for an answer.
        let timeouts = Timeouts { answer: TIME_LIMIT, tries: 1, ..Timeouts::default() };
        let client = Client::connect(&port, timeouts, &config.settings).unwrap();
        let model = ModelId::device(&port.path, client.pack_crc());
        let decider = Box::new(DeviceWithFallback::new(client, config.open_here().unwrap().0));
        Self::start(&config, decider, model, None)
    }

    fn start(
        config: &WorkloadConfig,
        decider: Box<dyn Decider>,
        model: ModelId,
        journal: Option<Journal>,
    ) -> Self {
        let (settings, mode) = (config.settings, Mode::Shadow);
        let metrics = Metrics::new(&settings, &model, mode, None);
        let about = About::new("rig", mode.word(), &model, decider.network_role(), &settings);
        let dashboard = DashboardState::new(about);
        let audience = Audience::new(vec![Box::new(metrics.clone()), Box::new(dashboard.clone())]);
        let started = Control::start(Beginning {
            decider,
            settings,
            model,
            journal,
            past: None,
            trust: config.trust,
            pool: PoolWatch::default(),
            schedule: Schedule::default(),
            store: OverrideStore::default(),
            clock: Clock::after(None),
            audience,
        });
        let Started { handle: control, thread, .. } = started.unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (control_seen, told) = (control.clone(), metrics.clone());
        let watch = Watch { control: control_seen, metrics: told, mode, takes_samples: true };
        let rows = config.row_forecaster().unwrap();
        let api = Api::new(control.clone(), metrics.clone(), mode, true, rows);
        let dashboard = dashboard.watching(watch);
        let served = vec![Served { name: "rig".into(), api, dashboard }];
        let connections = ConnectionMetrics::default();
        let routes = router(served, connections.clone(), Access::new(address, None));
        let server = Server::new(routes, connections);
        runtime.spawn(async move { server.accept(listener).await });
        Self { address, control, thread: Some(thread), runtime }
    }

    /// GET: status, body, and how long it took.
    pub(crate) fn get(&self, path: &str) -> (u16, String, Duration) {
        request(self.address, "GET", path, "")
    }

    /// POST: status and body.
    pub(crate) fn post(&self, path: &str, body: &str) -> (u16, String) {
        let (status, body, _) = request(self.address, "POST", path, body);
        (status, body)
    }

    /// Ends the loop, which nothing may hold up any more.
    pub(crate) fn stop(mut self) {
        self.runtime.block_on(self.control.stop());
        self.thread.take().unwrap().join().unwrap();
    }
}

/// A request on a connection of its own.
pub(crate) fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    body: &str,
) -> (u16, String, Duration) {
    let begin = Instant::now();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(TIME_LIMIT)).unwrap();
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    stream.write_all(format!("{head}Content-Length: {length}\r\n\r\n{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let took = begin.elapsed();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_string(), took)
}

/// So many samples of 30 s, the last of which ends at `end`.
pub(crate) fn samples(count: i64, end: UnixSeconds) -> String {
    let sample = |k: i64| {
        let time = end.0 - 30 * (count - 1 - k);
        format!(
            "{{\"time\": {time}, \"interval_s\": 30, \"logged_events\": 3000, \"processed_events\": 3000, \
             \"unprocessed_events\": 0, \"avg_processing_ms\": 100, \"jobs_ready\": 10, \"jobs_starting\": 0}}\n"
        )
    };
    (0..count).map(sample).collect()
}

fn config() -> WorkloadConfig {
    let config = Config::parse(
        "model: none\nsource: {type: http, clock: sender}\n",
        Path::new("rig.yaml"),
        |_| None,
        &Components::default(),
    );
    config.unwrap().workload(None).unwrap()
}

fn newest(folder: &Path) -> PathBuf {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let journals = files.filter(|path| path.extension().is_some_and(|e| e == "journal"));
    journals.max().unwrap()
}

/// A device on a serial line that refuses every sample, so that the agent decides, and says nothing
/// while its barrier is shut.
pub(crate) struct Line {
    path: String,
}

impl Line {
    /// Plugs it in.
    pub(crate) fn plug_in(barrier: &Barrier) -> Self {
        let (told, path) = std::sync::mpsc::channel();
        let shared = barrier.clone();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let (master, slave) = SerialStream::pair().unwrap();
                told.send(slave.name().unwrap()).unwrap();
                // Kept open: a line without a reader at either end is a broken one.
                let _slave = slave;
                answer(master, &shared).await;
            });
        });
        Self { path: path.recv().unwrap() }
    }
}

async fn answer(mut line: SerialStream, barrier: &Barrier) {
    let mut reader = FrameReader::default();
    while let Ok(byte) = line.read_u8().await {
        let Some(Ok(Frame { sequence, message })) = reader.push(byte) else { continue };
        let answer = match message {
            Message::Ask | Message::Configure(_) => Message::Status(Status::default()),
            Message::Sample(_) => {
                barrier.pass();
                Message::Refused(Refusal::SampleTime)
            }
            _ => continue,
        };
        let frame = encode(sequence, &answer).unwrap();
        AsyncWriteExt::write_all(&mut line, &frame).await.unwrap();
    }
}
