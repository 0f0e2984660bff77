//! `trainer fetch` beside a real Prometheus.
#![cfg(unix)]

#[allow(dead_code)]
#[path = "../../agent/tests/servers/machine.rs"]
mod machine;
mod process;
#[allow(dead_code)]
#[path = "../../agent/tests/servers/server.rs"]
mod server;

use machine::require;
use process::{text, trainer};
use scaleiq_workload::Series;
use server::Server;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds between two values of the history.
const STEP_S: i64 = 60;
/// More of them than a server gives in one answer.
const VALUES: i64 = 12_000;
/// Lets in nobody but who knows the password, which is `right`, as bcrypt.
const LOCKED: &str =
    "basic_auth_users: {me: '$2b$04$5xs8UYtyFXHH5I5LHx7rwe4QhqZOhsy3sQql/ejYT1f61/17XlM9a'}\n";

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// A server with a history that ends at `end`, for those whom `web` lets in.
fn prometheus(end: i64, web: &'static str) -> Option<Server> {
    let promtool = require("promtool", "prometheus")?;
    let started = Server::start("prometheus", "prometheus", move |command, place| {
        fs::write(place.folder.join("prometheus.yml"), "{}").unwrap();
        fs::write(place.folder.join("web.yml"), web).unwrap();
        fill(&promtool, place.folder, end);
        command.args(["--config.file=prometheus.yml", "--web.config.file=web.yml"]);
        command.args(["--storage.tsdb.path=data", "--storage.tsdb.retention.time=60d"]);
        command.arg(format!("--web.listen-address=127.0.0.1:{}", place.port));
    });
    started.map(|server| server.ended_by("TERM"))
}

