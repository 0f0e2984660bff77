use super::*;
use crate::evaluate::forecasts::Course;
use crate::evaluate::parts::experts_alone;
use crate::evaluate::test_series::TestPart;
use crate::runtime::stop::never;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};
use scaleiq_core::interval::Interval;
use scaleiq_core::units::UnixSeconds;
use scaleiq_workload::{Extra, Place, Series};

/// Rows of a day, at quarter hours.
const DAY: usize = 96;
const ROWS: usize = 75 * DAY;

/// Numbers within 0..1.
fn chance(seed: u64) -> impl FnMut() -> f64 {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    move || f64::from(rng.next_u32()) / f64::from(u32::MAX)
}

/// Whether something goes on, row by row: it begins with one chance and ends with another.
fn spells(seed: u64, begins: f64, ends: f64) -> Vec<bool> {
    let (mut chance, mut is_on) = (chance(seed), false);
    let turn = move |_| {
        is_on ^= chance() < if is_on { ends } else { begins };
        is_on
    };
    (0..ROWS).map(turn).collect()
}

/// A daily wave with noise that `times` multiplies.
fn traffic(times: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut chance = chance(7);
    let wave = |k: usize| 1000.0 + 300.0 * (k as f64 * std::f64::consts::TAU / DAY as f64).sin();
    (0..ROWS).map(|k| wave(k) * times(k) * (0.95 + 0.1 * chance())).collect()
}

/// A series of counts and columns; gaps are where a column is not finite.
fn series(counts: &[f64], columns: &[(&str, Vec<f64>)]) -> TestSeries {
    let rows = counts.iter().enumerate().map(|(k, count)| Interval {
        arrivals_events: count.is_finite().then_some(*count as f32),
        ..Interval::missing(UnixSeconds(900 * (k as i64 + 1)))
    });
    let extra = |(name, values): &(&str, Vec<f64>)| Extra {
        at: Place { file: "own.csv".into(), line: 1, column: (*name).into() },
        asked: Some((*name).into()),
        values: values.iter().map(|v| v.is_finite().then_some(*v as f32)).collect(),
    };
    let extras = columns.iter().map(extra).collect();
    let rows = rows.collect();
    let series = Series { start: UnixSeconds(0), length_s: 900, rows, extras, ..Series::default() };
    TestSeries::new("own.csv", &series, TestPart::Last(0.2), 7).unwrap()
}

/// What the experts of the forecaster make of a whole series.
fn forecasts(series: &TestSeries) -> Made {
    let course = Course { start: 0, from: series.from % 7 + 2 * DAY / 7 * 7, stride: 7 };
    let mut made = experts_alone(series.length, &series.rows, &[], course, |_| true);
    made.retain(|origin| origin.row + STEPS < series.rows.len());
    Made::Quantiles(made)
}

fn found(series: &TestSeries, made: &Made, known: &[&str]) -> Found {
    let known: Vec<String> = known.iter().map(ToString::to_string).collect();
    let (covariates, notes) = covariates(series, &known).unwrap();
    assert!(notes.is_empty(), "{notes:?}");
    judge(series, made, &covariates, &never).unwrap()
}

/// What is to be said at each horizon.
fn verdicts(worth: &Worth) -> [Verdict; 3] {
    [0, 1, 2].map(|horizon| Verdict::of(&worth.ratios[horizon].unwrap()))
}

/// The ratio of the errors at a horizon.
fn ratio(worth: &Worth, horizon: usize) -> f64 {
    worth.ratios[horizon].unwrap().ratio
}

#[test]
fn a_column_that_leads_bursts_is_found() {
    let bursts = spells(1, 0.01, 0.15);
    let counts = traffic(|k| if bursts[k] { 2.5 } else { 1.0 });
    let mut noise = chance(2);
    // It rises eight rows before, and is not measured now and then.
    let leads = (0..ROWS).map(|k| match bursts.get(k + 8) {
        _ if noise() < 0.05 => f64::NAN,
        Some(true) => 40.0 + 10.0 * noise(),
        _ => 5.0 + 10.0 * noise(),
    });
    let series = series(&counts, &[("errors", leads.collect())]);
    let found = found(&series, &forecasts(&series), &[]);
    let errors = &found.columns[0];
    assert_eq!(errors.kind, Kind::Past);
    // Of 24 steps the last 16 are beyond what it says.
    assert_eq!(verdicts(errors)[..2], [Verdict::Helps; 2], "{found:?}");
    assert!(ratio(errors, 0) < 0.9 && ratio(errors, 2) > ratio(errors, 0), "{found:?}");
}

