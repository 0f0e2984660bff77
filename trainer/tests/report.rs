//! The report of three runs in Chromium with the network off: every chart is drawn, nothing complains, all can read it.
#![cfg(target_os = "linux")]

#[path = "../../agent/tests/page/browser.rs"]
#[allow(dead_code, reason = "the agent's pages need more of it")]
mod browser;
#[path = "../../agent/tests/servers/machine.rs"]
mod machine;
mod process;

use browser::Browser;
use process::{Small, signal, start, text, trainer, wait_for};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

/// Most bytes of a page that is sent around.
const LARGEST: u64 = 5 << 20;
/// A policy that is trained within seconds.
const POLICY: &str =
    "agent: {hidden: [16], rounds: 2, evaluate_every: 1, batch_size: 16, memory_size: 2000}";

/// Three runs, of which one has a policy, on a page. Its path.
fn page(small: &Small) -> String {
    let config = fs::read_to_string(small.config()).unwrap();
    for (name, steps, part) in
        [("all", 40, None), ("b", 20, Some("--forecast-only")), ("c", 60, Some("--forecast-only"))]
    {
        let steps = format!("steps: {steps}");
        fs::write(small.config(), config.replace("steps: 300", &steps)).unwrap();
        let (config, out) = (small.config(), small.path(name));
        let train = ["train", "--config", &config, "--out", &out].into_iter().chain(part);
        let trained = trainer(&train.collect::<Vec<_>>());
        assert!(trained.status.success(), "{}", text(&trained.stderr));
    }
    let [all, b, c, out] = ["all", "b", "c", "report.html"].map(|name| small.path(name));
    let written = trainer(&["report", &all, &b, &c, "--out", &out]);
    assert!(written.status.success(), "{}", text(&written.stderr));
    out
}

#[test]
fn everybody_can_read_it_wherever_it_is_opened() {
    let Some(mut browser) = Browser::find() else { return };
    let small = Small::new(POLICY);
    let path = page(&small);
    let size = fs::metadata(&path).unwrap().len();
    assert!(size <= LARGEST, "{size} bytes");
    let url = format!("file://{path}");
    for (width, scheme) in [(1400, "light"), (1400, "dark"), (390, "light"), (390, "dark")] {
        browser.open_as(&url, width, scheme);
        let name = format!("report-{width}-{scheme}");
        let charts = browser.count("figure[data-chart]");
        assert!(charts >= 3 * 7 + 2, "{charts} charts");
        // A chart that is drawn has something in it: a line, points, bars, or a picture of a grid.
        let drawn = "figure[data-chart]:has(.plot .trace path, .plot .bars path, .plot .hm image)";
        assert_eq!(browser.count(drawn), charts, "{name}: a chart is empty");
        if let Some(folder) = std::env::var_os("SCALEIQ_SCREENSHOTS") {
            let picture = Path::new(&folder).join(format!("{name}.png"));
            browser.act(["screenshot", &picture.to_string_lossy()]);
        }
        assert_eq!(browser.faults(), [""; 0], "{name}");
        assert!(!browser.overflows(), "{name} is wider than its window");
    }
    // What is taken along.
    for (format, begin) in [("PNG", "\u{89}PNG"), ("SVG", "<svg ")] {
        browser.act(["hover", "figure[data-chart=radar] .plot"]);
        let button = format!("figure[data-chart=radar] [data-title=\"Save as {format}\"]");
        let saved = browser.read(["file", &button]);
        let name = format!("scaleiq-radar.{}: {begin}", format.to_lowercase());
        assert!(saved.starts_with(&name), "{saved}");
    }
}

#[test]
fn a_run_is_looked_at_while_it_is_trained() {
    let small = Small::new(POLICY);
    let (config, out) = (small.config(), small.path("run"));
    let mut training = start(&["train", "--forecast-only", "--config", &config, "--out", &out]);
    wait_for(&small.at("run").join("curves.csv"), ",train_loss,");
    let mut serving = start(&["report", &out, "--serve=127.0.0.1:0"]);
    let mut said = String::new();
    BufReader::new(serving.stderr.take().unwrap()).read_line(&mut said).unwrap();
    let address = said.split("http://").nth(1).unwrap().split(',').next().unwrap();
    let get = |host: &str| {
        let asked = ureq::get(format!("http://{address}/")).header("host", host);
        asked.config().http_status_as_error(false).build().call().unwrap()
    };
    let page = get(address).body_mut().read_to_string().unwrap();
    assert!(page.contains("data-chart=\"curves\"") && page.contains("It is not finished"));
    assert!(page.contains("http-equiv=\"refresh\""));
    assert_eq!(get("example.org").status().as_u16(), 421);
    signal(&serving, "-INT");
    assert!(serving.wait().unwrap().success());
    training.kill().unwrap();
    training.wait().unwrap();

    let refused = trainer(&["report", &out, "--serve=0.0.0.0:0"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        text(&refused.stderr).contains("can be reached by others"),
        "{}",
        text(&refused.stderr)
    );
}
