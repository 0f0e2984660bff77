//! A device behind a pty, asked by the agent: the firmware of `firmware/` in a thread, with a line
//! that may be noisy, silent or without power.

use agent::brain::{self, Brain, Engine, ModelChoice, ModelId};
use agent::cli::{Cli, Command};
use agent::command::flash_model;
use agent::config::{Config as AgentConfig, Mode};
use agent::control::{Control, now};
use agent::device::{Client, Deputed, Fault, Health, Link, Patience, Port};
use agent::metrics::Metrics;
use agent::planned::Calendar;
use agent::serve::dashboard::{About, DashboardState};
use clap::Parser;
use firmware::{Device, Memory, RETAINED, Store, StoreError, first_settings};
use scaleiq_core::decision::Decision;
use scaleiq_core::engine::Pack;
use scaleiq_core::interval::IntervalLength;
use scaleiq_core::model::{Card, PACK as PACK_FILE, sha256_hex};
use scaleiq_core::policy::Stage;
use scaleiq_core::sample::{RawSample, Reading, Sample};
use scaleiq_core::settings::Settings;
use scaleiq_core::units::{JobLimits, Jobs, UnixSeconds};
use scaleiq_core::wire::{Config, FrameReader, Message, Refusal, Status, encode};
use scaleiq_data::sample_traffic::{self, SampleSpec};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};
use tokio_serial::{SerialPort, SerialStream};

static PACK: &[u8] = include_bytes!("../../models/edge/model.pack");

/// A window of the guard, in samples.
const WINDOW: usize = 4;

/// Memory that outlives its device.
#[derive(Clone)]
struct Kept(Arc<Mutex<[u8; RETAINED]>>);

impl Kept {
    fn after_power_on() -> Self {
        Self(Arc::new(Mutex::new([0xA5; RETAINED])))
    }
}

impl Memory for Kept {
    fn load(&self) -> [u8; RETAINED] {
        *self.0.lock().unwrap()
    }
    fn save(&mut self, bytes: &[u8; RETAINED]) {
        *self.0.lock().unwrap() = *bytes;
    }
}

/// Room for a pack of so many bytes; what is read is leaked, as flash would be.
struct Room {
    size: usize,
    bytes: Vec<u8>,
}

impl Store<'static> for Room {
    fn begin(&mut self, length: u32) -> Result<(), StoreError> {
        self.bytes.clear();
        if length as usize <= self.size { Ok(()) } else { Err(StoreError) }
    }
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), StoreError> {
        assert_eq!(offset as usize, self.bytes.len());
        self.bytes.extend(bytes);
        Ok(())
    }
    fn read(&self, length: u32) -> &'static [u8] {
        &Vec::leak(self.bytes.clone())[..length as usize]
    }
}

type TestDevice = Device<'static, Kept, Room>;

fn device(kept: &Kept, room: usize) -> &'static mut TestDevice {
    let place = Box::leak(Box::new_uninit());
    let store = Room { size: room, bytes: Vec::new() };
    Device::make(place, first_settings(), PACK, kept.clone(), store).unwrap()
}

/// What is done to the line and to the device's power.
#[derive(Default)]
struct Hand {
    silent: bool,
    power_cycle: bool,
    noise: Option<Noise>,
    stop: bool,
}

/// Hurts about one byte in a thousand: some are lost, some changed, some added.
struct Noise {
    state: u32,
    hurt: u32,
}

impl Noise {
    fn next(&mut self) -> u32 {
        self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.state >> 8
    }

    fn on(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for byte in bytes {
            let event = self.next() % 3000;
            self.hurt += u32::from(event < 3);
            match event {
                0 => {}
                1 => out.push(byte ^ (1 << (self.next() % 8))),
                2 => out.extend([*byte, self.next() as u8]),
                _ => out.push(*byte),
            }
        }
        out
    }
}

/// The device in a thread, behind a pty.
struct Board {
    path: String,
    hand: Arc<Mutex<Hand>>,
    thread: Option<JoinHandle<()>>,
}

impl Board {
    fn start() -> Self {
        Self::with_room(1 << 20)
    }

