//! A history that a Prometheus server holds.

use crate::observe::promql::Server;
use anyhow::bail;
use scaleiq_core::interval::{Interval, IntervalLength};
use scaleiq_core::units::UnixSeconds;
use scaleiq_workload::Series;

/// The length of an interval, and the seconds between two points that are asked for.
const LENGTH_S: u32 = IntervalLength::TWO_MINUTES.seconds();
const STEP_S: i64 = LENGTH_S as i64;
/// So many points that never fall are a running total.
const MIN_RISING: usize = 100;

/// What is asked for, in PromQL, each for one series.
#[derive(Clone, Debug)]
pub struct Queries {
    /// Events a second that arrived.
    pub arrived: String,
    /// Mean work of an event in milliseconds.
    pub work_ms: Option<String>,
    /// Events that waited.
    pub waiting: Option<String>,
}

/// Asks `server` for the last `last_s` seconds, by its own clock.
///
/// # Errors
/// If there is no answer, or nothing is known of arrivals.
pub async fn ask(server: &Server, queries: &Queries, last_s: i64) -> anyhow::Result<Series> {
    let end = UnixSeconds(server.clock().await?.0 / STEP_S * STEP_S);
    let span = [end.plus(STEP_S - last_s.max(STEP_S)), end];
    let arrived = server.then(&queries.arrived, span, STEP_S).await?;
    let (Some((first, _)), Some((last, _))) = (arrived.first(), arrived.last()) else {
        bail!(
            "`{}` is not known at any moment of the last {:.1} days: is the query right, and does the server keep so much?",
            queries.arrived,
            last_s as f64 / 86_400.0
        );
    };
    let first = *first;
    let count = last.since(first) / STEP_S + 1;
    let mut rows: Vec<Interval> =
        (0..count).map(|k| Interval::missing(first.plus(k * STEP_S))).collect();
    let mut put = |points: &[(UnixSeconds, f64)],
                   field: fn(&mut Interval) -> &mut Option<f32>,
                   times: f64| {
        for (at, value) in points {
            let index = usize::try_from(at.since(first) / STEP_S).ok();
            if let Some(row) = index.and_then(|index| rows.get_mut(index)) {
                *field(row) = Some((value * times) as f32);
            }
        }
    };
    // What a rate is at a moment is what came in the time before it.
    put(&arrived, |row| &mut row.arrivals_events, f64::from(LENGTH_S));
    if let Some(query) = &queries.work_ms {
        put(&server.then(query, span, STEP_S).await?, |row| &mut row.work_ms, 1.0);
    }
    if let Some(query) = &queries.waiting {
        put(&server.then(query, span, STEP_S).await?, |row| &mut row.backlog_events, 1.0);
    }
    let notes = notes(&arrived, rows.len());
    // A series begins where its first interval does.
    Ok(Series { start: first.plus(-STEP_S), length_s: LENGTH_S, rows, notes, ..Series::default() })
}

/// What may not be as it was meant.
fn notes(arrived: &[(UnixSeconds, f64)], rows: usize) -> Vec<String> {
    let mut notes = Vec::new();
    let unknown = rows - arrived.len();
    if unknown > 0 {
        notes.push(format!(
            "{unknown} of {rows} intervals are not known: what lies around them is taken"
        ));
    }
    let never_falls = arrived.is_sorted_by(|(_, a), (_, b)| a <= b);
    let rises = arrived.first().map(|(_, v)| *v) < arrived.last().map(|(_, v)| *v);
    if arrived.len() >= MIN_RISING && never_falls && rises {
        notes.push(
            "what is asked for never falls: if it is a running total, ask for sum(rate(NAME[2m]))"
                .into(),
        );
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_and_running_totals_are_noted() {
        let points = |value: fn(i64) -> f64| -> Vec<_> {
            (0..200).map(|k| (UnixSeconds(120 * k), value(k))).collect()
        };
        assert!(notes(&points(|k| (k % 7) as f64), 200).is_empty());
        let told = notes(&points(|k| k as f64), 210);
        assert!(told[0].starts_with("10 of 210") && told[1].contains("rate(NAME[2m])"), "{told:?}");
        assert!(notes(&points(|_| 5.0), 200).is_empty(), "a steady rate is none");
    }
}
