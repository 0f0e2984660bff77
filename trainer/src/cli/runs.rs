//! `trainer runs`: which runs there are, and what tells some of them apart.

use crate::experiment::curves::Stage;
use crate::experiment::manifest::Manifest;
use crate::experiment::run::{RUNS, Run};
use crate::learn::run_loop::{Kept, PEAK_MEMORY_MIB, STEPS_PER_SECOND, kept};
use crate::report::chapter::Chapter;
use anyhow::{Context as _, Result, ensure};
use clap::Args;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Options of `trainer runs`.
#[derive(Args, Debug)]
pub struct RunsArgs {
    /// Runs to put beside each other, with the settings in which they differ and the checkpoints that were kept
    /// [default: all of `runs`]
    #[arg(value_name = "RUN")]
    pub runs: Vec<PathBuf>,
}

/// A run on a line.
struct Line {
    name: String,
    chapter: Chapter,
    manifest: Option<Manifest>,
    /// The best checkpoints of the forecaster.
    kept: Vec<Kept>,
}

/// Prints a line for each run, the least error first; of named ones the settings in which they differ, and what
/// they kept.
///
/// # Errors
/// If a folder cannot be read, or holds no run.
pub fn run(args: &RunsArgs) -> Result<()> {
    let folders = if args.runs.is_empty() { all()? } else { args.runs.clone() };
    let mut lines: Vec<Line> = folders.iter().map(|folder| line(folder)).collect::<Result<_>>()?;
    ensure!(!lines.is_empty(), "there is no run in {RUNS}: begin one with `trainer train`");
    lines.sort_by(|a, b| a.error().total_cmp(&b.error()));
    print!("{}", aligned(&table(&lines)));
    if !args.runs.is_empty() {
        for table in [differences(&lines), checkpoints(&lines)].iter().filter(|t| !t.is_empty()) {
            print!("\n{}", aligned(table));
        }
    }
    Ok(())
}

/// The folders of all runs.
fn all() -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(RUNS).with_context(|| format!("there is no folder {RUNS}"))?;
    let folders = entries.flatten().map(|entry| entry.path());
    Ok(folders.filter(|folder| folder.join("config.yaml").exists()).collect())
}

fn line(folder: &Path) -> Result<Line> {
    let (run, _) = Run::open(folder)?;
    let name = folder.display().to_string();
    let kept = kept(&run.forecaster_checkpoint())?;
    Ok(Line { name, chapter: Chapter::read(&run)?, manifest: Manifest::read(&run), kept })
}

impl Line {
    /// WAPE at the longest horizon.
    fn error(&self) -> f64 {
        self.wape("int8").unwrap_or(f64::INFINITY)
    }

    fn wape(&self, who: &str) -> Option<f64> {
        self.chapter.results.as_ref()?.forecast.get(who)?.last()?.scores.point.wape
    }

    /// Steps of the forecaster in a second: as many as in half of the rows at least.
    fn steps_per_second(&self) -> Option<f64> {
        let mut paces = self.figures(STEPS_PER_SECOND);
        paces.sort_by(f64::total_cmp);
        paces.get(paces.len() / 2).copied()
    }

    fn peak_memory_mib(&self) -> Option<f64> {
        let ended = self.manifest.as_ref().and_then(|manifest| manifest.peak_memory_mib);
        self.figures(PEAK_MEMORY_MIB).into_iter().chain(ended).max_by(f64::total_cmp)
    }

    /// What is known of the forecaster under a name.
    fn figures(&self, name: &str) -> Vec<f64> {
        let points = self.chapter.points.iter();
        let mine = points.filter(|p| p.stage == Stage::Forecaster && p.name == name);
        mine.map(|point| point.value).collect()
    }

    fn cells(&self) -> Vec<String> {
        let number =
            |v: Option<f64>, digits: usize| v.map_or("–".into(), |v| format!("{v:.digits$}"));
        let percent = |v: Option<f64>| number(v.map(|v| 100.0 * v), 2);
        let best = self.figures("validation_loss").into_iter().min_by(f64::total_cmp);
        let steps = self.chapter.points.iter().filter(|p| p.stage == Stage::Forecaster);
        let policy = self.chapter.results.as_ref().and_then(|results| results.policy.as_ref());
        vec![
            self.name.clone(),
            if self.chapter.results.is_some() { "finished" } else { "unfinished" }.into(),
            self.manifest.as_ref().map_or("–".into(), |m| m.began.clone()),
            steps.map(|point| point.step).max().unwrap_or(0).to_string(),
            number(self.steps_per_second(), 2),
            number(self.peak_memory_mib(), 0),
            number(best, 4),
            percent(self.wape("int8")),
            percent(self.wape("shipped")),
            number(policy.map(|policy| policy.dqn), 3),
        ]
    }
}