    fn with_room(room: usize) -> Self {
        let hand = Arc::new(Mutex::new(Hand::default()));
        let (told, path) = mpsc::channel();
        let shared = Arc::clone(&hand);
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let (master, slave) = SerialStream::pair().unwrap();
                told.send(slave.name().unwrap()).unwrap();
                drop(slave);
                serve(master, &shared, room).await;
            });
        });
        Self { path: path.recv().unwrap(), hand, thread: Some(thread) }
    }

    fn hand(&self) -> MutexGuard<'_, Hand> {
        self.hand.lock().unwrap()
    }

    fn port(&self) -> Port {
        Port { path: self.path.clone(), baud: 115_200 }
    }

    fn status(&self) -> Status {
        Client::look(&self.port(), PATIENCE).unwrap()
    }

    fn deputed(&self, settings: Settings) -> Deputed {
        let client = Client::connect(&self.port(), PATIENCE, &settings).unwrap();
        Deputed::new(client, open(ModelChoice::None, Engine::Tract, settings))
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        self.hand().stop = true;
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || thread::panicking(), "the device's thread panicked");
    }
}

async fn serve(mut line: SerialStream, hand: &Mutex<Hand>, room: usize) {
    let mut kept = Kept::after_power_on();
    let mut device = device(&kept, room);
    let mut bytes = [0; 512];
    loop {
        let count = match timeout(Duration::from_millis(10), line.read(&mut bytes)).await {
            Ok(Ok(count)) => count,
            // Nobody has the port open.
            Ok(Err(_)) => 0,
            Err(_) => usize::MAX,
        };
        let mut out = Vec::new();
        {
            let mut hand = hand.lock().unwrap();
            if hand.stop {
                return;
            }
            if std::mem::take(&mut hand.power_cycle) {
                kept = Kept::after_power_on();
                device = self::device(&kept, room);
            }
            let read = bytes.get(..count).unwrap_or_default();
            if !hand.silent {
                let read = hand.noise.as_mut().map_or(read.to_vec(), |noise| noise.on(read));
                for answer in read.iter().filter_map(|byte| {
                    let answer = device.receive(*byte)?;
                    if answer.restart {
                        device = self::device(&kept, room);
                    }
                    Some(answer)
                }) {
                    out.extend_from_slice(&answer.frame);
                }
                if let Some(noise) = &mut hand.noise {
                    out = noise.on(&out);
                }
            }
        }
        if count == 0 {
            sleep(Duration::from_millis(2)).await;
        }
        // Whoever asked may have closed the port.
        let _ = line.write_all(&out).await;
    }
}

const PATIENCE: Patience = Patience {
    answer: Duration::from_millis(300),
    tries: 8,
    pause: Duration::ZERO,
    longest_pause: Duration::ZERO,
};

fn settings() -> Settings {
    Settings::new(JobLimits::new(1, 60).unwrap(), 60.0, 60.0)
}

fn open(choice: ModelChoice, engine: Engine, settings: Settings) -> Box<dyn Brain> {
    brain::open(&choice, engine, settings, Calendar::default()).unwrap().0
}

