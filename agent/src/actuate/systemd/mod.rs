//! Instances of a template unit of systemd: `worker@1` to `worker@n`.

mod instances;
mod systemctl;

use super::actuator::{Actuator, ActuatorSettings, ActuatorVariant, Applying, Outcome, Tools};
use super::order::Order;
use super::program;
use crate::config::{Parsed, Secret};
use crate::observe::pool::{PoolProbe, PoolReading, PoolSettings};
use crate::observe::probe::{Answer, ProbeError};
use instances::{Instances, State, Template};
use scaleiq_core::units::Jobs;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use systemctl::Systemctl;

/// `actuator: {type: systemd}`.
pub const SYSTEMD: ActuatorVariant = ActuatorVariant {
    word: "systemd",
    about: "instances of a template unit, which systemd starts, drains and restarts",
    example: "{type: systemd, unit: worker@.service}",
    fields: |f| {
        let about = "the template, such as worker@.service";
        let template = f.required("unit", about, Parsed(Template::parse));
        let about =
            "how systemctl is run: [systemctl], [systemctl, --user] or [sudo, -n, systemctl]";
        let command = program::field_or(f, about, &["systemctl"]);
        Some(Arc::new(Units { template: template?.value, words: command? }))
    },
};

/// A template, as it is configured.
#[derive(Clone, Debug)]
struct Units {
    template: Template,
    /// How `systemctl` is run; at least one word.
    words: Vec<String>,
}

impl Units {
    fn manager(&self, secret: Option<&Secret>) -> Manager {
        let words = self.words.clone();
        let systemctl = Systemctl { words, withheld: program::withheld(secret) };
        Manager { template: self.template.clone(), systemctl }
    }
}

impl ActuatorSettings for Units {
    fn describe(&self) -> String {
        format!("units {}", self.template.pattern())
    }

    fn check(&self) -> Result<(), String> {
        program::check(self.words.first().map_or("", String::as_str))
    }

    fn pool(&self) -> Option<Arc<dyn PoolSettings>> {
        Some(Arc::new(self.clone()))
    }

    fn build(&self, tools: Tools<'_>) -> io::Result<Box<dyn Actuator>> {
        Ok(Box::new(self.manager(tools.secret)))
    }
}

impl PoolSettings for Units {
    fn describe(&self) -> String {
        format!("units {}", self.template.pattern())
    }

    fn probe(&self) -> io::Result<Box<dyn PoolProbe>> {
        Ok(Box::new(self.manager(None)))
    }
}

/// Asks systemd, and has it start and stop instances.
#[derive(Debug)]
struct Manager {
    template: Template,
    systemctl: Systemctl,
}

impl Manager {
    async fn look(&self) -> io::Result<Instances> {
        let pattern = self.template.pattern();
        let arguments = ["show", "--property=Id,ActiveState", "--", &pattern];
        let printed = self.systemctl.run(&arguments).await?;
        Ok(Instances::read(&printed, &self.template))
    }

    /// Systemd carries on by itself: it waits for nothing.
    async fn ask(&self, verb: &str, numbers: &[u32]) -> io::Result<()> {
        if numbers.is_empty() {
            return Ok(());
        }
        let units: Vec<String> = numbers.iter().map(|k| self.template.instance(*k)).collect();
        let mut arguments = vec![verb, "--no-block", "--"];
        arguments.extend(units.iter().map(String::as_str));
        self.systemctl.run(&arguments).await.map(drop)
    }
}

impl Actuator for Manager {
    fn apply<'a>(&'a mut self, order: &'a Order) -> Applying<'a> {
        Box::pin(async {
            let (start, stop) = self.look().await?.changes(order.decision.jobs.0);
            self.ask("start", &start).await?;
            self.ask("stop", &stop).await?;
            Ok(Outcome::Done)
        })
    }
}

impl PoolProbe for Manager {
    fn read(&mut self) -> Answer<'_, PoolReading> {
        Box::pin(async {
            let instances = self.look().await.map_err(|error| match error.kind() {
                ErrorKind::NotFound | ErrorKind::TimedOut => {
                    ProbeError::Unreachable(error.to_string())
                }
                _ => ProbeError::Invalid(error.to_string()),
            })?;
            let [ready, starting] =
                [State::Active, State::Activating].map(|state| Jobs(instances.count(state)));
            Ok(PoolReading { ready, starting })
        })
    }
}
