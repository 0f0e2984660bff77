//! A device that is lost, and who decides until it is found.

use super::board::{Board, TIME_LIMIT};
use super::flash::{flash, with_min_advantage};
use super::pool::{Direct, Pool, decide, open, settings};
use agent::decide::{Decider, DeviceWithFallback, Engine, Health, ModelChoice};
use agent::device::{Client, Port};
use scaleiq_core::engine::Pack;
use scaleiq_core::policy::Stage;
use scaleiq_core::sample::Sample;

/// Samples in a scale-down window: so long a device that was found again is not followed.
const WINDOW: usize = 4;

#[test]
fn the_plan_stands_in_for_a_silent_device_until_it_answers() {
    let board = Board::start();
    let mut decider = board.with_fallback(settings());
    let mut direct = Direct::new(&settings());
    let mut pool = Pool::new();
    let mut play = |decider: &mut DeviceWithFallback, told: bool| {
        let sample = pool.sample();
        let (decision, have) = (decide(decider, &sample), pool.jobs);
        pool.jobs = decision.jobs;
        (sample, decision, have, told.then(|| direct.decide(&sample)))
    };
    for _ in 0..200 {
        let (_, decision, _, expected) = play(&mut decider, true);
        assert_eq!(Some(decision), expected);
    }

    board.hand().silent = true;
    for k in 0..12 {
        let (sample, decision, have, _) = play(&mut decider, false);
        assert_eq!(decision.stage, Stage::Plan, "sample {k}");
        // What the device decided last stands for a window.
        assert!(k >= WINDOW || decision.jobs >= have, "sample {k}: {decision:?}");
        assert_eq!(decider.device(), Some(Health { decides: false, outages: 1 }));
        // NoEstimate, nothing is let go, and nobody waits for the device.
        let blind = decider.decide(sample.end.plus(1000));
        assert_eq!((blind.stage, blind.jobs), (Stage::Hold, decision.jobs));
    }

    board.hand().silent = false;
    for k in 0..60 {
        let (_, decision, _, expected) = play(&mut decider, true);
        let decides = k >= WINDOW;
        assert_eq!(decider.device(), Some(Health { decides, outages: 1 }), "sample {k}");
        match decides {
            true => assert_eq!(Some(decision), expected, "sample {k}"),
            false => assert_eq!(decision.stage, Stage::Plan, "sample {k}"),
        }
    }
}

#[test]
fn a_device_that_lost_its_power_gets_its_settings_again() {
    let board = Board::start();
    let mut decider = board.with_fallback(settings());
    let mut pool = Pool::new();
    let mut play = |decider: &mut DeviceWithFallback| {
        let sample = pool.sample();
        let decision = decide(decider, &sample);
        pool.jobs = decision.jobs;
        decision
    };
    for _ in 0..50 {
        play(&mut decider);
    }
    board.hand().power_cycle = true;
    for k in 0..50 {
        let decision = play(&mut decider);
        assert_eq!(decider.device(), Some(Health { decides: k >= WINDOW, outages: 1 }));
        // What it has seen since: it has forgotten the rest.
        assert!(k < WINDOW || decision.epoch == k as u64 + 1, "{decision:?}");
    }
    drop(decider);
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
    let client = Client::connect(&port, TIME_LIMIT, &settings()).unwrap();
    let mut decider =
        DeviceWithFallback::new(client, open(ModelChoice::None, Engine::Tract, settings()));
    let mut pool = Pool::new();
    let mut decides = |decider: &mut DeviceWithFallback, samples: usize| {
        for _ in 0..samples {
            pool.jobs = decide(decider, &pool.sample()).jobs;
        }
        decider.device().unwrap()
    };
    assert_eq!(decides(&mut decider, 30), Health { decides: true, outages: 0 });
    drop(first);
    assert_eq!(decides(&mut decider, 30), Health { decides: false, outages: 1 });
    let second = Board::start();
    plug(&second);
    assert_eq!(decides(&mut decider, 30), Health { decides: true, outages: 1 });

    // With another model it is not the device that it was.
    drop(second);
    decides(&mut decider, 1);
    let third = Board::start();
    let models = tempfile::tempdir().unwrap();
    let pack = with_min_advantage(models.path());
    flash(&third, models.path().to_str().unwrap()).unwrap();
    plug(&third);
    assert_eq!(decides(&mut decider, 30), Health { decides: false, outages: 2 });
    drop(decider);
    assert_eq!(third.status().pack_crc, Pack::crc(&pack));
}

#[test]
fn a_device_without_memory_watches_first_where_a_past_is_known() {
    let board = Board::start();
    let client = Client::connect(&board.port(), TIME_LIMIT, &settings()).unwrap();
    let mut stand_in = open(ModelChoice::None, Engine::Tract, settings());
    let mut pool = Pool::new();
    for _ in 0..30 {
        pool.jobs = decide(stand_in.as_mut(), &pool.sample()).jobs;
    }
    let mut decider = DeviceWithFallback::new(client, stand_in);
    for k in 0..30 {
        pool.jobs = decide(&mut decider, &pool.sample()).jobs;
        let decides = k >= WINDOW;
        assert_eq!(decider.device(), Some(Health { decides, outages: 0 }), "sample {k}");
    }
}

#[test]
fn samples_that_the_device_knows_already_are_decided_here() {
    let board = Board::start();
    let mut first = board.with_fallback(settings());
    let mut pool = Pool::new();
    let samples: Vec<Sample> = (0..40).map(|_| pool.sample()).collect();
    for sample in &samples[..30] {
        decide(&mut first, sample);
    }
    drop(first);
    // An agent that begins anew, and reads its source from the start again.
    let mut second = board.with_fallback(settings());
    for sample in &samples[..29] {
        assert!(decide(&mut second, sample).stage >= Stage::Plan);
        assert!(!second.device().unwrap().decides);
    }
    for sample in &samples[29..] {
        decide(&mut second, sample);
    }
    assert_eq!(second.device(), Some(Health { decides: true, outages: 1 }));
}