/// The same device, asked directly.
struct Direct(&'static mut TestDevice);

impl Direct {
    fn new(settings: &Settings) -> Self {
        let mut direct = Self(device(&Kept::after_power_on(), 0));
        direct.ask(&Message::Configure(Config::from(settings)));
        direct
    }

    fn ask(&mut self, message: &Message) -> Message {
        let frame = encode(message).unwrap();
        let answer = frame.iter().find_map(|byte| self.0.receive(*byte)).unwrap();
        let mut reader = FrameReader::default();
        answer.frame.iter().find_map(|byte| reader.push(*byte)).unwrap().unwrap()
    }

    fn decide(&mut self, sample: &Sample) -> Decision {
        match self.ask(&Message::Sample(*sample)) {
            Message::Decision(decision) => decision,
            other => panic!("{other:?}"),
        }
    }
}

/// The built-in sample in steps of 30 s, and a pool that does what it is told at once.
struct Pool {
    rates: Vec<f64>,
    at: i64,
    tick: usize,
    jobs: Jobs,
    backlog: f64,
}

impl Pool {
    fn new() -> Self {
        let spec = SampleSpec { rows: 1000, ..SampleSpec::default() };
        let series = sample_traffic::generate(&spec);
        let rates = series
            .rows
            .iter()
            .map(|row| f64::from(row.arrivals_events.unwrap_or(0.0)) / f64::from(series.length_s));
        Self { rates: rates.collect(), at: series.start.0, tick: 0, jobs: Jobs(5), backlog: 0.0 }
    }

    fn sample(&mut self) -> Sample {
        let came = (self.rates[self.tick / 4] * 30.0).round();
        self.tick += 1;
        self.at += 30;
        let capacity = f64::from(self.jobs.0) * 30_000.0 / 73.6;
        let processed = capacity.min(self.backlog + came);
        self.backlog = (self.backlog + came - processed).max(0.0);
        let raw = RawSample {
            time: self.at as f64,
            interval_s: 30.0,
            // Some counts are missing.
            logged_events: Some(came).filter(|_| self.tick % 97 != 96),
            processed_events: Some(processed),
            unprocessed_events: Some(self.backlog),
            queued_events: Some(self.backlog),
            avg_processing_ms: (processed > 0.0).then_some(73.6),
            jobs_ready: Some(f64::from(self.jobs.0)),
            jobs_starting: Some(0.0),
        };
        raw.gate().unwrap()
    }
}

fn decide(brain: &mut dyn Brain, sample: &Sample) -> Decision {
    brain.observe(sample).unwrap();
    brain.decide(sample.end)
}

/// Plays samples, and holds each decision to the device's own and to the native engine's.
fn play_alike(brain: &mut dyn Brain, samples: usize) {
    let mut direct = Direct::new(&settings());
    let mut native = open(ModelChoice::Shipped, Engine::Native, settings());
    let mut pool = Pool::new();
    let mut by_network = 0;
    let mut changes = 0;
    for k in 0..samples {
        let sample = pool.sample();
        let decision = decide(brain, &sample);
        assert_eq!(decision, direct.decide(&sample), "sample {k}");
        assert_eq!(decision, decide(native.as_mut(), &sample), "sample {k}");
        // A later question is answered by the same decision.
        assert_eq!(brain.decide(sample.end.plus(20)), decision);
        by_network += usize::from(decision.stage == Stage::Dqn);
        changes += usize::from(decision.jobs != pool.jobs);
        pool.jobs = decision.jobs;
    }
    println!("{samples} samples: {by_network} decisions by the network, {changes} changes");
    assert!(by_network > samples * 9 / 10 && changes > 3);
    let late = UnixSeconds(pool.at + 2000);
    let stale = brain.decide(late);
    let Message::Decision(expected) = direct.ask(&Message::Time(late)) else {
        panic!("no decision")
    };
    assert_eq!((&stale, stale.stage, stale.jobs), (&expected, Stage::Hold, pool.jobs));
}

#[test]
fn a_device_behind_a_line_decides_what_it_decides_beside_it() {
    let board = Board::start();
    let client = Client::connect(&board.port(), PATIENCE, &settings()).unwrap();
    assert_eq!(client.model(), ModelId::device(&board.path, Pack::crc(PACK)));
    let mut brain = Deputed::new(client, open(ModelChoice::None, Engine::Tract, settings()));
    play_alike(&mut brain, 400);
    assert_eq!(brain.device(), Some(Health { decides: true, outages: 0 }));
    assert!(brain.forecast().is_some(), "who stands in learns beside it");
}

#[test]
fn noise_changes_no_decision() {
    let board = Board::start();
    let mut brain = board.deputed(settings());
    board.hand().noise = Some(Noise { state: 7, hurt: 0 });
    play_alike(&mut brain, 400);
    assert_eq!(brain.device(), Some(Health { decides: true, outages: 0 }));
    let noise = board.hand().noise.take().unwrap();
    println!("{} bytes were hurt", noise.hurt);
    assert!(noise.hurt > 50, "that was no noise");
}

#[test]
fn the_planner_stands_in_for_a_silent_device_until_it_answers() {
    let board = Board::start();
    let mut brain = board.deputed(settings());
    let mut direct = Direct::new(&settings());
    let mut pool = Pool::new();
    let mut play = |brain: &mut Deputed, told: bool| {
        let sample = pool.sample();
        let (decision, have) = (decide(brain, &sample), pool.jobs);
        pool.jobs = decision.jobs;
        (sample, decision, have, told.then(|| direct.decide(&sample)))
    };
    for _ in 0..200 {
        let (_, decision, _, expected) = play(&mut brain, true);
        assert_eq!(Some(decision), expected);
    }

    board.hand().silent = true;
    for k in 0..12 {
        let (sample, decision, have, _) = play(&mut brain, false);
        assert_eq!(decision.stage, Stage::Planner, "sample {k}");
        // What the device decided last stands for a window.
        assert!(k >= WINDOW || decision.jobs >= have, "sample {k}: {decision:?}");
        assert_eq!(brain.device(), Some(Health { decides: false, outages: 1 }));
        // Blind, nothing is let go, and nobody waits for the device.
        let blind = brain.decide(sample.end.plus(1000));
        assert_eq!((blind.stage, blind.jobs), (Stage::Hold, decision.jobs));
    }

    board.hand().silent = false;
    for k in 0..60 {
        let (_, decision, _, expected) = play(&mut brain, true);
        let decides = k >= WINDOW;
        assert_eq!(brain.device(), Some(Health { decides, outages: 1 }), "sample {k}");
        match decides {
            true => assert_eq!(Some(decision), expected, "sample {k}"),
            false => assert_eq!(decision.stage, Stage::Planner, "sample {k}"),
        }
    }
}

#[test]
fn a_device_that_lost_its_power_gets_its_settings_again() {
    let board = Board::start();
    let mut brain = board.deputed(settings());
    let mut pool = Pool::new();
    let mut play = |brain: &mut Deputed| {
        let sample = pool.sample();
        let decision = decide(brain, &sample);
        pool.jobs = decision.jobs;
        decision
    };
    for _ in 0..50 {
        play(&mut brain);
    }
    board.hand().power_cycle = true;
    for k in 0..50 {
        let decision = play(&mut brain);
        assert_eq!(brain.device(), Some(Health { decides: k >= WINDOW, outages: 1 }));
        // What it has seen since: it has forgotten the rest.
        assert!(k < WINDOW || decision.epoch == k as u64 + 1, "{decision:?}");
    }
    drop(brain);
    let status = board.status();
    assert_eq!((status.epoch, status.resets), (50, 0));
}

#[test]
fn an_unplugged_device_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("port");
    let plug = |board: &Board| {
        let _ = std::fs::remove_file(&path);
        std::os::unix::fs::symlink(&board.path, &path).unwrap();
    };
    let first = Board::start();
    plug(&first);
    let port = Port { path: path.to_str().unwrap().into(), baud: 115_200 };
    let client = Client::connect(&port, PATIENCE, &settings()).unwrap();
    let mut brain = Deputed::new(client, open(ModelChoice::None, Engine::Tract, settings()));
    let mut pool = Pool::new();
    let mut decides = |brain: &mut Deputed, samples: usize| {
        for _ in 0..samples {
            pool.jobs = decide(brain, &pool.sample()).jobs;
        }
        brain.device().unwrap()
    };
    assert_eq!(decides(&mut brain, 30), Health { decides: true, outages: 0 });
    drop(first);
    assert_eq!(decides(&mut brain, 30), Health { decides: false, outages: 1 });
    let second = Board::start();
    plug(&second);
    assert_eq!(decides(&mut brain, 30), Health { decides: true, outages: 1 });

    // With another model it is not the device that it was.
    drop(second);
    decides(&mut brain, 1);
    let third = Board::start();
    let models = tempfile::tempdir().unwrap();
    let pack = cautious(models.path());
    flash(&third, models.path().to_str().unwrap()).unwrap();
    plug(&third);
    assert_eq!(decides(&mut brain, 30), Health { decides: false, outages: 2 });
    drop(brain);
    assert_eq!(third.status().pack_crc, Pack::crc(&pack));
}

