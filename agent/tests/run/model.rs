//! Models that cannot be used, end to end.

use super::http::{Agent, get, post};
use super::{json, samples};
use ed25519_dalek::{Signer as _, SigningKey};
use scaleiq_core::model::{
    CARD_FILE, CARD_SIGNATURE, FORECASTER_INT8, ModelKey, PACK, Q_NETWORK_F32,
};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Flips a bit in the middle of a file.
fn damage(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(file, bytes).unwrap();
}

/// The shipped model in a new folder.
fn copy_shipped(to: &Path) {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/edge");
    fs::create_dir(to).unwrap();
    for name in [CARD_FILE, FORECASTER_INT8, Q_NETWORK_F32, PACK] {
        fs::copy(shipped.join(name), to.join(name)).unwrap();
    }
}

/// The exit code of `agent check` of the same configuration.
fn check(agent: &Agent) -> Option<i32> {
    let mut check = Command::new(env!("CARGO_BIN_EXE_agent"));
    check.args(["check", "--config", "c.yaml"]).current_dir(&agent.folder);
    check.output().unwrap().status.code()
}

#[test]
fn tract_says_in_which_numbers_it_runs_the_forecaster() {
    let agent = Agent::start("listen: 127.0.0.1:0\nmodel: shipped\nengine: tract\n");
    let log = agent.wait_for_log("listening on");
    let (_, line) = log.split_once("engine tract-").unwrap();
    assert!(line.contains("ms in f32 and") && line.contains("ms in int8 here"), "{log}");
    // Each can be had whatever is faster, and then nothing is measured.
    for engine in ["tract-f32", "tract-int8", "native"] {
        let agent =
            Agent::start(&format!("listen: 127.0.0.1:0\nmodel: shipped\nengine: {engine}\n"));
        assert_eq!(post(&agent, "/ingest", &samples(6000)).0, 200);
        let decision = json(&post(&agent, "/decide", "").1);
        assert_eq!(decision["model"]["name"], "edge", "{decision}");
        let log = agent.wait_for_log("listening on");
        assert!(!log.contains("a forecast takes"), "{log}");
    }
}

#[test]
fn a_model_with_a_bad_hash_is_done_without() {
    for (engine, damaged) in [("native", PACK), ("tract", FORECASTER_INT8)] {
        let config = format!(
            "listen: 127.0.0.1:0\nmodel: mine\nengine: {engine}\njournal: {{folder: kept}}\n"
        );
        // First it is sound, and learns.
        let agent = Agent::start_with(&config, |at| {
            copy_shipped(&at.join("mine"));
        });
        assert!(get(&agent, "/metrics").1.contains("\nscaleiq_model_loaded 1\n"));
        assert_eq!(post(&agent, "/ingest", &samples(6000)).0, 200);
        let sound = json(&post(&agent, "/decide", "").1);
        assert_eq!(sound["model"]["name"], "edge", "{sound}");
        let folder = agent.kill();

        damage(&folder.path().join("mine").join(damaged));
        let agent = Agent::start_in(folder, &config, None);
        let log = agent.wait_for_log("listening on");
        assert!(log.contains(damaged) && log.contains("WITHOUT networks"), "{log}");
        assert!(log.contains("21 samples and"), "{log}");
        let decision = json(&post(&agent, "/decide", "").1);
        assert_eq!(decision["stage"], "plan", "{decision}");
        assert_eq!(decision["model"], json!({"name": "none", "sha256": null}));
        assert!(decision["jobs"].as_u64() >= sound["jobs"].as_u64(), "{decision}, {sound}");
        assert!(get(&agent, "/metrics").1.contains("\nscaleiq_model_loaded 0\n"));

        assert_eq!(check(&agent), Some(2));
    }
}

#[test]
fn a_model_that_is_not_signed_with_the_key_is_done_without() {
    let signer = SigningKey::from_bytes(&[7; 32]);
    let key: ModelKey = signer.verifying_key().into();
    let config =
        format!("listen: 127.0.0.1:0\nmodel: mine\nmodel_key: {key}\njournal: {{folder: kept}}\n");
    let sign = |folder: &Path| {
        let card = fs::read(folder.join(CARD_FILE)).unwrap();
        fs::write(folder.join(CARD_SIGNATURE), signer.sign(&card).to_bytes()).unwrap();
    };
    let agent = Agent::start_with(&config, |at| {
        copy_shipped(&at.join("mine"));
        sign(&at.join("mine"));
    });
    assert!(get(&agent, "/metrics").1.contains("\nscaleiq_model_loaded 1\n"));
    assert_eq!(post(&agent, "/ingest", &samples(6000)).0, 200);

    // Another card comes while it runs: it keeps what it has.
    let mine = agent.folder.path().join("mine");
    fs::write(mine.join(CARD_FILE), "{}").unwrap();
    let decision = json(&post(&agent, "/decide", "").1);
    assert_eq!(decision["model"]["name"], "edge", "{decision}");
    assert!(get(&agent, "/metrics").1.contains("\nscaleiq_model_loaded 1\n"));

    // Nothing of that card is parsed after a start: it would be found to have no fields.
    let agent = Agent::start_in(agent.kill(), &config, None);
    let log = agent.wait_for_log("listening on");
    assert!(log.contains("it was not made over this card with the key"), "{log}");
    assert!(log.contains("WITHOUT networks") && !log.contains("is not valid"), "{log}");
    assert!(log.contains("21 samples and"), "{log}");
    assert_eq!(check(&agent), Some(2));

    // Without a signature no better, and with the old card again as before.
    fs::remove_file(mine.join(CARD_SIGNATURE)).unwrap();
    let agent = Agent::start_in(agent.kill(), &config, None);
    let log = agent.wait_for_log("listening on");
    assert!(log.contains("the model is not signed") && log.contains("WITHOUT networks"), "{log}");
    fs::remove_dir_all(&mine).unwrap();
    copy_shipped(&mine);
    sign(&mine);
    let agent = Agent::start_in(agent.kill(), &config, None);
    assert!(get(&agent, "/metrics").1.contains("\nscaleiq_model_loaded 1\n"));
    assert_eq!(check(&agent), Some(0));
}
