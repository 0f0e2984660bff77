//! The limits in force, for Prometheus.

use crate::decide::limits::LimitsInForce;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use scaleiq_core::units::JobLimits;

/// Between which numbers it is decided.
#[derive(Clone, Debug, Default)]
pub(super) struct LimitMetrics {
    min: Gauge,
    max: Gauge,
    overridden: Gauge,
}

impl LimitMetrics {
    /// Registers them, at what is configured.
    pub(super) fn register(&self, r: &mut Registry, configured: JobLimits) {
        self.set(&LimitsInForce::configured(configured));
        let m = self.clone();
        r.register("jobs_min", "Fewest jobs that may be decided now", m.min);
        r.register("jobs_max", "Most jobs that may be decided now", m.max);
        let help = "1 while limits are in force that people set for a while, 0 where they are those configured";
        r.register("limits_overridden", help, m.overridden);
    }

    /// Other limits are in force.
    pub(super) fn set(&self, in_force: &LimitsInForce) {
        self.min.set(in_force.limits.min().0.into());
        self.max.set(in_force.limits.max().0.into());
        self.overridden.set((!in_force.why.is_empty()).into());
    }
}