#[test]
fn the_loop_tells_who_decided() {
    let board = Board::start();
    let client = Client::connect(&board.port(), PATIENCE, &settings()).unwrap();
    let model = client.model();
    let brain = Deputed::new(client, open(ModelChoice::None, Engine::Tract, settings()));
    let metrics = Metrics::new(&settings(), &model, Mode::Shadow);
    let about = About::new("worker", Mode::Shadow.word(), &model, &settings());
    let (control, _, thread) = Control::start(
        Box::new(brain),
        settings(),
        model.clone(),
        (None, None),
        metrics.clone(),
        DashboardState::new(about),
    )
    .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    // A hundred samples up to the present, so that they are not stale.
    let mut pool = Pool::new();
    pool.at = now().0 - 30 * 100;
    let samples = (0..100).map(|_| pool.sample()).collect();
    control.ingest_blocking(samples).unwrap();
    let traced = runtime.block_on(control.decide()).unwrap();
    assert_eq!((traced.decision.epoch, traced.model), (100, model));
    // The forecast is made here.
    assert_eq!(runtime.block_on(control.predict()).unwrap().model, "none");
    let text = metrics.text(now()).unwrap();
    assert!(text.contains("scaleiq_device_decides 1"), "{text}");

    board.hand().silent = true;
    control.ingest_blocking(vec![pool.sample()]).unwrap();
    let traced = runtime.block_on(control.decide()).unwrap();
    assert_eq!((traced.decision.epoch, traced.model), (101, ModelId::none()));
    let text = metrics.text(now()).unwrap();
    for line in ["scaleiq_device_decides 0", "scaleiq_device_outages_total 1"] {
        assert!(text.contains(line), "{text}");
    }
    runtime.block_on(control.stop());
    thread.join().unwrap();
}

