//! The report of one run or of several beside each other, from what the runs saved.

use super::advice::{duel, recommendations, shown, worth};
use super::chapter::Chapter;
use super::{Chart, Page, Table};
use crate::evaluate::contest::Kind;
use crate::evaluate::importance::Importance;
use crate::evaluate::policy::{CaseReport, EvalReport};
use crate::evaluate::view::{ForecasterView, SeriesView};
use crate::experiment::curves::Stage;
use crate::experiment::pipeline::{OURS, SHIPPED};
use crate::experiment::results::Results;
use crate::experiment::run::Run;
use crate::runtime::files::write_atomic;
use anyhow::Result;
use scaleiq_core::policy::{ACTIONS, MULTIPLIERS};
use serde::Serialize;
use std::collections::BTreeMap;

/// Writes the report of one run into its folder.
///
/// # Errors
/// If a file of it cannot be read, or the report cannot be written.
pub fn write(run: &Run) -> Result<()> {
    let html = page(&[Chapter::read(run)?]);
    Ok(write_atomic(&run.report(), html.as_bytes())?)
}

/// What the charts show.
#[derive(Serialize)]
struct Data<'a> {
    series: Vec<&'a SeriesView>,
    runs: Vec<RunData<'a>>,
}

#[derive(Serialize)]
struct RunData<'a> {
    name: &'a str,
    curves: Vec<Curve<'a>>,
    policy: Option<&'a EvalReport>,
    importance: &'a [Importance],
    multipliers: [f32; ACTIONS],
}

#[derive(Serialize)]
struct Curve<'a> {
    stage: Stage,
    name: &'a str,
    steps: Vec<usize>,
    values: Vec<f64>,
}

/// The page of one run or several.
#[must_use]
pub fn page(chapters: &[Chapter]) -> String {
    made(chapters, false)
}

/// The same as it is served: while a run is trained, it is loaded anew by itself.
#[must_use]
pub fn live_page(chapters: &[Chapter]) -> String {
    made(chapters, chapters.iter().any(|chapter| chapter.results.is_none()))
}

fn made(chapters: &[Chapter], goes_on: bool) -> String {
    let (title, facts) = match chapters {
        [one] => ("ScaleIQ training report".into(), one.name.clone()),
        several => {
            let names: Vec<&str> = several.iter().map(|c| c.name.as_str()).collect();
            (format!("ScaleIQ: {} runs compared", several.len()), names.join(" · "))
        }
    };
    let mut page = Page::new(&title, &facts);
    if goes_on {
        page.goes_on();
    }
    if chapters.len() > 1 {
        page.section("All runs");
        page.table(&table_of_runs(chapters));
        page.chart(
            Chart::Radar,
            "all",
            "The best of all reaches the rim; names can be switched on and off.",
        );
        page.chart(Chart::Curves, "all", "Learning of all runs.");
    }
    // The charts find a run's series by its place among those that have one.
    let mut series = 0;
    for (place, chapter) in chapters.iter().enumerate() {
        if chapters.len() > 1 {
            page.section(&chapter.name);
        }
        if let Some(view) = &chapter.view {
            forecasts(&mut page, chapter, view, &series.to_string());
            series += 1;
        }
        rest(&mut page, chapter, &place.to_string());
    }
    let data = Data {
        series: chapters.iter().filter_map(|chapter| chapter.view.as_ref()).collect(),
        runs: chapters.iter().map(run_data).collect(),
    };
    page.finish(&data)
}

fn forecasts(page: &mut Page, chapter: &Chapter, view: &SeriesView, of: &str) {
    let minutes = f64::from(view.interval_s) / 60.0;
    page.section("Was it worth it?");
    if let Some(words) = worth(view, OURS, SHIPPED) {
        page.verdict(&words);
    }
    view.duels.iter().filter(|d| d.name == OURS).filter_map(duel).for_each(|w| page.text(&w));
    recommendations(chapter, OURS).iter().for_each(|words| page.text(words));
    page.section("Forecasts of the test part");
    page.text(&format!(
        "{}: intervals of {minutes} min, {} origins from {} on, a part that training never saw. {} is the \
         exported network, run as the agent runs it; {} the model that comes with ScaleIQ; classical \
         forecasters are fitted to the rows before.",
        view.name, view.origins, view.begins, OURS, SHIPPED
    ));
    view.note.iter().for_each(|note| page.text(note));
    charts(page, of);
    page.table(&sorted(&view.forecasters.iter().collect::<Vec<_>>(), minutes));
    for forecaster in view.forecasters.iter().filter(|f| f.name == OURS) {
        page.table(&Table::of_scores(&shown(&forecaster.name), &forecaster.scores, minutes));
    }
}

/// The charts of a series.
pub(super) fn charts(page: &mut Page, of: &str) {
    let all = [
        (
            Chart::Forecast,
            "Drag to zoom, double-click to go back; names in the legend switch lines.",
        ),
        (Chart::Horizons, "Error over all intervals up to the horizon; less is better."),
        (Chart::When, "Where the errors are: UTC, at the chosen horizon."),
        (Chart::Calibration, "On the zero line a quantile holds what it says."),
        (Chart::Residuals, "Left of 0 too little was forecast, right of it too much."),
        (Chart::Radar, "Of each figure the best one reaches the rim."),
    ];
    all.into_iter().for_each(|(chart, caption)| page.chart(chart, of, caption));
}

