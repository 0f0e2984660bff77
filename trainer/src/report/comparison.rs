//! How models and baselines did, as text and as CSV.

use crate::evaluate::contest::{Comparison, Kind, Standing};
use crate::evaluate::metrics::HorizonScores;
use anyhow::{Context, Result, anyhow};
use scaleiq_core::forecast::{HORIZONS, QUANTILES};
use std::fmt::Write as _;

/// What the columns mean.
const LEGEND: &str =
    "in band: what came within the 10-90 % band (80 is right); worst: on the worst day";

/// A figure of one horizon.
type Figure = fn(&HorizonScores) -> Option<f64>;

/// Groups of columns, one for each horizon: title, width, digits, factor, figure.
const COLUMNS: [(&str, usize, usize, f64, Figure); 3] = [
    ("WAPE %", 7, 2, 100.0, |s| s.scores.point.wape),
    ("MASE", 7, 3, 1.0, |s| s.scores.point.mase),
    ("in band %", 6, 1, 100.0, |s| s.scores.coverage_80),
];
/// Width of the last column.
const WORST: usize = 7;
/// Most letters of a name, with which a row has at most 100.
const NAME: usize = 100 - 3 * (7 + 7 + 6) - 3 * 2 - WORST;

/// Every figure, as in the CSV.
const FIGURES: [(&str, Figure); 16] = [
    ("mae", |s| s.scores.point.mae),
    ("mse", |s| s.scores.point.mse),
    ("rmse", |s| s.scores.point.rmse),
    ("mape", |s| s.scores.point.mape),
    ("smape", |s| s.scores.point.smape),
    ("r2", |s| s.scores.point.r2),
    ("wape", |s| s.scores.point.wape),
    ("mase", |s| s.scores.point.mase),
    ("direction_accuracy", |s| s.scores.point.direction_accuracy),
    ("peak_precision", |s| s.scores.point.peak_precision),
    ("peak_recall", |s| s.scores.point.peak_recall),
    ("pinball", |s| s.scores.pinball),
    ("weighted_pinball", |s| s.scores.weighted_pinball),
    ("coverage_80", |s| s.scores.coverage_80),
    ("coverage_95", |s| s.scores.coverage_95),
    ("worst_day_coverage_80", |s| s.worst_day_coverage_80),
];

/// One series: a row for each forecaster, the least error first, and how the models compare with the
/// best baseline.
#[must_use]
pub fn table(compared: &Comparison) -> String {
    let last = HORIZONS.len() - 1;
    let mut standings: Vec<&Standing> = compared.standings.iter().collect();
    let error = |s: &Standing| s.wape(last).unwrap_or(f64::INFINITY);
    standings.sort_by(|a, b| error(a).total_cmp(&error(b)));
    let names = standings.iter().map(|s| s.name.chars().count());
    let width = names.max().unwrap_or(0).min(NAME);
    let (mut groups, mut titles) = (" ".repeat(width), " ".repeat(width));
    for (title, column, ..) in COLUMNS {
        // Writing to a string does not fail.
        let _ = write!(groups, "  {title:>0$}", column * HORIZONS.len());
        titles.push_str("  ");
        for horizon in HORIZONS {
            let _ = write!(titles, "{:>column$}", format!("H{horizon}"));
        }
    }
    let _ = write!(titles, "{:>WORST$}", "worst");
    let mut text = format!("{}\n\n{groups}\n{titles}\n", facts(compared));
    for standing in standings {
        let _ = write!(text, "{:width$}", shortened(&standing.name, NAME));
        for (_, column, digits, factor, figure) in COLUMNS {
            text.push_str("  ");
            for scores in &standing.scores {
                let _ = write!(text, "{:>column$}", cell(figure(scores), digits, factor));
            }
        }
        let worst = standing.scores.get(last).and_then(|s| s.worst_day_coverage_80);
        let _ = writeln!(text, "{:>WORST$}", cell(worst, 1, 100.0));
    }
    let ahead = HORIZONS.map(|h| format!("H{h} {} min", h as f64 * compared.series.minutes()));
    let ahead = ahead.join(", ");
    let _ = writeln!(text, "{ahead}: over all intervals up to it, the least error first\n{LEGEND}");
    if !compared.left_out.is_empty() {
        let _ = writeln!(text, "too short a series for: {}", compared.left_out.join(", "));
    }
    for model in &compared.seen_by {
        let _ = writeln!(
            text,
            "{model} was trained on an earlier part of this file: no test of what is new to it"
        );
    }
    for model in compared.of_kind(Kind::Model) {
        text += &against_best_baseline(compared, model);
    }
    text
}

