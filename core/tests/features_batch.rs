//! The streaming features against a plain batch computation: every window is looped over anew, in
//! `f64`, by pandas' definitions (`min_periods = max(2, w / 2)`, `ddof = 1`, `ewm(span=w,
//! adjust=False, ignore_na=True)`), on a noisy series with gaps.

use scaleiq_core::features::{FeatureBank, SPECS};
use scaleiq_core::interval::{Interval, IntervalLength};
use scaleiq_core::units::UnixSeconds;

/// 2024-02-27, so that the leap day is among the days.
const START_S: i64 = 1_708_992_000;
const STEPS: usize = 4_000;
const WINDOWS: [usize; 4] = [6, 12, 24, 72];

type Series = Vec<Option<f32>>;

/// A small generator of its own: the test has to be the same everywhere.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A day's wave, noise, bursts, exact zeros, single gaps and one long hole.
fn series(seed: u64, level: f64) -> Series {
    let mut noise = Noise(seed);
    let value = |k: usize| {
        let wave = 1.0 + 0.8 * (k as f64 / 720.0 * std::f64::consts::TAU).sin();
        let burst = if noise.next() < 0.01 { 20.0 } else { 1.0 };
        let (size, kind) = (level * wave * burst * (0.5 + noise.next()), noise.next());
        match kind {
            _ if (1_500..1_620).contains(&k) => None,
            p if p < 0.05 => None,
            p if p < 0.10 => Some(0.0),
            _ => Some(size as f32),
        }
    };
    (0..STEPS).map(value).collect()
}

/// What the stream gave for one name at every step.
fn expect(name: &str, stream: &[Vec<f32>], batch: impl Fn(usize) -> Option<f64>) {
    let index = SPECS.iter().position(|s| s.name == name).unwrap_or_else(|| panic!("no {name}"));
    let mut defined = 0;
    for (t, row) in stream.iter().enumerate() {
        let got = Some(row[index]).filter(|v| !v.is_nan());
        match (got, batch(t)) {
            (None, None) => {}
            (Some(got), Some(want)) => {
                defined += 1;
                let off = (f64::from(got) - want).abs();
                assert!(off <= 1e-4 * want.abs().max(1e-2), "{name}[{t}]: {got}, batch {want}");
            }
            (got, want) => panic!("{name}[{t}]: {got:?}, batch {want:?}"),
        }
    }
    assert!(defined > STEPS / 2, "{name} is hardly ever defined");
}

