//! What people do on the live page, by mouse and by keyboard.

use super::browser::Browser;
use super::servers::http::{Agent, get, request, until};
use super::{address, now, sample};
use std::process::Command;

const TOKEN: &str = "0123456789abcdef";
const CONFIG: &str = "listen: 127.0.0.1:0\nname: mail\nmode: active\nactuator: {type: stdout}\n\
                      journal: {folder: kept}\ntoken: 0123456789abcdef\nstale_after_s: 3000\n";

/// As the sidecar does: with the token.
fn ask(agent: &Agent, method: &str, path: &str, body: &str) -> (u16, String) {
    let (host, token) = (agent.address.to_string(), format!("Bearer {TOKEN}"));
    let headers = [("Host", host.as_str()), ("Authorization", token.as_str())];
    request(agent, method, path, &headers, body)
}

/// What is set by hand.
fn overrides(agent: &Agent) -> String {
    let (status, list) = ask(agent, "GET", "/overrides", "");
    assert_eq!(status, 200, "{list}");
    list
}

/// Three hours of samples, one every two minutes.
fn hours(agent: &Agent) {
    let end = now();
    let body: String =
        (0..90).map(|k| sample(end - 120 * (89 - k), 120, 12_000 + 100 * (k % 7), 14)).collect();
    assert_eq!(ask(agent, "POST", "/ingest", &body).0, 200);
}

/// An agent that knows three hours, and its page.
fn begin() -> Option<(Agent, Browser)> {
    let mut browser = Browser::find()?;
    let agent = Agent::start(CONFIG);
    hours(&agent);
    browser.open(&address(&agent));
    until(|| browser.count("#control:visible") == 1);
    Some((agent, browser))
}

/// Signs what the dialog asks for.
fn sign(browser: &mut Browser, who: &str, why: &str) {
    browser.act(["fill", "[name=who]", who]);
    browser.act(["fill", "[name=why]", why]);
}

#[test]
fn limits_and_pauses_are_asked_again_need_the_token_and_are_recorded() {
    let Some((agent, mut browser)) = begin() else { return };
    browser.act(["click", "#set-limits"]);
    browser.act(["fill", "[name=min]", "30"]);
    browser.act(["fill", "[name=max]", "14"]);
    sign(&mut browser, "ana", "a campaign");
    browser.act(["click", "#wish-send"]);
    assert_eq!(browser.text("#wish-error"), "The minimum is above the maximum.");
    browser.act(["fill", "[name=min]", "14"]);
    browser.act(["fill", "[name=max]", "30"]);
    browser.act(["click", "#wish-send"]);
    let asked = browser.text("#wish-summary");
    assert!(
        asked.contains("at least 14 jobs, at most 30 jobs") && asked.contains("ana, a campaign")
    );
    assert!(!overrides(&agent).contains("campaign"), "it is asked again first");
    browser.act(["click", "#wish-send"]);
    until(|| browser.text("#wish-error") == "The agent asks for its token.");
    assert!(!overrides(&agent).contains("campaign"));
    browser.act(["fill", "[name=token]", TOKEN]);
    browser.act(["click", "#wish-send"]);
    browser.act(["click", "#wish-send"]);
    until(|| browser.text("#done") == "It is in force.");
    until(|| browser.text("#limits-now").contains("14 to 30 jobs"));
    assert!(browser.text("#overrides").contains("set by ana: a campaign"));
    assert!(get(&agent, "/readyz").1.contains("at least 14 jobs"));

    browser.act(["click", "#set-pause"]);
    browser.act(["choose", "[name=pause]", "scale_down"]);
    assert_eq!(browser.text("#wish-title"), "Pause for a while");
    sign(&mut browser, "ana", "a migration");
    browser.act(["click", "#wish-send"]);
    assert!(browser.text("#wish-summary").contains("no fewer jobs"));
    browser.act(["click", "#wish-send"]);
    until(|| browser.text("#overrides").contains("a migration"));

    browser.act(["click", "#set-mark"]);
    sign(&mut browser, "ana", "worker v42");
    browser.act(["click", "#wish-send"]);
    browser.act(["click", "#wish-send"]);
    until(|| browser.text("#marks").contains("worker v42 (ana)"));

    // What was set is in the journal: another process knows it, and so does the next agent.
    let folder = agent.kill();
    let command = ["replay", "--last", "5", "--journal", "kept"];
    let replay =
        Command::new(env!("CARGO_BIN_EXE_agent")).args(command).current_dir(&folder).output();
    let replay = replay.unwrap();
    assert!(replay.status.success(), "{}", String::from_utf8_lossy(&replay.stderr));
    let agent = Agent::start_in(folder, CONFIG, None);
    let kept = overrides(&agent);
    assert!(kept.contains("a campaign") && kept.contains("a migration"), "{kept}");
    browser.open(&address(&agent));
    until(|| browser.count("#overrides button") == 2);
    browser.act(["click", "#overrides li:has-text('a campaign') button"]);
    assert!(browser.text("#wish-summary").contains("End “at least 14 jobs, at most 30 jobs” now."));
    browser.act(["fill", "[name=token]", TOKEN]);
    browser.act(["click", "#wish-send"]);
    until(|| browser.text("#wish-send") == "Confirm");
    browser.act(["click", "#wish-send"]);
    until(|| browser.count("#overrides button") == 1);
    assert!(!overrides(&agent).contains("a campaign"));
}

