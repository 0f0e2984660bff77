//! Every component that a configuration may choose: a new one is one line here.

use crate::actuate::actuator::ActuatorVariant;
use crate::actuate::{DRY_RUN, EXEC, STDOUT};
use crate::observe::pool::PoolVariant;
use crate::observe::push::{HTTP, JSONL};
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
                #[cfg(feature = "grpc")]
                &crate::observe::queue::keda::KEDA,
                #[cfg(feature = "grpc")]
                &crate::observe::push::otlp::OTLP,
            ],
            pools: vec![],
            actuators: vec![&EXEC, &STDOUT, &DRY_RUN],
        }
    }
}
