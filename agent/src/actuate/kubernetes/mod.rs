//! The replicas of a Deployment, or of anything else that has a scale subresource.

mod pause;

use super::actuator::{Actuator, ActuatorSettings, ActuatorVariant, Applying, Outcome, Tools};
use super::order::Order;
use crate::observe::pool::PoolSettings;
use crate::observe::pool::kubernetes::{Cluster, Pods, Target};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Somebody else who changes the same resource is given way so many times.
const TRIES: u32 = 5;
/// An order may take so long in all.
const TIMEOUT: Duration = Duration::from_secs(20);

/// `actuator: {type: kubernetes}`.
pub const KUBERNETES: ActuatorVariant = ActuatorVariant {
    word: "kubernetes",
    about: "replicas of a Deployment, StatefulSet or anything with a scale subresource",
    example: "{type: kubernetes, namespace: shop, name: worker}",
    fields: |f| Some(Arc::new(Replicas { target: Target::fields(f)? })),
};

/// What is scaled, as it is configured.
#[derive(Clone, Debug)]
struct Replicas {
    target: Target,
}

impl ActuatorSettings for Replicas {
    fn describe(&self) -> String {
        format!("replicas of {}", self.target)
    }

    fn pool(&self) -> Option<Arc<dyn PoolSettings>> {
        Some(Arc::new(Pods(self.target.clone())))
    }

    fn build(&self, _: Tools<'_>) -> io::Result<Box<dyn Actuator>> {
        Ok(Box::new(Scaler {
            target: self.target.clone(),
            cluster: Cluster::new(self.target.clone()),
            paused: None,
        }))
    }
}

/// Scales it.
struct Scaler {
    target: Target,
    cluster: Cluster,
    /// The annotation that paused it last, which was told.
    paused: Option<String>,
}

impl std::fmt::Debug for Scaler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Scaler({})", self.target)
    }
}

impl Scaler {
    async fn scale(&mut self, order: &Order) -> io::Result<Outcome> {
        let jobs = order.decision.jobs.0;
        let wanted = i32::try_from(jobs).map_err(io::Error::other)?;
        for _ in 0..TRIES {
            let seen = self.cluster.scale().await.map_err(io::Error::other)?;
            let have = seen.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(0);
            if have == wanted {
                return Ok(Outcome::Done);
            }
            let annotations =
                self.cluster.object().await.map_err(io::Error::other)?.metadata.annotations;
            let pause =
                pause::forbids(&annotations.unwrap_or_default(), have.into(), wanted.into());
            if pause != self.paused {
                match &pause {
                    Some(name) => {
                        tracing::warn!("{} has the annotation {name}: left as it is", self.target)
                    }
                    None => tracing::info!("{} is no longer paused", self.target),
                }
                self.paused.clone_from(&pause);
            }
            if pause.is_some() {
                return Ok(Outcome::Withheld);
            }
            if self.cluster.set_scale(&seen, wanted).await.map_err(io::Error::other)? {
                return Ok(Outcome::Done);
            }
            tracing::info!("{} was changed by somebody else meanwhile: looking again", self.target);
        }
        Err(io::Error::other(format!("{} is changed by somebody else all the time", self.target)))
    }
}

impl Actuator for Scaler {
    fn apply<'a>(&'a mut self, order: &'a Order) -> Applying<'a> {
        Box::pin(async {
            timeout(TIMEOUT, self.scale(order)).await.unwrap_or_else(|_| {
                let what = format!("no answer within {} s", TIMEOUT.as_secs());
                Err(io::Error::new(io::ErrorKind::TimedOut, what))
            })
        })
    }
}