#[test]
fn another_interval_makes_it_restart_and_is_waited_for() {
    let board = Board::start();
    let settings = Settings { interval: IntervalLength::new(60).unwrap(), ..settings() };
    let mut brain = board.deputed(settings);
    let mut native = open(ModelChoice::Shipped, Engine::Native, settings);
    let mut pool = Pool::new();
    for _ in 0..50 {
        let sample = pool.sample();
        let decision = decide(&mut brain, &sample);
        assert_eq!(decision, decide(native.as_mut(), &sample));
        pool.jobs = decision.jobs;
    }
    drop(brain);
    assert_eq!(board.status().resets, 1);
}

#[test]
fn samples_that_the_device_knows_already_are_decided_here() {
    let board = Board::start();
    let mut first = board.deputed(settings());
    let mut pool = Pool::new();
    let samples: Vec<Sample> = (0..40).map(|_| pool.sample()).collect();
    for sample in &samples[..30] {
        decide(&mut first, sample);
    }
    drop(first);
    // An agent that begins anew, and reads its source from the start again.
    let mut second = board.deputed(settings());
    for sample in &samples[..29] {
        assert!(decide(&mut second, sample).stage >= Stage::Planner);
        assert!(!second.device().unwrap().decides);
    }
    for sample in &samples[29..] {
        decide(&mut second, sample);
    }
    assert_eq!(second.device(), Some(Health { decides: true, outages: 1 }));
}

#[test]
fn what_is_missing_stays_missing_on_the_line() {
    let board = Board::start();
    let mut brain = board.deputed(settings());
    let mut pool = Pool::new();
    let known = decide(&mut brain, &pool.sample());
    let blind = Sample { jobs_ready: None, arrivals_events: Reading::Missing, ..pool.sample() };
    let held = decide(&mut brain, &blind);
    assert_eq!((held.stage, held.jobs), (Stage::Hold, known.jobs));
    assert!(brain.device().unwrap().decides);
}

fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/edge")
}

/// The shipped model with another caution, as a model folder.
fn cautious(folder: &Path) -> Vec<u8> {
    let mut pack = Pack::parse(PACK).unwrap();
    pack.q_network.caution = 0.125;
    assert_ne!(Pack::parse(PACK).unwrap().q_network.caution, 0.125);
    let mut bytes = vec![0; PACK.len() + 16];
    let length = pack.write(&mut bytes).unwrap();
    bytes.truncate(length);
    let card = std::fs::read(models().join("card.json")).unwrap();
    let mut card = Card::parse(&card, Path::new("card.json")).unwrap();
    card.policy.caution = pack.q_network.caution;
    card.files.insert(PACK_FILE.into(), sha256_hex(&bytes));
    std::fs::write(folder.join("card.json"), serde_json::to_vec(&card).unwrap()).unwrap();
    std::fs::write(folder.join(PACK_FILE), &bytes).unwrap();
    bytes
}

