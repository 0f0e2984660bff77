//! The page of a search, and its table on the terminal.

use super::{Chart, Page, Table};
use crate::config::{HpoConfig, Space};
use crate::search::history::{History, Trial};
use crate::search::study::shown;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Trials that the terminal shows.
const SHOWN: usize = 10;

#[derive(Serialize)]
struct Data<'a> {
    search: Search<'a>,
}

#[derive(Serialize)]
struct Search<'a> {
    trials: Vec<TrialData<'a>>,
    importance: &'a [(String, f64)],
    settings: Vec<SettingData>,
}

#[derive(Serialize)]
struct TrialData<'a> {
    id: u64,
    values: &'a BTreeMap<String, f64>,
    end: &'static str,
    loss: Option<f64>,
}

#[derive(Serialize)]
struct SettingData {
    name: &'static str,
    log: bool,
}

/// The page of a study.
#[must_use]
pub fn page(
    name: &str,
    hpo: &HpoConfig,
    history: &History,
    importance: &[(String, f64)],
) -> String {
    let facts = format!("{name} · {} trials", history.trials.len());
    let mut page = Page::new("ScaleIQ search", &facts);
    if let Some(best) = history.best() {
        page.verdict(&format!("Best: trial {}, validation loss {}.", best.id, loss(best)));
    }
    if let Some(gain) = gain(history) {
        page.text(&gain);
    }
    page.chart(
        Chart::Trials,
        "",
        "Each trial's least validation loss; a trial that was given up had come less far.",
    );
    if importance.is_empty() {
        page.text("Too few trials have ended to tell what mattered.");
    } else {
        page.chart(Chart::Importance, "", "What each setting accounts for alone (fANOVA); the rest are settings together, and chance.");
    }
    page.chart(Chart::Settings, "", "Each point is a trial; later ones are brighter.");
    page.table(&table(history, usize::MAX));
    let settings = hpo.searched().into_iter().map(|(setting, space)| SettingData {
        name: setting.key(),
        log: matches!(space, Space::Range { log: true, .. }),
    });
    let search = Search {
        trials: history.trials.iter().map(trial_data).collect(),
        importance,
        settings: settings.collect(),
    };
    page.finish(&Data { search })
}

/// The best trials and what mattered, for the terminal.
#[must_use]
pub fn summary(history: &History, importance: &[(String, f64)]) -> String {
    let table = table(history, SHOWN);
    let rows = || std::iter::once(&table.header).chain(&table.rows);
    let width = |column: usize| {
        rows().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let mut text = String::new();
    for row in rows() {
        let cells = row.iter().enumerate().map(|(k, cell)| format!("{cell:>0$}", width(k)));
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}", cells.collect::<Vec<_>>().join("  "));
    }
    if !importance.is_empty() {
        let all = importance.iter().map(|(name, share)| format!("{name} {:.0} %", 100.0 * share));
        let _ =
            writeln!(text, "share of the loss's variance: {}", all.collect::<Vec<_>>().join(", "));
    }
    if let Some(gain) = gain(history) {
        let _ = writeln!(text, "{gain}");
    }
    text
}

/// What the best trial is worth over the settings as they stood, which the first one tried.
fn gain(history: &History) -> Option<String> {
    let (first, best) = (history.trials.first()?.score()?, history.best()?.score()?);
    Some(match best < first {
        true => format!(
            "{:.2} % less than the settings as they stood ({first:.4})",
            100.0 * (1.0 - best / first)
        ),
        false => format!("nothing was better than the settings as they stand ({first:.4})"),
    })
}

/// The trials, best first; those without a score last.
fn table(history: &History, most: usize) -> Table {
    let mut trials: Vec<&Trial> = history.trials.iter().collect();
    let key = |trial: &Trial| trial.score().unwrap_or(f64::INFINITY);
    trials.sort_by(|a, b| key(a).total_cmp(&key(b)));
    let names: Vec<&String> =
        history.trials.first().map_or_else(Vec::new, |t| t.values.keys().collect());
    let mut header = vec!["trial".to_string(), "loss".into(), "end".into()];
    header.extend(names.iter().map(|name| (*name).clone()));
    let row = |trial: &&Trial| {
        let mut row = vec![trial.id.to_string(), loss(trial), end(trial).into()];
        row.extend(
            names.iter().map(|name| trial.values.get(*name).map_or("–".into(), |v| shown(*v))),
        );
        row
    };
    let rows = trials.iter().take(most).map(row).collect();
    Table { caption: "Trials, the best first".into(), header, rows }
}

fn trial_data(trial: &Trial) -> TrialData<'_> {
    TrialData { id: trial.id, values: &trial.values, end: end(trial), loss: least(trial) }
}

fn end(trial: &Trial) -> &'static str {
    trial.end.map_or("unfinished", |(end, _)| end.name())
}

/// The least loss, of whatever came of it.
fn least(trial: &Trial) -> Option<f64> {
    let reports = trial.reports.iter().map(|(_, loss)| *loss);
    trial.score().or_else(|| reports.min_by(f64::total_cmp))
}

fn loss(trial: &Trial) -> String {
    least(trial).map_or_else(|| "–".into(), |loss| format!("{loss:.4}"))
}
