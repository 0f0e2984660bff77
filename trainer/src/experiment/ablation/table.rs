//! What an ablation found, as a table and as CSV.

use crate::evaluate::metrics::HorizonScores;
use scaleiq_core::forecast::HORIZONS;
use std::fmt::Write as _;

/// What an ablation found.
#[derive(Clone, Debug)]
pub struct Ablation {
    /// A row for each forecaster, the whole one first.
    pub(super) rows: Vec<Row>,
    /// What they were judged on.
    pub(super) series: Vec<Judged>,
}

/// A series that judged.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Its name.
    pub name: String,
    /// Length of its intervals in seconds.
    pub interval_s: u32,
}

/// A forecaster and its scores on each series.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) name: String,
    /// `[series][horizon]`
    pub(super) scores: Vec<Vec<HorizonScores>>,
}

impl Ablation {
    /// WAPE and pinball loss over the first row's, as geometric means over the series; coverage.
    #[must_use]
    pub fn table(&self) -> String {
        let rows = &self.rows;
        let mut text = String::from(
            "| forecaster | WAPE, 6 steps | 12 steps | 24 steps | pinball, 24 steps | coverage | worst day |\n\
         |---|---|---|---|---|---|---|\n",
        );
        let Some(whole) = rows.first() else { return text };
        for row in rows {
            let _ = write!(text, "| {} |", row.name);
            for h in 0..HORIZONS.len() {
                let wape = |s: &HorizonScores| s.scores.point.wape;
                let _ = write!(text, " {} |", figure(geometric_ratio(row, whole, h, wape), 3));
            }
            let last = HORIZONS.len() - 1;
            let pinball = geometric_ratio(row, whole, last, |s| s.scores.pinball);
            let all = || row.scores.iter().flatten();
            let coverages: Vec<f64> = all().filter_map(|s| s.scores.coverage_80).collect();
            let mean = coverages.iter().sum::<f64>() / coverages.len() as f64;
            let worst = all().filter_map(|s| s.worst_day_coverage_80).reduce(f64::min);
            let _ = writeln!(
                text,
                " {} | {} | {} |",
                figure(pinball, 3),
                figure(Some(mean).filter(|m| m.is_finite()), 3),
                figure(worst, 2)
            );
        }
        text
    }

    /// Every figure as CSV, a row for each forecaster, series and horizon.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut text = String::from(
            "forecaster,series,interval_s,horizon,wape,pinball,coverage_80,worst_day\n",
        );
        for row in &self.rows {
            for (scores, track) in row.scores.iter().zip(&self.series) {
                for s in scores {
                    let number = |v: Option<f64>| v.map_or_else(String::new, |v| format!("{v:.6}"));
                    let _ = writeln!(
                        text,
                        "{},{},{},{},{},{},{},{}",
                        row.name.replace(',', ":"),
                        track.name.replace(',', " "),
                        track.interval_s,
                        s.horizon,
                        number(s.scores.point.wape),
                        number(s.scores.pinball),
                        number(s.scores.coverage_80),
                        number(s.worst_day_coverage_80),
                    );
                }
            }
        }
        text
    }
}

fn figure(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "-".into(), |value| format!("{value:.digits$}"))
}

fn geometric_ratio(
    row: &Row,
    whole: &Row,
    horizon: usize,
    of: impl Fn(&HorizonScores) -> Option<f64>,
) -> Option<f64> {
    let ratios = row.scores.iter().zip(&whole.scores).filter_map(|(mine, theirs)| {
        let ratio = of(mine.get(horizon)?)? / of(theirs.get(horizon)?)?;
        (ratio > 0.0).then(|| ratio.ln())
    });
    let ratios: Vec<f64> = ratios.collect();
    (!ratios.is_empty()).then(|| (ratios.iter().sum::<f64>() / ratios.len() as f64).exp())
}
