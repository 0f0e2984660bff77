//! What breaks is told by `/readyz` within two ticks, which are counted: time is the loop's alone.

use super::START;
use agent::actuate::{Account, Actor};
use agent::app::{Components, Config};
use agent::decide::limits::{OverrideStore, Schedule};
use agent::decide::{Mode, ModelId};
use agent::journal::{JournalConfig, Limits, Medium, Resumed, RunContext, resume};
use agent::observe::Reported;
use agent::observe::pool::PoolWatch;
use agent::platform::clock::Clock;
use agent::platform::stop::Stop;
use agent::serve::dashboard::{About, DashboardState};
use agent::serve::{Access, Api, Served, Watch, router};
use agent::telemetry::{ConnectionMetrics, Metrics};
use agent::workload::{Audience, Beginning, Control, Event, Handle, Started, Subscriber};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use scaleiq_core::sample::RawSample;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tower_service::Service as _;

/// Ticks within which a fault is told.
const WITHIN: usize = 2;
/// Time between two of them, as the agent has it where nothing else comes.
const TICK: Duration = Duration::from_secs(15);
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// A disk that is full while it is said to be.
struct Disk {
    file: File,
    is_full: Arc<AtomicBool>,
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.is_full.load(Ordering::Relaxed) {
            true => Err(io::ErrorKind::StorageFull.into()),
            false => self.file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Medium for Disk {
    fn sync(&mut self) -> io::Result<()> {
        Medium::sync(&mut self.file)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        Medium::cut(&mut self.file, length)
    }
}

/// Notes that an order was carried out, or failed.
#[derive(Clone, Default)]
struct Carried(Arc<AtomicBool>);

impl Subscriber for Carried {
    fn take(&self, event: Event<'_>) {
        if matches!(event, Event::Carried(_)) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

/// An active agent without networks and with a journal.
struct Rig {
    handle: Handle,
    clock: Clock,
    routes: Router,
    carried: Carried,
    disk_is_full: Arc<AtomicBool>,
    folder: tempfile::TempDir,
    thread: JoinHandle<()>,
}

impl Rig {
    /// One whose actuator is the command `hook` of a shell.
    fn start(hook: &str) -> Self {
        let text = format!(
            "model: none\nmode: active\nactuator: {{type: exec, command: [sh, -c, '{hook}']}}\n"
        );
        let config =
            Config::parse(&text, Path::new("c.yaml"), |_| None, &Components::default()).unwrap();
        let config = config.workload(None).unwrap();
        let (settings, mode, model) = (config.settings, Mode::Active, ModelId::none());
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("kept");
        let limits = Limits { file_bytes: 1 << 30, files: 10 };
        let terms = RunContext::new(model.clone(), settings, config.planned.clone(), false);
        let open = || Ok(config.open_here()?.0);
        let journal = JournalConfig { folder: kept.clone(), limits };
        let Resumed { decider, journal, .. } = resume(&journal, terms, open).unwrap();
        let path = fs::read_dir(&kept).unwrap().map(|entry| entry.unwrap().path());
        let path = path.filter(|path| path.extension().is_some_and(|e| e == "journal")).max();
        let mut file = File::options().write(true).open(path.as_ref().unwrap()).unwrap();
        Medium::cut(&mut file, path.unwrap().metadata().unwrap().len()).unwrap();
        let disk_is_full = Arc::<AtomicBool>::default();
        let disk = Disk { file, is_full: disk_is_full.clone() };

        let metrics = Metrics::new(&settings, &model, mode, None);
        metrics.model_loaded(true);
        let about = About::new("rig", mode.word(), &model, decider.network_role(), &settings);
        let (dashboard, carried) = (DashboardState::new(about), Carried::default());
        let clock = Clock::virtual_at(START);
        let started = Control::start(Beginning {
            decider,
            settings,
            model,
            journal: Some(journal.with_medium(Box::new(disk))),
            past: None,
            trust: config.trust,
            pool: PoolWatch::default(),
            schedule: Schedule::default(),
            store: OverrideStore::default(),
            clock: clock.clone(),
            audience: Audience::new(vec![
                Box::new(metrics.clone()),
                Box::new(dashboard.clone()),
                Box::new(carried.clone()),
            ]),
        });
        let Started { handle, decisions, thread } = started.unwrap();
        let account = Account::new(metrics.clone(), handle.clone());
        let stop = Stop::on_signal().unwrap();
        let actor =
            Actor::new(mode, config.actuator.as_ref(), None, &settings, None, account, stop);
        tokio::spawn(actor.unwrap().run(decisions));
        let watch =
            Watch { control: handle.clone(), metrics: metrics.clone(), mode, takes_samples: true };
        let api = Api::new(handle.clone(), metrics, mode, true, config.row_forecaster().unwrap());
        let served = Served { name: "rig".into(), api, dashboard: dashboard.watching(watch) };
        let access = Access::new(([127, 0, 0, 1], 80).into(), None);
        let routes = router(vec![served], ConnectionMetrics::default(), access);
        Self { handle, clock, routes, carried, disk_is_full, folder, thread }
    }

    /// The answer to GET `path`.
    async fn get(&self, path: &str) -> String {
        let request = Request::get(path).header("Host", "127.0.0.1").body(Body::empty()).unwrap();
        let answer = self.routes.clone().call(request).await.unwrap();
        let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    }

    /// A tick without a sample; it is over when the loop has come round.
    async fn tick(&self) {
        self.clock.advance(TICK);
        self.handle.tick();
        assert_eq!(self.handle.end_override(u64::MAX).await, Ok(None));
    }

    /// A tick with a sample of `events` in so many seconds.
    async fn sample(&self, interval_s: f64, events: f64) {
        self.clock.advance(Duration::from_secs_f64(interval_s));
        let raw = RawSample {
            time: self.handle.now().0 as f64,
            interval_s,
            logged_events: Some(events),
            processed_events: Some(events),
            unprocessed_events: Some(0.0),
            avg_processing_ms: Some(100.0),
            jobs_ready: Some(10.0),
            jobs_starting: Some(0.0),
            ..RawSample::default()
        };
        let sample = Reported::from(raw.gate().unwrap().sample);
        let taken = self.handle.ingest(vec![sample]).await.unwrap();
        assert_eq!((taken.accepted, taken.refused), (1, 0), "{taken:?}");
    }

    /// Ten minutes of ten busy jobs: nothing is wrong.
    async fn begin(hook: &str) -> Self {
        let rig = Self::start(hook);
        for _ in 0..20 {
            rig.sample(30.0, 3000.0).await;
        }
        rig
    }

    /// Something broke: `/readyz` has `words` within two ticks, each of which is as `tick` has it.
    async fn tells(&self, words: &str, tick: impl AsyncFn(usize)) {
        let mut told = self.get("/readyz").await;
        assert!(!told.contains(words), "{words} was told before: {told}");
        for ticks in 1..=WITHIN {
            tick(ticks).await;
            told = self.get("/readyz").await;
            if told.contains(words) {
                return;
            }
        }
        panic!("{words} is not told after {WITHIN} ticks: {told}");
    }

    async fn stop(self) {
        self.handle.stop().await;
        self.thread.join().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn samples_that_stop() {
    let rig = Rig::begin("true").await;
    // Five minutes may pass; what follows may not.
    for _ in 0..20 {
        rig.tick().await;
    }
    rig.tells("stale_after_s is 300", async |_| rig.tick().await).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_breaks() {
    let rig = Rig::start("echo no such cluster >&2; exit 3");
    let tick = async |_| {
        rig.sample(30.0, 9000.0).await;
        let failed = async {
            while !rig.carried.0.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(TIME_LIMIT, failed).await.expect("the hook never ends");
    };
    rig.tells("actuator: failed", tick).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full() {
    let rig = Rig::begin("true").await;
    rig.disk_is_full.store(true, Ordering::Relaxed);
    let tick = async |k| rig.sample(30.0, 3000.0 + 100.0 * k as f64).await;
    rig.tells("journal: cannot be written", tick).await;
    rig.disk_is_full.store(false, Ordering::Relaxed);
    rig.sample(30.0, 3300.0).await;
    assert!(!rig.get("/readyz").await.contains("journal:"), "it has room again");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_is_removed() {
    let rig = Rig::begin("true").await;
    fs::remove_dir_all(rig.folder.path().join("kept")).unwrap();
    let tick = async |k| rig.sample(30.0, 3000.0 + 100.0 * k as f64).await;
    rig.tells("journal: cannot be written", tick).await;
    rig.stop().await;
}

/// From the tick on with which the figure itself is bad, as `/status` has it.
#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_has_aged() {
    let rig = Rig::start("true");
    let covered = async || {
        let status: serde_json::Value = serde_json::from_str(&rig.get("/status").await).unwrap();
        let first = &status["forecasts"][0];
        (first["intervals"].as_u64().unwrap_or(0), first["coverage_ratio"].as_f64())
    };
    // Steady for some hours, and then as it never was: further apart from interval to interval.
    for k in 0u64..600 {
        let side = if k.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 63 == 0 { 1.0 } else { -1.0 };
        let wild = 12_000.0 * (side * (k.saturating_sub(100)) as f64 / 12.0).exp();
        let before = rig.get("/readyz").await;
        rig.sample(120.0, wild.min(1e9)).await;
        let (intervals, ratio) = covered().await;
        if intervals >= 200 && ratio.is_some_and(|ratio| ratio < 0.55) {
            assert!(!before.contains("forecasts: aged"), "{before}");
            let now = rig.get("/readyz").await;
            assert!(now.contains("forecasts: aged"), "not told in the tick of the figure: {now}");
            return rig.stop().await;
        }
    }
    panic!("it never aged: {}", rig.get("/status").await);
}
