//! The demo and the backtest as a user runs them.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

fn agent(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_agent")).args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Ten days at two minutes, with a daily rhythm.
fn write_history(path: &Path, days: usize) {
    let mut csv = String::from(
        "DateTime,avg_average_processing_duration_ms,avg_unprocessed_events_count,\
         avg_processed_events_in_interval,avg_logged_events_in_interval,\
         avg_queued_events_in_interval\n",
    );
    for k in 0..days * 720 {
        let (day, minute) = (k / 720, k % 720 * 2);
        let phase = minute as f64 / 1440.0 * std::f64::consts::TAU;
        let events = 9000.0 + 6000.0 * phase.cos() + ((k * 7919) % 101) as f64;
        let time = format!("2025-05-{:02} {:02}:{:02}:00", day + 1, minute / 60, minute % 60);
        writeln!(csv, "{time},73.6,0,{events:.0},{events:.0},0").unwrap();
    }
    std::fs::write(path, csv).unwrap();
}

#[test]
fn the_demo_plays_an_hour_and_says_how_it_went() {
    let out = agent(&["demo", "--once", "--no-page"]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    let said = text(&out.stdout);
    assert!(said.contains("SLA") && said.contains("ScaleIQ paid"), "{said}");
    assert!(said.contains("static pool of"), "{said}");
}

#[test]
fn the_demo_without_networks_keeps_the_sla() {
    let out = agent(&["demo", "--once", "--no-page", "--json", "--model", "none"]);
    let said: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    let sla = said["policies"][0]["sla"].as_f64().unwrap();
    assert!((0.9..=1.0).contains(&sla), "{said}");
    assert_eq!(said["policies"][0]["policy"], "ScaleIQ");
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let out = agent(&["demo", "--model", "none", "--for", "1s", "--listen", &address]);
    assert_eq!(out.status.code(), Some(1));
    let said = text(&out.stderr);
    assert!(said.contains(&address) && said.contains("--listen"), "{said}");
}

#[test]
fn the_page_is_guarded_and_live() {
    let address = {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().to_string()
    };
    let mut demo = Command::new(env!("CARGO_BIN_EXE_agent"))
        .args(["demo", "--model", "none", "--for", "20s", "--listen", &address])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let get = |path: &str| -> std::io::Result<String> {
        let mut stream = TcpStream::connect(&address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let begin = Instant::now();
    let live = loop {
        match get("/api/live?run=0&since=0") {
            Ok(answer) if answer.contains("\"figures\":{\"scaleiq\"") => break answer,
            _ if begin.elapsed() > Duration::from_secs(15) => break String::new(),
            _ => std::thread::sleep(Duration::from_millis(100)),
        }
    };
    let page = get("/").unwrap_or_default();
    demo.kill().unwrap();
    demo.wait().unwrap();
    assert!(live.contains("\"decisions\":[{") && live.contains("\"q50\":["), "{live:.400}");
    assert!(page.contains("content-security-policy: default-src 'none'"), "{page:.400}");
    assert!(page.contains("<title>ScaleIQ</title>"));
}

#[test]
fn a_history_is_replayed() {
    let folder = tempfile::tempdir().unwrap();
    let [csv, json, html] = ["history.csv", "out.json", "out.html"].map(|f| folder.path().join(f));
    write_history(&csv, 10);
    let paths = [&csv, &json, &html].map(|p| p.to_str().unwrap());
    let out = agent(&[
        "backtest", "--model", "none", "--data", paths[0], "--json", paths[1], "--html", paths[2],
    ]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert!(text(&out.stdout).lines().any(|line| line.starts_with("ScaleIQ ")));

    let figures: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    let rows = figures["rows"].as_array().unwrap();
    let names: Vec<&str> = rows.iter().filter_map(|row| row["policy"].as_str()).collect();
    assert_eq!(names.len(), 8);
    assert_eq!(
        names[2..],
        [
            "HPA-like, 70 %",
            "KEDA-like, 10 s",
            "DS2 (Flink), 70 %",
            "linear trend, 70 %",
            "seasonal, 70 %",
            "knows the future, x 1.1",
        ]
    );
    for row in rows {
        let (sla, cost) = (row["sla"].as_f64().unwrap(), row["cost_over_ideal"].as_f64().unwrap());
        assert!((0.0..=1.0).contains(&sla) && cost > 0.5, "{row}");
    }
    assert!(rows[0]["sla"].as_f64().unwrap() > 0.99, "{}", rows[0]);
    assert!(rows[0]["job_hours"].as_f64() < rows[1]["job_hours"].as_f64());

    let page = std::fs::read_to_string(&html).unwrap();
    assert!(page.len() < 3_000_000, "{} bytes", page.len());
    let own = page.replace("https://github.com/leeoniya/uPlot", "");
    assert!(!own.contains("http://") && !own.contains("https://"));
    assert!(!own.contains(" src=") && !own.contains("<link"));
}

#[test]
fn what_it_comes_to_is_told_against_the_cheapest_rule_in_money_and_over_seeds() {
    let folder = tempfile::tempdir().unwrap();
    let [csv, html] = ["history.csv", "out.html"].map(|f| folder.path().join(f));
    write_history(&csv, 4);
    let paths = [&csv, &html].map(|p| p.to_str().unwrap());
    let out = agent(&[
        "backtest",
        "--model",
        "none",
        "--data",
        paths[0],
        "--html",
        paths[1],
        "--warm-days",
        "2",
        "--seeds",
        "2",
        "--tune",
        "--price-per-job-hour",
        "0.04",
        "--currency",
        "EUR",
    ]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    let printed = text(&out.stdout);
    for part in [
        "ScaleIQ begins ",
        "that keeps 99.9 %",
        "(tuned in hindsight)",
        "A month costs ",
        " EUR with ScaleIQ",
        "Over seeds, ScaleIQ: ",
        "Late: ",
    ] {
        assert!(printed.contains(part), "`{part}` is not in\n{printed}");
    }
    let page = std::fs::read_to_string(&html).unwrap();
    for part in ["\"seeds\":[{", "\"hours\":[[", "\"in_time\":[", "\"verdict\":{\"against\""] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn faults_are_played_and_those_that_are_none_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let [csv, json] = ["history.csv", "out.json"].map(|f| folder.path().join(f));
    write_history(&csv, 9);
    let paths = [&csv, &json].map(|p| p.to_str().unwrap());
    let backtest = |faults: &str| {
        agent(&[
            "backtest", "--model", "none", "--data", paths[0], "--json", paths[1], "--faults",
            faults,
        ])
    };
    let out = backtest("negative-arrivals:20,duplicate");
    assert!(out.status.success(), "{}", text(&out.stderr));
    let printed = text(&out.stdout);
    assert!(printed.contains("ScaleIQ with faults, against the run without:"), "{printed}");
    assert!(printed.lines().any(|line| line.starts_with("duplicate ")), "{printed}");

    let figures: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    let faults = figures["faults"].as_array().unwrap();
    assert_eq!(faults.len(), 2);
    assert_eq!(
        (&faults[0]["kind"], &faults[1]["cost_ratio"]),
        (&"negative-arrivals".into(), &1.0.into())
    );
    assert!(faults[0]["episodes"].as_u64() > Some(10), "{}", faults[0]);

    let out = backtest("gremlins");
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("no such fault `gremlins`"), "{}", text(&out.stderr));
}

#[test]
fn what_cannot_be_replayed_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let csv = folder.path().join("short.csv");
    write_history(&csv, 3);
    let out = agent(&["backtest", "--model", "none", "--data", csv.to_str().unwrap()]);
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stderr).contains("3.0 days"), "{}", text(&out.stderr));
    std::fs::write(&csv, "a,b\n1,2\n").unwrap();
    let out = agent(&["backtest", "--model", "none", "--data", csv.to_str().unwrap()]);
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stderr).contains("short.csv"), "{}", text(&out.stderr));
}

