//! As now, or as a season ago: what any forecaster must beat (Hyndman and Athanasopoulos,
//! Forecasting: Principles and Practice, ch. 5.2).

use super::{Medians, Past};
use scaleiq_core::forecast::STEPS;

/// The last count known.
pub(super) fn persistence(past: &Past, origins: &[usize]) -> Vec<Medians> {
    origins.iter().map(|origin| [past.seen(*origin, *origin) as f32; STEPS]).collect()
}

/// The count `season` intervals before each moment forecast; `None` if the test part begins before
/// there is one.
pub(super) fn seasonal(past: &Past, season: usize, origins: &[usize]) -> Option<Vec<Medians>> {
    let count = |origin: usize, step: usize| {
        let ahead = step + 1;
        // Of a season shorter than a forecast the last whole one is repeated.
        let ago = season * ahead.div_ceil(season);
        past.seen((origin + ahead).saturating_sub(ago), origin) as f32
    };
    let made = |origin: &usize| std::array::from_fn(|step| count(*origin, step));
    (past.test_from() > season + STEPS).then(|| origins.iter().map(made).collect())
}

#[cfg(test)]
mod tests {
    use super::super::tests::past;
    use super::*;

    #[test]
    fn the_same_moment_of_the_last_season() {
        // Intervals of 2 hours: 12 a day, half as many as are forecast.
        let counts: Vec<f64> = (0..120).map(|k| f64::from(k % 12)).collect();
        let past = past(&counts, 7200, 100);
        let made = seasonal(&past, 12, &[107]).unwrap()[0];
        let truth: Vec<f32> = (108..132).map(|k| (k % 12) as f32).collect();
        assert_eq!(made.as_slice(), truth);
        assert_eq!(persistence(&past, &[107]), [[11.0; STEPS]]);
        assert_eq!(seasonal(&past, 84, &[107]), None);
    }
}
