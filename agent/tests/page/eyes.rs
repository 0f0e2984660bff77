//! Every page as all people see it: axe-core finds no fault, in either colours, on desks and on phones, whatever is
//! hidden or open, and nothing is wider than the window.
//!
//! `SCALEIQ_SCREENSHOTS=FOLDER cargo test -p agent --test page eyes` keeps what was seen.

use super::browser::Browser;
use super::servers::free_port;
use super::servers::http::{Agent, get, post, until};
use super::{address, now, sample};
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// A change of what is shown, and its name.
type Change = (&'static str, fn(&mut Browser));

const WIDTHS: [u32; 2] = [1400, 390];
const SCHEMES: [&str; 2] = ["light", "dark"];

/// Looks at `url` as `name` in each way; `ready` finds an element once the page is there, and `then` may change what
/// is shown and give it a name, and is looked at as well.
fn look(browser: &mut Browser, name: &str, url: &str, ready: &str, then: &[Change]) {
    for (width, scheme) in WIDTHS.iter().flat_map(|width| SCHEMES.map(|scheme| (*width, scheme))) {
        browser.open_as(url, width, scheme);
        until(|| browser.count(ready) > 0);
        sound(browser, &format!("{name}-{width}-{scheme}"));
        for (state, change) in then {
            change(browser);
            sound(browser, &format!("{name}-{state}-{width}-{scheme}"));
        }
    }
}

fn sound(browser: &mut Browser, name: &str) {
    if let Some(folder) = std::env::var_os("SCALEIQ_SCREENSHOTS") {
        let path = Path::new(&folder).join(format!("{name}.png"));
        browser.act(["screenshot", &path.to_string_lossy()]);
    }
    assert_eq!(browser.faults(), [""; 0], "{name}");
    assert!(!browser.overflows(), "{name} is wider than its window");
}

/// Hides the first series of each chart.
fn hide(browser: &mut Browser) {
    for k in 0..browser.count(".legend") {
        browser.act(["click", &format!(".legend >> nth={k} >> button >> nth=0")]);
    }
}

/// Opens whatever is folded.
fn unfold(browser: &mut Browser) {
    for k in 0..browser.count("summary") {
        browser.act(["click", &format!("summary >> nth={k}")]);
    }
}

fn dialog(browser: &mut Browser) {
    browser.act(["click", "#set-limits"]);
}

const LIVE: [Change; 3] = [("hidden", hide), ("unfolded", unfold), ("dialog", dialog)];
const CHARTS: &str = "#backlog-chart .u-over";

/// A day and a half of samples, and a mark.
fn tell(agent: &Agent, path: &str) {
    let end = now();
    let wave = |k: u64| 9000 + (6000.0 * (k as f64 / 115.0).sin()) as u64;
    let body: String =
        (0..1080).map(|k| sample(end - 120 * (1079 - k), 120, wave(k), 14)).collect();
    assert_eq!(post(agent, &format!("{path}ingest"), &body).0, 200);
    let mark = r#"{"kind": "deploy", "text": "worker v42", "who": "ci"}"#;
    assert_eq!(post(agent, &format!("{path}annotations"), mark).0, 201);
}

#[test]
fn the_live_page() {
    let Some(mut browser) = Browser::find() else { return };
    let agent = Agent::start(
        "listen: 127.0.0.1:0\nmode: active\njobs: {max: 12}\nactuator: {type: stdout}\n",
    );
    look(&mut browser, "empty", &address(&agent), "#command:visible", &[]);
    tell(&agent, "/");
    let limit = r#"{"min": 4, "for_s": 3600, "who": "ana", "why": "a campaign"}"#;
    assert_eq!(post(&agent, "/overrides", limit).0, 201);
    look(&mut browser, "live", &address(&agent), CHARTS, &LIVE);
}

#[test]
fn the_page_of_an_agent_that_is_ill() {
    let Some(mut browser) = Browser::find() else { return };
    let hook = "actuator: {type: exec, command: [sh, -c, 'echo no such cluster >&2; exit 3']}\n";
    let agent = Agent::start(&format!("listen: 127.0.0.1:0\nmode: active\n{hook}"));
    tell(&agent, "/");
    until(|| get(&agent, "/readyz").1.contains("actuator: failed"));
    look(&mut browser, "ill", &address(&agent), "#health.ill", &[]);
}

#[test]
fn the_pages_of_several_workloads() {
    let Some(mut browser) = Browser::find() else { return };
    let agent = Agent::start(
        "listen: 127.0.0.1:0\nworkloads:\n- {name: mail, model: none, price: {job_hour: 0.04, currency: EUR}}\n\
         - {name: thumbnails, model: none}\n",
    );
    tell(&agent, "/workloads/mail/");
    look(&mut browser, "workloads", &address(&agent), "a", &[]);
    let mail = format!("{}workloads/mail/", address(&agent));
    look(&mut browser, "shadow", &mail, CHARTS, &LIVE);
}

#[test]
fn the_page_of_the_demo() {
    let Some(mut browser) = Browser::find() else { return };
    let port = free_port();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_agent"))
        .args(["demo", "--model", "none", "--listen", &format!("127.0.0.1:{port}")])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    until(|| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    look(&mut browser, "demo", &format!("http://127.0.0.1:{port}/"), CHARTS, &[("hidden", hide)]);
    demo.kill().unwrap();
    demo.wait().unwrap();
}

#[test]
fn the_pages_of_backtest_and_replay() {
    let Some(mut browser) = Browser::find() else { return };
    let agent = Agent::start("listen: 127.0.0.1:0\njournal: {folder: kept}\n");
    tell(&agent, "/");
    let folder = agent.kill();
    let mut csv = String::from("time,arrived\n");
    for k in 0..3 * 720 {
        let wave = 9000.0 + 6000.0 * (f64::from(k) / 115.0).sin();
        writeln!(
            csv,
            "2025-05-{:02}T{:02}:{:02}:00Z,{wave:.0}",
            k / 720 + 1,
            k / 30 % 24,
            k % 30 * 2
        )
        .unwrap();
    }
    std::fs::write(folder.path().join("history.csv"), csv).unwrap();
    let backtest = "backtest --data history.csv --model none --warm-days 1 --price-per-job-hour 0.04 --seeds 2 \
                    --html backtest.html";
    for command in [backtest, "replay --journal kept --from 3h --html replay.html"] {
        let agent = env!("CARGO_BIN_EXE_agent");
        let output = Command::new(agent)
            .args(command.split(' ').filter(|w| !w.is_empty()))
            .current_dir(&folder)
            .output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let url = |name: &str| format!("file://{}", folder.path().join(name).display());
    look(
        &mut browser,
        "backtest",
        &url("backtest.html"),
        CHARTS,
        &[("hidden", hide), ("unfolded", unfold)],
    );
    // What is taken along.
    browser.open(&url("backtest.html"));
    let csv = browser.read(["file", "[data-csv=policies]"]);
    assert!(csv.starts_with("scaleiq-policies.csv: policy,begun_in_time,"), "{csv}");
    let csv = browser.read(["file", "[data-csv=waits]"]);
    assert!(
        csv.starts_with("scaleiq-waits.csv: policy,job_hours,per_month,begun_within_5_s"),
        "{csv}"
    );
    for chart in ["jobs-chart", "tradeoff"] {
        let png = browser.read(["file", &format!("[data-png={chart}]")]);
        assert!(png.starts_with(&format!("scaleiq-{chart}.png: \u{89}PNG")), "{png}");
    }
    // Another wait, another curve; the chart is told to those who cannot see it.
    let told =
        |browser: &mut Browser| browser.read(["attribute", "#tradeoff .uplot", "aria-label"]);
    let begins = "Share of events that waited longer than";
    let at_60 = told(&mut browser);
    assert!(at_60.starts_with(&format!("{begins} 60 s, by cost a month in")), "{at_60}");
    assert!(at_60.contains("ScaleIQ ") && at_60.contains("knows the future"), "{at_60}");
    browser.act(["click", "#tradeoff-wait button >> nth=0"]);
    assert!(told(&mut browser).starts_with(&format!("{begins} 5 s")));
    assert_eq!(browser.count("#tradeoff-wait [aria-pressed=true]"), 1);
    look(
        &mut browser,
        "replay",
        &url("replay.html"),
        "table",
        &[("unfolded", |browser| browser.act(["click", "summary >> nth=0"]))],
    );
}