#[test]
fn options_say_what_a_file_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let csv = folder.path().join("panel.csv");
    let day = |day: u32| (0..24).map(move |hour| (day, hour));
    let rows = (6..9).flat_map(day).flat_map(|(day, hour)| {
        (0..60).step_by(5).map(move |minute| {
            format!(
                "{day:02}.05.2024 {hour:02}:{minute:02};{},5;{}\n",
                900 + hour * 10,
                300 + minute
            )
        })
    });
    std::fs::write(&csv, format!("Zeit;hoch;tief\n{}", rows.collect::<String>())).unwrap();
    let backtest = |options: &[&str]| {
        let file =
            ["backtest", "--model", "none", "--warm-days", "1", "--data", csv.to_str().unwrap()];
        agent(&[&file, options].concat())
    };
    let asked = backtest(&[]);
    assert_eq!(asked.status.code(), Some(1));
    assert!(
        text(&asked.stderr).contains("line 1")
            && text(&asked.stderr).contains("--column hoch,tief")
    );
    let summed = backtest(&["--column", "hoch,tief", "--tz", "Europe/Berlin"]);
    assert!(summed.status.success(), "{}", text(&summed.stderr));
    for wrong in [["--column", "mitte"], ["--tz", "Mars/Base"], ["--interval", "7"]] {
        assert_eq!(backtest(&wrong).status.code(), Some(2), "{wrong:?}");
    }
}
