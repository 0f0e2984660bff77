//! What holds for every baseline.

use super::*;
use crate::runtime::stop::never;
use scaleiq_core::interval::{Interval, IntervalLength};
use scaleiq_core::units::UnixSeconds;

/// A series of counts (NaN: missing) at `length_s`, of which the rows from `test_from` on judge.
pub(super) fn past(counts: &[f64], length_s: u32, test_from: usize) -> Past {
    let row = |(k, count): (usize, &f64)| Interval {
        arrivals_events: count.is_finite().then_some(*count as f32),
        ..Interval::missing(UnixSeconds(i64::from(length_s) * (k as i64 + 1)))
    };
    let rows: Vec<Interval> = counts.iter().enumerate().map(row).collect();
    Past::new(&rows, IntervalLength::new(length_s).unwrap(), test_from)
}

/// A fixed sequence without a pattern, within -1..1.
pub(super) fn noise(k: usize) -> f64 {
    let mut x = (k as u32).wrapping_mul(0x9e37_79b1);
    x = (x ^ (x >> 16)).wrapping_mul(0x85eb_ca6b);
    x = (x ^ (x >> 13)).wrapping_mul(0xc2b2_ae35);
    f64::from(x >> 8) / f64::from(1u32 << 23) - 1.0
}

/// One wave a day.
pub(super) fn day_wave(k: usize, day: usize) -> f64 {
    1000.0 + 600.0 * (k as f64 * std::f64::consts::TAU / day as f64).sin()
}

/// Mean absolute error.
pub(super) fn error(past: &Past, origins: &[usize], made: &[Medians]) -> f64 {
    let each = origins.iter().zip(made).map(|(origin, made)| past.errors(*origin, made));
    let (sum, count) = each.fold((0.0, 0), |(a, n), (b, m)| (a + b, n + m));
    sum / count as f64
}

const DAY: usize = 96;
const TEST_FROM: usize = 26 * DAY;

/// 40 days of quarter hours with gaps, one of them open at the origins that are looked at.
fn counts() -> Vec<f64> {
    let count = |k: usize| match k {
        _ if k % 211 < 9 || (2700..2730).contains(&k) => f64::NAN,
        _ => day_wave(k, DAY) + 80.0 * noise(k),
    };
    (0..40 * DAY).map(count).collect()
}

#[test]
fn no_baseline_looks_ahead() {
    let counts = counts();
    let origins: Vec<usize> = (TEST_FROM..39 * DAY).step_by(7).collect();
    let whole = past(&counts, 900, TEST_FROM);
    let made: Vec<_> = Baseline::ALL.map(|p| p.forecasts(&whole, &origins, &never).unwrap()).into();
    // The first lies in a long gap, whose end must not shine through.
    for origin in [2713, 2804] {
        assert!(origins.contains(&origin), "{origin}");
        let mut other = counts.clone();
        other[origin + 1..].iter_mut().enumerate().for_each(|(k, c)| *c = 5e4 * (2.0 + noise(k)));
        let other = past(&other, 900, TEST_FROM);
        let same = origins.iter().filter(|o| **o <= origin).count();
        for (baseline, a) in Baseline::ALL.into_iter().zip(&made) {
            let b = baseline.forecasts(&other, &origins, &never).unwrap();
            assert!(a[..same] == b[..same], "{} at {origin}", baseline.name());
            assert!(a[same..] != b[same..], "{}", baseline.name());
        }
    }
}

#[test]
fn every_baseline_is_finite_and_beats_a_guess() {
    let past = past(&counts(), 900, TEST_FROM);
    let origins: Vec<usize> = (TEST_FROM..3000).step_by(7).collect();
    let mut all = Vec::new();
    for baseline in Baseline::ALL {
        let made = baseline.forecasts(&past, &origins, &never).unwrap();
        assert_eq!(made.len(), origins.len());
        assert!(
            made.as_flattened().iter().all(|m| m.is_finite() && *m >= 0.0),
            "{}",
            baseline.name()
        );
        let error = error(&past, &origins, &made);
        assert!(error < 450.0, "{}: {error}", baseline.name());
        all.push(made);
    }
    let all: Vec<&[Medians]> = all.iter().map(Vec::as_slice).collect();
    let mixed = error(&past, &origins, &mixture(&past, &origins, &all));
    assert!(mixed < 80.0, "{mixed}");
}

#[test]
fn baselines_are_found_by_name() {
    for baseline in Baseline::ALL {
        assert_eq!(baseline.name().parse(), Ok(baseline));
    }
    assert_eq!("all".parse(), Ok(Chosen(Baseline::ALL.into())));
    assert_eq!("none".parse(), Ok(Chosen(Vec::new())));
    let two = "ridge_24, persistence,ridge_24".parse();
    assert_eq!(two, Ok(Chosen(vec![Baseline::Persistence, Baseline::Ridge24])));
    let unknown = "ridge_24,arima".parse::<Chosen>().unwrap_err().to_string();
    insta::assert_snapshot!(unknown, @"there is no baseline `arima`; there are: persistence, seasonal_naive_day, seasonal_naive_week, smoothing, holt_winters, ridge_24, ridge_336, ridge_96_seasonal");
}
