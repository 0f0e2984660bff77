//! Who is let in: certificates of the agent and of KEDA.

use crate::certificates::{Authority, Identity};
use crate::client::{Keda, port};
use crate::http::{Agent, until};
use std::fs;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};

const GUARDED: &str = "listen: 127.0.0.1:0\nmode: active\nkeda:\n  listen: 0.0.0.0:0\n  \
    tls: {cert_file: cert.pem, key_file: key.pem, client_ca_file: clients.pem}\n";

/// A client that trusts `server`, and comes as `identity` if it has one.
fn keda(agent: &Agent, server: &Authority, identity: Option<&Identity>) -> Keda {
    let tls = ClientTlsConfig::new()
        .domain_name("scaleiq.jobs.svc")
        .ca_certificate(Certificate::from_pem(&server.pem));
    let tls = match identity {
        Some(Identity { cert, key }) => {
            tls.identity(tonic::transport::Identity::from_pem(cert, key))
        }
        None => tls,
    };
    let endpoint = Endpoint::try_from(format!("https://127.0.0.1:{}", port(agent))).unwrap();
    Keda::at(&endpoint.tls_config(tls).unwrap())
}

#[test]
fn only_those_with_a_certificate_are_let_in() {
    let (servers, clients) = (Authority::new(), Authority::new());
    let agent = Agent::start_with(GUARDED, |folder| {
        servers.issue("scaleiq.jobs.svc").write(folder);
        fs::write(folder.join("clients.pem"), &clients.pem).unwrap();
    });
    let known = clients.issue("keda-operator");
    assert!(keda(&agent, &servers, Some(&known)).is_active().unwrap());
    assert!(keda(&agent, &servers, None).is_active().is_err(), "without one");
    let stranger = Authority::new().issue("keda-operator");
    assert!(keda(&agent, &servers, Some(&stranger)).is_active().is_err(), "of somebody else");
    let expired = clients.issue_expired("keda-operator");
    assert!(keda(&agent, &servers, Some(&expired)).is_active().is_err(), "that has run out");
    assert!(
        keda(&agent, &clients, Some(&known)).is_active().is_err(),
        "an agent that KEDA does not trust"
    );
    assert!(Keda::connect(&agent).is_active().is_err(), "without TLS");
    assert!(keda(&agent, &servers, Some(&known)).is_active().unwrap(), "and nobody was harmed");

    // What issues certificates changes them; the agent goes on.
    let (renewed, newer) = (Authority::new(), Authority::new());
    let connected = keda(&agent, &servers, Some(&known));
    assert!(connected.is_active().unwrap());
    renewed.issue("scaleiq.jobs.svc").write(agent.folder.path());
    fs::write(agent.folder.path().join("clients.pem"), &newer.pem).unwrap();
    let known = newer.issue("keda-operator");
    until(|| keda(&agent, &renewed, Some(&known)).is_active().is_ok());
    assert!(connected.is_active().unwrap(), "who is in stays");
    // One that cannot be read counts as not written.
    fs::write(agent.folder.path().join("cert.pem"), "half").unwrap();
    assert!(keda(&agent, &renewed, Some(&known)).is_active().unwrap());
    agent.wait_for_log("the certificate before is kept");
}

#[test]
fn a_certificate_that_is_none_is_named_at_the_start() {
    let (code, log) = Agent::fail(GUARDED);
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("`keda`") && log.contains("clients.pem"), "{log}");
}

#[test]
fn off_loopback_strangers_are_let_in_only_where_that_is_said() {
    for open in ["{listen: 0.0.0.0:0}", "{listen: 0.0.0.0:0, tls: {cert_file: a, key_file: b}}"] {
        let (code, log) = Agent::fail(&format!("keda: {open}\n"));
        assert_eq!(code, Some(2), "{log}");
        assert!(log.contains("keda.listen") && log.contains("client_ca_file"), "{log}");
    }
    let config = "listen: 127.0.0.1:0\nkeda: {listen: 0.0.0.0:0, insecure: true}\n";
    let agent = Agent::start(config);
    assert!(Keda::connect(&agent).is_active().unwrap());
}
