//! A source and an actuator of one's own, as agent/README.md tells to add them.

#[path = "../examples/toy/actuator.rs"]
mod actuator;
#[path = "../examples/toy/source.rs"]
mod source;

use agent::actuate::Order;
use agent::actuate::actuator::{Outcome, Tools};
use agent::app::{Components, Config, WorkloadConfig};
use agent::observe::source::Delivery;
use agent::observe::{Closed, Ingested, Inlet, Refusal, Reported};
use agent::platform::stop::Stop;
use agent::platform::supervise::Lifecycle;
use scaleiq_core::settings::Settings;
use scaleiq_core::units::{JobLimits, Jobs, UnixSeconds};
use std::cell::RefCell;
use std::fs;
use std::path::Path;

fn components() -> Components {
    let mut components = Components::default();
    components.sources.push(&source::WAVES);
    components.actuators.push(&actuator::NOTE);
    components
}

fn parse(text: &str, folder: &Path) -> Result<WorkloadConfig, String> {
    let path = folder.join("c.yaml");
    let config = Config::parse(text, &path, |_| None, &components());
    let config = config.map_err(|problems| problems.to_string())?;
    Ok(config.workload(None).unwrap())
}

/// Takes one sample, and closes.
#[derive(Default)]
struct One(RefCell<Vec<Reported>>);

impl Inlet for One {
    fn ingest(&self, samples: Vec<Reported>) -> Result<Ingested, Closed> {
        self.0.borrow_mut().extend(samples);
        Err(Closed)
    }

    fn is_closed(&self) -> bool {
        !self.0.borrow().is_empty()
    }

    fn unread(&self, refusal: Refusal) {
        panic!("{refusal:?}");
    }
}

#[test]
fn fields_of_a_component_are_read_described_and_suggested() {
    let folder = Path::new("");
    let config = parse("source: {type: waves, peak_per_s: 50}\n", folder).unwrap();
    assert_eq!(config.source.describe(), "made-up arrivals, up to 50 a second");
    let error = parse("source: {type: waves, peak: 50}\n", folder).unwrap_err();
    assert_eq!(error, "c.yaml:1:23: unknown field `peak`; did you mean `peak_per_s`?");
    let error = parse("actuator: {type: not}\n", folder).unwrap_err();
    assert_eq!(error, "c.yaml:1:18: `actuator.type` is `not`; did you mean `note`?");
    let schema = Config::schema(&components());
    let variants = schema["properties"]["source"]["oneOf"].as_array().unwrap();
    let waves = variants.iter().find(|v| v["properties"]["type"]["const"] == "waves").unwrap();
    assert_eq!(waves["properties"]["peak_per_s"]["default"], 100.0);
}

#[test]
fn a_source_delivers_and_ends_with_the_loop() {
    let config = parse("source: {type: waves}\n", Path::new("")).unwrap();
    let (inlet, lifecycle) = (One::default(), Lifecycle::default());
    let to = Delivery { inlet: &inlet, interval_s: 120, last_end: None, lifecycle: &lifecycle };
    assert_eq!(config.source.run(&to).unwrap(), "the agent is stopping");
    let told = inlet.0.borrow();
    assert_eq!((told.len(), told[0].sample.jobs_ready), (1, Some(Jobs(5))));
    assert!(lifecycle.condition().is_running());
}

#[test]
fn an_actuator_carries_an_order_out() {
    let folder = tempfile::tempdir().unwrap();
    let text = "actuator: {type: note, path: jobs.txt}\n";
    let config = parse(text, folder.path()).unwrap();
    let tools = Tools {
        secret: None,
        fewest: Jobs(0),
        stop: Stop::on_signal().unwrap(),
        report: Box::new(|order, _| panic!("{order:?}")),
    };
    let mut actuator = config.actuator.build(tools).unwrap();
    let settings = Settings::new(JobLimits::new(1, 9).unwrap(), 60.0, 60.0);
    let choice = agent::decide::ModelChoice::None;
    let planned = agent::decide::Calendar::default();
    let engine = agent::decide::Engine::default();
    let (mut decider, _) = agent::decide::open(&choice, engine, settings, planned).unwrap();
    let mut decision = decider.decide(UnixSeconds(1_750_000_000));
    decision.jobs = Jobs(7);
    let order = Order { id: 1, term: 1, decision };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let outcome = runtime.block_on(actuator.apply(&order)).unwrap();
    assert_eq!(outcome, Outcome::Done);
    assert_eq!(fs::read_to_string(folder.path().join("jobs.txt")).unwrap(), "7\n");
}
