//! What was decided, on what forecast and how, for Prometheus.

use super::kinds::{Float, Labels};
use super::known::Known;
use crate::decide::{Health, ModelId};
use crate::text::word;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use scaleiq_core::decision::Decision;
use scaleiq_core::forecast::{Forecast, HORIZONS};
use scaleiq_core::interval::IntervalLength;
use scaleiq_core::invariant::Promise;
use scaleiq_core::policy::NetworkRole;
use std::time::Duration;

/// The networks that can fail.
const NETWORKS: [&str; 2] = ["forecaster", "policy"];

/// What was decided, on what forecast and how.
#[derive(Clone, Debug)]
pub(super) struct DecisionMetrics {
    jobs_wanted: Known<i64>,
    forecast: Family<Labels<2>, Float>,
    expert_weights: Family<Labels<2>, Float>,
    network_weight: Family<Labels<1>, Float>,
    network_effect: Family<Labels<1>, Float>,
    /// Absent before the Q-network was asked.
    margin: Family<Labels<1>, Float>,
    network_can_act: Gauge,
    band: Family<Labels<2>, Float>,
    decisions: Family<Labels<2>, Counter>,
    guard_changes: Family<Labels<1>, Counter>,
    doubts: Family<Labels<1>, Counter>,
    failures: Family<Labels<1>, Counter>,
    violations: Family<Labels<1>, Counter>,
    model_loaded: Gauge,
    device_decides: Known<i64>,
    device_outages: Counter,
    decision_s: Histogram,
    /// Seconds ahead of each horizon.
    horizons_s: [u32; HORIZONS.len()],
}

impl DecisionMetrics {
    /// Nothing was decided yet, on intervals of this length.
    pub(super) fn new(interval: IntervalLength) -> Self {
        Self {
            jobs_wanted: Known::default(),
            forecast: Family::default(),
            expert_weights: Family::default(),
            network_weight: Family::default(),
            network_effect: Family::default(),
            margin: Family::default(),
            network_can_act: Gauge::default(),
            band: Family::default(),
            decisions: Family::default(),
            guard_changes: Family::default(),
            doubts: Family::default(),
            failures: Family::default(),
            violations: Family::default(),
            model_loaded: Gauge::default(),
            device_decides: Known::default(),
            device_outages: Counter::default(),
            // From 0.1 ms to 3 s.
            decision_s: Histogram::new(exponential_buckets(1e-4, 2.0, 16)),
            horizons_s: HORIZONS
                .map(|h| interval.seconds().saturating_mul(h.try_into().unwrap_or(0))),
        }
    }

    /// Registers them; what counts the device's outages only where `model` is a device's.
    pub(super) fn register(&self, r: &mut Registry, model: &ModelId) {
        let m = self.clone();
        r.register("jobs_wanted", "Jobs that should run, by the last decision", m.jobs_wanted);
        let help =
            "Forecast arrivals in events per second, by seconds ahead and level of the quantile";
        r.register("forecast_rate", help, m.forecast);
        let help = "Weight of each expert in the forecast, by seconds ahead; `baseline` stands in for a \
                    network that is not there or failed";
        r.register("expert_weight", help, m.expert_weights);
        let help = "Weight of the network in the forecast that was decided on, by seconds ahead; 0 if \
                    the experts were alone";
        r.register("forecast_network_weight", help, m.network_weight);
        let help = "Share of the median forecast that would be missing without the network, by seconds \
                    ahead";
        r.register("forecast_network_effect", help, m.network_effect);
        let help = "By how much the Q-network valued its best multiplier above the plan, and what is \
                    needed to act, when it was last asked";
        r.register("network_margin", help, m.margin);
        let help =
            "1 if the model's Q-network may move the plan, 0 if it cannot act or there is none";
        r.register("network_can_act", help, m.network_can_act);
        let help = "Distance of a quantile from the mixture, in mean absolute errors";
        r.register("forecast_band", help, m.band);
        r.register("decisions", "Decisions, by rung of the ladder and reason", m.decisions);
        r.register("guard_changes", "Changes of a proposal by a constraint", m.guard_changes);
        r.register("doubts", "Samples not taken as they were read, by what was doubted", m.doubts);
        r.register("model_failures", "Inferences that failed, by network", m.failures);
        let help = "1 if what decides is what is configured, 0 if its model cannot be used";
        r.register("model_loaded", help, m.model_loaded);
        let help = "Times that a watched promise was seen broken, by its number: docs/promises.md";
        r.register("promise_violations", help, m.violations);
        // Without a device there is none that could be lost.
        if model.is_device() {
            let help = "1 if the device made the last decision, 0 if the plan here stood in for it";
            r.register("device_decides", help, m.device_decides);
            r.register("device_outages", "Times that the device was lost", m.device_outages);
        }
        let help = "Time from a sample to the decision on it";
        r.register_with_unit("decision_duration", help, Unit::Seconds, m.decision_s);
        for network in NETWORKS {
            self.failures.get_or_create_owned(&[("network", network.into())]);
        }
        for promise in Promise::ALL {
            self.violations(promise);
        }
    }

