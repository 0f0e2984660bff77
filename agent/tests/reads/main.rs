//! Who reads waits neither for a disk nor for a device: what is read is answered while the loop is
//! provably held up.
#![cfg(unix)]

mod rig;

use rig::{Barrier, Line, Rig, request, samples};
use serde_json::Value;
use std::thread;

/// All that is read.
const READS: [&str; 7] =
    ["/healthz", "/readyz", "/decide", "/predict", "/status", "/metrics", "/api/live?since=0"];

/// Reads everything while `barrier` holds the loop up; the epoch of the decision that is told.
fn read_all(rig: &Rig, barrier: &Barrier) -> u64 {
    barrier.wait_until_blocking();
    for path in READS {
        let (status, body, _) = rig.get(path);
        assert_eq!(status, 200, "{path}: {body}");
        assert!(barrier.is_blocking(), "{path} was answered by a loop that was free");
    }
    let decision: Value = serde_json::from_str(&rig.post("/decide", "").1).unwrap();
    assert!(barrier.is_blocking());
    assert_eq!(decision["stale"], false);
    decision["epoch"].as_u64().unwrap()
}

/// Takes a sample more while `barrier` is shut, and reads meanwhile.
fn held_up(rig: Rig, barrier: &Barrier) -> Rig {
    let now = rig.control.now();
    assert_eq!(rig.post("/ingest", &samples(20, now.plus(-30))).0, 200);
    barrier.set_shut(true);
    let (address, next) = (rig.address, samples(1, now));
    let ingesting = thread::spawn(move || request(address, "POST", "/ingest", &next).0);
    // The sample is taken, and the decision on it is not made or not durable: the last is in force.
    assert_eq!(read_all(&rig, barrier), 20);
    assert!(!ingesting.is_finished(), "who delivers is told once it is decided and recorded");
    barrier.set_shut(false);
    assert_eq!(ingesting.join().unwrap(), 200);
    rig
}

#[test]
fn reads_are_answered_while_the_disk_stalls_and_tell_only_what_is_durable() {
    let (folder, barrier) = (tempfile::tempdir().unwrap(), Barrier::default());
    let rig = held_up(Rig::on_disk(folder.path(), &barrier), &barrier);
    let decision: Value = serde_json::from_str(&rig.get("/decide").1).unwrap();
    assert_eq!((&decision["epoch"], &decision["recorded"]), (&21.into(), &true.into()));
    rig.stop();
}

#[test]
fn reads_are_answered_while_a_device_is_silent() {
    let barrier = Barrier::default();
    let line = Line::plug_in(&barrier);
    let rig = held_up(Rig::on_a_line(&line), &barrier);
    let decision: Value = serde_json::from_str(&rig.get("/decide").1).unwrap();
    assert_eq!((&decision["epoch"], &decision["model"]["name"]), (&21.into(), &"none".into()));
    rig.stop();
}
