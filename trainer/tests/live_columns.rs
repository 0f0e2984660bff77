//! What a network is judged by is what runs: with the columns that a live worker sends it must be as good as
//! with arrivals alone, by which the tables are made.

use scaleiq_core::interval::Interval;
use scaleiq_core::model::Bundle;
use scaleiq_workload::Series;
use scaleiq_workload::traffic::builtin::{SampleSpec, generate};
use trainer::evaluate::forecasts::{Course, scores};
use trainer::evaluate::parts::network_alone;
use trainer::evaluate::test_series::{TestPart, TestSeries};

/// Most by which live columns may raise the network's error.
const MOST: f64 = 1.02;

/// Two weeks of the built-in sample, of which the last fifth judges.
fn sample() -> Series {
    generate(&SampleSpec { rows: 14 * 720, ..SampleSpec::default() })
}

/// Errors (WAPE) at the three horizons of the shipped network alone that is told `rows` of `series`.
fn errors(series: &TestSeries, rows: &[Interval]) -> Vec<f64> {
    let network = Bundle::shipped().unwrap().forecaster().clone();
    let course = Course { start: 0, from: series.from, stride: series.stride };
    let mut origins = network_alone(network, series.length, rows, course, |_| true);
    let last = series.origins().last().unwrap();
    origins.retain(|origin| origin.row <= last);
    let day = series.length.steps_per_day();
    let judged = scores(&series.rows, &origins, day, series.from);
    judged.iter().map(|s| s.scores.point.wape.unwrap()).collect()
}

fn assert_no_harm(series: &Series) {
    let test = TestSeries::new("sample", series, TestPart::Last(0.2), 7).unwrap();
    let [alone, live] = [test.arrivals_alone(), test.live()].map(|rows| errors(&test, &rows));
    for (alone, live) in alone.iter().zip(&live) {
        assert!(live / alone <= MOST, "{live} with live columns, {alone} without");
    }
}

#[test]
fn recorded_columns_do_no_harm() {
    assert_no_harm(&sample());
}

#[test]
fn the_columns_of_a_pool_do_no_harm() {
    let mut series = sample();
    for row in &mut series.rows {
        *row = Interval { arrivals_events: row.arrivals_events, ..Interval::missing(row.end) };
    }
    let test = TestSeries::new("sample", &series, TestPart::Last(0.2), 7).unwrap();
    assert!(
        test.live()
            .iter()
            .all(|row| row.arrivals_events.is_none() || row.processed_events.is_some())
    );
    assert_no_harm(&series);
}
