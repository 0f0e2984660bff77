//! Faults: data that grow old, a loop that has ended, a disk that is full, and clients that ask for too much.

use crate::client::{Keda, object, port};
use crate::http::{Agent, post, until};
use crate::{ACTIVE, decided, now, sample, samples};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;
use tonic::Code;

#[test]
fn on_stale_data_only_the_number_is_withheld() {
    let agent = Agent::start(&format!("{ACTIVE}stale_after_s: 5\n"));
    let keda = Keda::connect(&agent);
    assert_eq!(post(&agent, "/ingest", &samples(6000, 10)).0, 200);
    assert!(keda.jobs().unwrap() > 10.0);
    until(|| keda.jobs().is_err());
    let error = keda.jobs().unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert!(error.message().contains("holding"), "{error}");
    assert_eq!(decided(&agent)["stage"], "hold");
    assert!(keda.is_active().unwrap() && keda.spec().unwrap().len() == 1);
    let mut specs = keda.specs().unwrap();
    assert!(keda.next(&mut specs).unwrap().is_some(), "also to whoever comes now");
    // And it recovers by itself.
    assert_eq!(post(&agent, "/ingest", &samples(9000, 10)).0, 200);
    assert!(keda.jobs().unwrap() > 10.0);
}

#[test]
fn samples_that_lack_what_is_needed_are_no_zero() {
    let agent = Agent::start(ACTIVE);
    let keda = Keda::connect(&agent);
    let sample = sample(now(), 0, 3).replace("\"logged_events\":0,", "");
    assert_eq!(post(&agent, "/ingest", &sample).0, 200, "{sample}");
    let error = keda.jobs().unwrap_err();
    assert!(error.message().contains("has no logged_events"), "{error}");
    assert!(keda.is_active().unwrap());
}

/// Promise J-1: KEDA takes no jobs away for a decision of which there is no record.
#[test]
fn keda_takes_no_jobs_away_without_a_record() {
    let journal = "scale_down_window_s: 1\nstale_after_s: 3600\njournal: {folder: journal}\n";
    let folder = tempfile::tempdir().unwrap();
    let agent = Agent::start_in(folder, &format!("{ACTIVE}{journal}"), Some(8));
    let keda = Keda::connect(&agent);
    let mut time = now() - 3000;
    let mut step = |arrivals| {
        time += 30;
        assert_eq!(post(&agent, "/ingest", &sample(time, arrivals, 10)).0, 200);
        decided(&agent)
    };
    // Until the disk is full.
    until(|| step(2700)["recorded"] == false);
    let jobs = keda.jobs().unwrap();
    until(|| step(6000)["jobs"].as_f64() > Some(jobs));
    let more = keda.jobs().unwrap();
    assert!(more > jobs, "{more}");
    until(|| step(30)["jobs"].as_f64() < Some(more));
    let error = keda.jobs().unwrap_err();
    assert!(error.message().contains("journal"), "{error}");
    assert!(keda.is_active().unwrap());
    agent.give_room();
    until(|| step(30)["recorded"] == true);
    assert!(keda.jobs().unwrap() < more);
}

/// A process that stands still answers nothing, and what KEDA was told last is not taken for 0.
#[test]
fn a_stopped_agent_answers_nothing_and_goes_on_when_it_is_woken() {
    let agent = Agent::start(ACTIVE);
    let keda = Keda::connect(&agent);
    assert_eq!(post(&agent, "/ingest", &samples(6000, 10)).0, 200);
    assert!(keda.jobs().is_ok());
    let signal = |name: &str| {
        let id = agent.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    };
    signal("STOP");
    // The signal may come a moment later than it was sent.
    until(|| keda.jobs_within(Duration::from_millis(300)).is_err());
    signal("CONT");
    keda.wait_for_jobs(|jobs| jobs > 10.0);
}

#[test]
fn many_streams_and_silent_connections_keep_nobody_out() {
    let agent = Agent::start(ACTIVE);
    let address = ("127.0.0.1", port(&agent));
    let silent: Vec<_> = (0..200).map(|_| TcpStream::connect(address).unwrap()).collect();
    let many: Vec<_> = (0..20).map(|_| Keda::connect(&agent)).collect();
    let streams: Vec<_> =
        many.iter().flat_map(|keda| (0..50).map(move |_| (keda, keda.specs().unwrap()))).collect();
    assert_eq!(streams.len(), 1000);
    for (keda, mut stream) in streams {
        assert!(keda.next(&mut stream).unwrap().is_some());
    }
    assert_eq!(Keda::connect(&agent).spec().unwrap().len(), 1);
    drop(silent);
    assert_eq!(agent.terminate().0, Some(0));
}

#[test]
fn a_question_without_end_is_refused() {
    let agent = Agent::start(ACTIVE);
    let keda = Keda::connect(&agent);
    let mut large = object();
    large.scaler_metadata.insert("note".into(), "x".repeat(1 << 20));
    let error = keda.is_active_for(large).unwrap_err();
    assert!([Code::OutOfRange, Code::ResourceExhausted].contains(&error.code()), "{error}");
    assert!(keda.is_active().unwrap());
}
