//! The pods of a Deployment, or of anything else that has a scale subresource.

mod cluster;
mod target;

pub use cluster::Cluster;
pub use target::Target;

use super::{PoolProbe, PoolReading, PoolSettings, PoolVariant};
use crate::observe::probe::{Answer, ProbeError};
use kube::core::DynamicObject;
use scaleiq_core::units::Jobs;
use std::io;
use std::sync::Arc;

/// `pool: {type: kubernetes}`.
pub const KUBERNETES: PoolVariant = PoolVariant {
    word: "kubernetes",
    about: "the pods of a Deployment, or of anything with a scale subresource",
    example: "{type: kubernetes, namespace: shop, name: worker}",
    fields: |f| Some(Arc::new(Pods(Target::fields(f)?))),
};

/// The pods of a target.
#[derive(Clone, Debug)]
pub struct Pods(pub Target);

impl PoolSettings for Pods {
    fn describe(&self) -> String {
        format!("pods of {}", self.0)
    }

    fn probe(&self) -> io::Result<Box<dyn PoolProbe>> {
        Ok(Box::new(Look {
            cluster: Cluster::new(self.0.clone()),
            is_built_in: self.0.is_built_in(),
        }))
    }
}

struct Look {
    cluster: Cluster,
    is_built_in: bool,
}

impl PoolProbe for Look {
    fn read(&mut self) -> Answer<'_, PoolReading> {
        Box::pin(async {
            let object = self.cluster.object().await?;
            let is_told = numbers(&object, self.is_built_in);
            match is_told {
                Some((wanted, ready)) => Ok(reading(wanted, ready)),
                None if self.is_built_in => {
                    Err(ProbeError::Absent("its controller has not looked at it yet".into()))
                }
                None => {
                    // The scale subresource is all that is known of it.
                    let scale = self.cluster.scale().await?;
                    let wanted = scale.spec.and_then(|spec| spec.replicas).unwrap_or(0);
                    Ok(reading(
                        wanted.into(),
                        scale.status.map_or(0, |status| status.replicas.into()),
                    ))
                }
            }
        })
    }
}

/// The surge of a rollout is no load: pods beyond those that are wanted take others' place.
fn reading(wanted: i64, ready: i64) -> PoolReading {
    let count = |number: i64| u32::try_from(number.max(0)).unwrap_or(u32::MAX);
    let working = ready.min(wanted);
    PoolReading { ready: Jobs(count(working)), starting: Jobs(count(wanted - working)) }
}

/// Pods that are wanted and that are ready, if both are known.
fn numbers(object: &DynamicObject, is_built_in: bool) -> Option<(i64, i64)> {
    let number = |part: &str, field: &str| object.data.get(part)?.get(field)?.as_i64();
    let wanted = number("spec", "replicas").or_else(|| is_built_in.then_some(1))?;
    // What is 0 is left out there, once the controller has looked.
    let ready = number("status", "readyReplicas");
    let none = || (is_built_in && number("status", "observedGeneration").is_some()).then_some(0);
    Some((wanted, ready.or_else(none)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn numbers_of(spec: Value, status: Value) -> Option<(i64, i64)> {
        let object = json!({"metadata": {}, "spec": spec, "status": status});
        numbers(&serde_json::from_value(object).unwrap(), true)
    }

    #[test]
    fn zero_is_left_out_and_missing_is_not_zero() {
        let looked = json!({"observedGeneration": 3});
        assert_eq!(numbers_of(json!({"replicas": 4}), looked), Some((4, 0)));
        assert_eq!(numbers_of(json!({"replicas": 4}), json!({})), None);
        assert_eq!(numbers_of(json!({}), json!({"readyReplicas": 1})), Some((1, 1)));
    }

    #[test]
    fn the_surge_of_a_rollout_is_none_of_the_jobs() {
        let seen = |wanted, ready| {
            let PoolReading { ready, starting } = reading(wanted, ready);
            (ready.0, starting.0)
        };
        // Ten old pods and three new ones, of which some come up before others go.
        assert_eq!(seen(10, 13), (10, 0));
        assert_eq!(seen(10, 8), (8, 2));
        assert_eq!(seen(3, 10), (3, 0), "seven are on their way out");
    }
}