fn table(lines: &[Line]) -> Vec<Vec<String>> {
    let titles = [
        "run",
        "state",
        "began",
        "steps",
        "steps/s",
        "peak MiB",
        "best loss",
        "WAPE %",
        "shipped",
        "policy's cost",
    ];
    let mut rows = vec![titles.map(String::from).to_vec()];
    rows.extend(lines.iter().map(Line::cells));
    rows
}

/// A row for each checkpoint that is kept beside a run's last one, the best first.
fn checkpoints(lines: &[Line]) -> Vec<Vec<String>> {
    let row = |kept: &Kept| {
        let file = kept.path.display().to_string();
        vec![file, kept.steps.to_string(), format!("{:.4}", kept.score)]
    };
    let mut rows: Vec<_> = lines.iter().flat_map(|line| line.kept.iter().map(row)).collect();
    if !rows.is_empty() {
        rows.insert(0, ["best checkpoints", "step", "loss"].map(String::from).to_vec());
    }
    rows
}

/// A row for each setting that is not the same everywhere.
fn differences(lines: &[Line]) -> Vec<Vec<String>> {
    let settings: Vec<Vec<(String, String)>> =
        lines.iter().map(|line| flat(&line.chapter.config)).collect();
    let keys: BTreeSet<&String> = settings.iter().flatten().map(|(key, _)| key).collect();
    let value = |all: &[(String, String)], key: &str| {
        all.iter().find(|(k, _)| k == key).map_or("–".into(), |(_, value)| value.clone())
    };
    let mut rows = Vec::new();
    for key in keys {
        let values: Vec<String> = settings.iter().map(|all| value(all, key)).collect();
        if values.iter().any(|value| *value != values[0]) {
            rows.push([vec![key.clone()], values].concat());
        }
    }
    if !rows.is_empty() {
        let names = lines.iter().map(|line| line.name.clone());
        rows.insert(0, std::iter::once(String::new()).chain(names).collect());
    }
    rows
}

/// The keys of a configuration as this program writes it, with the sections that they lie in, and their
/// values.
fn flat(yaml: &str) -> Vec<(String, String)> {
    let mut sections: Vec<(usize, String)> = Vec::new();
    let mut all: Vec<(String, String)> = Vec::new();
    for line in yaml.lines() {
        let indent = line.len() - line.trim_start().len();
        if let Some(item) = line.trim_start().strip_prefix("- ") {
            // Lists are written over several lines.
            if let Some((_, value)) = all.last_mut() {
                *value = format!("{value} {item}").trim().into();
            }
            continue;
        }
        let Some((key, value)) = line.trim().split_once(':') else { continue };
        sections.retain(|(depth, _)| *depth < indent);
        let path: String = sections.iter().map(|(_, name)| format!("{name}.")).collect();
        all.push((format!("{path}{key}"), value.trim().into()));
        sections.push((indent, key.into()));
    }
    all
}

fn aligned(rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|c| c.chars().count()).max().unwrap_or(0)
    };
    let row = |row: &Vec<String>| {
        let cells = row.iter().enumerate().map(|(k, cell)| format!("{cell:<0$}", width(k)));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_string() + "\n"
    };
    rows.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn settings_that_differ_are_found_by_their_sections() {
        let mut other = Config::default();
        other.forecaster.learning_rate = 0.5;
        other.agent.hidden = vec![32];
        let of = |config: &Config| flat(&config.to_yaml());
        let (a, b) = (of(&Config::default()), of(&other));
        let unlike: Vec<&str> =
            a.iter().zip(&b).filter(|(a, b)| a != b).map(|(a, _)| a.0.as_str()).collect();
        assert_eq!(unlike, ["forecaster.learning_rate", "agent.hidden"]);
    }

    #[test]
    fn columns_are_aligned() {
        let rows = [["a", "bb"], ["ccc", "d"]].map(|row| row.map(String::from).to_vec());
        assert_eq!(aligned(&rows), "a    bb\nccc  d\n");
    }
}
