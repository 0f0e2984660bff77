//! What a device learned outlives its power, by way of the agent.

use super::board::{Board, TIME_LIMIT};
use super::pool::{Direct, Pool, settings};
use agent::device::{Client, Link, Timeouts};
use scaleiq_core::decision::Decision;
use scaleiq_core::sample::Sample;
use scaleiq_core::wire::Message;
use std::time::Duration;

/// What the device has learned is fetched after each sample.
const ALWAYS: Timeouts = Timeouts { keep: Duration::ZERO, ..TIME_LIMIT };

fn connect(board: &Board) -> Client {
    Client::connect(&board.port(), ALWAYS, &settings()).unwrap()
}

/// Waits until the line is free, then tells the sample.
fn tell(client: &mut Client, sample: &Sample) -> Option<(Decision, bool)> {
    while client.is_busy() {
        std::thread::yield_now();
    }
    client.sample(sample).unwrap()
}

/// Plays samples, and holds each decision to that of a device that keeps its power.
fn play_alike(client: &mut Client, direct: &mut Direct, pool: &mut Pool, samples: usize) {
    for _ in 0..samples {
        let sample = pool.sample();
        let (decision, restarted) = tell(client, &sample).unwrap();
        assert_eq!((&decision, restarted), (&direct.decide(&sample), false));
        pool.jobs = decision.jobs;
    }
}

#[test]
fn a_device_that_lost_its_power_is_where_it_was_and_has_missed_no_sample() {
    let board = Board::start();
    let (mut client, mut direct) = (connect(&board), Direct::new(&settings()));
    let mut pool = Pool::new();
    play_alike(&mut client, &mut direct, &mut pool, 30);
    // While what it has learned is on the line: what was fetched before knows less than the device did.
    board.hand().power_cycle = true;
    let first = pool.sample();
    direct.decide(&first);
    assert_eq!(tell(&mut client, &first), None, "it is given back what it had learned");
    let second = pool.sample();
    let (decision, restarted) = tell(&mut client, &second).unwrap();
    assert_eq!((decision.epoch, restarted), (32, true));
    assert_eq!(decision, direct.decide(&second));
    pool.jobs = decision.jobs;
    play_alike(&mut client, &mut direct, &mut pool, 20);
}

#[test]
fn beside_the_journal_it_outlives_both() {
    let board = Board::start();
    let folder = tempfile::tempdir().unwrap();
    let mut pool = Pool::new();
    let mut direct = Direct::new(&settings());
    let mut first = connect(&board);
    first.keep_in(folder.path());
    play_alike(&mut first, &mut direct, &mut pool, 30);
    // What was fetched before it is in the file now; this one is not.
    tell(&mut first, &pool.sample()).unwrap();
    drop(first);
    board.hand().power_cycle = true;
    while board.hand().power_cycle {
        std::thread::yield_now();
    }
    let mut second = connect(&board);
    assert_eq!(second.epoch(), 0);
    second.keep_in(folder.path());
    play_alike(&mut second, &mut direct, &mut pool, 20);
}

#[test]
fn a_device_that_was_told_to_forget_is_not_reminded() {
    let board = Board::start();
    let folder = tempfile::tempdir().unwrap();
    let mut pool = Pool::new();
    let mut client = connect(&board);
    client.keep_in(folder.path());
    for _ in 0..5 {
        tell(&mut client, &pool.sample()).unwrap();
    }
    client.close();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut link = Link::new(board.port().open().unwrap(), TIME_LIMIT.answer, TIME_LIMIT.tries);
        link.ask(&Message::Forget, |_| Some(())).await.unwrap();
    });
    let (decision, _) = tell(&mut client, &pool.sample()).unwrap();
    assert_eq!(decision.epoch, 1);
    drop(client);
    let mut next = connect(&board);
    next.keep_in(folder.path());
    let (decision, _) = tell(&mut next, &pool.sample()).unwrap();
    assert_eq!(decision.epoch, 2);
}

#[test]
fn a_damaged_file_costs_the_past_alone() {
    let board = Board::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("device.learned");
    std::fs::write(&file, b"SIQL and nothing that was learned").unwrap();
    let mut client = connect(&board);
    client.keep_in(folder.path());
    let mut pool = Pool::new();
    let (decision, _) = tell(&mut client, &pool.sample()).unwrap();
    assert_eq!(decision.epoch, 1);
    assert!(!file.exists(), "it is not offered again");
}
