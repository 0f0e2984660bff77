//! Several workloads in one agent.

use super::http::{Agent, get, post};
use super::{json, samples};
use std::fs;
use tempfile::TempDir;

const TWO: &str = "listen: 127.0.0.1:0\n\
                   workloads:\n\
                   - {name: mail, model: none, jobs: {min: 1, max: 40}}\n\
                   - {name: thumbnails, model: none, jobs: {min: 2, max: 80}, sla_s: 20}\n";

#[test]
fn each_decides_on_its_own_samples_and_has_its_own_addresses() {
    let agent = Agent::start(TWO);
    let (status, answer) = post(&agent, "/workloads/mail/ingest", &samples(3000));
    assert_eq!((status, &json(&answer)["accepted"]), (200, &21.into()), "{answer}");
    let (status, decision) = get(&agent, "/workloads/mail/decide");
    assert_eq!(status, 200, "{decision}");
    assert_eq!(get(&agent, "/workloads/thumbnails/decide").0, 503, "nothing was told of it");

    // Who asks for all is told of each.
    let (status, answer) = get(&agent, "/readyz");
    assert_eq!(status, 503);
    assert_eq!(json(&answer)["error"], "thumbnails: no sample has come yet");
    assert_eq!(post(&agent, "/workloads/thumbnails/ingest", &samples(6000)).0, 200);
    assert_eq!(get(&agent, "/readyz").0, 200);
    let (_, list) = get(&agent, "/workloads");
    let jobs = |index: usize| json(&list)[index]["jobs_wanted"].as_u64().unwrap();
    assert!(jobs(0) < jobs(1), "{list}");
    let (_, status_of) = get(&agent, "/workloads/thumbnails/status");
    assert_eq!(json(&status_of)["workload"], "thumbnails");

    let (_, text) = get(&agent, "/metrics");
    for line in [
        "scaleiq_samples_total{workload=\"mail\"} 21",
        "scaleiq_samples_total{workload=\"thumbnails\"} 21",
    ] {
        assert!(text.contains(line), "no {line} in\n{text}");
    }
    assert_eq!(text.matches("# TYPE scaleiq_samples_total counter").count(), 1);

    // Pages and addresses that nobody's are.
    let (status, page) = get(&agent, "/");
    assert!(status == 200 && page.contains("/workloads/mail/"), "{page}");
    assert!(get(&agent, "/workloads/mail/").1.contains("<title>ScaleIQ"));
    assert_eq!(get(&agent, "/workloads/mail").0, 308);
    let (status, answer) = post(&agent, "/ingest", &samples(10));
    assert!(status == 404 && answer.contains("/workloads/NAME/"), "{answer}");
    assert_eq!(get(&agent, "/workloads/nobody/decide").0, 404);
    assert_eq!(agent.terminate().0, Some(0));
}

#[test]
fn each_keeps_what_it_learned() {
    let folder = TempDir::new().unwrap();
    let config = |name: &str| {
        let journal = folder.path().join(name);
        format!("- {{name: {name}, model: none, journal: {{folder: {}}}}}\n", journal.display())
    };
    let text = format!("listen: 127.0.0.1:0\nworkloads:\n{}{}", config("a"), config("b"));
    let agent = Agent::start(&text);
    for (name, arrivals) in [("a", 3000), ("b", 6000)] {
        assert_eq!(post(&agent, &format!("/workloads/{name}/ingest"), &samples(arrivals)).0, 200);
    }
    let jobs = |agent: &Agent, name: &str| {
        json(&get(agent, &format!("/workloads/{name}/decide")).1)["jobs"].clone()
    };
    let before = ["a", "b"].map(|name| jobs(&agent, name));
    agent.kill();
    let agent = Agent::start(&text);
    assert_eq!(["a", "b"].map(|name| jobs(&agent, name)), before);
    assert!(fs::read_dir(folder.path()).unwrap().count() == 2);
}

#[test]
fn the_only_one_has_both_addresses() {
    let agent = Agent::start("listen: 127.0.0.1:0\nname: mail\nmodel: none\n");
    assert_eq!(post(&agent, "/workloads/mail/ingest", &samples(3000)).0, 200);
    let (status, decision) = get(&agent, "/decide");
    assert_eq!((status, get(&agent, "/workloads/mail/decide").1), (200, decision));
}
