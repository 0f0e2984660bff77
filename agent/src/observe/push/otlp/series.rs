//! Points of metrics into what came since the last ones.

use super::contract::{
    AggregationTemporality, ExponentialHistogramDataPoint, HistogramDataPoint, KeyValue, Metric,
    NumberDataPoint, metric, number_data_point,
};

/// A flag of a point: it has no value, since nothing was measured.
const NO_VALUE: u32 = 1;

/// One point, whatever its metric.
#[derive(Clone, Debug)]
pub(super) struct Point<'a> {
    pub(super) attributes: &'a [KeyValue],
    /// Nanoseconds since 1970 by the exporter's clock: since when it was counted (0: not told), and until
    /// when.
    pub(super) start_ns: u64,
    pub(super) end_ns: u64,
    /// A number of events, or a gauge's value.
    pub(super) count: f64,
    /// The sum of what was measured; 0 where nothing but a number is.
    pub(super) sum: f64,
}

/// What kind of numbers a metric's points are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Values of this moment.
    Level,
    /// Totals since a start.
    Total,
    /// What came between two moments.
    Delta,
}

/// The points of `metric`; `None` if it is of a form that tells nothing here.
pub(super) fn points(metric: &Metric) -> Option<(Form, Vec<Point<'_>>)> {
    use metric::Data;
    let form = |temporality| match AggregationTemporality::try_from(temporality) {
        Ok(AggregationTemporality::Delta) => Some(Form::Delta),
        Ok(AggregationTemporality::Cumulative) => Some(Form::Total),
        Ok(AggregationTemporality::Unspecified) | Err(_) => None,
    };
    Some(match metric.data.as_ref()? {
        Data::Gauge(gauge) => (Form::Level, numbers(&gauge.data_points)),
        Data::Sum(sum) => match (form(sum.aggregation_temporality)?, sum.is_monotonic) {
            // An up-down counter's total is a level; of its changes alone nothing follows.
            (Form::Total, false) => (Form::Level, numbers(&sum.data_points)),
            (_, false) => return None,
            (form, true) => (form, numbers(&sum.data_points)),
        },
        Data::Histogram(h) => {
            (form(h.aggregation_temporality)?, h.data_points.iter().filter_map(histogram).collect())
        }
        Data::ExponentialHistogram(h) => {
            let points = h.data_points.iter().filter_map(exponential);
            (form(h.aggregation_temporality)?, points.collect())
        }
    })
}

fn numbers(points: &[NumberDataPoint]) -> Vec<Point<'_>> {
    points.iter().filter_map(number).collect()
}

fn number(point: &NumberDataPoint) -> Option<Point<'_>> {
    let count = match point.value? {
        number_data_point::Value::AsDouble(value) => value,
        number_data_point::Value::AsInt(value) => value as f64,
    };
    (point.flags & NO_VALUE == 0 && count.is_finite() && count >= 0.0).then_some(Point {
        attributes: &point.attributes,
        start_ns: point.start_time_unix_nano,
        end_ns: point.time_unix_nano,
        count,
        sum: 0.0,
    })
}

fn histogram(point: &HistogramDataPoint) -> Option<Point<'_>> {
    let HistogramDataPoint { start_time_unix_nano, time_unix_nano, count, sum, .. } = *point;
    let times = (start_time_unix_nano, time_unix_nano);
    measured(&point.attributes, times, count, sum.unwrap_or(0.0), point.flags)
}

fn exponential(point: &ExponentialHistogramDataPoint) -> Option<Point<'_>> {
    let ExponentialHistogramDataPoint { start_time_unix_nano, time_unix_nano, count, sum, .. } =
        *point;
    let times = (start_time_unix_nano, time_unix_nano);
    measured(&point.attributes, times, count, sum.unwrap_or(0.0), point.flags)
}

fn measured(
    attributes: &[KeyValue],
    (start_ns, end_ns): (u64, u64),
    count: u64,
    sum: f64,
    flags: u32,
) -> Option<Point<'_>> {
    let is_good = flags & NO_VALUE == 0 && sum.is_finite() && sum >= 0.0;
    is_good.then_some(Point { attributes, start_ns, end_ns, count: count as f64, sum })
}
