//! Redis streams and lists as sources, beside a real server.
#![cfg(all(unix, feature = "redis"))]

#[path = "../servers/mod.rs"]
mod servers;
mod store;

use agent::observe::WarningKind;
use servers::{Act, Certificates, Server, Watched, events, holds_while_blind};
use store::Store;

const STREAM: &str = "group: workers";
const LIST: &str = "processed_key: jobs:done, processing_key: jobs:taken";

/// A store with the stream `jobs` and its group `workers`, and who watches it.
fn stream() -> Option<(Store, Watched)> {
    let store = Store::start()?;
    store.repeat(7, "XADD jobs * a 1");
    store.repeat(1, "XGROUP CREATE jobs workers 0");
    let watched = Watched::start(&store.section("redis_stream", STREAM));
    watched.wait_until_running();
    Some((store, watched))
}

/// Reads so many entries as the worker `w`: their ids.
fn take(store: &Store, count: usize) -> Vec<String> {
    let read = format!("XREADGROUP GROUP workers w COUNT {count} STREAMS jobs >");
    type Entries = Vec<(String, Vec<(String, redis::Value)>)>;
    let streams: Entries = store.ask(&read);
    streams[0].1.iter().map(|(id, _)| id.clone()).collect()
}

fn acknowledge(store: &Store, ids: &[String]) {
    for id in ids {
        store.repeat(1, &format!("XACK jobs workers {id}"));
    }
}

#[test]
fn entries_of_a_stream_become_samples() {
    let Some((store, watched)) = stream() else { return };
    store.repeat(30, "XADD jobs * a 1");
    let taken = take(&store, 15);
    acknowledge(&store, &taken[..10]);
    let told = watched.wait_for(|told| events(told) == (30.0, 10.0, Some(27.0)));
    // How far a new group is, Redis knows once it has read.
    let mut warnings = told.iter().flat_map(|told| &told.warnings);
    assert!(warnings.all(|warning| warning.kind == WarningKind::Derived));
    // What another worker claims has not arrived again.
    store.repeat(1, "XAUTOCLAIM jobs workers other 0 0");
    acknowledge(&store, &taken[10..12]);
    watched.wait_for(|told| events(told) == (30.0, 12.0, Some(25.0)));
}

#[test]
fn a_lag_that_redis_does_not_know_is_missing_and_not_0() {
    let Some((store, watched)) = stream() else { return };
    let id: String = store.ask("XADD jobs * a 1");
    store.repeat(5, "XADD jobs * a 1");
    store.repeat(1, &format!("XDEL jobs {id}"));
    let told = watched.wait_for(|told| events(told).0 == 6.0 && events(told).2.is_none());
    assert!(!told.is_empty());
    // Behind the hole it counts again.
    let taken = take(&store, 100);
    assert_eq!(taken.len(), 12);
    watched.wait_for(|told| events(told).2 == Some(12.0));
}

#[test]
fn a_stream_that_is_flushed_gives_no_sample_and_begins_anew() {
    let Some((store, watched)) = stream() else { return };
    store.repeat(1, "FLUSHALL");
    watched.wait_until_waiting("check `key`");
    let before = watched.told().len();
    store.repeat(1, "XGROUP CREATE jobs others $ MKSTREAM");
    watched.wait_until_waiting("check `group`");
    assert_eq!(watched.told().len(), before);
    store.repeat(1, "XGROUP CREATE jobs workers 0");
    store.repeat(3, "XADD jobs * a 1");
    let told = watched.wait_for(|told| events(told).2 == Some(3.0));
    assert_eq!(events(&told).0, 3.0);
    assert!(told.iter().flat_map(|told| &told.warnings).any(|w| w.kind == WarningKind::Reset));
}

#[test]
fn a_list_tells_what_waits_and_counters_what_is_finished() {
    let Some(store) = Store::start() else { return };
    store.repeat(1, "SET jobs:done 1000");
    let watched = Watched::start(&store.section("redis_list", LIST));
    watched.wait_until_running();
    store.repeat(20, "LPUSH jobs job");
    store.repeat(5, "RPOPLPUSH jobs jobs:taken");
    store.repeat(2, "LPOP jobs:taken");
    store.repeat(2, "INCR jobs:done");
    watched.wait_for(|told| events(told) == (20.0, 2.0, Some(18.0)));
    // All is gone: an empty list is 0, a counter that is not there is missing, and nobody counts backwards.
    store.repeat(1, "FLUSHALL");
    watched.wait_for(|told| events(told).2 == Some(0.0));
    store.repeat(1, "INCRBY jobs:done 3");
    watched.wait_for_more(2);
    store.repeat(4, "INCR jobs:done");
    watched.wait_for(|told| events(told).1 == 6.0);
    store.repeat(1, "SET jobs 1");
    watched.wait_until_waiting("is this the right key");
}

