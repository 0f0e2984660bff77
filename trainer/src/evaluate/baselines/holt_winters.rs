//! Additive Holt-Winters with a daily season (Winters 1960; Hyndman and Athanasopoulos, ch. 8.3),
//! on square roots, where the noise of counts is even.
//!
//! Every interval costs the same however many a day has.

use super::{Medians, Past};
use crate::runtime::stop::Stop;

/// Days at the start that the first season is averaged over.
const FIRST_DAYS: usize = 7;
/// The first season is smoothed over this part of a day: a few days of short intervals are noisy.
const SMOOTHED_PART: usize = 48;
/// What the validation stretch chooses from.
const LEVEL_WEIGHTS: [f64; 4] = [0.1, 0.3, 0.6, 0.9];
const TREND_WEIGHTS: [f64; 3] = [0.0, 0.001, 0.01];
const SEASON_WEIGHTS: [f64; 4] = [0.02, 0.05, 0.15, 0.4];

/// Weights of what is new in level, trend and season.
#[derive(Clone, Copy, Debug)]
struct Weights {
    level: f64,
    trend: f64,
    season: f64,
}

/// Level, trend and season after some row, in square roots of events.
#[derive(Clone, Debug)]
struct State {
    level: f64,
    trend: f64,
    /// By row modulo a day.
    season: Vec<f64>,
}

/// Forecasts with weights that are chosen; `None` if there are fewer than two days to learn from.
pub(super) fn forecasts(past: &Past, origins: &[usize], stop: Stop) -> Option<Vec<Medians>> {
    let days = past.validation_from() / past.day().max(1);
    if days < 2 {
        return None;
    }
    let begun = (days / 2).min(FIRST_DAYS);
    let first = State::first(past, begun);
    let start = begun * past.day();
    let candidates = LEVEL_WEIGHTS.into_iter().flat_map(|level| {
        TREND_WEIGHTS.into_iter().flat_map(move |trend| {
            SEASON_WEIGHTS.into_iter().map(move |season| Weights { level, trend, season })
        })
    });
    let run = |weights: &Weights, at: &[usize]| first.clone().run(past, *weights, start, at);
    let weights = past.choose(candidates, run, stop)?;
    Some(run(&weights, origins))
}

impl State {
    /// Level and season of the first `days`.
    fn first(past: &Past, days: usize) -> Self {
        let day = past.day();
        let known_from = past.validation_from() - 1;
        let roots: Vec<f64> =
            (0..days * day).map(|row| past.seen(row, known_from).max(0.0).sqrt()).collect();
        let level = roots.iter().sum::<f64>() / roots.len().max(1) as f64;
        let mean = |k: usize| {
            let same = roots.iter().skip(k).step_by(day);
            same.sum::<f64>() / days as f64 - level
        };
        let profile: Vec<f64> = (0..day).map(mean).collect();
        let half = day / SMOOTHED_PART / 2;
        let smooth = |k: usize| {
            let near = (0..=2 * half).map(|j| profile[(k + day + j - half) % day]);
            near.sum::<f64>() / (2 * half + 1) as f64
        };
        Self { level, trend: 0.0, season: (0..day).map(smooth).collect() }
    }

    /// Plays the rows from `start` on and forecasts from `origins`, which lie behind it.
    fn run(
        mut self,
        past: &Past,
        weights: Weights,
        start: usize,
        origins: &[usize],
    ) -> Vec<Medians> {
        let mut next = start;
        let mut made = Vec::with_capacity(origins.len());
        for origin in origins {
            for row in next..=*origin {
                // What is missing teaches nothing, and a trend must not run away meanwhile.
                if let Some(count) = past.count(row) {
                    self.learn(row, count.max(0.0).sqrt(), weights);
                }
            }
            next = origin + 1;
            made.push(std::array::from_fn(|step| self.ahead(*origin, step + 1)));
        }
        made
    }

    fn learn(&mut self, row: usize, root: f64, weights: Weights) {
        let day = self.season.len();
        let season = &mut self.season[row % day];
        let expected = self.level + self.trend;
        let level = expected + weights.level * (root - *season - expected);
        self.trend += weights.trend * (level - self.level - self.trend);
        self.level = level;
        *season += weights.season * (root - level - *season);
    }

    fn ahead(&self, origin: usize, ahead: usize) -> f32 {
        let season = self.season[(origin + ahead) % self.season.len()];
        let root = self.level + ahead as f64 * self.trend + season;
        root.max(0.0).powi(2) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::super::naive::persistence;
    use super::super::tests::{day_wave, error, noise, past};
    use super::*;
    use crate::runtime::stop::never;

    #[test]
    fn a_daily_wave_is_followed() {
        for (length_s, day) in [(300, 288), (120, 720)] {
            let counts: Vec<f64> =
                (0..14 * day).map(|k| day_wave(k, day) + 20.0 * noise(k)).collect();
            let past = past(&counts, length_s, 11 * day);
            let origins: Vec<usize> = (11 * day..14 * day - 30).step_by(7).collect();
            let mine = error(&past, &origins, &forecasts(&past, &origins, &never).unwrap());
            let naive = error(&past, &origins, &persistence(&past, &origins));
            assert!(mine < 0.4 * naive, "{day} steps a day: {mine} against {naive}");
        }
    }

    #[test]
    fn a_day_is_too_short_to_learn_a_season() {
        assert_eq!(forecasts(&past(&[5.0; 500], 300, 450), &[460], &never), None);
    }
}