/// Two events a second, that nobody counted for an hour; five wait.
fn fill(promtool: &PathBuf, folder: &Path, end: i64) {
    let mut text = String::from("# TYPE done counter\n");
    let mut waiting = String::from("# TYPE waiting gauge\n");
    for k in 0..VALUES {
        let time = end - (VALUES - 1 - k) * STEP_S;
        if !(6000..6060).contains(&k) {
            writeln!(text, "done_total {} {time}", 2 * k * STEP_S).unwrap();
        }
        writeln!(waiting, "waiting{{queue=\"a\"}} 3 {time}").unwrap();
        writeln!(waiting, "waiting{{queue=\"b\"}} 2 {time}").unwrap();
    }
    fs::write(folder.join("history.txt"), format!("{text}{waiting}# EOF\n")).unwrap();
    let made = Command::new(promtool)
        .args(["tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=240h"])
        .args(["history.txt", "data"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", text_of(&made));
}

fn text_of(output: &Output) -> String {
    text(&output.stdout) + &text(&output.stderr)
}

fn a_while_ago() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    now / 3600 * 3600 - 3 * 3600
}

/// Fetches from the server at `port` into `out`, at the history's own step.
fn fetch(port: u16, query: &str, out: &str, more: &[&str]) -> Output {
    let url = format!("http://127.0.0.1:{port}");
    let always = ["fetch", "--prometheus", &url, "--query", query, "--step", "60", "--out", out];
    trainer(&[&always[..], more].concat())
}

#[test]
fn what_a_server_knows_is_a_file_and_the_same_command_goes_on() {
    let end = a_while_ago();
    let Some(server) = prometheus(end, "") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    let (rate, waiting) = ("sum(rate(done_total[2m]))", ["--backlog-query", "sum(waiting)"]);
    let read = |name: &str| fs::read(path(name)).unwrap();

    let whole = fetch(server.port, rate, &path("whole.csv"), &waiting);
    assert!(whole.status.success(), "{}", text_of(&whole));
    let series = Series::read_csv(Path::new(&path("whole.csv"))).unwrap();
    // A rate needs two values, and knows nothing of the hour and what follows from it.
    let rows = series.rows.len() as i64;
    assert!((VALUES - 3..=VALUES).contains(&rows), "{rows}");
    let known: Vec<f32> = series.rows.iter().filter_map(|row| row.arrivals_events).collect();
    let unknown = rows - known.len() as i64;
    assert!((58..=62).contains(&unknown), "{unknown}");
    // Two a second, but where the server has to guess: at the beginning and around the hour.
    let others: Vec<&f32> = known.iter().filter(|events| (*events - 120.0).abs() >= 1.0).collect();
    assert!(others.len() <= 5, "{others:?}");
    assert!(series.rows.iter().all(|row| row.backlog_events == Some(5.0)));
    let told = text(&whole.stdout);
    let told_of = format!("{rows} intervals of 60 s were added, of {unknown} of which no arrivals");
    assert!(told.contains(&told_of), "{told}");

    // In three parts, the second broken off within a row, it is the same.
    let until = (end - 4000 * STEP_S).to_string();
    let part =
        fetch(server.port, rate, &path("parts.csv"), &[&waiting[..], &["--end", &until]].concat());
    assert!(part.status.success(), "{}", text_of(&part));
    let cut = read("parts.csv");
    fs::write(path("parts.csv"), &cut[..cut.len() - 11]).unwrap();
    for _ in 0..2 {
        let rest = fetch(server.port, rate, &path("parts.csv"), &waiting);
        assert!(rest.status.success(), "{}", text_of(&rest));
    }
    assert!(read("parts.csv") == read("whole.csv"));

    for (query, words) in [
        ("sum(rate(nothing[2m]))", "is not known at any moment from "),
        ("waiting", "`waiting` gives 2 series; one is needed: sum(...)"),
        ("sum(", "answers 400 Bad Request: 1:5: parse error: unclosed"),
    ] {
        let told = fetch(server.port, query, &path("none.csv"), &[]);
        assert_eq!(told.status.code(), Some(1));
        assert!(text(&told.stderr).contains(words), "{query}: {}", text_of(&told));
    }
    let told = fetch(server.port, rate, &path("whole.csv"), &["--step", "300"]);
    assert!(!told.status.success(), "{}", text_of(&told));
    let nobody = fetch(free_port(), rate, &path("none.csv"), &[]);
    assert!(text(&nobody.stderr).contains("Connection refused"), "{}", text_of(&nobody));
}

#[test]
fn whom_a_server_does_not_know_is_told_so_and_a_token_is_told_to_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a.csv").to_str().unwrap().to_string();
    let run = |port: u16, variable: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
        let url = format!("http://127.0.0.1:{port}");
        command.args(["fetch", "--prometheus", &url, "--query", "up", "--out", &out]);
        command.args(variable.iter().flat_map(|name| ["--token-env", name]));
        let output = command.env("A_TOKEN", "not-to-be-told").output().unwrap();
        assert!(!text_of(&output).contains("not-to-be-told"), "{}", text_of(&output));
        (output.status.code(), text(&output.stderr))
    };
    if let Some(server) = prometheus(a_while_ago(), LOCKED) {
        for variable in [None, Some("A_TOKEN")] {
            let (code, log) = run(server.port, variable);
            assert!(
                code == Some(1) && log.contains("answers 401 Unauthorized: --token-env"),
                "{log}"
            );
        }
    }
    let (code, log) = run(1, Some("NOBODY_SETS_THIS"));
    assert!(code == Some(1) && log.contains("there is no variable NOBODY_SETS_THIS"), "{log}");

    // Who points elsewhere is not followed.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
        let asked: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
        let answer =
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer.as_bytes()).unwrap();
        asked
    });
    let (code, log) = run(port, Some("A_TOKEN"));
    assert!(code == Some(1) && log.contains("answers 302 Found"), "{log}");
    let asked = asked.join().unwrap();
    assert!(asked.iter().any(|line| line == "authorization: Bearer not-to-be-told"), "{asked:?}");
    let password = trainer(&["fetch", "--prometheus", "http://me:secret@a", "--query", "up"]);
    assert!(text(&password.stderr).contains("a password is not for addresses"));
}
