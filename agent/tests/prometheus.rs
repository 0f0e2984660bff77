//! Prometheus as a source and as a pool, beside a real server.
#![cfg(all(unix, feature = "http"))]

#[path = "servers/mod.rs"]
mod servers;

use agent::app::{Components, Config};
use agent::observe::pool::PoolReading;
use agent::observe::{Reported, WarningKind};
use scaleiq_core::sample::Reading;
use scaleiq_core::units::Jobs;
use servers::authority::Authority;
use servers::{Act, Certificates, Server, StandIn, Watched, events, holds_while_blind, require};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

const DAY_S: i64 = 86_400;
/// Seconds between two values of the history.
const STEP_S: i64 = 60;
/// Days of the history.
const DAYS: i64 = 9;
/// `right`, as bcrypt.
const HASH: &str = "$2b$04$5xs8UYtyFXHH5I5LHx7rwe4QhqZOhsy3sQql/ejYT1f61/17XlM9a";

/// A server that is configured by `config`, in which `PORT` is its own, with `web` about who may ask; `fill` puts files beside them.
fn server(config: String, web: String, fill: impl Fn(&Path) + Send + 'static) -> Option<Server> {
    let started = Server::start("prometheus", "prometheus", move |command, place| {
        let files = [("prometheus.yml", &config), ("web.yml", &web)];
        for (name, text) in files {
            let text = text.replace("PORT", &place.port.to_string());
            std::fs::write(place.folder.join(name), text).unwrap();
        }
        fill(place.folder);
        command.args(["--config.file=prometheus.yml", "--web.config.file=web.yml"]);
        // Without this it forgets what is older than 15 days.
        command.args(["--storage.tsdb.path=data", "--storage.tsdb.retention.time=60d"]);
        command.arg(format!("--web.listen-address=127.0.0.1:{}", place.port));
    });
    started.map(|server| server.ended_by("TERM"))
}

/// What Prometheus tells about itself: requests, as events that come and are finished.
const ITSELF: &str = "metrics: {arrived: prometheus_http_requests_total, \
                      processed: 'promhttp_metric_handler_requests_total{code=\"200\"}', \
                      waiting: prometheus_notifications_queue_length}";

#[test]
fn a_page_is_read_and_its_server_may_go_and_come_back() {
    let Some(mut server) = server("{}".into(), String::new(), |_| {}) else { return };
    let url = format!("http://127.0.0.1:{}/metrics", server.port);
    let section =
        format!("{{type: prometheus, url: \"{url}\", every_s: 1, timeout_s: 0.5, {ITSELF}}}");
    let watched = Watched::start(&section);
    let told = watched.wait_for_more(3);
    let (arrived, processed, backlog) = events(&told);
    assert!(arrived >= 2.0 && processed >= 2.0, "each look is a request: {arrived} {processed}");
    assert_eq!(backlog, Some(0.0));
    server.freeze();
    watched.wait_until_waiting("no answer within 0.5 s");
    server.thaw();
    watched.wait_for_more(1);
    server.kill();
    watched.wait_until_waiting("Connection refused");
    let before = watched.told().len();
    server.restart();
    let told = watched.wait_for_more(2);
    let is_reset = |told: &Reported| told.warnings.iter().any(|w| w.kind == WarningKind::Reset);
    assert!(told[before..].iter().any(is_reset), "{:?}", &told[before..]);
    assert!(events(&told[before..]).0 < arrived + 100.0, "the old total is not counted again");
}

#[test]
fn nothing_scales_down_while_nothing_is_known() {
    let scrape = "global: {scrape_interval: 1s}\nscrape_configs: [{job_name: itself, static_configs: \
                  [{targets: [\"127.0.0.1:PORT\"]}]}]\n";
    let queries = "queries: {arrived: 'sum(rate(prometheus_http_requests_total[10s]))', waiting: \
                   'sum(prometheus_notifications_queue_length)'}";
    for (page, asked) in [("/metrics", ITSELF), ("", queries)] {
        let Some(mut server) = server(scrape.into(), String::new(), |_| {}) else { return };
        let url = format!("http://127.0.0.1:{}{page}", server.port);
        let section = format!("{{type: prometheus, url: \"{url}\", every_s: 1, {asked}}}");
        holds_while_blind(&section, |act| match act {
            Act::Live => {}
            Act::Go => server.kill(),
            Act::Return => server.restart(),
        });
    }
}

