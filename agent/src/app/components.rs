//! Every component that a configuration may choose: a new one is one line here.

use crate::actuate::actuator::ActuatorVariant;
use crate::actuate::{DRY_RUN, EXEC, STDOUT};
use crate::observe::pool::PoolVariant;
use crate::observe::push::{HTTP, JSONL, SERIAL};
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
                &SERIAL,
                #[cfg(feature = "kafka")]
                &crate::observe::queue::KAFKA,
                #[cfg(feature = "http")]
                &crate::observe::queue::PROMETHEUS,
                #[cfg(feature = "http")]
                &crate::observe::queue::RABBITMQ,
                #[cfg(feature = "grpc")]
                &crate::observe::queue::keda::KEDA,
                #[cfg(feature = "grpc")]
                &crate::observe::push::otlp::OTLP,
                #[cfg(feature = "nats")]
                &crate::observe::queue::NATS,
                #[cfg(feature = "postgres")]
                &crate::observe::queue::POSTGRES,
                #[cfg(feature = "redis")]
                &crate::observe::queue::REDIS_LIST,
                #[cfg(feature = "redis")]
                &crate::observe::queue::REDIS_STREAM,
            ],
            pools: vec![
                #[cfg(feature = "kubernetes")]
                &crate::observe::pool::kubernetes::KUBERNETES,
                #[cfg(feature = "http")]
                &crate::observe::pool::PROMETHEUS,
            ],
            actuators: vec![
                &EXEC,
                #[cfg(unix)]
                &crate::actuate::PROCESSES,
                #[cfg(unix)]
                &crate::actuate::SYSTEMD,
                #[cfg(feature = "kubernetes")]
                &crate::actuate::KUBERNETES,
                #[cfg(feature = "http")]
                &crate::actuate::WEBHOOK,
                #[cfg(feature = "http")]
                &crate::actuate::NOMAD,
                #[cfg(feature = "http")]
                &crate::actuate::SWARM,
                &STDOUT,
                &DRY_RUN,
            ],
        }
    }
}
