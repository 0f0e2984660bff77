//! The figures of a run, and its report: plots and tables from what the run saved.

use super::{
    ForecastSlice, HorizonErrors, Page, Table, calibration, error_by_horizon, forecast,
    learning_curves,
};
use crate::evaluate::metrics::HorizonScores;
use crate::evaluate::policy::{CaseReport, EvalReport};
use crate::experiment::curves::{Curves, Stage};
use crate::experiment::results::{PLOTTED_STEP, PlottedForecast, Results};
use crate::experiment::run::Run;
use crate::runtime::files::write_atomic;
use anyhow::{Context, Result};
use scaleiq_core::forecast::{Q10, Q50, Q90, QUANTILES};

/// Index of the 0.025 and 0.975 quantiles.
const OUTER: [usize; 2] = [0, 7];

/// Draws the plots of a run and writes its report.
///
/// # Errors
/// If the run has no results yet, or a file cannot be written.
pub fn write(run: &Run) -> Result<()> {
    let path = run.metrics();
    let json = std::fs::read(&path)
        .with_context(|| format!("{}: training has not finished yet", path.display()))?;
    let results: Results =
        serde_json::from_slice(&json).with_context(|| format!("reading {}", path.display()))?;
    let points = Curves::read(&run.curves())?;
    let minutes = f64::from(results.interval_s) / 60.0;
    let facts = format!("{} · intervals of {minutes} min", run.dir().display());
    let mut page = Page::new("ScaleIQ training report", &facts);
    let plot = |page: &mut Page, name: &str, svg: String, caption: &str| -> Result<()> {
        write_atomic(&run.plots().join(format!("{name}.svg")), svg.as_bytes())?;
        page.plot(&svg, caption);
        Ok(())
    };

    page.section("Forecasts of the test part");
    let caption = "Every 7th interval of the part that training never saw; the exported int8 \
                   network, run as the agent runs it.";
    plot(&mut page, "forecast", forecast(&slice(&results.plotted, minutes))?, caption)?;
    let all: Vec<HorizonErrors> =
        results.forecast.iter().map(|(name, scores)| errors(name, scores, minutes)).collect();
    plot(&mut page, "errors", error_by_horizon(&all)?, "")?;
    let int8 = results.forecast.get("int8").map_or(&[][..], Vec::as_slice);
    plot(&mut page, "calibration", calibration(&calibration_lines(int8, minutes))?, "")?;
    for (name, scores) in &results.forecast {
        page.table(&Table::of_scores(name, scores, minutes));
    }
    if let Some(policy) = &results.policy {
        page.section("Scaling of held-out loads");
        page.text("The same forecaster and guard under three policies.");
        page.table(&policy_table(policy));
    }
    page.section("Learning");
    let panels: [(&str, &[&str]); 2] =
        [("loss", &["train_loss", "validation_loss"]), ("rate", &["learning_rate"])];
    let curves = learning_curves(&points, Stage::Forecaster, "Learning: forecaster", &panels)?;
    plot(&mut page, "learning-forecaster", curves, "")?;
    if points.iter().any(|p| p.stage == Stage::Agent) {
        let panels: [(&str, &[&str]); 2] = [
            ("penalised cost, held out", &["held_out", "held_out_planner"]),
            ("reward a decision", &["reward"]),
        ];
        let curves = learning_curves(&points, Stage::Agent, "Learning: scaling policy", &panels)?;
        plot(&mut page, "learning-policy", curves, "")?;
    }
    let config = std::fs::read_to_string(run.config_path()).unwrap_or_default();
    page.code("Settings", &config);
    write_atomic(&run.report(), page.finish().as_bytes())?;
    Ok(())
}

/// What the plot of forecasts shows, from intervals of `minutes`.
pub(super) fn slice(plotted: &[PlottedForecast], minutes: f64) -> ForecastSlice {
    let band = |low: usize, high: usize| {
        let ends = |p: &PlottedForecast| (p.quantiles[low].into(), p.quantiles[high].into());
        plotted.iter().map(ends).collect()
    };
    ForecastSlice {
        title: format!("Forecast {} minutes ahead", PLOTTED_STEP as f64 * minutes),
        times: plotted.iter().map(|p| p.time).collect(),
        truth: plotted.iter().map(|p| p.truth.map_or(f64::NAN, f64::from)).collect(),
        median: plotted.iter().map(|p| p.quantiles[Q50].into()).collect(),
        band_80: band(Q10, Q90),
        band_95: band(OUTER[0], OUTER[1]),
    }
}

/// A forecaster's errors, from intervals of `minutes`.
pub(super) fn errors(name: &str, scores: &[HorizonScores], minutes: f64) -> HorizonErrors {
    let known = scores
        .iter()
        .filter_map(|s| Some(((s.horizon as f64 * minutes) as u32, s.scores.point.wape?)));
    HorizonErrors { name: name.into(), wape: known.collect() }
}

/// A forecaster's calibration, one line for each horizon, from intervals of `minutes`.
pub(super) fn calibration_lines(
    scores: &[HorizonScores],
    minutes: f64,
) -> Vec<(String, Vec<(f64, f64)>)> {
    let line = |s: &HorizonScores| {
        let levels = QUANTILES.iter().map(|q| f64::from(*q));
        let points =
            levels.zip(&s.scores.calibration).filter_map(|(q, share)| Some((q, (*share)?)));
        (format!("{} min ahead", s.horizon as f64 * minutes), points.collect())
    };
    scores.iter().map(line).collect()
}

fn policy_table(policy: &EvalReport) -> Table {
    let names = ["DQN", "planner", "quantile rule", "reactive"];
    let columns = names.iter().flat_map(|name| [format!("{name} SLA"), "cost".into()]);
    let header = std::iter::once("load, world".into()).chain(columns);
    let row = |case: &CaseReport| {
        let mut row = vec![format!("{}, {}", case.workload, case.world)];
        for score in [&case.dqn, &case.planner, &case.quantile_rule, &case.reactive] {
            row.push(format!("{:.3} %", 100.0 * score.sla));
            row.push(format!("{:.3}", score.cost_over_ideal));
        }
        row
    };
    Table {
        caption: "SLA and cost over the ideal pool".into(),
        header: header.collect(),
        rows: policy.cases.iter().map(row).collect(),
    }
}