#[test]
fn who_asks_has_to_be_known_and_so_has_who_answers() {
    let certificates = Certificates::make();
    let folder = certificates.folder().display();
    let web = format!(
        "basic_auth_users: {{me: '{HASH}'}}\ntls_server_config: {{cert_file: {folder}/server.pem, \
         key_file: {folder}/server.key, client_ca_file: {folder}/ca.pem, \
         client_auth_type: RequireAndVerifyClientCert}}\n"
    );
    let Some(server) = server("{}".into(), web, |_| {}) else { return };
    let url = format!("https://127.0.0.1:{}/metrics", server.port);
    let start = |fields: &str| {
        let base = format!("type: prometheus, url: \"{url}\", every_s: 1, {ITSELF}");
        Watched::start(&format!("{{{base}, {fields}}}"))
    };
    let identity = format!("cert_file: {folder}/client.pem, key_file: {folder}/client.key");
    let trust = format!("ca_file: {folder}/ca.pem, server_name: server.test");
    let right = "username: me, password: right";
    for (fields, words) in [
        (format!("{identity}, {right}"), "UnknownIssuer: check `ca_file`"),
        (format!("{identity}, ca_file: {folder}/ca.pem, {right}"), "not valid for name"),
        (format!("{trust}, {right}"), "ertificate"),
        (format!("{identity}, {trust}"), "check `username` and `password`"),
        (format!("{identity}, {trust}, username: me, password: wrong"), "check `username`"),
    ] {
        let watched = start(&fields);
        watched.wait_until_waiting(words);
        assert_eq!(watched.told(), [], "{fields}");
        assert!(watched.failures("denied") > 0, "{fields}");
    }
    for fields in
        [format!("{identity}, {trust}, {right}"), format!("{identity}, verify: none, {right}")]
    {
        start(&fields).wait_for_more(1);
    }
    // One that was issued by somebody else, and is replaced.
    let renewed = certificates.folder().join("renewed.pem");
    std::fs::write(&renewed, Authority::new().pem).unwrap();
    let trust = format!("ca_file: {}, server_name: server.test", renewed.display());
    let watched = start(&format!("{identity}, {trust}, {right}"));
    watched.wait_until_waiting("invalid peer certificate");
    std::fs::copy(certificates.file("ca.pem"), &renewed).unwrap();
    watched.wait_for_more(1);
}

#[test]
fn what_a_page_does_not_tell_is_not_0_and_a_total_may_begin_anew() {
    let page = Arc::new(Mutex::new((200, String::new())));
    let shown = page.clone();
    let worker = StandIn::start(move |_| shown.lock().unwrap().clone());
    let show = |status, text: &str| *page.lock().unwrap() = (status, text.to_owned());
    show(
        200,
        "in_total{q=\"a\"} 1000\nin_total{q=\"b\"} 50\nout_total 900\nbusy_total 90\nwaiting 7\n",
    );
    let watched = Watched::start(&format!(
        "{{type: prometheus, url: \"http://127.0.0.1:{}/metrics\", every_s: 1, metrics: {{arrived: \
         in_total, processed: out_total, work_seconds: busy_total, waiting: waiting, \
         in_progress: running}}}}",
        worker.port
    ));
    watched.wait_for(|told| {
        told.iter().any(|told| told.sample.arrivals_events == Reading::Known(0.0))
    });
    show(
        200,
        "in_total{q=\"a\"} 1040\nin_total{q=\"b\"} 2\nout_total 950\nbusy_total 95\nrunning 3\nwaiting 7\n",
    );
    let told = watched.wait_for(|told| events(told).0 >= 42.0);
    assert_eq!((events(&told).0, events(&told).1), (42.0, 50.0));
    let told =
        watched.wait_for(|told| told.iter().any(|t| t.sample.work_ms == Reading::Known(100.0)));
    assert_eq!(events(&told).2, Some(10.0));
    show(200, "in_total{q=\"a\"} 1050\nin_total{q=\"b\"} 2\nwaiting NaN\n");
    let told = watched.wait_for(|told| events(told).0 >= 52.0);
    let last = told.last().unwrap().sample;
    assert_eq!((last.processed_events, last.backlog_events), (Reading::Missing, Reading::Missing));
    for (status, text, words) in [
        (200, "", "none of the `metrics`"),
        (200, "in_total{q= 5\n", "is no sample"),
        (503, "try later", "503 Service Unavailable: try later"),
        (302, "", "/elsewhere"),
        (404, "", "404 Not Found"),
    ] {
        show(status, text);
        watched.wait_until_waiting(words);
    }
    show(200, "in_total{q=\"a\"} 1060\nin_total{q=\"b\"} 2\n");
    let told = watched.wait_for(|told| events(told).0 >= 62.0);
    assert_eq!(events(&told).0, 62.0, "nothing is lost and nothing is counted twice");
    assert!(
        worker.asked().iter().all(|asked| asked.path == "/metrics"),
        "redirects are not followed"
    );
}

