//! Actuators for tests, and orders for them.
//!
//! A test brings it in by `#[path = "orders/mod.rs"] mod orders;`.
// Each test is a program of its own, and none of them uses all of this.
#![allow(dead_code)]

use agent::actuate::actuator::{Outcome, Tools};
use agent::actuate::{Actuator, Order};
use agent::app::{Components, Config};
use agent::decide::{Calendar, Engine, ModelChoice, open};
use agent::observe::pool::{PoolProbe, PoolReading};
use agent::observe::probe::ProbeError;
use agent::platform::stop::Stop;
use scaleiq_core::settings::Settings;
use scaleiq_core::units::{JobLimits, Jobs, UnixSeconds};
use std::path::Path;

/// An actuator that knows its pool.
pub(crate) struct Acting {
    actuator: Box<dyn Actuator>,
    pool: Box<dyn PoolProbe>,
}

impl Acting {
    /// The actuator of this section of a configuration in `folder`. It is called within a runtime.
    pub(crate) fn new(section: &str, folder: &Path) -> Self {
        let text = format!("actuator: {section}\n");
        let path = folder.join("c.yaml");
        let config = Config::parse(&text, &path, |_| None, &Components::default());
        let config = config.unwrap_or_else(|problems| panic!("{problems}"));
        let config = config.workload(None).unwrap();
        let report = Box::new(|order: &Order, _: &std::io::Result<()>| panic!("{order:?}"));
        let tools =
            Tools { secret: None, fewest: Jobs(0), stop: Stop::on_signal().unwrap(), report };
        let actuator = config.actuator.build(tools).unwrap();
        Self { actuator, pool: config.pool.unwrap().probe().unwrap() }
    }

    /// What comes of an order for so many jobs.
    pub(crate) async fn apply(&mut self, jobs: u32) -> Result<Outcome, String> {
        self.actuator.apply(&order(jobs)).await.map_err(|error| error.to_string())
    }

    /// What is known of the pool.
    pub(crate) async fn pool(&mut self) -> Result<PoolReading, ProbeError> {
        self.pool.read().await
    }
}

/// An order for so many jobs.
pub(crate) fn order(jobs: u32) -> Order {
    let settings = Settings::new(JobLimits::new(1, 9).unwrap(), 60.0, 60.0);
    let (mut decider, _) =
        open(&ModelChoice::None, Engine::default(), settings, Calendar::default()).unwrap();
    let mut decision = decider.decide(UnixSeconds(1_750_000_000));
    decision.jobs = Jobs(jobs);
    Order { id: 7_000_002, term: 7, decision }
}
