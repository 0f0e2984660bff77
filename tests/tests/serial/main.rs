//! The agent beside a device that decides: the firmware of `firmware/` behind a pty.
#![cfg(unix)]

mod board;
mod flash;
mod learned;
mod outage;
mod pool;

use agent::app::{Components, Config};
use agent::decide::limits::{OverrideStore, Schedule};
use agent::decide::{Decider, DeviceWithFallback, Engine, Health, Mode, ModelChoice, ModelId};
use agent::device::{Client, Timeouts};
use agent::observe::pool::PoolWatch;
use agent::observe::{Inlet, Reported, Trust};
use agent::platform::clock::Clock;
use agent::serve::dashboard::{About, DashboardState};
use agent::telemetry::Metrics;
use agent::workload::{Audience, Beginning, Control, Started};
use board::{Board, Noise, PACK, TIME_LIMIT};
use pool::{Direct, Pool, decide, open, settings};
use scaleiq_core::decision::Decision;
use scaleiq_core::engine::Pack;
use scaleiq_core::forecast::ForecastSource;
use scaleiq_core::interval::IntervalLength;
use scaleiq_core::policy::Stage;
use scaleiq_core::sample::{Reading, Sample};
use scaleiq_core::settings::Settings;
use scaleiq_core::units::UnixSeconds;
use scaleiq_core::wire::Message;
use std::path::Path;
use std::time::Duration;

/// Whether the forecast that it was made on has the network in it.
fn is_with_network(decision: &Decision) -> bool {
    decision.forecast.is_some_and(|basis| basis.source == ForecastSource::Model)
}

/// Plays samples, and holds each decision to the device's own and to the native engine's.
fn play_alike(decider: &mut dyn Decider, samples: usize) {
    let mut direct = Direct::new(&settings());
    let mut native = open(ModelChoice::Shipped, Engine::Native, settings());
    let mut pool = Pool::new();
    let mut with_network = 0;
    let mut changes = 0;
    for k in 0..samples {
        let sample = pool.sample();
        let decision = decide(decider, &sample);
        assert_eq!(decision, direct.decide(&sample), "sample {k}");
        assert_eq!(decision, decide(native.as_mut(), &sample), "sample {k}");
        // A later question is answered by the same decision.
        assert_eq!(decider.decide(sample.end.plus(20)), decision);
        with_network += usize::from(is_with_network(&decision));
        changes += usize::from(decision.jobs != pool.jobs);
        pool.jobs = decision.jobs;
    }
    println!("{samples} samples: {with_network} decisions with the network, {changes} changes");
    assert!(with_network > samples * 9 / 10 && changes > 3);
    let late = UnixSeconds(pool.at + 2000);
    let stale = decider.decide(late);
    let Message::Decision(expected) = direct.ask(&Message::Time(late)) else {
        panic!("no decision")
    };
    assert_eq!((&stale, stale.stage, stale.jobs), (&expected, Stage::Hold, pool.jobs));
}

#[test]
fn a_device_behind_a_line_decides_what_it_decides_beside_it() {
    let board = Board::start();
    let client = Client::connect(&board.port(), TIME_LIMIT, &settings()).unwrap();
    assert_eq!(
        ModelId::device(&client.port().path, client.pack_crc()),
        ModelId::device(&board.path, Pack::crc(PACK))
    );
    let mut decider =
        DeviceWithFallback::new(client, open(ModelChoice::None, Engine::Tract, settings()));
    play_alike(&mut decider, 400);
    assert_eq!(decider.device(), Some(Health { decides: true, outages: 0 }));
    assert!(decider.forecast().is_some(), "who stands in learns beside it");
}

#[test]
fn noise_changes_no_decision() {
    let board = Board::start();
    let mut decider = board.with_fallback(settings());
    board.hand().noise = Some(Noise::new(7));
    play_alike(&mut decider, 400);
    assert_eq!(decider.device(), Some(Health { decides: true, outages: 0 }));
    let noise = board.hand().noise.take().unwrap();
    println!("{} bytes were hurt", noise.hurt);
    assert!(noise.hurt > 50, "that was no noise");
}

