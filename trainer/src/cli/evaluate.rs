//! `trainer evaluate`: models beside classical forecasters, on any files.

use super::test_args::TestArgs;
use super::values::at_least_one;
use crate::evaluate::baselines::Chosen;
use crate::evaluate::contest::{Around, Columns, Contest, Model};
use crate::evaluate::foreign::{Foreign, Told};
use crate::evaluate::test_series::TestSeries;
use crate::report::{comparison, evaluation};
use crate::runtime::files::{FileError, write_atomic};
use crate::runtime::progress::SharedProgress;
use crate::runtime::stop;
use anyhow::{Context, Result};
use clap::Args;
use scaleiq_core::model::{Origin, SHIPPED_NAME};
use scaleiq_workload::ReadOptions;
use std::path::Path;
use std::path::PathBuf;

/// Options of `trainer evaluate`.
#[derive(Args, Debug)]
pub struct EvaluateArgs {
    /// CSV to judge on; may be repeated
    #[arg(long, value_name = "FILE", required = true)]
    pub data: Vec<PathBuf>,
    /// Folder of a model to judge; may be repeated [default: models/edge]
    #[arg(long, value_name = "DIR")]
    pub model: Vec<PathBuf>,
    /// Forecaster of somebody else's to judge beside it, told the last counts (docs/onnx.md); may be repeated
    #[arg(long, value_name = "FILE")]
    pub onnx: Vec<PathBuf>,
    /// Its input that takes counts [default: the only one that is no mask]
    #[arg(long, value_name = "NAME", requires = "onnx")]
    pub onnx_input: Option<String>,
    /// Counts that it is told [default: as many as its input has room for, or 512]
    #[arg(long, value_name = "N", requires = "onnx", value_parser = at_least_one)]
    pub onnx_context: Option<usize>,
    /// Levels of its quantiles in their order, with commas between [default: the middle one is the median]
    #[arg(long, value_name = "LEVELS", requires = "onnx", value_delimiter = ',')]
    pub onnx_quantiles: Vec<f32>,
    /// Classical forecasters beside it: all, none, or names with commas between
    #[arg(long, value_name = "NAMES", default_value = "all")]
    pub baselines: Chosen,
    /// What judges.
    #[command(flatten)]
    pub test: TestArgs,
    /// Judge the network without the experts beside it, and the experts without it, too
    #[arg(long)]
    pub parts: bool,
    /// Folder to write scores.csv and report.html to; an evaluation that is broken off goes on from what it
    /// keeps there
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// How data files are read.
    #[command(flatten)]
    pub reading: ReadOptions,
}

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
        models.push(Model::open(Origin::BuiltIn, SHIPPED_NAME)?);
    }
    models.iter_mut().for_each(|model| model.parts = args.parts);
    let read = |path| TestSeries::read(path, &args.reading, args.test.part(), args.test.stride);
    let series: Vec<TestSeries> = args.data.iter().map(|path| read(path)).collect::<Result<_>>()?;
    // Before the work of minutes: is there where to write?
    if let Some(folder) = &args.out {
        let made = std::fs::create_dir_all(folder);
        made.with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let contest = Contest {
        models,
        others: others(args)?,
        experts: args.parts,
        baselines: args.baselines.0.clone(),
        columns: Columns::BOTH,
        warm_days: None,
    };
    let kept = args.out.as_ref().map(|folder| folder.join("kept"));
    if let Some(folder) = &kept {
        std::fs::create_dir_all(folder).map_err(FileError::of("create", folder))?;
    }
    let progress = SharedProgress::begin("evaluation", contest.work(&series));
    let tick = |more| progress.add(more);
    let around = Around { tick: &tick, stop: &stop::requested, kept: kept.as_deref() };
    let all = contest.run(series, around)?;
    progress.end(&format!("files: {}", all.len()));
    let mut text: Vec<String> = all.iter().map(comparison::table).collect();
    text.extend(Some(comparison::over_all(&all)).filter(|mean| !mean.is_empty()));
    print!("{}", text.join("\n"));
    let Some(folder) = &args.out else { return Ok(()) };
    let (scores, report) = (folder.join("scores.csv"), folder.join("report.html"));
    write_atomic(&scores, &comparison::csv(&all)?)?;
    let names: Vec<&str> = contest.models.iter().map(|model| model.name.as_str()).collect();
    let how =
        format!("models: {}; {} intervals between origins", names.join(", "), args.test.stride);
    write_atomic(&report, evaluation::page(&all, &how).as_bytes())?;
    eprintln!("wrote {} and {}", scores.display(), report.display());
    Ok(())
}

fn others(args: &EvaluateArgs) -> Result<Vec<Foreign>> {
    let told = Told {
        input: args.onnx_input.clone(),
        context: args.onnx_context,
        quantiles: args.onnx_quantiles.clone(),
    };
    args.onnx.iter().map(|path| Foreign::open(path, &told)).collect()
}

/// A model by its folder, which names it as well: cards of different runs say the same.
fn load(folder: &Path) -> Result<Model> {
    // Collected anew, `models/a/` and `models/a` are the same.
    let name = folder.components().collect::<PathBuf>().display().to_string();
    Model::open(folder, &name)
}
