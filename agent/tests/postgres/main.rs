//! A job table in PostgreSQL as a source, beside a real server.
#![cfg(all(unix, feature = "postgres"))]

mod database;
#[path = "../servers/mod.rs"]
mod servers;

use database::Database;
use servers::{Act, Certificates, Watched, events, holds_while_blind};

/// Numbers of all types that PostgreSQL counts in. The total of arrivals is that of the ids.
const QUERY: &str = "
    SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting,
        sum((state = 'working')::int) AS in_progress,
        (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM jobs_id_seq) AS arrived_total,
        avg(took) AS work_ms, NULL AS jobs_ready
    FROM jobs -- all of them
";

fn add(count: usize) -> String {
    format!("INSERT INTO jobs (took) SELECT 250 FROM generate_series(1, {count})")
}

fn query() -> String {
    QUERY.trim().replace('\n', "\\n")
}

#[test]
fn rows_of_a_table_become_samples() {
    let Some(database) = Database::start() else { return };
    database.run(&add(7));
    let watched = Watched::start(&database.section(&query(), ""));
    watched.wait_until_running();
    database.run(&add(20));
    database.run("UPDATE jobs SET state = 'working' WHERE id <= 5");
    database.run("DELETE FROM jobs WHERE id <= 2");
    let told = watched.wait_for(|told| events(told) == (20.0, 2.0, Some(25.0)));
    assert_eq!(told.last().unwrap().sample.work_ms.known(), Some(250.0));
    // Empty, and counted from the beginning again: nothing came.
    database.run("TRUNCATE jobs RESTART IDENTITY");
    watched.wait_for(|told| events(told) == (20.0, 27.0, Some(0.0)));
    database.run(&add(3));
    watched.wait_for(|told| events(told).2 == Some(3.0));
}

#[test]
fn a_server_that_is_gone_or_held_up_gives_no_sample_and_is_found_again() {
    let Some(mut database) = Database::start() else { return };
    let watched = Watched::start(&database.section(&query(), ", query_timeout_s: 1"));
    watched.wait_until_running();
    database.server.kill();
    watched.wait_until_waiting("is PostgreSQL there");
    let before = watched.told().len();
    database.server.restart();
    watched.wait_until_running();
    database.run(&add(4));
    watched.wait_for(|told| events(told).0 == 4.0);
    assert!(watched.told().len() > before);
    let lock = database.lock();
    watched.wait_until_waiting("the query took longer than 1 s");
    drop(lock);
    watched.wait_until_running();
    database.server.freeze();
    database.server.thaw();
    assert!(watched.failures("unreachable") > 1);
}

#[test]
fn what_cannot_be_asked_is_told_with_what_to_check() {
    let Some(database) = Database::start() else { return };
    let start = |query: &str, from: &str, to: &str| {
        let section = database.section(query, "").replace(from, to);
        (Watched::start(&section), section)
    };
    let plain = "SELECT 1 AS waiting";
    for ((watched, section), words) in [
        (start(plain, "read only", "wrong"), "check `user` and `password`"),
        (start(plain, "password: read only, ", ""), "check `user` and `password`"),
        (start(plain, "database: postgres", "database: none"), "check `database`"),
        (start(plain, ", tls: off", ""), "`tls: off` would send all of it in plain"),
        (start("SELECT count(*) AS waiting FROM secrets", "", ""), "grant `user` the right"),
        (start("SELECT count(*) AS waiting FROM job", "", ""), "check `query`"),
        (start("SELECT 1 AS waiting; DELETE FROM jobs", "", ""), "check `query`"),
        (start("SELECT nextval('jobs_id_seq') AS waiting", "", ""), "grant `user` the right"),
        (start("SELECT count(*) FROM jobs", "", ""), "column `count`; known are waiting"),
        (start("SELECT 1 AS waiting WHERE false", "", ""), "gives no row"),
        (start("SELECT 1 AS waiting FROM generate_series(1, 9)", "", ""), "more than one row"),
        (start("SELECT 'many' AS waiting", "", ""), "no number"),
        (start("SELECT repeat('x', 1000000) AS waiting", "", ""), "too long"),
        (start("SELECT NULL AS waiting", "", ""), "tells no number"),
    ] {
        watched.wait_until_waiting(words);
        assert!(watched.told().is_empty(), "{section}");
    }
    database.run("GRANT ALL ON jobs_id_seq TO reader");
    let (writes, _) = start("SELECT nextval('jobs_id_seq') AS waiting", "", "");
    writes.wait_until_waiting("the query may only read");
}

#[test]
fn over_tls_the_server_is_known_by_its_certificate() {
    let certificates = Certificates::make();
    let settings = "ssl=on ssl_cert_file=../server.pem ssl_key_file=../server.key";
    let Some(database) = Database::start_with(settings, Some(&certificates)) else { return };
    let start = |tls: &str| {
        let section = database.section("SELECT 3 AS waiting", "");
        Watched::start(&section.replace("tls: off", tls))
    };
    let ca = format!("ca_file: {}", certificates.file("ca.pem").display());
    let right = start(&format!("{ca}, server_name: server.test"));
    let other_name = start(&ca);
    let unknown = start("server_name: server.test");
    right.wait_for(|told| events(told).2 == Some(3.0));
    for wrong in [other_name, unknown] {
        wrong.wait_until_waiting("check `ca_file`");
        assert!(wrong.failures("denied") > 0);
    }
}

#[test]
fn nothing_scales_down_while_nothing_is_known() {
    let Some(mut database) = Database::start() else { return };
    holds_while_blind(&database.section(&query(), ""), |act| match act {
        Act::Live => database.run(&add(20)),
        Act::Go => database.server.kill(),
        Act::Return => database.server.restart(),
    });
}