fn flash(board: &Board, model: &str) -> Result<(), String> {
    let line = ["agent", "flash-model", "--port", &board.path, "--model", model];
    let Some(Command::FlashModel(args)) = Cli::try_parse_from(line).unwrap().command else {
        panic!("another command")
    };
    flash_model::run(&args).map_err(|error| format!("{error:#}"))
}

#[test]
fn a_model_is_uploaded_over_a_noisy_line_and_decides() {
    let board = Board::start();
    let folder = tempfile::tempdir().unwrap();
    let pack = cautious(folder.path());
    assert_eq!(board.status().pack_crc, Pack::crc(PACK));
    board.hand().noise = Some(Noise { state: 3, hurt: 0 });
    flash(&board, folder.path().to_str().unwrap()).unwrap();
    let noise = board.hand().noise.take().unwrap();
    assert!(noise.hurt > 50, "that was no noise");
    assert_eq!(board.status().pack_crc, Pack::crc(&pack));

    // What decides now is that model.
    let mut brain = board.deputed(settings());
    let choice = ModelChoice::Folder(folder.path().into());
    let mut native = open(choice, Engine::Native, settings());
    let mut pool = Pool::new();
    for _ in 0..50 {
        let sample = pool.sample();
        let decision = decide(&mut brain, &sample);
        assert_eq!(decision, decide(native.as_mut(), &sample));
        pool.jobs = decision.jobs;
    }
    drop(brain);
    flash(&board, "shipped").unwrap();
    assert_eq!(board.status().pack_crc, Pack::crc(PACK));
}

#[test]
fn a_pack_that_cannot_be_run_is_refused_and_the_old_one_decides() {
    let board = Board::start();
    let mut pack = PACK.to_vec();
    let middle = pack.len() / 2;
    pack[middle] ^= 1;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let refused = runtime.block_on(async {
        let mut link = Link::new(board.port().open().unwrap(), PATIENCE.answer, PATIENCE.tries);
        link.upload(&pack, |_| {}).await.unwrap_err()
    });
    assert!(matches!(refused, Fault::Refused(Refusal::Pack)), "{refused}");
    assert_eq!(board.status().pack_crc, Pack::crc(PACK));
    play_alike(&mut board.deputed(settings()), 60);

    // The program does not even send it.
    let folder = tempfile::tempdir().unwrap();
    cautious(folder.path());
    std::fs::write(folder.path().join(PACK_FILE), &pack).unwrap();
    let error = flash(&board, folder.path().to_str().unwrap()).unwrap_err();
    assert!(error.contains(PACK_FILE) && error.contains("SHA-256"), "{error}");

    let small = Board::with_room(1000);
    let folder = tempfile::tempdir().unwrap();
    cautious(folder.path());
    let error = flash(&small, folder.path().to_str().unwrap()).unwrap_err();
    assert!(error.contains("no memory for another model pack"), "{error}");
    assert!(error.contains(&format!("decides with pack {:08x}", Pack::crc(PACK))), "{error}");
}

#[test]
fn what_is_not_there_is_named() {
    let error = |text: &str| {
        let config = AgentConfig::parse(text, Path::new("c.yaml"), |_| None).unwrap();
        format!("{:#}", config.open().err().unwrap())
    };
    let text = error("engine: serial\nserial: {port: /dev/no-such-port}\n");
    assert!(text.contains("/dev/no-such-port") && text.contains("plugged in?"), "{text}");
    let text = error("engine: serial\nserial: {port: /dev/null}\n");
    assert!(text.contains("/dev/null") && text.contains("is it a serial port?"), "{text}");

    let board = Board::start();
    board.hand().silent = true;
    let patience = Patience { answer: Duration::from_millis(20), ..PATIENCE };
    let error = Client::connect(&board.port(), patience, &settings()).unwrap_err().to_string();
    assert!(error.contains(&board.path) && error.contains("no answer, asked 8 times"), "{error}");
}
