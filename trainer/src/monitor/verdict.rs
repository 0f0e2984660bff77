//! Whether a day is like the days before it.
//!
//! No distribution is assumed: a figure drifts where it lies outside of all that the days before had, by a
//! margin. Three weeks hold three of each weekday, so a quiet Sunday is nothing new.

use super::days::{Day, feature_names};
use serde::Serialize;

/// Days that a day is held against, at most.
pub const REFERENCE_DAYS: usize = 21;
/// Fewest that say anything: one of each weekday.
pub const FEWEST_DAYS: usize = 7;
/// Arrivals drift where they are so many times the most, or a fraction of the least, of the days before;
/// errors where they are so many times the largest.
const FACTOR: f64 = 1.5;
/// Coverage drifts below this, where it was never as low by a margin.
const COVERAGE: f64 = 0.6;
const COVERAGE_MARGIN: f64 = 0.1;
/// A feature drifts where it lies outside of its range by so much of the range.
const FEATURE_MARGIN: f64 = 0.5;

/// A figure of a day against those of the days before.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
    /// The least and the most of the days before.
    pub range: [f64; 2],
    /// Whether it drifts.
    pub drifts: bool,
}

/// A day and what is new about it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// The day, as 2025-07-01.
    pub day: String,
    /// Days before that it was held against.
    pub reference_days: usize,
    /// Arrivals, error and coverage.
    pub figures: [Figure; 3],
    /// Features that drift, the farthest first: they say what has changed, and decide nothing.
    pub features: Vec<Figure>,
    /// Whether the traffic or the model's figures have drifted.
    pub drifts: bool,
}

/// The verdicts on the days from number `first` on; a day with too few before it has none.
#[must_use]
pub fn verdicts(days: &[Day], first: i64) -> Vec<Verdict> {
    let judged = days.iter().enumerate().filter(|(_, day)| day.number >= first);
    judged.filter_map(|(place, day)| verdict(day, before(&days[..place], day))).collect()
}

/// The days that `day` is held against.
fn before<'a>(days: &'a [Day], day: &Day) -> &'a [Day] {
    let oldest = day.number - REFERENCE_DAYS as i64;
    &days[days.partition_point(|earlier| earlier.number < oldest)..]
}

fn verdict(day: &Day, before: &[Day]) -> Option<Verdict> {
    if before.len() < FEWEST_DAYS {
        return None;
    }
    let figure = |name, of: &dyn Fn(&Day) -> f64, drifts: &dyn Fn(f64, [f64; 2]) -> bool| {
        let least = before.iter().map(of).fold(f64::INFINITY, f64::min);
        let most = before.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
        let (value, range) = (of(day), [least, most]);
        Figure { name, value, range, drifts: drifts(value, range) }
    };
    let figures = [
        figure("arrivals", &|day| day.arrivals_events, &|value, [least, most]| {
            value > FACTOR * most || value < least / FACTOR
        }),
        figure("error", &|day| day.error, &|value, [_, most]| value > FACTOR * most),
        figure("coverage", &|day| day.coverage, &|value, [least, _]| {
            value < COVERAGE && value < least - COVERAGE_MARGIN
        }),
    ];
    let outside = |value: f64, [least, most]: [f64; 2]| {
        let margin = FEATURE_MARGIN * (most - least);
        value > most + margin || value < least - margin
    };
    let each = feature_names().into_iter().enumerate();
    let of = |place: usize| move |day: &Day| day.features.get(place).copied().unwrap_or(0.0);
    // The calendar moves on by itself.
    let told = each.filter(|(_, name)| !name.ends_with("_sin") && !name.ends_with("_cos"));
    let mut features: Vec<Figure> = told
        .map(|(place, name)| figure(name, &of(place), &outside))
        .filter(|figure| figure.drifts)
        .collect();
    features.sort_by(|a, b| distance(b).total_cmp(&distance(a)));
    let drifts = figures.iter().any(|figure| figure.drifts);
    Some(Verdict {
        day: shown(day.number),
        reference_days: before.len(),
        figures,
        features,
        drifts,
    })
}

/// How far outside of its range a figure lies, in ranges.
fn distance(figure: &Figure) -> f64 {
    let [least, most] = figure.range;
    (figure.value - most).max(least - figure.value) / (most - least).max(f64::MIN_POSITIVE)
}

fn shown(number: i64) -> String {
    let time = jiff::Timestamp::from_second(number * 86_400);
    time.map_or_else(|_| format!("day {number}"), |time| time.strftime("%Y-%m-%d").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: i64, arrivals_events: f64) -> Day {
        let features = vec![arrivals_events.ln(); feature_names().len()];
        Day { number, arrivals_events, error: 0.1, coverage: 0.8, features, known: 720 }
    }

    /// Four weeks with quiet Sundays, and then `last`.
    fn verdict_on(last: Day) -> Verdict {
        let mut days: Vec<Day> = (0..28)
            .map(|k| day(k, if k % 7 == 6 { 40.0 } else { 100.0 + (k % 3) as f64 }))
            .collect();
        days.push(last);
        verdicts(&days, 28).remove(0)
    }

    #[test]
    fn a_day_like_others_is_silent_and_a_collapse_is_not() {
        for arrivals in [40.0, 100.0, 140.0] {
            assert!(!verdict_on(day(28, arrivals)).drifts, "{arrivals}");
        }
        for arrivals in [160.0, 20.0] {
            let verdict = verdict_on(day(28, arrivals));
            assert!(verdict.drifts && verdict.figures[0].drifts && !verdict.figures[1].drifts);
            assert_eq!((verdict.day.as_str(), verdict.reference_days), ("1970-01-29", 21));
        }
        // The features say so, too: ln 20 lies far below ln 40.
        let told = verdict_on(day(28, 20.0)).features;
        assert!(told.len() > 20 && told.iter().all(|figure| !figure.name.ends_with("_sin")));
        assert!(verdict_on(day(28, 100.0)).features.is_empty());
    }

    #[test]
    fn errors_and_bands_drift_by_themselves() {
        let wrong = verdict_on(Day { error: 0.2, ..day(28, 100.0) });
        assert!(wrong.drifts && wrong.figures[1].drifts);
        let narrow = verdict_on(Day { coverage: 0.5, ..day(28, 100.0) });
        assert!(narrow.drifts && narrow.figures[2].drifts);
        assert!(!verdict_on(Day { coverage: 0.65, ..day(28, 100.0) }).drifts);
    }

    #[test]
    fn a_first_week_is_judged_by_nothing() {
        let days: Vec<Day> = (0..8).map(|k| day(k, 100.0)).collect();
        let judged: Vec<String> = verdicts(&days, 0).into_iter().map(|v| v.day).collect();
        assert_eq!(judged, ["1970-01-08"]);
    }
}