/// Events a second, so many seconds after midnight.
fn rate_per_s(time: i64) -> f64 {
    20.0 + 10.0 * (std::f64::consts::TAU * (time % DAY_S) as f64 / DAY_S as f64).sin()
}

/// A history that ends at `end`, in which a total begins anew, a gauge is NaN, and a time is missing.
fn history(end: i64) -> String {
    let (mut text, mut total) = (String::from("# TYPE done counter\n"), 0.0);
    let mut gauge = String::from("# TYPE waiting gauge\n");
    for index in 0..DAYS * DAY_S / STEP_S {
        let time = end - DAYS * DAY_S + index * STEP_S;
        let hour = index * STEP_S / 3600;
        total = if hour == 100 && index % 60 == 0 {
            0.0
        } else {
            total + rate_per_s(time) * STEP_S as f64
        };
        if hour == 120 {
            continue;
        }
        let waiting = if hour == 140 { "NaN" } else { "5" };
        writeln!(text, "done_total {total} {time}").unwrap();
        writeln!(gauge, "waiting {waiting} {time}").unwrap();
    }
    format!("{text}{gauge}# EOF\n")
}

/// Puts the history that ends at `end` into a server's folder.
fn filled(promtool: PathBuf, end: i64) -> impl Fn(&Path) + Send + 'static {
    move |folder| {
        let path = folder.join("history.txt");
        if path.exists() {
            return;
        }
        std::fs::write(&path, history(end)).unwrap();
        let made = Command::new(&promtool)
            .args(["tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=240h"])
            .args(["history.txt", "data"])
            .current_dir(folder)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
}

