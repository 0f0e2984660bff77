//! Kinds of metrics and of their labels.

use prometheus_client::metrics::gauge::Gauge;
use std::sync::atomic::AtomicU64;

/// A gauge of a number that need not be whole.
pub(super) type Float = Gauge<f64, AtomicU64>;
/// Names and values of labels.
pub(super) type Labels<const N: usize> = [(&'static str, String); N];