fn known(x: &Series, t: usize, w: usize) -> Option<Vec<f64>> {
    let from = (t + 1).saturating_sub(w);
    let values: Vec<f64> = x[from..=t].iter().flatten().map(|v| f64::from(*v)).collect();
    (values.len() >= (w / 2).max(2)).then_some(values)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn std(values: &[f64]) -> f64 {
    let m = mean(values);
    let squares: f64 = values.iter().map(|v| (v - m) * (v - m)).sum();
    (squares / (values.len() - 1) as f64).sqrt()
}

fn lag(x: &Series, t: usize, w: usize) -> Option<f64> {
    t.checked_sub(w).and_then(|s| x[s]).map(f64::from)
}

fn ewm(x: &Series, span: usize) -> Vec<Option<f64>> {
    let alpha = 2.0 / (span as f64 + 1.0);
    let step = |m: &mut Option<f64>, v: &Option<f32>| {
        *m = match (*m, v.map(f64::from)) {
            (Some(m), Some(v)) => Some((1.0 - alpha) * m + alpha * v),
            (m, v) => m.or(v),
        };
        Some(*m)
    };
    x.iter().scan(None, step).collect()
}

fn stream(length: IntervalLength, [arrivals, processed, backlog]: [&Series; 3]) -> Vec<Vec<f32>> {
    let mut bank = FeatureBank::new(length);
    let push = |t: usize| {
        let interval = Interval {
            arrivals_events: arrivals[t],
            processed_events: processed[t],
            backlog_events: backlog[t],
            ..Interval::missing(end(length, t))
        };
        bank.push(&interval).as_slice().to_vec()
    };
    (0..STEPS).map(push).collect()
}

fn end(length: IntervalLength, t: usize) -> UnixSeconds {
    UnixSeconds(START_S + (t as i64 + 1) * i64::from(length.seconds()))
}

#[test]
fn windows_equal_their_batch() {
    let all = [series(1, 3_000.0), series(2, 40.0), series(3, 1e6)];
    let rows = stream(IntervalLength::TWO_MINUTES, all.each_ref());
    for (name, x) in ["arrivals", "processed", "backlog"].iter().zip(&all) {
        let now = |t: usize| x[t].map(f64::from);
        expect(name, &rows, now);
        for w in WINDOWS {
            let of = |kind: &str| format!("{name}_{kind}_{w}");
            let smooth = ewm(x, w);
            let min = |v: Vec<f64>| v.into_iter().fold(f64::INFINITY, f64::min);
            let max = |v: Vec<f64>| v.into_iter().fold(f64::NEG_INFINITY, f64::max);
            let diff = |t| Some(now(t)? - lag(x, t, w)?);
            expect(&of("lag"), &rows, |t| lag(x, t, w));
            expect(&of("mean"), &rows, |t| known(x, t, w).map(|v| mean(&v)));
            expect(&of("std"), &rows, |t| known(x, t, w).map(|v| std(&v)));
            expect(&of("min"), &rows, |t| known(x, t, w).map(min));
            expect(&of("max"), &rows, |t| known(x, t, w).map(max));
            expect(&of("ewm"), &rows, |t| smooth[t]);
            expect(&of("diff"), &rows, diff);
            expect(&of("pct"), &rows, |t| Some(diff(t)? / lag(x, t, w)?.max(1.0)));
        }
        let z = |t| {
            let window = known(x, t, 72)?;
            Some((now(t)? - mean(&window)) / std(&window))
        };
        expect(&format!("{name}_z"), &rows, z);
        expect(&format!("{name}_anomaly"), &rows, |t| Some(f64::from(z(t)?.abs() > 2.5)));
    }
    let ratio = |v: Vec<f64>| std(&v) / mean(&v);
    expect("arrivals_volatility_72", &rows, |t| known(&all[0], t, 72).map(ratio));
}

fn days_in(month: u8, leap: bool) -> u8 {
    match month {
        2 => 28 + u8::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A calendar that counts days one by one from a date that is known: 2024-02-27, a Tuesday.
#[test]
fn the_calendar_equals_a_count_of_days() {
    let length = IntervalLength::new(7_200).unwrap();
    let none = vec![None; STEPS];
    let rows = stream(length, [&none, &none, &none]);
    let (mut month, mut day, mut weekday, mut leap) = (2_u8, 27_u8, 1_u8, true);
    let mut places = Vec::new();
    for t in 0..STEPS {
        let second = (t as i64 + 1) * 7_200 % 86_400;
        if second == 0 {
            weekday = (weekday + 1) % 7;
            day += 1;
        }
        if day > days_in(month, leap) {
            (month, day) = (month + 1, 1);
        }
        if month > 12 {
            // 4,000 steps end in January 2025.
            (month, leap) = (1, false);
        }
        let hour = second as f64 / 86_400.0;
        places.push([
            hour,
            f64::from(weekday) / 7.0,
            (f64::from(day) - 1.0) / 31.0,
            (f64::from(month) - 1.0) / 12.0,
        ]);
    }
    for (k, name) in ["hour", "day_of_week", "day_of_month", "month"].iter().enumerate() {
        let angle = |t: usize| std::f64::consts::TAU * places[t][k];
        expect(&format!("{name}_sin"), &rows, |t| Some(angle(t).sin()));
        expect(&format!("{name}_cos"), &rows, |t| Some(angle(t).cos()));
    }
}
