use super::*;
use crate::interval::Interval;

const LENGTH: IntervalLength = IntervalLength::TWO_MINUTES;

/// A fixed sequence without a pattern, within 0..1.
fn noise(k: usize) -> f32 {
    ((k as u32).wrapping_mul(2_654_435_761) >> 8) as f32 / (1u32 << 24) as f32
}

/// A day's wave with noise.
fn wave(k: usize) -> Option<f32> {
    let turn = core::f32::consts::TAU * (k % 720) as f32 / 720.0;
    Some(1000.0 + 700.0 * libm::sinf(turn) + 60.0 * noise(k))
}

/// Forecasts of a network that always says 500.
fn play(n: usize, events: impl Fn(usize) -> Option<f32>) -> Vec<(QuantileGrid, Makeup)> {
    play_adapting(Adaptation::default(), n, events)
}

fn play_adapting(
    adaptation: Adaptation,
    n: usize,
    events: impl Fn(usize) -> Option<f32>,
) -> Vec<(QuantileGrid, Makeup)> {
    let network = [core::array::from_fn(|q| 420.0 + 20.0 * q as f32); STEPS];
    let mut history = ModelHistory::default();
    let mut ensemble = Ensemble::new(LENGTH, adaptation);
    let mut out = Vec::new();
    for k in 0..n {
        let end = UnixSeconds(120 * (k as i64 + 1));
        history.push(&Interval { arrivals_events: events(k), ..Interval::missing(end) });
        out.extend(ensemble.push(&history, end, Some(&network)));
    }
    out
}

/// Share of outcomes within 10..90 % and mean error of the median as a share of the truth.
fn judge(forecasts: &[(QuantileGrid, Makeup)], from: usize, step: usize) -> (f32, f32) {
    let (mut inside, mut error, mut n) = (0.0, 0.0, 0.0);
    let judged = forecasts.iter().enumerate().skip(from).take(forecasts.len() - STEPS - from);
    for (k, (grid, _)) in judged {
        let row = grid[step];
        let truth = wave(k + 1 + step).unwrap();
        inside += f32::from(u8::from(truth >= row[Q10] && truth <= row[Q90]));
        error += libm::fabsf(row[Q50] - truth) / truth;
        n += 1.0;
    }
    (inside / n, error / n)
}

#[test]
fn a_useless_network_is_outvoted_and_bands_are_calibrated() {
    let forecasts = play(720 * 6, wave);
    for step in [5, 23] {
        let (coverage, error) = judge(&forecasts, 720 * 4, step);
        assert!((0.75..0.85).contains(&coverage), "step {step}: coverage {coverage}");
        assert!(error < 0.04, "step {step}: error {error}");
    }
    let makeup = forecasts.last().unwrap().1;
    assert!(makeup.weights.iter().all(|w| w[0] < 0.01), "{makeup:?}");
    assert!(makeup.band.iter().all(|[low, high]| *low < 0.0 && *high > 0.0), "{makeup:?}");
}

/// A wave of seven hours, which fits neither day nor week.
#[cfg(feature = "seasons")]
fn shift(k: usize) -> Option<f32> {
    let high = k % 210 < 60;
    Some(if high { 4000.0 } else { 400.0 } + 60.0 * noise(k))
}

#[cfg(feature = "seasons")]
#[test]
fn a_season_that_the_user_names_is_learned_and_others_cost_nothing() {
    let mean_error = |seasons_s: &[u32]| {
        let network = [[500.0; QUANTILES.len()]; STEPS];
        let mut history = ModelHistory::default();
        let mut ensemble = Ensemble::new(LENGTH, Adaptation::default());
        ensemble.set_seasons(seasons_s);
        let (mut error, mut weights) = (0.0, [0.0; EXPERTS]);
        for k in 0..720 * 4 {
            let end = UnixSeconds(120 * (k as i64 + 1));
            history.push(&Interval { arrivals_events: shift(k), ..Interval::missing(end) });
            let (grid, makeup) = ensemble.push(&history, end, Some(&network)).unwrap();
            weights = makeup.weights[2];
            if k >= 720 * 3 {
                error += libm::fabsf(grid[23][Q50] - shift(k + 24).unwrap()) / 720.0;
            }
        }
        (error, weights)
    };
    let (without, weights) = mean_error(&[]);
    assert_eq!(weights[FIRST_OWN..], [0.0, 0.0]);
    // What is shorter than two intervals is none.
    assert_eq!(mean_error(&[100]), (without, weights));
    let (with, weights) = mean_error(&[7 * 3600]);
    assert!(with < 0.5 * without, "{with} instead of {without}");
    assert!(weights[FIRST_OWN] > 0.9 && weights[FIRST_OWN + 1] == 0.0, "{weights:?}");
}

#[test]
fn the_first_hour_is_served() {
    let forecasts = play(30 + STEPS, |k| Some(100.0 + (k % 3) as f32));
    let row = forecasts[29].0[5];
    assert!((row[Q50] - 101.0).abs() < 25.0, "{row:?}");
}

#[test]
fn gaps_jumps_and_silence_give_finite_forecasts() {
    let wild = |k: usize| match k % 1000 {
        0..50 => None,
        50..200 => Some(0.0),
        200..210 => Some(1e9),
        _ => wave(k),
    };
    for (grid, _) in play(720 * 3, wild) {
        assert!(grid.as_flattened().iter().all(|v| v.is_finite() && *v >= 0.0));
    }
}

#[test]
fn no_forecast_knows_what_comes_after_it() {
    let middle = 720 * 2;
    let one = play(middle + 200, wave);
    let other = play(middle + 200, |k| if k < middle { wave(k) } else { Some(9e5) });
    assert!(one[..middle] == other[..middle]);
    assert!(one[middle] != other[middle]);
}

#[test]
fn a_forecast_is_there_within_and_after_a_long_gap() {
    let day = 720;
    let gap = 4 * day..5 * day;
    let forecasts = play(6 * day, |k| if gap.contains(&k) { None } else { wave(k) });
    assert_eq!(forecasts.len(), 6 * day);
    // The gap's last forecast knows the season, though not the present.
    let (_, error) = judge(&forecasts, 5 * day, 23);
    assert!(error < 0.1, "{error}");
}

#[test]
fn the_memory_stays_within_what_a_microcontroller_spares() {
    let bytes = size_of::<Ensemble>();
    assert!(bytes <= 140 * 1024, "{bytes} bytes");
}

#[test]
fn what_does_not_adapt_stays_the_networks() {
    let still = |mixture, band| {
        let adaptation = Adaptation { mixture, band };
        *play_adapting(adaptation, 720, wave).last().unwrap()
    };
    let first = Band::new(1.0).factors(0);
    let (grid, makeup) = still(false, false);
    assert!((grid[5][Q50] - 480.0).abs() < 1.0, "{:?}", grid[5]);
    assert_eq!(makeup.weights, [NETWORK_ALONE; HORIZONS.len()]);
    assert_eq!(makeup.band, [[first[Q10], first[Q90]]; HORIZONS.len()]);
    // Each part adapts without the other.
    let (_, makeup) = still(false, true);
    assert_eq!(makeup.weights, [NETWORK_ALONE; HORIZONS.len()]);
    assert_ne!(makeup.band[0], [first[Q10], first[Q90]]);
    let (_, makeup) = still(true, false);
    assert_eq!(makeup.band[0], [first[Q10], first[Q90]]);
    assert!(makeup.weights[0][0] < FIRST_WEIGHTS[0]);
}
