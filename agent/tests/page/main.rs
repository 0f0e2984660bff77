//! The pages in a real browser: what breaks is told by the live page, and by `/readyz`, in the same words.
#![cfg(target_os = "linux")]

mod browser;
mod eyes;
mod hand;
#[path = "../servers/mod.rs"]
mod servers;

use browser::Browser;
use serde_json::json;
use servers::http::{Agent, get, post, until};
use servers::machine;
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

const ACTIVE: &str = "listen: 127.0.0.1:0\nname: mail\nmode: active\n";
const WELL: &str = "All is well";
/// What the page reads out to those who cannot see it.
const ALARM: &str = "#alarm";

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A sample of `events` of 100 ms in the `interval_s` seconds up to `time`: what `jobs` do not get done waits.
fn sample(time: u64, interval_s: u64, events: u64, jobs: u64) -> String {
    let processed = events.min(10 * jobs * interval_s);
    let sample = json!({
        "time": time, "interval_s": interval_s, "logged_events": events, "processed_events": processed,
        "unprocessed_events": events - processed, "avg_processing_ms": 100, "jobs_ready": jobs,
        "jobs_starting": 0
    });
    format!("{sample}\n")
}

/// Where the agent's page is.
fn address(agent: &Agent) -> String {
    format!("http://{}/", agent.address)
}

/// Waits until `/readyz` has the words `ready`. The open page has `on_page` no later than two looks at the
/// agent after that.
fn told(browser: &mut Browser, agent: &Agent, on_page: &str, ready: &str) {
    until(|| get(agent, "/readyz").1.contains(ready));
    let before = browser.polls();
    until(|| browser.polls() > before + 1);
    let alarm = browser.text(ALARM);
    assert!(alarm.contains(on_page), "`{on_page}` is not in `{alarm}`");
    assert_eq!(browser.count("#health.ill"), 1, "the strip is red");
    assert_eq!(browser.text("#link-text"), "needs attention");
}

#[test]
fn a_new_page_gives_the_command_that_works() {
    let Some(mut browser) = Browser::find() else { return };
    let agent = Agent::start(ACTIVE);
    browser.open(&address(&agent));
    until(|| browser.text("#command").contains("/ingest"));
    let command = browser.text("#command");
    let sent = std::process::Command::new("sh").args(["-c", &command]).output().unwrap();
    assert!(String::from_utf8_lossy(&sent.stdout).contains("\"accepted\":1"), "{sent:?}");
    until(|| browser.text("#arrivals") == "20/s");
    assert_eq!(browser.text(ALARM), WELL);
    assert_eq!(browser.count("#empty:visible"), 0);
}

#[test]
fn samples_that_stop_are_told() {
    let Some(mut browser) = Browser::find() else { return };
    let agent = Agent::start(&format!("{ACTIVE}stale_after_s: 5\n"));
    assert_eq!(post(&agent, "/ingest", &sample(now(), 2, 100, 10)).0, 200);
    browser.open(&address(&agent));
    told(&mut browser, &agent, "data: the last sample is", "stale_after_s is 5");
}

#[test]
fn a_hook_that_breaks_is_told_with_what_it_said() {
    let Some(mut browser) = Browser::find() else { return };
    let hook = "actuator: {type: exec, command: [sh, -c, 'echo no such cluster >&2; exit 3']}\n";
    let agent = Agent::start(&format!("{ACTIVE}{hook}"));
    browser.open(&address(&agent));
    assert_eq!(post(&agent, "/ingest", &sample(now(), 30, 9000, 2)).0, 200);
    told(&mut browser, &agent, "actuator: failed", "actuator: failed");
    let change = browser.text("#change-note");
    assert!(change.contains("failed"), "{change}");
}

#[test]
fn a_full_disk_is_told() {
    let Some(mut browser) = Browser::find() else { return };
    let folder = tempfile::tempdir().unwrap();
    let config = format!("{ACTIVE}journal: {{folder: kept}}\n");
    let agent = Agent::start_in(folder, &config, Some(4));
    browser.open(&address(&agent));
    let start = now();
    for k in 0..60 {
        assert_eq!(
            post(&agent, "/ingest", &sample(start - 60 + k, 1, 50 + 5 * (k % 9), 10)).0,
            200
        );
    }
    told(&mut browser, &agent, "journal: cannot be written", "journal: cannot be written");
    agent.give_room();
    assert_eq!(post(&agent, "/ingest", &sample(now() + 1, 1, 90, 10)).0, 200);
    until(|| !get(&agent, "/readyz").1.contains("journal:"));
    until(|| browser.text(ALARM) == WELL);
}

#[test]
fn a_journal_that_is_removed_is_told() {
    let Some(mut browser) = Browser::find() else { return };
    let agent = Agent::start(&format!("{ACTIVE}journal: {{folder: kept}}\n"));
    assert_eq!(post(&agent, "/ingest", &sample(now() - 3, 1, 50, 10)).0, 200);
    browser.open(&address(&agent));
    fs::remove_dir_all(agent.folder.path().join("kept")).unwrap();
    assert_eq!(post(&agent, "/ingest", &sample(now(), 1, 90, 10)).0, 200);
    told(&mut browser, &agent, "journal: cannot be written", "journal: cannot be written");
    agent.wait_for_log("it was deleted while it was written");
}

#[test]
fn a_model_that_has_aged_is_told() {
    let Some(mut browser) = Browser::find() else { return };
    let agent = Agent::start(&format!("{ACTIVE}stale_after_s: 3000\n"));
    // Steady for some hours, and then as it never was: further apart from interval to interval.
    let end = now() / 120 * 120;
    let wild = |k: u64| {
        let side = if k.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 63 == 0 { 1.0 } else { -1.0 };
        12_000.0 * (side * (k.saturating_sub(100)) as f64 / 12.0).exp()
    };
    let body: String = (0..=330)
        .map(|k| sample(end - 120 * (330 - k), 120, wild(k).min(1e9) as u64, 10))
        .collect();
    browser.open(&address(&agent));
    assert_eq!(post(&agent, "/ingest", &body).0, 200);
    told(&mut browser, &agent, "forecasts: aged", "forecasts: aged");
}
