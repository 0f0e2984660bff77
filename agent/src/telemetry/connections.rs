//! What the server tells of its connections, whatever the workloads.

use super::kinds::Labels;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::Arc;

/// Why connections are closed.
const CLOSED: [&str; 2] = ["room", "time"];

/// Metrics of the server; cheap to clone.
#[derive(Clone, Debug)]
pub struct ConnectionMetrics {
    registry: Arc<Registry>,
    closed: Family<Labels<1>, Counter>,
    #[cfg(feature = "grpc")]
    keda: Family<Labels<2>, Counter>,
}

impl Default for ConnectionMetrics {
    fn default() -> Self {
        let closed = Family::<Labels<1>, Counter>::default();
        for reason in CLOSED {
            closed.get_or_create_owned(&[("reason", reason.into())]);
        }
        let mut registry = Registry::with_prefix("scaleiq");
        let help = "Connections closed before they asked anything, to make room or for time";
        registry.register("connections_closed", help, closed.clone());
        #[cfg(feature = "grpc")]
        let keda = Family::<Labels<2>, Counter>::default();
        #[cfg(feature = "grpc")]
        registry.register("keda_calls", "Calls of KEDA, by what became of them", keda.clone());
        Self {
            registry: Arc::new(registry),
            closed,
            #[cfg(feature = "grpc")]
            keda,
        }
    }
}

impl ConnectionMetrics {
    /// A connection was closed: to make room for another, or since it had lasted too long.
    pub fn closed(&self, for_room: bool) {
        let [room, time] = CLOSED;
        let reason = if for_room { room } else { time };
        self.closed.get_or_create_owned(&[("reason", reason.into())]).inc();
    }

    /// KEDA has asked by `call`, and was answered or refused.
    #[cfg(feature = "grpc")]
    pub fn keda_called(&self, call: &'static str, is_answered: bool) {
        let result = if is_answered { "answered" } else { "refused" };
        let labels = [("call", call.into()), ("result", result.into())];
        self.keda.get_or_create_owned(&labels).inc();
    }

    /// Returns all of them in OpenMetrics.
    ///
    /// # Errors
    /// If a metric cannot be written.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
