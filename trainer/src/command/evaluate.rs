//! `trainer evaluate`: models beside classical forecasters, on any files.

use crate::cli::EvaluateArgs;
use crate::evaluate::contest::{Contest, Model};
use crate::evaluate::test_series::{TestPart, TestSeries};
use crate::progress::Progress;
use crate::report::{comparison, evaluation};
use crate::run::write_atomic;
use anyhow::{Context, Result};
use scaleiq_core::model::{Bundle, SHIPPED_NAME};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Judges all on the test part of each file, prints the tables and writes what was asked for.
///
/// # Errors
/// If the data or a model cannot be read, or the output cannot be written.
pub fn run(args: &EvaluateArgs) -> Result<()> {
    let mut models: Vec<Model> = Vec::new();
    for folder in &args.model {
        let model = load(folder)?;
        // A model named twice would be compared with itself.
        if models.iter().all(|known| known.name != model.name) {
            models.push(model);
        }
    }
    if models.is_empty() {
        let network = Bundle::shipped()?.forecaster().clone();
        models.push(Model { name: SHIPPED_NAME.into(), network });
    }
    let part = args.from.map_or(TestPart::Last(args.test_fraction), TestPart::From);
    let read = |path| TestSeries::read(path, &args.reading, part, args.stride);
    let series: Vec<TestSeries> = args.data.iter().map(|path| read(path)).collect::<Result<_>>()?;
    // Before the work of minutes: is there where to write?
    if let Some(folder) = &args.out {
        let made = std::fs::create_dir_all(folder);
        made.with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let contest = Contest { models, parts: args.parts, peers: args.peers.0.clone() };
    let progress = Progress::begin("evaluation", contest.rows(&series) as u64, 0);
    let progress = Mutex::new((progress, 0));
    let all = contest.run(series, &|rows| {
        let (progress, done) = &mut *progress.lock().unwrap_or_else(PoisonError::into_inner);
        *done += rows as u64;
        progress.set(*done, String::new);
    })?;
    let (progress, _) = progress.into_inner().unwrap_or_else(PoisonError::into_inner);
    progress.end(&format!("files: {}", all.len()));
    let mut text: Vec<String> = all.iter().map(comparison::table).collect();
    text.extend(Some(comparison::over_all(&all)).filter(|mean| !mean.is_empty()));
    print!("{}", text.join("\n"));
    let Some(folder) = &args.out else { return Ok(()) };
    let (scores, report) = (folder.join("scores.csv"), folder.join("report.html"));
    write_atomic(&scores, &comparison::csv(&all)?)?;
    let names: Vec<&str> = contest.models.iter().map(|model| model.name.as_str()).collect();
    let how = format!("models: {}; {} intervals between origins", names.join(", "), args.stride);
    write_atomic(&report, evaluation::page(&all, &how)?.as_bytes())?;
    eprintln!("wrote {} and {}", scores.display(), report.display());
    Ok(())
}

/// A model by its folder, which names it as well: cards of different runs say the same.
fn load(folder: &Path) -> Result<Model> {
    let network = Bundle::load(folder)?.forecaster().clone();
    // Collected anew, `models/a/` and `models/a` are the same.
    let name = folder.components().collect::<std::path::PathBuf>().display().to_string();
    Ok(Model { name, network })
}