#[test]
fn a_zoom_is_a_link_that_shows_others_the_same() {
    let Some((agent, mut browser)) = begin() else { return };
    until(|| browser.count("#arrivals-chart .u-over") == 1);
    browser.drag("#arrivals-chart .u-over", 0.2, 0.6);
    until(|| browser.text("#range-note").contains(" to "));
    let (link, shown) = (browser.read(["address"]), browser.text("#range-note"));
    assert!(link.contains("#from=") && link.contains("&to="), "{link}");
    let label = browser.read(["attribute", "#jobs-chart .uplot", "aria-label"]);
    browser.open("about:blank");
    browser.open(&link);
    until(|| browser.count("#arrivals-chart .u-over") == 1);
    assert_eq!(browser.text("#range-note"), shown);
    assert_eq!(browser.read(["attribute", "#jobs-chart .uplot", "aria-label"]), label);
    assert_eq!(browser.count("#range-live:visible"), 1);
    browser.act(["twice", "#arrivals-chart .u-over"]);
    until(|| browser.read(["address"]).contains("#last="));
    for window in ["15m", "28d"] {
        browser.act(["click", &format!("[data-last='{window}']")]);
        assert!(browser.read(["address"]).ends_with(&format!("#last={window}")));
        let pressed = format!("[data-last='{window}'][aria-pressed=true]");
        assert_eq!(browser.count(&pressed), 1);
    }
    drop(agent);
}

#[test]
fn all_of_it_can_be_done_by_keyboard() {
    let Some((agent, mut browser)) = begin() else { return };
    until(|| browser.count("#arrivals-chart .legend button") > 2);
    // Hides a series and shows it again.
    let first = "#arrivals-chart .legend button >> nth=0";
    browser.act(["focus", first]);
    for pressed in ["false", "true"] {
        browser.act(["press", "Enter"]);
        assert_eq!(browser.read(["attribute", first, "aria-pressed"]), pressed);
    }
    // Reads the values without seeing the chart.
    browser.act(["focus", "#jobs-chart summary"]);
    browser.act(["press", "Enter"]);
    until(|| browser.count("#jobs-chart tbody tr") > 5);
    let label = browser.read(["attribute", "#jobs-chart .uplot", "aria-label"]);
    assert!(label.starts_with("Jobs from ") && label.contains("Last values: wanted "), "{label}");
    // Asks for a word.
    browser.act(["focus", "[aria-label='What does error budget mean?']"]);
    browser.act(["press", "Enter"]);
    assert_eq!(browser.read(["focused"]), "word-error budget");
    // Another time zone, another range.
    browser.act(["focus", "#zone"]);
    browser.act(["press", "Space"]);
    assert_eq!(browser.text("#zone"), "local time");
    browser.act(["focus", "[data-last='1h']"]);
    browser.act(["press", "Enter"]);
    assert!(browser.read(["address"]).ends_with("#last=1h"));
    // A limit, up to its confirmation; Escape leaves everything as it was.
    browser.act(["focus", "#set-limits"]);
    browser.act(["press", "Enter"]);
    assert_eq!(browser.count("#dialog[open]"), 1);
    for text in ["14", "Tab", "Tab", "Tab", "ana", "Tab", "a campaign"] {
        match text {
            "Tab" => browser.act(["press", text]),
            text => text.chars().for_each(|c| browser.act(["press", &c.to_string()])),
        }
    }
    browser.act(["press", "Enter"]);
    let asked = browser.text("#wish-summary");
    assert!(asked.contains("at least 14 jobs") && asked.contains("ana, a campaign"), "{asked}");
    browser.act(["press", "Escape"]);
    assert_eq!(browser.count("#dialog[open]"), 0);
    assert!(!overrides(&agent).contains("ana"));
}
