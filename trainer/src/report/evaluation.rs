//! The page of an evaluation: plots and tables of every file.

use super::comparison::{against_best_baseline, facts, over_all};
use super::summary::{calibration_lines, errors, slice};
use super::{HorizonErrors, Page, Table, calibration, error_by_horizon, forecast};
use crate::evaluate::contest::{Comparison, Kind, Standing};
use crate::evaluate::metrics::HorizonScores;
use crate::experiment::results::plotted;
use anyhow::Result;

/// Most bars side by side, of them models, and letters that the legend has room for.
const MAX_BARS: usize = 5;
const MAX_MODELS: usize = 3;
const LEGEND_LETTERS: usize = 108;

/// The page. `how` says how was judged.
///
/// # Errors
/// If a plot cannot be drawn.
pub fn page(all: &[Comparison], how: &str) -> Result<String> {
    let mut page = Page::new("ScaleIQ evaluation", how);
    over_all(all).lines().for_each(|line| page.text(line));
    for compared in all {
        page.section(&compared.series.name);
        page.text(&facts(compared));
        let minutes = compared.series.minutes();
        page.plot(
            &error_by_horizon(&bars(compared))?,
            "The models and the baselines with the least error at the longest horizon.",
        );
        for model in compared.of_kind(Kind::Model) {
            page.text(against_best_baseline(compared, model).trim_end());
        }
        if let Some(model) = compared.of_kind(Kind::Model).next() {
            let series = &compared.series;
            let last = plotted(&series.rows, series.length, &model.origins);
            let caption = format!("The last origins of {}.", model.name);
            page.plot(&forecast(&slice(&last, minutes))?, &caption);
            let lines = calibration_lines(&model.scores, minutes);
            page.plot(&calibration(&lines)?, &format!("The bands of {}.", model.name));
        }
        page.table(&errors_of_all(compared));
        for standing in compared.standings.iter().filter(|s| s.kind != Kind::Baseline) {
            page.table(&Table::of_scores(&standing.name, &standing.scores, minutes));
        }
    }
    Ok(page.finish())
}

/// Models first, then the best baselines, as many as the plot has room for.
fn bars(compared: &Comparison) -> Vec<HorizonErrors> {
    let last = |standing: &Standing| {
        let wape = standing.scores.last().and_then(|s| s.scores.point.wape);
        wape.unwrap_or(f64::INFINITY)
    };
    let mut baselines: Vec<&Standing> = compared.of_kind(Kind::Baseline).collect();
    baselines.sort_by(|a, b| last(a).total_cmp(&last(b)));
    let mut room = LEGEND_LETTERS;
    // A legend's entry has a coloured box and space beside its name.
    let fits = |standing: &&Standing| {
        let taken = standing.name.chars().count() + 6;
        let fits = taken <= room;
        room -= if fits { taken } else { 0 };
        fits
    };
    let all = compared.of_kind(Kind::Model).take(MAX_MODELS).chain(baselines);
    let shown = all.filter(fits).take(MAX_BARS);
    shown.map(|s| errors(&s.name, &s.scores, compared.series.minutes())).collect()
}

/// WAPE and MASE of all, one row each.
fn errors_of_all(compared: &Comparison) -> Table {
    type Figure = fn(&HorizonScores) -> Option<f64>;
    let figures: [(&str, Figure, f64, usize); 2] =
        [("WAPE, %", |s| s.scores.point.wape, 100.0, 2), ("MASE", |s| s.scores.point.mase, 1.0, 3)];
    let minutes = compared.series.minutes();
    let horizons = compared.standings.first().map_or(&[][..], |s| s.scores.as_slice());
    let mut header = vec!["forecaster".to_string()];
    for (title, ..) in figures {
        let ahead = |s: &HorizonScores| format!("{title}, {} min", s.horizon as f64 * minutes);
        header.extend(horizons.iter().map(ahead));
    }
    let row = |standing: &Standing| {
        let mut row = vec![standing.name.clone()];
        for (_, figure, factor, digits) in figures {
            let cell = |s| figure(s).map_or("–".into(), |v| format!("{:.digits$}", v * factor));
            row.extend(standing.scores.iter().map(cell));
        }
        row
    };
    let caption = "Errors of all forecasters, over all intervals up to the horizon".into();
    Table { caption, header, rows: compared.standings.iter().map(row).collect() }
}

#[cfg(test)]
mod tests {
    use super::super::comparison::tests::made_up;
    use super::*;

    #[test]
    fn a_page_shows_every_file() {
        let html = page(&[made_up("a.csv", 0.08), made_up("b.csv", 0.3)], "stride 7").unwrap();
        assert!(html.contains("<h2>a.csv</h2>") && html.contains("<h2>b.csv</h2>"));
        assert_eq!(html.matches("<svg ").count(), 6);
        assert!(html.contains("all 1.549") && !html.contains("NaN"), "the mean of 0.8 and 3");
    }

    #[test]
    fn the_best_baselines_are_shown() {
        let bars = bars(&made_up("a.csv", 0.08));
        let names: Vec<&str> = bars.iter().map(|bar| bar.name.as_str()).collect();
        assert_eq!(names, ["edge", "mixture", "persistence"]);
    }
}
