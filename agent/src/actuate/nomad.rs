//! A group of a job of Nomad, by its HTTP API.

use super::actuator::{Actuator, ActuatorSettings, ActuatorVariant, Applying, Outcome, Tools};
use super::order::{Order, word};
use super::remote::{Remote, RemoteSettings};
use crate::config::{Fields, Text};
use crate::observe::pool::{PoolProbe, PoolReading, PoolSettings};
use crate::observe::probe::Answer;
use crate::platform::http::{Client, Failure, Method};
use scaleiq_core::units::Jobs;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// `actuator: {type: nomad}`.
pub const NOMAD: ActuatorVariant = ActuatorVariant {
    word: "nomad",
    about: "the count of a group of a Nomad job",
    example: "{type: nomad, url: \"http://localhost:4646\", job: worker, group: worker, \
              token: \"${env:NOMAD_TOKEN}\"}",
    fields: |f| Nomad::fields(f).map(|nomad| Arc::new(nomad) as Arc<dyn ActuatorSettings>),
};

/// Whose count is set.
#[derive(Clone, Debug)]
struct Nomad {
    remote: RemoteSettings,
    target: Target,
}

#[derive(Clone, Debug)]
struct Target {
    job: String,
    group: String,
    namespace: String,
}

impl Nomad {
    fn fields(f: &mut Fields<'_>) -> Option<Self> {
        let remote =
            RemoteSettings::fields(f, "address of an agent of Nomad: http://localhost:4646");
        let job = f.required("job", "identifier of the job", Text);
        let group = f.required("group", "name of the group", Text);
        let namespace = f.or("namespace", "namespace of the job", Text, "default".into());
        let target = Target { job: job?.value, group: group?.value, namespace };
        Some(Self { remote: remote?, target })
    }
}

impl ActuatorSettings for Nomad {
    fn describe(&self) -> String {
        let Target { job, group, namespace } = &self.target;
        format!("group {group} of {namespace}/{job} at {}", self.remote.http.url())
    }

    fn pool(&self) -> Option<Arc<dyn PoolSettings>> {
        Some(Arc::new(self.clone()))
    }

    fn build(&self, tools: Tools<'_>) -> io::Result<Box<dyn Actuator>> {
        let remote = self.remote.build(&tools)?;
        Ok(Box::new(Scaler { remote, target: self.target.clone() }))
    }
}

impl PoolSettings for Nomad {
    fn describe(&self) -> String {
        ActuatorSettings::describe(self)
    }

    fn probe(&self) -> io::Result<Box<dyn PoolProbe>> {
        Ok(Box::new(Probe { client: self.remote.http.client()?, target: self.target.clone() }))
    }
}

/// The state of a job, of which only the groups are read.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Status {
    task_groups: BTreeMap<String, Group>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Group {
    desired: u32,
    running: u32,
}

impl Target {
    fn path(&self) -> [&str; 4] {
        ["v1", "job", &self.job, "scale"]
    }

    async fn read(&self, client: &Client) -> Result<Group, Failure> {
        let query = [("namespace", self.namespace.as_str())];
        let status: Status = client.json(client.request(Method::GET, &self.path(), &query)).await?;
        status.task_groups.get(&self.group).copied().ok_or_else(|| {
            Failure::Invalid(format!("the job {} has no group {}", self.job, self.group))
        })
    }

    async fn scale(&self, client: &Client, order: &Order) -> Result<(), Failure> {
        let jobs = order.decision.jobs.0;
        // Setting what is set already would be a new version of the job.
        if self.read(client).await?.desired == jobs {
            return Ok(());
        }
        let reason = word(&order.decision.reason);
        let body = json!({
            "Count": jobs,
            "Target": {"Group": self.group},
            "Message": format!("ScaleIQ {}-{}: {reason}", order.term, order.id),
        });
        let query = [("namespace", self.namespace.as_str())];
        client.send(client.request(Method::POST, &self.path(), &query).json(&body)).await.map(drop)
    }
}

#[derive(Debug)]
struct Scaler {
    remote: Remote,
    target: Target,
}

impl Actuator for Scaler {
    fn apply<'a>(&'a mut self, order: &'a Order) -> Applying<'a> {
        Box::pin(async {
            let done = self.remote.within(self.target.scale(&self.remote.client, order)).await;
            done.map(|()| Outcome::Done).map_err(io::Error::other)
        })
    }
}

#[derive(Debug)]
struct Probe {
    client: Client,
    target: Target,
}

impl PoolProbe for Probe {
    fn read(&mut self) -> Answer<'_, PoolReading> {
        Box::pin(async {
            let Group { desired, running } = self.target.read(&self.client).await?;
            // What runs beyond what is wanted is on its way out.
            let ready = running.min(desired);
            Ok(PoolReading { ready: Jobs(ready), starting: Jobs(desired - ready) })
        })
    }
}
