use super::super::test_series::TestPart;
use super::*;
use crate::runtime::stop::never;
use scaleiq_core::interval::Interval;
use scaleiq_core::units::UnixSeconds;
use scaleiq_workload::Series;
use std::sync::atomic::{AtomicU64, Ordering};

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
    Contest {
        models: Vec::new(),
        others: Vec::new(),
        experts: true,
        baselines: baselines.to_vec(),
        columns: Columns::BOTH,
        warm_days: None,
    }
}

#[test]
fn all_are_judged_by_the_same_truths() {
    let baselines =
        [Baseline::Persistence, Baseline::SeasonalNaiveDay, Baseline::SeasonalNaiveWeek];
    let all = contest(&baselines).run(vec![series(), series()], around(&|_| (), None)).unwrap();
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

fn around<'a>(tick: &'a (dyn Fn(u64) + Sync), kept: Option<&'a Path>) -> Around<'a> {
    Around { tick, stop: &never, kept }
}

#[test]
fn progress_ends_where_it_says() {
    let told = AtomicU64::new(0);
    let contest = contest(&[Baseline::Persistence, Baseline::Smoothing]);
    let series = vec![series()];
    let work = contest.work(&series);
    let tick = |more| _ = told.fetch_add(more, Ordering::Relaxed);
    contest.run(series, around(&tick, None)).unwrap();
    assert_eq!(told.into_inner(), work);
}

#[test]
fn what_was_forecast_before_is_not_forecast_again() {
    let folder = tempfile::tempdir().unwrap();
    let contest = contest(&[Baseline::Persistence, Baseline::SeasonalNaiveWeek]);
    // It stops once the experts have begun: somebody may have ended, nobody has to.
    let began = AtomicU64::new(0);
    let stop = || began.fetch_add(1, Ordering::Relaxed) > 100;
    let broken = Around { tick: &|_| (), stop: &stop, kept: Some(folder.path()) };
    assert!(contest.run(vec![series()], broken).is_err());
    let scores = |all: Vec<Comparison>| -> Vec<_> {
        all[0].standings.iter().map(|s| (s.name.clone(), s.scores.clone())).collect()
    };
    let whole = scores(contest.run(vec![series()], around(&|_| (), None)).unwrap());
    let kept = || around(&|_| (), Some(folder.path()));
    let resumed = scores(contest.run(vec![series()], kept()).unwrap());
    assert_eq!(resumed, whole);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "each has its file");
    assert_eq!(scores(contest.run(vec![series()], kept()).unwrap()), whole);
    // A file that was cut off is as if it were not there.
    for file in std::fs::read_dir(folder.path()).unwrap() {
        std::fs::write(file.unwrap().path(), "cut").unwrap();
    }
    assert_eq!(scores(contest.run(vec![series()], kept()).unwrap()), whole);
}