/// Everybody's WAPE and MASE, the least error at the longest horizon first.
pub(super) fn sorted(forecasters: &[&ForecasterView], minutes: f64) -> Table {
    let mut all = forecasters.to_vec();
    let last = |f: &&ForecasterView| {
        let wape = f.scores.last().and_then(|s| s.scores.point.wape);
        wape.unwrap_or(f64::INFINITY)
    };
    all.sort_by(|a, b| last(a).total_cmp(&last(b)));
    let ahead = |what: &str| -> Vec<String> {
        let scores = all.first().map_or(&[][..], |f| f.scores.as_slice());
        scores.iter().map(|s| format!("{what}, {} min", s.horizon as f64 * minutes)).collect()
    };
    let mut header = vec!["forecaster".to_string()];
    header.extend(ahead("WAPE %"));
    header.extend(ahead("MASE"));
    header.push("in the 80 % band".into());
    let row = |f: &&ForecasterView| {
        let cell =
            |v: Option<f64>, digits: usize| v.map_or("–".into(), |v| format!("{v:.digits$}"));
        let mut row = vec![shown(&f.name)];
        row.extend(f.scores.iter().map(|s| cell(s.scores.point.wape.map(|w| 100.0 * w), 2)));
        row.extend(f.scores.iter().map(|s| cell(s.scores.point.mase, 3)));
        let band = f.scores.last().and_then(|s| s.scores.coverage_80);
        row.push(cell(band.map(|share| 100.0 * share), 1));
        row
    };
    let caption = "Everybody, the least error first, over all intervals up to the horizon".into();
    Table { caption, header, rows: all.iter().map(row).collect() }
}

/// Models of all runs, and the classical forecasters of the first one with each series.
fn table_of_runs(chapters: &[Chapter]) -> Table {
    let mut seen: Vec<(&str, &str)> = Vec::new();
    let mut all: Vec<ForecasterView> = Vec::new();
    for chapter in chapters {
        let Some(view) = &chapter.view else { continue };
        let first = !seen.contains(&(&view.name, &view.begins));
        seen.push((&view.name, &view.begins));
        for f in &view.forecasters {
            let run = |name: &str| format!("{}: {name}", chapter.name);
            let shared = f.kind == Kind::Baseline || f.name == SHIPPED;
            match (f.name.as_str() == OURS, shared && first) {
                (true, _) => all.push(ForecasterView { name: run(&f.name), ..f.clone() }),
                (_, true) => all.push(f.clone()),
                _ => {}
            }
        }
    }
    let minutes = chapters
        .iter()
        .find_map(|c| c.view.as_ref())
        .map_or(1.0, |view| f64::from(view.interval_s) / 60.0);
    sorted(&all.iter().collect::<Vec<_>>(), minutes)
}

/// Policy, learning curves, settings.
fn rest(page: &mut Page, chapter: &Chapter, of: &str) {
    match &chapter.results {
        None => page.text("It is not finished: this is what there is so far."),
        Some(Results { importance, policy, .. }) => {
            if !importance.is_empty() {
                page.section("What the network lives on");
                page.chart(
                    Chart::Inputs,
                    of,
                    "How much more wrong the network alone is on the test part when an input is exchanged \
                     between moments. Inputs that tell the same share their worth.",
                );
            }
            if let Some(policy) = policy {
                scaling(page, policy, of);
            }
        }
    }
    if !chapter.points.is_empty() {
        page.section("Learning");
        page.chart(Chart::Curves, of, "");
    }
    page.code("Settings", &chapter.config);
}

fn scaling(page: &mut Page, policy: &EvalReport, of: &str) {
    page.section("Scaling of held-out loads");
    page.text("The same forecaster and guard under four policies: up and to the left is better.");
    let caption = "One point for each load and world, and the mean of each policy. On the line are those that \
                   no other one beats in both.";
    page.chart(Chart::Policies, of, caption);
    if !policy.actions.is_empty() {
        let caption = "By what the Q-network multiplied the plan, for 20 minutes at a time, and by what it would have, were no \
                       advantage too small to act on.";
        page.chart(Chart::Actions, of, caption);
    }
    page.table(&policy_table(policy));
}

fn run_data(chapter: &Chapter) -> RunData<'_> {
    let mut curves: BTreeMap<(u8, &str), Curve<'_>> = BTreeMap::new();
    for point in &chapter.points {
        let key = (u8::from(point.stage == Stage::Agent), point.name.as_str());
        let curve = curves.entry(key).or_insert_with(|| Curve {
            stage: point.stage,
            name: &point.name,
            steps: Vec::new(),
            values: Vec::new(),
        });
        curve.steps.push(point.step);
        curve.values.push(point.value);
    }
    RunData {
        name: &chapter.name,
        curves: curves.into_values().collect(),
        policy: chapter.results.as_ref().and_then(|results| results.policy.as_ref()),
        importance: chapter.results.as_ref().map_or(&[], |results| &results.importance),
        multipliers: MULTIPLIERS,
    }
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
