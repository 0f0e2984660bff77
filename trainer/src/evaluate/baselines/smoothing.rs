//! Simple exponential smoothing (Brown 1959; Hyndman and Athanasopoulos, ch. 8.1).

use super::{Medians, Past};
use crate::runtime::stop::Stop;
use scaleiq_core::forecast::STEPS;

/// Weights of a new count, from which the validation stretch chooses.
const WEIGHTS: [f64; 6] = [0.05, 0.1, 0.2, 0.3, 0.5, 0.8];

/// The level that smoothing has reached; its weight is chosen.
pub(super) fn forecasts(past: &Past, origins: &[usize], stop: Stop) -> Option<Vec<Medians>> {
    let run = |weight: &f64, at: &[usize]| smoothed(past, *weight, at);
    let weight = past.choose(WEIGHTS.into_iter(), run, stop)?;
    Some(smoothed(past, weight, origins))
}

/// A missing count leaves the level as it is.
fn smoothed(past: &Past, weight: f64, origins: &[usize]) -> Vec<Medians> {
    let mut level: Option<f64> = None;
    let mut next = 0;
    let mut made = Vec::with_capacity(origins.len());
    for origin in origins {
        for count in (next..=*origin).filter_map(|row| past.count(row)) {
            level = Some(level.map_or(count, |level| level + weight * (count - level)));
        }
        next = origin + 1;
        made.push([level.unwrap_or(0.0) as f32; STEPS]);
    }
    made
}

#[cfg(test)]
mod tests {
    use super::super::tests::{noise, past};
    use super::*;
    use crate::runtime::stop::never;

    #[test]
    fn the_level_by_hand() {
        let past = past(&[10.0, 20.0, f64::NAN, 40.0], 300, 4);
        let made = smoothed(&past, 0.5, &[0, 2, 3]);
        assert_eq!(made, [[10.0; STEPS], [15.0; STEPS], [27.5; STEPS]]);
    }

    #[test]
    fn noise_about_a_level_is_smoothed_most() {
        let counts: Vec<f64> = (0..2000).map(|k| 1000.0 + 100.0 * noise(k)).collect();
        let past = past(&counts, 300, 1600);
        let chosen = forecasts(&past, &[1700], &never).unwrap();
        assert_eq!(chosen, smoothed(&past, WEIGHTS[0], &[1700]));
    }
}