#[test]
fn noise_and_walks_hold_nothing() {
    let bursts = spells(1, 0.01, 0.15);
    let counts = traffic(|k| if bursts[k] { 2.5 } else { 1.0 });
    let plain = series(&counts, &[]);
    let made = forecasts(&plain);
    let noise = |seed| {
        let mut chance = chance(seed);
        (0..ROWS).map(|_| chance() - 0.5).collect::<Vec<f64>>()
    };
    let walk = |seed| {
        let mut at = 0.0;
        let step = |x: &f64| {
            at = 0.995 * at + x;
            at
        };
        noise(seed).iter().map(step).collect::<Vec<f64>>()
    };
    for seed in 10..18 {
        let columns = [("noise", noise(seed)), ("walk", walk(seed)), ("known", noise(seed + 100))];
        let series = series(&counts, &columns);
        let found = found(&series, &made, &["known"]);
        for worth in found.columns.iter().chain(&found.together) {
            assert!(!verdicts(worth).contains(&Verdict::Helps), "{seed}: {worth:?}");
            assert!((0..3).all(|horizon| ratio(worth, horizon) < 1.02), "{seed}: {worth:?}");
        }
    }
}

#[test]
fn the_arrivals_again_hold_nothing() {
    let bursts = spells(1, 0.01, 0.15);
    let counts = traffic(|k| if bursts[k] { 2.5 } else { 1.0 });
    let doubled = counts.iter().map(|count| 2.0 * count).collect();
    let series = series(&counts, &[("copy", counts.clone()), ("bytes", doubled)]);
    let found = found(&series, &forecasts(&series), &[]);
    for copy in &found.columns {
        assert_eq!(verdicts(copy), [Verdict::Nothing; 3], "{copy:?}");
    }
}

#[test]
fn a_campaign_is_found_where_it_is_known_in_advance_and_not_as_past() {
    let campaigns = spells(3, 0.01, 0.06);
    let counts = traffic(|k| if campaigns[k] { 2.0 } else { 1.0 });
    let sizes: Vec<f64> = campaigns.iter().map(|on| f64::from(u8::from(*on))).collect();
    let series = series(&counts, &[("mail", sizes)]);
    let made = forecasts(&series);
    let (known, past) = (found(&series, &made, &["mail"]), found(&series, &made, &[]));
    assert_eq!((known.columns[0].kind, past.columns[0].kind), (Kind::Known, Kind::Past));
    assert_eq!(verdicts(&known.columns[0]), [Verdict::Helps; 3], "{known:?}");
    assert!(ratio(&known.columns[0], 2) < 0.7, "{known:?}");
    assert_eq!(verdicts(&past.columns[0]), [Verdict::Nothing; 3], "{past:?}");
}

#[test]
fn nothing_that_is_told_looks_ahead() {
    let whole = traffic(|_| 1.0);
    let columns = |from: usize| {
        let value = |k: usize, x: f64| if k >= from { 9e5 + k as f64 } else { x };
        let values = whole.iter().enumerate().map(|(k, x)| value(k, x % 100.0));
        vec![("past", values.clone().collect()), ("known", values.collect())]
    };
    let usual = series(&whole, &columns(ROWS));
    let made = forecasts(&usual);
    let scale = Scale::of(&usual).unwrap();
    let predictors = |series: &TestSeries, known: &[String]| -> Vec<(usize, Vec<f64>)> {
        let cases = Case::all(series, &made, scale);
        let (covariates, _) = covariates(series, known).unwrap();
        let told = told(series, &cases, scale, &covariates).unwrap();
        told.into_iter().map(|told| (told.case.row, told.predictors)).collect()
    };
    let origin = usual.origins().nth(40).unwrap();
    for (known, reaches) in [(vec![], 0), (vec!["known".to_string(), "past".into()], STEPS)] {
        let mut counts = whole.clone();
        counts[origin + 1..].fill(5e4);
        let other = series(&counts, &columns(origin + 1 + reaches));
        let (a, b) = (predictors(&usual, &known), predictors(&other, &known));
        let until = a.partition_point(|(row, _)| *row <= origin);
        assert!(until > 100 && a[..until] == b[..until], "{known:?}");
        assert!(a[until..] != b[until..]);
    }
}

#[test]
fn what_cannot_be_judged_says_why() {
    let counts = traffic(|_| 1.0);
    let same = series(&counts, &[("cpu", vec![0.5; ROWS])]);
    let error = |series: &TestSeries| covariates(series, &[]).err().unwrap().to_string();
    insta::assert_snapshot!(error(&same), @"own.csv, line 1, column `cpu`: the column is the same in all rows before the test part, which begins at 1970-03-02T00:00:00Z, so that nothing can be learned of it; give a longer file, or let the test part begin later");
    insta::assert_snapshot!(error(&series(&counts, &[])), @"own.csv: there is no column of numbers that changes beside those that the forecaster knows");
    let mut unasked = series(&counts, &[("cpu", vec![0.5; ROWS]), ("gpu", counts.clone())]);
    unasked.extras.iter_mut().for_each(|extra| extra.asked = None);
    let (covariates, notes) = covariates(&unasked, &[]).unwrap();
    assert_eq!((covariates.len(), covariates[0].name.as_str()), (1, "gpu"));
    assert_eq!(notes, ["column `cpu` is the same in all rows before the test part"]);
    let short = series(&counts[..700], &[]);
    let model = Model::open(scaleiq_core::model::Origin::BuiltIn, "edge").unwrap();
    insta::assert_snapshot!(Play::new(&short, model).err().unwrap().to_string(), @"own.csv: 560 rows before the test part are too few to learn from: it takes 864; give a longer file, or fewer rows from one forecast to the next (--stride)");
}
