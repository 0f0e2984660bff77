//! `trainer columns`: whether further columns of a file know anything that the forecaster does not.

use super::test_args::TestArgs;
use crate::data::file;
use crate::evaluate::contest::{Around, Model};
use crate::evaluate::covariates::{Play, covariates, judge};
use crate::evaluate::test_series::TestSeries;
use crate::report::columns;
use crate::runtime::progress::SharedProgress;
use crate::runtime::stop;
use anyhow::{Result, ensure};
use clap::Args;
use scaleiq_core::model::SHIPPED_NAME;
use scaleiq_workload::ReadOptions;
use scaleiq_workload::csv::Extras;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  trainer columns --data own.csv             all columns of numbers, as what was measured
  trainer columns --data own.csv --past cpu --past errors
  trainer columns --data own.csv --known promo_mail    this one is known a forecast in advance
  trainer columns --data own.parquet --json

The forecaster is played over the file as it runs live. Before the test part a regression learns
how wrong it was, from its arrivals alone and from a column beside them. What the column takes off
the error of the test part is what it knows that the forecaster does not.";

/// Options of `trainer columns`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ColumnsArgs {
    /// CSV with the traffic and its further columns
    #[arg(long, value_name = "FILE")]
    pub data: PathBuf,
    /// A column that is known once it was measured, such as errors or memory; may be repeated [default: all
    /// columns of numbers but those that the forecaster knows]
    #[arg(long, value_name = "NAME")]
    pub past: Vec<String>,
    /// A column that is known as far in advance as a forecast reaches, 24 intervals; empty fields are 0; may
    /// be repeated
    #[arg(long, value_name = "NAME")]
    pub known: Vec<String>,
    /// Folder of the model [default: models/edge]
    #[arg(long, value_name = "DIR")]
    pub model: Option<PathBuf>,
    /// What judges.
    #[command(flatten)]
    pub test: TestArgs,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// How data files are read.
    #[command(flatten)]
    pub reading: ReadOptions,
}

/// Judges the columns on the test part of the file and prints what was found.
///
/// # Errors
/// If the data or the model cannot be read, a column that was asked for cannot be judged, or there are too few
/// rows.
pub fn run(args: &ColumnsArgs) -> Result<()> {
    let both = args.past.iter().find(|name| args.known.contains(name));
    ensure!(both.is_none(), "`{}` is either --past or --known", both.map_or("", String::as_str));
    let extras = Extras {
        named: [args.past.as_slice(), args.known.as_slice()].concat(),
        others: args.past.is_empty(),
    };
    let read = file::read(&args.data, &ReadOptions { extras, ..args.reading.clone() })?;
    read.notes.iter().for_each(|note| eprintln!("note: {note}"));
    let series = TestSeries::new(
        &args.data.display().to_string(),
        &read,
        args.test.part(),
        args.test.stride,
    )?;
    let (covariates, notes) = covariates(&series, &args.known)?;
    notes.iter().for_each(|note| eprintln!("note: {note}"));
    let model = Model::open(args.model.as_deref(), SHIPPED_NAME)?;
    if model.trained_on.contains(&series.source) {
        eprintln!(
            "note: the model was trained on this file before its test part: it errs less there"
        );
    }
    let play = Play::new(&series, model)?;
    let progress = SharedProgress::begin("columns", play.work());
    let tick = |more| progress.add(more);
    let made = play.run(Around { tick: &tick, stop: &stop::requested, kept: None })?;
    let found = judge(&series, &made, &covariates, &stop::requested)?;
    progress.end(&format!("columns: {}", covariates.len()));
    match args.json {
        true => println!("{}", serde_json::to_string_pretty(&found)?),
        false => print!("{}", columns::text(&found)),
    }
    Ok(())
}
