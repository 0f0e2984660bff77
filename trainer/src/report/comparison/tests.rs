use super::*;
use crate::evaluate::made::Made;
use crate::evaluate::metrics::{PointScores, Scores};
use crate::evaluate::test_series::{TestPart, TestSeries};
use scaleiq_core::interval::Interval;
use scaleiq_core::units::UnixSeconds;
use scaleiq_workload::Series;

/// A model, its network and two baselines with made-up figures.
pub(in super::super) fn made_up(name: &str, model_wape: f64) -> Comparison {
    let row = |k: i64| Interval {
        arrivals_events: Some(5.0),
        ..Interval::missing(UnixSeconds(300 * (k + 1)))
    };
    let rows = (0..1000).map(row).collect();
    let series = Series { start: UnixSeconds(0), length_s: 300, rows, ..Series::default() };
    let series = TestSeries::new(name, &series, TestPart::Last(0.2), 7).unwrap();
    let standing = |name: &str, kind, wape: f64| {
        let point =
            PointScores { count: 9, wape: Some(wape), mase: Some(0.5), ..PointScores::default() };
        let banded = kind != Kind::Baseline;
        let scores = |horizon| HorizonScores {
            horizon,
            scores: Scores { point, coverage_80: banded.then_some(0.8), ..Scores::default() },
            worst_day_coverage_80: banded.then_some(0.625),
        };
        Standing {
            name: name.into(),
            kind,
            scores: HORIZONS.map(scores).into(),
            made: Made::Medians(Vec::new()),
        }
    };
    let standings = vec![
        standing("edge", Kind::Model, model_wape),
        standing("edge network_alone", Kind::Part, 0.11),
        standing("persistence", Kind::Baseline, 0.2),
        standing("mixture", Kind::Baseline, 0.1),
    ];
    Comparison {
        series,
        standings,
        left_out: vec!["ridge_336".into()],
        seen_by: vec!["edge".into()],
    }
}

#[test]
fn a_table_has_a_row_for_each() {
    insta::assert_snapshot!(table(&made_up("a.csv", 0.08)), @r"
    a.csv: 1000 intervals of 5 min, 26 origins from 1970-01-03T18:40:00Z on

                                       WAPE %                   MASE           in band %
                             H6    H12    H24       H6    H12    H24      H6   H12   H24  worst
    edge                   8.00   8.00   8.00    0.500  0.500  0.500    80.0  80.0  80.0   62.5
    mixture               10.00  10.00  10.00    0.500  0.500  0.500       –     –     –      –
    edge network_alone    11.00  11.00  11.00    0.500  0.500  0.500    80.0  80.0  80.0   62.5
    persistence           20.00  20.00  20.00    0.500  0.500  0.500       –     –     –      –
    H6 30 min, H12 60 min, H24 120 min: over all intervals up to it, the least error first
    in band: what came within the 10-90 % band (80 is right); worst: on the worst day
    too short a series for: ridge_336
    edge was trained on an earlier part of this file: no test of what is new to it
    edge over the best baseline: H6 0.800 (mixture)  H12 0.800 (mixture)  H24 0.800 (mixture)
    ");
}

#[test]
fn several_files_have_a_mean() {
    assert_eq!(over_all(&[made_up("a.csv", 0.08)]), "");
    // The mean of 0.8 and 0.2 is 0.4.
    insta::assert_snapshot!(over_all(&[made_up("a.csv", 0.08), made_up("b.csv", 0.02)]), @"geometric mean over 2 files, edge over the best baseline of each: H6 0.400  H12 0.400  H24 0.400  all 0.400");
}

#[test]
fn without_baselines_nothing_is_compared() {
    let mut alone = made_up("a.csv", 0.08);
    alone.standings.truncate(2);
    assert!(!table(&alone).contains("best baseline"));
    assert_eq!(over_all(&[alone.clone(), alone]), "");
}

#[test]
fn the_csv_has_every_figure() {
    let text = String::from_utf8(csv(&[made_up("a,b.csv", 0.08)]).unwrap()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 1 + 4 * HORIZONS.len());
    assert!(lines[0].starts_with("file,name,horizon,count,mae,mse,"), "{}", lines[0]);
    assert!(lines[0].ends_with(",worst_day_coverage_80,below_0.025,below_0.1,below_0.25,below_0.5,below_0.75,below_0.9,below_0.95,below_0.975,below_0.99"), "{}", lines[0]);
    assert_eq!(lines[1], "\"a,b.csv\",edge,6,9,,,,,,,0.08,0.5,,,,,,0.8,,0.625,,,,,,,,,");
}