#[test]
fn what_a_server_holds_is_backtested_in_one_command() {
    let Some(promtool) = require("promtool", "prometheus") else { return };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    let end = now / STEP_S * STEP_S - 3 * 3600;
    let Some(server) = server("{}".into(), String::new(), filled(promtool, end)) else { return };
    let url = format!("http://127.0.0.1:{}", server.port);
    let folder = tempfile::tempdir().unwrap();
    let backtest = |asked: &[&str]| {
        let told = ["--model", "none", "--warm-days", "7", "--json", "out.json"];
        let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
        command.args(["backtest", "--prometheus", &url]).args(asked).args(told);
        let output = command.current_dir(&folder).output().unwrap();
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let rate = "sum(rate(done_total[2m]))";
    let (code, stdout, stderr) =
        backtest(&["--query", rate, "--backlog-query", "sum(waiting)", "--last", "10d"]);
    assert_eq!(code, Some(0), "{stderr}");
    let heading = format!("{rate} of {url}/: ");
    assert!(stdout.starts_with(&heading) && stdout.contains("As recorded: "), "{stdout}");
    assert!(stderr.contains("intervals are not known"), "{stderr}");
    let figures = std::fs::read_to_string(folder.path().join("out.json")).unwrap();
    let figures: serde_json::Value = serde_json::from_str(&figures).unwrap();
    // The two days that are judged, at a mean of 20 events a second.
    let events = figures["rows"][0]["events"].as_f64().unwrap();
    let due = 20.0 * 2.0 * DAY_S as f64;
    assert!((events / due - 1.0).abs() < 0.05, "{events} of {due}");
    for (query, words) in [
        ("sum(rate(nothing[2m]))", "is not known at any moment of the last 28.0 days"),
        ("{__name__=~\"done_total|waiting\"}", "gives 2 series; one is needed: sum(...)"),
        ("sum(", "400 Bad Request"),
    ] {
        let (code, _, stderr) = backtest(&["--query", query]);
        assert!(code == Some(1) && stderr.contains(words), "{query}: {stderr}");
    }
    let (code, _, stderr) = backtest(&["--query", rate, "--token-env", "NOBODY_SETS_THIS"]);
    assert!(
        code == Some(2) && stderr.contains("there is no variable NOBODY_SETS_THIS"),
        "{stderr}"
    );
    let (code, _, stderr) = backtest(&[]);
    assert!(code == Some(2) && stderr.contains("--query"), "{stderr}");
}

#[test]
fn the_last_weeks_are_known_at_the_start_and_then_what_is() {
    let Some(promtool) = require("promtool", "prometheus") else { return };
    let jobs = Arc::new(Mutex::new("jobs 3\nwanted 5\n"));
    let shown = jobs.clone();
    let worker = StandIn::start(move |_| {
        (200, format!("done_total 1\nwaiting 4\n{}", shown.lock().unwrap()))
    });
    let config = format!(
        "global: {{scrape_interval: 1s}}\nscrape_configs: [{{job_name: worker, static_configs: \
         [{{targets: ['127.0.0.1:{}']}}]}}]\n",
        worker.port
    );
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    let end = now / STEP_S * STEP_S - 3 * 3600;
    let Some(mut server) = server(config, String::new(), filled(promtool, end)) else { return };
    let url = format!("http://127.0.0.1:{}", server.port);
    let section = format!(
        "{{type: prometheus, url: \"{url}\", every_s: 1, step_s: {STEP_S}, queries: {{processed: \
         'sum(rate(done_total[2m]))', waiting: 'sum(waiting)'}}}}"
    );
    // It may start later than the agent.
    server.kill();
    let watched = Watched::start(&section);
    watched.wait_until_waiting("Connection refused");
    server.restart();
    let past: Vec<Reported> = watched
        .wait_for(|told| !told.is_empty())
        .into_iter()
        .filter(|told| told.sample.end.0 <= end)
        .collect();
    // All but the missing hour, and of that what follows from the time around it.
    let all = (DAYS * DAY_S / STEP_S) as usize;
    assert!((all - 62..=all).contains(&past.len()), "{} of {all}", past.len());
    let mut known = 0;
    for told in &past {
        let sample = told.sample;
        let at = sample.end.0 - (end - DAYS * DAY_S);
        assert_eq!(i64::from(sample.interval_s), STEP_S);
        if let Reading::Known(processed) = sample.processed_events {
            let due = rate_per_s(sample.end.0) * STEP_S as f64;
            let is_near = (f64::from(processed) / due - 1.0).abs() < 0.02;
            // A rate knows nothing of what came between the last look and the new beginning.
            assert!(is_near || at / 3600 == 100, "{processed} of {due} at {at}");
            known += usize::from(is_near && sample.arrivals_events.known().is_some());
        }
        let is_nan = (140 * 3600..141 * 3600).contains(&at);
        assert!(!is_nan || sample.backlog_events == Reading::Missing, "{sample:?}");
        assert!(is_nan || sample.backlog_events == Reading::Known(5.0), "{sample:?}");
    }
    assert!(known > all - 150, "{known} of {all}");
    // The last step of the past knows it already where a minute begins just after the first scrape.
    watched.wait_for(|told| {
        let sample = told.last().unwrap().sample;
        sample.backlog_events == Reading::Known(4.0) && sample.interval_s == 1
    });

    let pool = |fields: &str| {
        let text = format!("pool: {{type: prometheus, url: \"{url}\", {fields}}}\n");
        let config = Config::parse(&text, Path::new(""), |_| None, &Components::default());
        let settings = config.unwrap().workload(None).unwrap().pool.unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { settings.probe().unwrap().read().await })
    };
    let reading = PoolReading { ready: Jobs(3), starting: Jobs(2) };
    assert_eq!(pool("ready: sum(jobs), wanted: sum(wanted)"), Ok(reading));
    assert_eq!(pool("ready: sum(nothing)").unwrap_err().word(), "absent");
    assert_eq!(pool("ready: 0/0").unwrap_err().word(), "absent");
    assert_eq!(pool("ready: sum(").unwrap_err().word(), "invalid");
    let two = "ready: '{__name__=~\"jobs|wanted\"}'";
    assert!(pool(two).unwrap_err().to_string().contains("2 series"));

    // Of a worker that is gone the backlog is not known: it is not taken for one with nothing to do. Its rate may
    // be known for two minutes more, if it was scraped twice.
    drop(worker);
    watched.wait_for(|told| told.last().unwrap().sample.backlog_events == Reading::Missing);
}