/// A name whose end is kept: folders differ there.
pub(super) fn shortened(name: &str, most: usize) -> String {
    match name.chars().count().checked_sub(most) {
        None | Some(0) => name.into(),
        Some(more) => format!("…{}", name.chars().skip(more + 1).collect::<String>()),
    }
}

/// What was judged, on one line.
#[must_use]
pub fn facts(compared: &Comparison) -> String {
    let series = &compared.series;
    format!(
        "{}: {} intervals of {} min, {} origins from {} on",
        series.name,
        series.rows.len(),
        series.minutes(),
        series.origins().count(),
        series.begins()
    )
}

/// The line that says how a model compares; nothing without baselines.
#[must_use]
pub fn against_best_baseline(compared: &Comparison, model: &Standing) -> String {
    let ratio = |(place, horizon): (usize, usize)| {
        let ratio = compared.over_best_baseline(&model.name, place)?;
        let (best, _) = compared.best_baseline(place)?;
        Some(format!("H{horizon} {ratio:.3} ({best})"))
    };
    let ratios: Vec<String> = HORIZONS.into_iter().enumerate().filter_map(ratio).collect();
    if ratios.is_empty() {
        return String::new();
    }
    format!("{} over the best baseline: {}\n", model.name, ratios.join("  "))
}

/// How each model compares with the best baseline of each series, as geometric means over several
/// series; nothing for one series.
#[must_use]
pub fn over_all(all: &[Comparison]) -> String {
    let mut text = String::new();
    let models = all.first().into_iter().flat_map(|c| c.of_kind(Kind::Model));
    for model in models.filter(|_| all.len() > 1) {
        let ratios = |place: usize| -> Vec<f64> {
            let ratios = all.iter().filter_map(|c| c.over_best_baseline(&model.name, place));
            ratios.filter(|ratio| *ratio > 0.0).collect()
        };
        let each: Vec<Vec<f64>> = (0..HORIZONS.len()).map(ratios).collect();
        let Some(whole) = geometric_mean(&each.concat()) else { continue };
        let _ = write!(
            text,
            "geometric mean over {} files, {} over the best baseline of each: ",
            all.len(),
            model.name
        );
        for (horizon, ratios) in HORIZONS.iter().zip(&each) {
            let _ = write!(text, "H{horizon} {}  ", cell(geometric_mean(ratios), 3, 1.0));
        }
        let _ = writeln!(text, "all {whole:.3}");
    }
    text
}

/// `scores.csv`: every figure, one row for each file, forecaster and horizon. What is not defined is
/// empty.
///
/// # Errors
/// Only if a name is no text.
pub fn csv(all: &[Comparison]) -> Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    let mut header: Vec<String> = ["file", "name", "horizon", "count"].map(String::from).into();
    header.extend(FIGURES.iter().map(|(name, _)| (*name).into()));
    header.extend(QUANTILES.iter().map(|level| format!("below_{level}")));
    csv.write_record(&header)?;
    for compared in all {
        for standing in &compared.standings {
            for s in &standing.scores {
                let number = |v: Option<f64>| v.map_or_else(String::new, |v| v.to_string());
                let mut row = vec![compared.series.name.clone(), standing.name.clone()];
                row.extend([s.horizon.to_string(), s.scores.point.count.to_string()]);
                row.extend(FIGURES.iter().map(|(_, figure)| number(figure(s))));
                let shares = s.scores.calibration.iter().copied().chain(std::iter::repeat(None));
                row.extend(shares.take(QUANTILES.len()).map(number));
                csv.write_record(&row)?;
            }
        }
    }
    csv.into_inner().map_err(|error| anyhow!("{error}")).context("writing scores")
}

fn cell(value: Option<f64>, digits: usize, factor: f64) -> String {
    value.map_or_else(|| "–".into(), |value| format!("{:.digits$}", value * factor))
}

fn geometric_mean(values: &[f64]) -> Option<f64> {
    let sum: f64 = values.iter().map(|value| value.ln()).sum();
    (!values.is_empty()).then(|| (sum / values.len() as f64).exp())
}

#[cfg(test)]
pub(super) mod tests;
