//! A service of Docker Swarm, by the API of the engine.

use super::actuator::{Actuator, ActuatorSettings, ActuatorVariant, Applying, Outcome, Tools};
use super::order::Order;
use super::remote::{Remote, RemoteSettings};
use crate::config::{Fields, Text};
use crate::observe::pool::{PoolProbe, PoolReading, PoolSettings};
use crate::observe::probe::{Answer, ProbeError};
use crate::platform::http::{Client, Failure, Method};
use scaleiq_core::units::Jobs;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io;
use std::sync::Arc;

/// Tries of an update, where somebody else changes the service at the same time.
const TRIES: u32 = 4;
/// First version of the API that tells how many tasks run.
const VERSION: &str = "v1.41";

/// `actuator: {type: swarm}`.
pub const SWARM: ActuatorVariant = ActuatorVariant {
    word: "swarm",
    about: "the replicas of a service of Docker Swarm",
    example: "{type: swarm, url: \"unix:///var/run/docker.sock\", service: worker}",
    fields: |f| Swarm::fields(f).map(|swarm| Arc::new(swarm) as Arc<dyn ActuatorSettings>),
};

/// Whose replicas are set.
#[derive(Clone, Debug)]
struct Swarm {
    remote: RemoteSettings,
    service: String,
}

impl Swarm {
    fn fields(f: &mut Fields<'_>) -> Option<Self> {
        let about = "engine of a manager: unix:///var/run/docker.sock or https://HOST:2376";
        let remote = RemoteSettings::fields(f, about);
        let service = f.required("service", "name of the service", Text);
        Some(Self { remote: remote?, service: service?.value })
    }
}

impl ActuatorSettings for Swarm {
    fn describe(&self) -> String {
        format!("service {} at {}", self.service, self.remote.http.url())
    }

    fn pool(&self) -> Option<Arc<dyn PoolSettings>> {
        Some(Arc::new(self.clone()))
    }

    fn build(&self, tools: Tools<'_>) -> io::Result<Box<dyn Actuator>> {
        let remote = self.remote.build(&tools)?;
        Ok(Box::new(Scaler { remote, service: self.service.clone() }))
    }
}

impl PoolSettings for Swarm {
    fn describe(&self) -> String {
        ActuatorSettings::describe(self)
    }

    fn probe(&self) -> io::Result<Box<dyn PoolProbe>> {
        Ok(Box::new(Probe { client: self.remote.http.client()?, service: self.service.clone() }))
    }
}

/// A service with all that it is: an update has to send it back whole.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Service {
    version: Version,
    spec: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Version {
    index: u64,
}

#[derive(Debug)]
struct Scaler {
    remote: Remote,
    service: String,
}

impl Scaler {
    async fn scale(&self, jobs: Jobs) -> Result<(), Failure> {
        for left in (0..TRIES).rev() {
            match self.try_to_scale(jobs).await {
                Err(why) if left > 0 && is_conflict(&why) => {}
                done => return done,
            }
        }
        Ok(())
    }

    async fn try_to_scale(&self, jobs: Jobs) -> Result<(), Failure> {
        let client = &self.remote.client;
        let path = [VERSION, "services", &self.service];
        let read = client.json(client.request(Method::GET, &path, &[]));
        let Service { version, mut spec } = read.await?;
        let Some(replicas) = spec.pointer_mut("/Mode/Replicated/Replicas") else {
            let what = format!("the service {} is not replicated", self.service);
            return Err(Failure::Invalid(what));
        };
        if *replicas == jobs.0 {
            return Ok(());
        }
        *replicas = json!(jobs.0);
        let path = [VERSION, "services", &self.service, "update"];
        let index = version.index.to_string();
        let update = client.request(Method::POST, &path, &[("version", &index)]).json(&spec);
        client.send(update).await.map(drop)
    }
}

/// Whether somebody else was faster. The engine has no code of its own for that.
fn is_conflict(why: &Failure) -> bool {
    matches!(why, Failure::Status { what, .. } if what.contains("update out of sequence"))
}

impl Actuator for Scaler {
    fn apply<'a>(&'a mut self, order: &'a Order) -> Applying<'a> {
        Box::pin(async {
            let done = self.remote.within(self.scale(order.decision.jobs)).await;
            done.map(|()| Outcome::Done).map_err(io::Error::other)
        })
    }
}

#[derive(Debug)]
struct Probe {
    client: Client,
    service: String,
}

/// A service in a list.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    spec: Named,
    service_status: Option<Tasks>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    name: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tasks {
    running_tasks: u32,
    desired_tasks: u32,
}

impl Probe {
    async fn reading(&self) -> Result<PoolReading, ProbeError> {
        let filters = json!({"name": [self.service]}).to_string();
        let query = [("status", "true"), ("filters", filters.as_str())];
        let request = self.client.request(Method::GET, &[VERSION, "services"], &query);
        let listed: Vec<Listed> = self.client.json(request).await?;
        // The filter takes whatever begins with the name.
        let service = listed.into_iter().find(|listed| listed.spec.name == self.service);
        let tasks = service.and_then(|service| service.service_status).ok_or_else(|| {
            ProbeError::Absent(format!("there is no service {} with a status", self.service))
        })?;
        // While an update starts new tasks before old ones end, both run.
        let ready = tasks.running_tasks.min(tasks.desired_tasks);
        Ok(PoolReading { ready: Jobs(ready), starting: Jobs(tasks.desired_tasks - ready) })
    }
}

impl PoolProbe for Probe {
    fn read(&mut self) -> Answer<'_, PoolReading> {
        Box::pin(self.reading())
    }
}
