//! How it goes, for Prometheus.

use super::kinds::{Float, Labels};
use crate::decide::figures::{Figures, ForecastFigures, PoolFigures};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::{Registry, Unit};
use std::hash::Hash;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

type Sum = Counter<f64, AtomicU64>;

/// How pools do, the `real` one and beside it the `virtual` one of shadow mode or what an `hpa` would have
/// had, and how forecasts do.
#[derive(Clone, Debug, Default)]
pub(super) struct FigureMetrics {
    events: Family<Labels<1>, Sum>,
    late_events: Family<Labels<1>, Sum>,
    job_s: Family<Labels<1>, Sum>,
    changes: Family<Labels<1>, Sum>,
    sla: Family<Labels<1>, Float>,
    wait_s: Family<Labels<2>, Float>,
    saving: Family<Labels<1>, Float>,
    forecast_error: Family<Labels<1>, Float>,
    forecast_coverage: Family<Labels<1>, Float>,
    /// Those of the first horizon.
    first: Arc<Mutex<Option<ForecastFigures>>>,
}

impl FigureMetrics {
    pub(super) fn register(&self, r: &mut Registry) {
        let m = self.clone();
        r.register("pool_events", "Events on which work began, by pool", m.events);
        let help = "Events that had waited longer than the SLA by then, by pool";
        r.register("pool_late_events", help, m.late_events);
        r.register("pool_job_seconds", "Job-seconds paid, by pool", m.job_s);
        r.register("pool_changes", "Changes of the number of jobs, by pool", m.changes);
        let help = "Share of events of the last week that began within the SLA, by pool";
        r.register("pool_sla_ratio", help, m.sla);
        let help =
            "Wait that so many percent of the events of the last week did not exceed, by pool";
        r.register_with_unit("pool_wait", help, Unit::Seconds, m.wait_s);
        let help = "Share of another pool's job-hours of the last week that ScaleIQ's saves";
        r.register("saving_ratio", help, m.saving);
        let help =
            "Absolute errors of median forecasts over what came in the last week, by seconds ahead";
        r.register("forecast_error_ratio", help, m.forecast_error);
        let help =
            "Share of what came in the last week that was between the 0.1 and the 0.9 quantile";
        r.register("forecast_coverage_ratio", help, m.forecast_coverage);
    }

    /// This is how it goes.
    pub(super) fn tell(&self, figures: &Figures) {
        for pool in [&figures.scaleiq, &figures.compared].into_iter().chain(&figures.also) {
            self.set(pool);
        }
        let labels = [("against", figures.compared.pool.word().to_string())];
        set(&self.saving, &labels, figures.saving_ratio);
        *self.first.lock().unwrap_or_else(PoisonError::into_inner) =
            figures.forecasts.first().copied();
        for horizon in &figures.forecasts {
            let labels = [("ahead_s", horizon.ahead_s.to_string())];
            set(&self.forecast_error, &labels, horizon.error_ratio);
            set(&self.forecast_coverage, &labels, horizon.coverage_ratio);
        }
    }

    /// How forecasts of the first horizon did.
    pub(super) fn forecasts(&self) -> Option<ForecastFigures> {
        *self.first.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, figures: &PoolFigures) {
        let PoolFigures { pool, totals, .. } = figures;
        let labels = [("pool", pool.word().to_string())];
        for (family, total) in [
            (&self.events, totals.events),
            (&self.late_events, totals.late_events),
            (&self.job_s, totals.job_s),
            (&self.changes, totals.actions as f64),
        ] {
            let counter = family.get_or_create_owned(&labels);
            counter.inc_by((total - counter.get()).max(0.0));
        }
        set(&self.sla, &labels, figures.sla_ratio);
        for (percent, wait_s) in [("50", figures.wait_p50_s), ("99", figures.wait_p99_s)] {
            let [pool] = labels.clone();
            set(&self.wait_s, &[pool, ("percentile", percent.into())], wait_s.map(f64::from));
        }
    }
}

/// Sets what is known; what never was has no series.
fn set<const N: usize>(family: &Family<Labels<N>, Float>, labels: &Labels<N>, value: Option<f64>)
where
    Labels<N>: EncodeLabelSet + Clone + Eq + Hash,
{
    if let Some(value) = value {
        family.get_or_create_owned(labels).set(value);
    }
}
