//! Models that cannot be used, end to end.

use super::http::{Agent, get, post};
use super::{json, samples};
use scaleiq_core::model::{CARD_FILE, FORECASTER_INT8, PACK, Q_NETWORK_F32};
use std::fs;
use std::path::Path;
use std::process::Command;

/// The shipped model in the folder `at`, with one bit of the file `damaged` flipped.
fn damaged_model(at: &Path, damaged: &str) {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/edge");
    fs::create_dir(at).unwrap();
    for name in [CARD_FILE, FORECASTER_INT8, Q_NETWORK_F32, PACK] {
        let mut bytes = fs::read(shipped.join(name)).unwrap();
        if name == damaged {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        }
        fs::write(at.join(name), bytes).unwrap();
    }
}

#[test]
fn a_model_with_a_bad_hash_is_done_without() {
    for (engine, damaged) in [("native", PACK), ("tract", FORECASTER_INT8)] {
        let config = format!("listen: 127.0.0.1:0\nmodel: mine\nengine: {engine}\n");
        let agent = Agent::start_with(&config, |at| damaged_model(&at.join("mine"), damaged));
        let log = agent.wait_for_log("listening on");
        assert!(log.contains(damaged) && log.contains("WITHOUT networks"), "{log}");
        assert_eq!(post(&agent, "/ingest", &samples(6000)).0, 200);
        let decision = json(&post(&agent, "/decide", "").1);
        assert_eq!(decision["stage"], "planner", "{decision}");
        assert_eq!(decision["model"], json!({"name": "none", "sha256": null}));
        assert!(decision["jobs"].as_u64().unwrap() > 10, "{decision}");
        assert!(get(&agent, "/metrics").1.contains("\nscaleiq_model_loaded 0\n"));

        let mut check = Command::new(env!("CARGO_BIN_EXE_agent"));
        let check = check.args(["check", "--config", "c.yaml"]).current_dir(&agent.folder);
        assert_eq!(check.output().unwrap().status.code(), Some(2));
    }
}
