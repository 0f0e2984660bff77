//! Every component that a configuration may choose: a new one is one line here.

use crate::actuate::actuator::ActuatorVariant;
use crate::actuate::{self, DRY_RUN, EXEC, STDOUT};
use crate::observe::pool::{self, PoolVariant};
use crate::observe::push::{self, HTTP, JSONL};
use crate::observe::queue;
use crate::observe::source::SourceVariant;

/// What there is to choose from.
#[derive(Clone, Debug)]
pub struct Components {
    /// Kinds of sources.
    pub sources: Vec<&'static SourceVariant>,
    /// Kinds of pools.
    pub pools: Vec<&'static PoolVariant>,
    /// Kinds of actuators.
    pub actuators: Vec<&'static ActuatorVariant>,
}

impl Default for Components {
    /// What this program brings.
    fn default() -> Self {
        Self {
            sources: vec![
                &HTTP,
                &JSONL,
                #[cfg(feature = "kafka")]
                &queue::KAFKA,
                #[cfg(feature = "http")]
                &queue::PROMETHEUS,
                #[cfg(feature = "http")]
                &queue::RABBITMQ,
                #[cfg(feature = "grpc")]
                &queue::keda::KEDA,
                #[cfg(feature = "grpc")]
                &push::otlp::OTLP,
                #[cfg(feature = "nats")]
                &queue::nats::NATS,
                #[cfg(feature = "redis")]
                &queue::redis::REDIS_STREAM,
                #[cfg(feature = "redis")]
                &queue::redis::REDIS_LIST,
            ],
            pools: vec![
                #[cfg(feature = "kubernetes")]
                &pool::kubernetes::KUBERNETES,
                #[cfg(feature = "http")]
                &pool::PROMETHEUS,
            ],
            actuators: vec![
                &EXEC,
                #[cfg(unix)]
                &actuate::PROCESSES,
                #[cfg(unix)]
                &actuate::SYSTEMD,
                #[cfg(feature = "kubernetes")]
                &actuate::KUBERNETES,
                #[cfg(feature = "http")]
                &actuate::WEBHOOK,
                #[cfg(feature = "http")]
                &actuate::NOMAD,
                #[cfg(feature = "http")]
                &actuate::SWARM,
                &STDOUT,
                &DRY_RUN,
            ],
        }
    }
}
