//! Clients that mean harm, or are broken in the same way: what they hold must stay small, and those
//! beside them must be answered.

use super::http::{Agent, connect, get, post, request, until};
use super::{json, now, samples};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

/// Clients of each attack: four times as many as there are places.
const CLIENTS: usize = 500;

/// Connections on each of which `bytes` were sent, as far as they were taken.
fn clients(agent: &Agent, bytes: &[u8]) -> Vec<TcpStream> {
    let send = |_| {
        let mut stream = connect(agent);
        // Whoever has to make room for another notices it here.
        let _ = stream.write_all(bytes);
        stream
    };
    (0..CLIENTS).map(send).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn half_open_clients_cost_little_memory() {
    let agent = Agent::start("listen: 127.0.0.1:0\n");
    assert_eq!(post(&agent, "/ingest", &samples(3000)).0, 200);
    let before = agent.resident_kib();
    let host = agent.address;
    let head = |length: usize| format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}", "x".repeat(length));
    let body = format!("POST /ingest HTTP/1.1\r\nHost: {host}\r\nContent-Length: 8000000\r\n\r\n");
    // Heads that never end, of which 400 KB each would be kept, and bodies.
    for bytes in [head(0), head(12_000), head(300_000), body + &" ".repeat(100_000)] {
        let _held = clients(&agent, bytes.as_bytes());
        assert_eq!(get(&agent, "/healthz").0, 200);
        let grown = agent.resident_kib().saturating_sub(before);
        assert!(grown < 16 << 10, "{before} KiB and {grown} KiB more");
    }
    let closed = "scaleiq_connections_closed_total{reason=\"room\"}";
    let metrics = get(&agent, "/metrics").1;
    let line = metrics.lines().find(|line| line.starts_with(closed)).unwrap();
    let closed: usize = line.rsplit(' ').next().unwrap().parse().unwrap();
    assert!(closed > CLIENTS, "{line}");
}

#[test]
fn idle_clients_leave_the_hook_its_descriptors() {
    let hook = "mode: active\nactuator: {type: exec, command: [touch, done]}\n";
    let agent = Agent::start_with_descriptors(&format!("listen: 127.0.0.1:0\n{hook}"), 200);
    let _held = clients(&agent, b"");
    assert_eq!(post(&agent, "/ingest", &samples(9000)).0, 200);
    until(|| agent.folder.path().join("done").exists());
    assert_eq!(agent.terminate().0, Some(0));
}

#[test]
fn a_head_and_a_body_that_never_end_are_given_up() {
    let agent = Agent::start("listen: 127.0.0.1:0\n");
    let mut head = connect(&agent);
    head.write_all(b"GET /metrics HTTP/1.1\r\nHost: ").unwrap();
    let mut body = connect(&agent);
    let host = agent.address;
    let begin = format!("POST /ingest HTTP/1.1\r\nHost: {host}\r\nContent-Length: 99\r\n\r\n[");
    body.write_all(begin.as_bytes()).unwrap();
    let mut idle = connect(&agent);
    let mut answer = String::new();
    head.read_to_string(&mut answer).unwrap();
    idle.read_to_string(&mut answer).unwrap();
    let mut first = [0; 12];
    body.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 408");
    until(|| get(&agent, "/metrics").1.contains("_closed_total{reason=\"time\"} 2"));
}

#[test]
fn bodies_are_bounded_packed_or_not() {
    let agent = Agent::start("listen: 127.0.0.1:0\n");
    let host = agent.address.to_string();
    let plain = [("Host", host.as_str())];
    assert_eq!(request(&agent, "POST", "/ingest", &plain, vec![b' '; (8 << 20) + 1]).0, 413);
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(&vec![b' '; 64 << 20]).unwrap();
    let bomb = packer.finish().unwrap();
    let packed = [("Host", host.as_str()), ("Content-Encoding", "gzip")];
    assert_eq!(request(&agent, "POST", "/ingest", &packed, bomb).0, 413);
}

#[test]
fn a_long_body_keeps_nobody_waiting() {
    let agent = Agent::start("listen: 127.0.0.1:0\n");
    assert_eq!(
        post(&agent, "/ingest", "{\"time\": 5, \"interval_s\": 1, \"logged_events\": 5}").0,
        200
    );
    let taken = || {
        let metrics = get(&agent, "/metrics").1;
        let line = metrics.lines().find(|line| line.starts_with("scaleiq_samples_total ")).unwrap();
        line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()
    };
    // Samples of a day, up to an hour ago: of each the last two hours count.
    let all = 640;
    let begin = now() - 7200 * (all + 1);
    let body: Vec<_> = (1..=all)
        .map(|k| json!({"time": begin + 7200 * k, "interval_s": 86_400, "logged_events": 5}))
        .collect();
    let body = serde_json::to_string(&body).unwrap();
    thread::scope(|scope| {
        let posting = scope.spawn(|| post(&agent, "/ingest", &body));
        until(|| taken() > 1);
        assert_eq!(post(&agent, "/decide", "").0, 200);
        assert!(taken() <= all, "the decision was made while the body was read");
        let (status, answer) = posting.join().unwrap();
        assert_eq!((status, &json(&answer)["accepted"]), (200, &json!(all)), "{answer}");
        assert_eq!(json(&answer)["warned"], all, "an interval of a day is cut");
    });
}