#[test]
fn the_loop_tells_who_decided() {
    let board = Board::start();
    let client = Client::connect(&board.port(), TIME_LIMIT, &settings()).unwrap();
    let model = ModelId::device(&client.port().path, client.pack_crc());
    let decider =
        DeviceWithFallback::new(client, open(ModelChoice::None, Engine::Tract, settings()));
    let metrics = Metrics::new(&settings(), &model, Mode::Shadow, None);
    let role = decider.network_role();
    let about = About::new("worker", Mode::Shadow.word(), &model, role, &settings());
    let dashboard = DashboardState::new(about);
    let started = Control::start(Beginning {
        decider: Box::new(decider),
        settings: settings(),
        model: model.clone(),
        journal: None,
        past: None,
        trust: Trust::default(),
        pool: PoolWatch::default(),
        schedule: Schedule::default(),
        store: OverrideStore::default(),
        clock: Clock::after(None),
        audience: Audience::new(vec![Box::new(metrics.clone()), Box::new(dashboard)]),
    });
    let Started { handle: control, thread, .. } = started.unwrap();
    let decided = || control.view().decision.clone().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    // A hundred samples nearly up to the present, so that they are not stale, and one more later.
    let mut pool = Pool::new();
    pool.at = control.now().0 - 30 * 101;
    let samples = (0..100).map(|_| Reported::from(pool.sample())).collect();
    Inlet::ingest(&control, samples).unwrap();
    let traced = decided();
    assert_eq!((traced.decision.epoch, traced.model), (100, model));
    // The forecast is made here.
    assert_eq!(control.predict().unwrap().model, "none");
    let text = metrics.text(control.now()).unwrap();
    assert!(text.contains("scaleiq_device_decides 1"), "{text}");

    board.hand().silent = true;
    Inlet::ingest(&control, vec![Reported::from(pool.sample())]).unwrap();
    let traced = decided();
    assert_eq!((traced.decision.epoch, traced.model), (101, ModelId::none()));
    let text = metrics.text(control.now()).unwrap();
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
    let mut decider = board.with_fallback(settings);
    let mut native = open(ModelChoice::Shipped, Engine::Native, settings);
    let mut pool = Pool::new();
    for _ in 0..50 {
        let sample = pool.sample();
        let decision = decide(&mut decider, &sample);
        assert_eq!(decision, decide(native.as_mut(), &sample));
        pool.jobs = decision.jobs;
    }
    drop(decider);
    assert_eq!(board.status().resets, 1);
}

#[test]
fn what_is_missing_stays_missing_on_the_line() {
    let board = Board::start();
    let mut decider = board.with_fallback(settings());
    let mut pool = Pool::new();
    let known = decide(&mut decider, &pool.sample());
    // From the backlog and what was processed arrivals would follow.
    let missing = Reading::Missing;
    let blind = Sample {
        jobs_ready: None,
        arrivals_events: missing,
        backlog_events: missing,
        ..pool.sample()
    };
    let held = decide(&mut decider, &blind);
    assert_eq!((held.stage, held.jobs), (Stage::Hold, known.jobs));
    assert!(decider.device().unwrap().decides);
}

#[test]
fn what_is_not_there_is_named() {
    let error = |text: &str| {
        let config =
            Config::parse(text, Path::new("c.yaml"), |_| None, &Components::default()).unwrap();
        format!("{:#}", config.workload(None).unwrap().open().err().unwrap())
    };
    let text = error("engine: serial\nserial: {port: /dev/no-such-port}\n");
    assert!(text.contains("/dev/no-such-port") && text.contains("plugged in?"), "{text}");
    let text = error("engine: serial\nserial: {port: /dev/null}\n");
    assert!(text.contains("/dev/null") && text.contains("is it a serial port?"), "{text}");

    let board = Board::start();
    board.hand().silent = true;
    let timeouts = Timeouts { answer: Duration::from_millis(20), ..TIME_LIMIT };
    let error = Client::connect(&board.port(), timeouts, &settings()).unwrap_err().to_string();
    assert!(error.contains(&board.path) && error.contains("no answer, asked 8 times"), "{error}");
}
