//! A gauge that has no sample before its value is known: 0 would be a claim.

use prometheus_client::encoding::{EncodeGaugeValue, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::{MetricType, TypedMetric};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A gauge without a value at first; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Known<N>(Arc<Mutex<Option<N>>>);

impl<N> Default for Known<N> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<N: Copy> Known<N> {
    /// Makes a value known.
    pub(super) fn set(&self, value: N) {
        *self.lock() = Some(value);
    }

    /// Returns the value, if it is known.
    pub(super) fn get(&self) -> Option<N> {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Option<N>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<N> TypedMetric for Known<N> {
    const TYPE: MetricType = MetricType::Gauge;
}

impl<N: Copy + EncodeGaugeValue> EncodeMetric for Known<N> {
    fn encode(&self, mut encoder: MetricEncoder) -> fmt::Result {
        self.get().map_or(Ok(()), |value| encoder.encode_gauge(&value))
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }

    fn is_empty(&self) -> bool {
        self.get().is_none()
    }
}
