//! A NATS server that is gone, hangs, or lets nobody in.

use super::broker::Broker;
use super::servers::{Act, Certificates, Server, Watched, events, holds_while_blind};
use async_nats::ConnectOptions;
use serde_json::json;

#[test]
fn a_server_that_is_gone_or_hangs_gives_no_sample_and_is_found_again() {
    let Some(mut broker) = Broker::start() else { return };
    let watched = Watched::start(&broker.section(""));
    watched.wait_until_running();
    broker.publish("orders.eu", 5);
    watched.wait_for(|told| events(told) == (5.0, 0.0, Some(5.0)));
    broker.server.kill();
    watched.wait_until_waiting("is NATS there");
    let before = watched.told().len();
    broker.server.restart();
    watched.wait_until_running();
    broker.publish("orders.eu", 4);
    watched.wait_for(|told| events(told) == (9.0, 0.0, Some(9.0)));
    assert!(watched.told().len() > before);
    broker.server.freeze();
    watched.wait_until_waiting("");
    broker.server.thaw();
    broker.publish("orders.eu", 1);
    watched.wait_for(|told| events(told) == (10.0, 0.0, Some(10.0)));
    assert!(watched.failures("unreachable") > 1);
}

const USERS: &str = r#"authorization {
  users = [
    { user: tester, password: "a long one" }
    { user: blind, password: "a long one", permissions: { publish: "orders.*" } }
  ]
}"#;

#[test]
fn who_is_not_let_in_is_told_what_to_check() {
    let as_tester =
        |options: ConnectOptions| options.user_and_password("tester".into(), "a long one".into());
    let Some(broker) = Broker::start_with(USERS, as_tester) else { return };
    broker.make_stream();
    broker.make_consumer(json!({}));
    let wrong = Watched::start(&broker.section(", user: tester, password: a wrong one"));
    let nobody = Watched::start(&broker.section(""));
    let blind = Watched::start(&broker.section(", user: blind, password: a long one"));
    let right = Watched::start(&broker.section(", user: tester, password: a long one"));
    wrong.wait_until_waiting("check `user` and `password`");
    nobody.wait_until_waiting("it wants one of `user` and `password`");
    blind.wait_until_waiting("Permissions Violation for Publish to \"$JS.API.");
    right.wait_for_more(1);
    assert!(wrong.failures("denied") > 0 && wrong.told().is_empty());
}

/// A pair from NATS' documentation.
const SEED: &str = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";
const PUBLIC: &str = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4";
/// An operator with an account, and its user.
const OPERATOR: &str = include_str!("jwt/server.conf");
const CREDENTIALS: &str = include_str!("jwt/user.creds");

#[test]
fn a_token_a_key_and_a_file_of_credentials_open() {
    let token = "authorization { token: \"a long one\" }";
    let with_token = |options: ConnectOptions| options.token("a long one".into());
    let nkey = format!("authorization {{ users = [ {{ nkey: {PUBLIC} }} ] }}");
    let with_key = |options: ConnectOptions| options.nkey(SEED.into());
    let with_file = |options: ConnectOptions| options.credentials(CREDENTIALS).unwrap();
    let file = format!("{}/tests/nats/jwt/user.creds", env!("CARGO_MANIFEST_DIR"));
    for (broker, login) in [
        (Broker::start_with(token, with_token), "token: a long one".to_owned()),
        (Broker::start_with(&nkey, with_key), format!("nkey_seed: {SEED}")),
        (Broker::start_with(OPERATOR, with_file), format!("credentials_file: {file}")),
    ] {
        let Some(broker) = broker else { return };
        broker.make_stream();
        broker.make_consumer(json!({}));
        let watched = Watched::start(&broker.section(&format!(", {login}")));
        watched.wait_for_more(1);
    }
}

#[test]
fn while_nothing_is_known_the_agent_holds_and_says_so() {
    let Some(mut broker) = Broker::start() else { return };
    holds_while_blind(&broker.section(""), |act| match act {
        Act::Live => broker.publish("orders.eu", 1),
        Act::Go => broker.server.kill(),
        Act::Return => broker.server.restart(),
    });
}

#[test]
fn over_tls_both_sides_are_known_by_their_certificates() {
    let certificates = Certificates::make();
    let file = |name: &str| certificates.file(name).display().to_string();
    let config = format!(
        "jetstream {{ store_dir: store }}\n\
         tls {{ cert_file: \"{}\", key_file: \"{}\", ca_file: \"{}\", verify: true }}\n",
        file("server.pem"),
        file("server.key"),
        file("ca.pem")
    );
    let server = Server::start("nats-server", "nats-server", move |command, place| {
        std::fs::write(place.folder.join("nats.conf"), &config).unwrap();
        command.args(["-c", "nats.conf", "-a", "127.0.0.1", "-p", &place.port.to_string()]);
    });
    let Some(server) = server else { return };
    let start = |tls: &str| {
        let address = format!("tls://127.0.0.1:{}", server.port);
        Watched::start(&format!(
            "{{type: nats, servers: [\"{address}\"], stream: ORDERS, consumer: workers, every_s: 1, {tls}}}"
        ))
    };
    let ca = format!("ca_file: {}, server_name: server.test", file("ca.pem"));
    let own = format!("cert_file: {}, key_file: {}", file("client.pem"), file("client.key"));
    let right = start(&format!("{ca}, {own}"));
    let without_own = start(&ca);
    let unknown = start(&format!("server_name: server.test, {own}"));
    // It is let in, and finds no stream.
    right.wait_until_waiting("check `stream`");
    unknown.wait_until_waiting("check `ca_file`");
    without_own.wait_until_waiting("ertificate");
    assert!(unknown.failures("denied") > 0 && without_own.told().is_empty());
}
