//! The last value of each trigger.

use super::contract::{RawMetric, RawMetricsResponse};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A moment by KEDA's clock: seconds and nanoseconds.
type Measured = (i64, i32);

/// The last value of each trigger that was asked for.
#[derive(Clone, Debug)]
pub(super) struct Latest(BTreeMap<String, Option<Value>>);

#[derive(Clone, Copy, Debug)]
struct Value {
    value: f64,
    measured: Option<Measured>,
    came: Instant,
}

impl Latest {
    /// None of the triggers of these names has a value yet.
    pub(super) fn new(names: &[&str]) -> Self {
        Self(names.iter().map(|name| ((*name).to_owned(), None)).collect())
    }

    /// Takes what came at `now`. Several values of a trigger are summed, as Kubernetes does. One that was
    /// measured when the last one was is that again, from KEDA's cache, and none newer for being told twice.
    /// KEDA's clock may be off, and may be set: no other is held against it.
    pub(super) fn take(&mut self, response: &RawMetricsResponse, now: Instant) {
        for (name, last) in &mut self.0 {
            let of_it = |metric: &&RawMetric| {
                metric.metadata.as_ref().is_some_and(|about| about.metric_name == *name)
            };
            let told: Vec<&RawMetric> = response.metrics.iter().filter(of_it).collect();
            if told.is_empty() {
                continue;
            }
            let moment = |metric: &&RawMetric| metric.timestamp.map(|t| (t.seconds, t.nanos));
            let measured = told.iter().filter_map(moment).max();
            let is_again = last.is_some_and(|last| measured.is_some() && measured == last.measured);
            if !is_again {
                let value = told.iter().map(|metric| metric.value).sum();
                *last = Some(Value { value, measured, came: now });
            }
        }
    }

    /// Returns the value of the trigger `name` if it came within `fresh` and can be used. What is no number is
    /// not known, and what is below 0 is none.
    pub(super) fn value(&self, name: &str, now: Instant, fresh: Duration) -> Option<f64> {
        let last = self.0.get(name).copied().flatten()?;
        let is_fresh = now.saturating_duration_since(last.came) <= fresh;
        (is_fresh && last.value.is_finite() && last.value >= 0.0).then_some(last.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::queue::keda::contract::{ScaledObjectRef, Timestamp};

    fn told(name: &str, values: &[f64], seconds: i64) -> RawMetricsResponse {
        let metric = |value: &f64| RawMetric {
            value: *value,
            timestamp: (seconds != 0).then_some(Timestamp { seconds, nanos: 0 }),
            metadata: Some(ScaledObjectRef { metric_name: name.into(), ..Default::default() }),
            is_active: false,
        };
        RawMetricsResponse { metrics: values.iter().map(metric).collect() }
    }

    #[test]
    fn values_are_summed_and_grow_old_also_where_they_are_told_again() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let fresh = Duration::from_secs(60);
        let mut latest = Latest::new(&["lag"]);
        latest.take(&told("other", &[9.0], 1), begin);
        assert_eq!(latest.value("lag", begin, fresh), None);
        assert_eq!(latest.value("other", begin, fresh), None, "nobody asked for it");
        latest.take(&told("lag", &[3.0, 4.0], 100), begin);
        latest.take(&told("lag", &[7.0], 100), at(50));
        assert_eq!(latest.value("lag", at(60), fresh), Some(7.0));
        assert_eq!(latest.value("lag", at(61), fresh), None, "told twice and measured once");
        latest.take(&told("lag", &[5.0], 130), at(70));
        assert_eq!(latest.value("lag", at(70), fresh), Some(5.0));
        latest.take(&told("lag", &[4.0], 130 - 300), at(100));
        assert_eq!(latest.value("lag", at(160), fresh), Some(4.0), "KEDA's clock was set back");
        latest.take(&told("lag", &[6.0], 0), at(200));
        assert_eq!(latest.value("lag", at(200), fresh), Some(6.0), "without a moment");
        for bad in [f64::NAN, f64::INFINITY, -1.0] {
            latest.take(&told("lag", &[bad], 300), at(210));
            assert_eq!(latest.value("lag", at(210), fresh), None, "{bad}");
        }
    }
}
