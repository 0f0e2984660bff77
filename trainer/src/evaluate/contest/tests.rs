use super::super::test_series::TestPart;
use super::*;
use crate::runtime::stop::never;
use scaleiq_core::interval::Interval;
use scaleiq_core::units::UnixSeconds;
use scaleiq_workload::Series;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Six days of quarter hours, a wave a day.
fn series() -> TestSeries {
    let count = |k: i64| 1000.0 + 500.0 * (k as f32 * std::f32::consts::TAU / 96.0).sin();
    let row = |k: i64| Interval {
        arrivals_events: (k % 40 != 3).then(|| count(k)),
        ..Interval::missing(UnixSeconds(900 * (k + 1)))
    };
    let rows = (0..6 * 96).map(row).collect();
    let series = Series { start: UnixSeconds(0), length_s: 900, rows, ..Series::default() };
    TestSeries::new("wave.csv", &series, TestPart::Last(0.2), 7).unwrap()
}

fn contest(baselines: &[Baseline]) -> Contest {
    Contest { models: Vec::new(), parts: true, baselines: baselines.to_vec() }
}

#[test]
fn all_are_judged_by_the_same_truths() {
    let baselines =
        [Baseline::Persistence, Baseline::SeasonalNaiveDay, Baseline::SeasonalNaiveWeek];
    let all = contest(&baselines).run(vec![series(), series()], &|_| (), &never).unwrap();
    let names: Vec<_> = all[1].standings.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["experts_alone", "persistence", "seasonal_naive_day", MIXTURE]);
    assert_eq!(all[1].left_out, ["seasonal_naive_week"]);
    for horizon in 0..3 {
        let count = |s: &Standing| s.scores[horizon].scores.point.count;
        let counts: Vec<usize> = all[0].standings.iter().map(count).collect();
        assert!(counts[0] > 50 && counts.iter().all(|c| *c == counts[0]), "{counts:?}");
    }
    // Yesterday was the same.
    let (best, wape) = all[0].best_baseline(2).unwrap();
    assert_eq!(best, "seasonal_naive_day");
    assert!(wape < 0.03, "{wape}");
    let experts = &all[0].standings[0];
    assert!(experts.scores[0].worst_day_coverage_80.is_some());
    assert!(all[0].standings[1].scores[0].worst_day_coverage_80.is_none());
    assert_eq!(all[0].over_best_baseline("experts_alone", 2), None);
}

#[test]
fn progress_is_told_to_the_end() {
    let told = AtomicUsize::new(0);
    let contest = contest(&[Baseline::Persistence, Baseline::Smoothing]);
    let series = vec![series()];
    let rows = contest.rows(&series);
    contest.run(series, &|rows| _ = told.fetch_add(rows, Ordering::Relaxed), &never).unwrap();
    let told = told.into_inner();
    assert!(told <= rows && rows - told < TICK, "{told} of {rows}");
}