#[test]
fn a_list_without_counters_tells_nothing_else() {
    let Some(store) = Store::start() else { return };
    let watched =
        Watched::start(&store.section("redis_list", "every_s: 1").replace(", every_s: 1, ", ", "));
    watched.wait_until_running();
    store.repeat(4, "LPUSH jobs job");
    let told = watched.wait_for(|told| events(told).2 == Some(4.0));
    assert_eq!(events(&told), (0.0, 0.0, Some(4.0)));
    assert!(told.iter().all(|told| told.sample.arrivals_events.known().is_none()));
}

#[test]
fn a_server_that_is_gone_or_hangs_or_lost_its_end_is_found_again() {
    let Some(mut store) = Store::start_with("--dir .", None) else { return };
    store.repeat(50, "XADD jobs * a 1");
    store.repeat(1, "XGROUP CREATE jobs workers 0");
    acknowledge(&store, &take(&store, 1));
    store.repeat(1, "SAVE");
    store.repeat(10, "XADD jobs * a 1");
    let watched = Watched::start(&store.section("redis_stream", STREAM));
    watched.wait_until_running();
    store.repeat(3, "XADD jobs * a 1");
    watched.wait_for(|told| events(told) == (3.0, 0.0, Some(62.0)));
    store.server.kill();
    watched.wait_until_waiting("is Redis there");
    store.server.restart();
    watched.wait_until_running();
    // What was not saved is gone, and has not arrived as all of it anew.
    watched.wait_for(|told| events(told) == (3.0, 0.0, Some(49.0)));
    store.repeat(2, "XADD jobs * a 1");
    watched.wait_for(|told| events(told) == (5.0, 0.0, Some(51.0)));
    store.server.freeze();
    watched.wait_until_waiting("no answer within 5 s");
    store.server.thaw();
    store.repeat(1, "XADD jobs * a 1");
    watched.wait_for(|told| events(told) == (6.0, 0.0, Some(52.0)));
}

#[test]
fn nothing_scales_down_while_nothing_is_known() {
    for (kind, fields, first, live) in [
        ("redis_stream", STREAM, "XGROUP CREATE jobs workers 0 MKSTREAM", "XADD jobs * a 1"),
        ("redis_list", LIST, "SET jobs:done 1000", "LPUSH jobs job"),
    ] {
        let Some(mut store) = Store::start_with("--dir .", None) else { return };
        store.repeat(1, first);
        store.repeat(1, "SAVE");
        holds_while_blind(&store.section(kind, fields), |act| match act {
            Act::Live => store.repeat(5, live),
            Act::Go => store.server.kill(),
            Act::Return => store.server.restart(),
        });
    }
}

#[test]
fn who_is_not_let_in_is_told_what_to_check() {
    let users = "--requirepass open-sesame \
        --user reader on >read-only ~jobs* +xinfo \
        --user blind on >read-only ~jobs* +get";
    let Some(store) = Store::start_with(users, Some("open-sesame")) else { return };
    store.repeat(1, "XGROUP CREATE jobs workers 0 MKSTREAM");
    let start =
        |login: &str| Watched::start(&store.section("redis_stream", &format!("{STREAM}, {login}")));
    let wrong = start("password: wrong");
    let nobody = start("timeout_s: 5");
    let blind = start("username: blind, password: read-only");
    let right = [start("password: open-sesame"), start("username: reader, password: read-only")];
    wrong.wait_until_waiting("check `username` and `password`");
    nobody.wait_until_waiting("check `username` and `password`");
    blind.wait_until_waiting("give the user the right");
    assert!(wrong.failures("denied") > 0 && wrong.told().is_empty());
    for watched in right {
        watched.wait_for_more(1);
    }
}

#[test]
fn over_tls_both_sides_are_known_by_their_certificates() {
    let certificates = Certificates::make();
    let file = |name: &str| certificates.file(name).display().to_string();
    let files = format!(
        "--tls-cert-file {} --tls-key-file {} --tls-ca-cert-file {}",
        file("server.pem"),
        file("server.key"),
        file("ca.pem")
    );
    let server = Server::start("redis-server", "redis-server", move |command, place| {
        command.args(["--bind", "127.0.0.1", "--port", "0", "--save", ""]);
        command.args(["--tls-port", &place.port.to_string()]).args(files.split(' '));
    });
    let Some(server) = server else { return };
    let start = |tls: &str| {
        let url = format!("rediss://127.0.0.1:{}", server.port);
        Watched::start(&format!(
            "{{type: redis_list, url: \"{url}\", key: jobs, processed_key: done, every_s: 1, {tls}}}"
        ))
    };
    let ca = format!("ca_file: {}, server_name: server.test", file("ca.pem"));
    let own = format!("cert_file: {}, key_file: {}", file("client.pem"), file("client.key"));
    let right = start(&format!("{ca}, {own}"));
    let without_own = start(&ca);
    let unknown = start(&format!("server_name: server.test, {own}"));
    right.wait_for(|told| events(told).2 == Some(0.0));
    unknown.wait_until_waiting("check `ca_file`");
    without_own.wait_until_waiting("over TLS, `cert_file` right");
    assert!(unknown.failures("denied") > 0 && without_own.told().is_empty());
}