    /// A decision was made; `failures` are totals of the forecaster and the policy.
    pub(super) fn decided(&self, decision: &Decision, failures: [u32; 2]) {
        self.jobs_wanted.set(decision.jobs.0.into());
        let labels = [("stage", word(&decision.stage)), ("reason", word(&decision.reason))];
        self.decisions.get_or_create(&labels).inc();
        for change in &decision.changes {
            self.guard_changes.get_or_create(&[("constraint", word(&change.by))]).inc();
        }
        for doubt in decision.doubts.iter() {
            self.doubts.get_or_create(&[("doubt", word(&doubt))]).inc();
        }
        for (network, total) in NETWORKS.into_iter().zip(failures) {
            let counter = self.failures.get_or_create_owned(&[("network", network.into())]);
            counter.inc_by(u64::from(total).saturating_sub(counter.get()));
        }
        if let Some(preference) = &decision.preference {
            for (what, value) in [("seen", preference.margin), ("needed", preference.needed)] {
                self.margin.get_or_create(&[("margin", what.into())]).set(value.into());
            }
        }
        if let Some(basis) = &decision.forecast {
            for (horizon, seconds) in self.horizons_s.iter().enumerate() {
                let labels = [("ahead_s", seconds.to_string())];
                let (weight, effect) =
                    (basis.network_weight[horizon], basis.network_effect[horizon]);
                self.network_weight.get_or_create(&labels).set(weight.into());
                self.network_effect.get_or_create(&labels).set(effect.into());
            }
        }
        let Some(outlook) = &decision.outlook else { return };
        for (seconds, rates) in self.horizons_s.iter().zip(outlook.horizons) {
            for (quantile, rate) in ["0.1", "0.5", "0.9"].into_iter().zip(rates) {
                let labels = [("ahead_s", seconds.to_string()), ("level", quantile.into())];
                self.forecast.get_or_create(&labels).set(rate.into());
            }
        }
    }

    /// A forecast was made.
    pub(super) fn forecast_made(&self, forecast: &Forecast) {
        let Some(makeup) = &forecast.makeup else { return };
        for (horizon, seconds) in self.horizons_s.iter().enumerate() {
            let labels = |name: &'static str, value: &str| {
                [("ahead_s", seconds.to_string()), (name, value.to_string())]
            };
            for (expert, weight) in forecast.expert_weights(horizon).into_iter().flatten() {
                let gauge = self.expert_weights.get_or_create_owned(&labels("expert", expert));
                gauge.set(weight.into());
            }
            for (quantile, distance) in ["0.1", "0.9"].into_iter().zip(makeup.band[horizon]) {
                self.band.get_or_create_owned(&labels("level", quantile)).set(distance.into());
            }
        }
    }

    /// A decision took so long.
    pub(super) fn decided_in(&self, took: Duration) {
        self.decision_s.observe(took.as_secs_f64());
    }

    /// A promise was seen to be broken.
    pub(super) fn broken(&self, promise: Promise) {
        self.violations(promise).inc();
    }

    /// How often each promise was seen to be broken.
    pub(super) fn all_broken(&self) -> [(Promise, u64); Promise::ALL.len()] {
        Promise::ALL.map(|promise| (promise, self.violations(promise).get()))
    }

    fn violations(&self, promise: Promise) -> Counter {
        self.violations.get_or_create_owned(&[("promise", promise.id().into())])
    }

    /// Whether the model that is configured could be loaded.
    pub(super) fn set_model_loaded(&self, loaded: bool) {
        self.model_loaded.set(loaded.into());
    }

    /// Whether it could.
    pub(super) fn is_model_loaded(&self) -> bool {
        self.model_loaded.get() != 0
    }

    /// The part that the model's Q-network has in decisions.
    pub(super) fn network_role(&self, role: NetworkRole) {
        self.network_can_act.set((role == NetworkRole::CanAct).into());
    }

    /// How the device fares that decides.
    pub(super) fn device(&self, health: Health) {
        self.device_decides.set(health.decides.into());
        let counted = self.device_outages.get();
        self.device_outages.inc_by(health.outages.saturating_sub(counted));
    }
}
