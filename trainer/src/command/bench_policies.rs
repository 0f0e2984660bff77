//! `trainer bench-policies`: ours beside what people use to scale today.

use crate::bench::contender::Contender;
use crate::bench::crew;
use crate::bench::grid::{Grid, Traffic};
use crate::bench::summary::Summary;
use crate::bench::{page, soak, table};
use crate::cli::BenchPoliciesArgs;
use crate::run::write_atomic;
use anyhow::{Context as _, Result};
use scaleiq_core::model::{Bundle, SHIPPED_NAME};
use scaleiq_core::units::JobLimits;
use std::path::Path;

/// Plays the grid, prints the summary and writes what was asked for. Ctrl-C ends it with what is done.
///
/// # Errors
/// If the data or the model cannot be read, or the output cannot be written.
pub fn run(args: &BenchPoliciesArgs) -> Result<()> {
    let bundle = match &args.model {
        Some(folder) => Bundle::load_native(folder)?,
        None => Bundle::shipped_native()?,
    };
    let grid = grid(args)?;
    // Before the work of minutes: is there where to write?
    for folder in [&args.cache, &args.out].into_iter().flatten() {
        let made = std::fs::create_dir_all(folder);
        made.with_context(|| format!("cannot create {}", folder.display()))?;
    }
    if let Some(faults) = &args.faults {
        let summaries = soak::play(&grid, &bundle, faults)?;
        print!("{}", soak::table(&summaries));
        if let Some(folder) = &args.out {
            write(folder, "faults.csv", &soak::csv(&summaries)?)?;
            eprintln!("wrote faults.csv to {}", folder.display());
        }
        return Ok(());
    }
    let cases = crew::play(&grid, &bundle, args.cache.clone())?;
    let summary = Summary::of(&cases);
    print!("{}", table::table(&summary, &cases));
    if let Some(folder) = &args.out {
        write(folder, "runs.csv", &table::runs_csv(&cases)?)?;
        write(folder, "summary.csv", &table::summary_csv(&summary)?)?;
        write(folder, "report.html", page::page(&summary, &cases, &how(args, &grid))?.as_bytes())?;
        eprintln!("wrote runs.csv, summary.csv and report.html to {}", folder.display());
    }
    Ok(())
}

fn grid(args: &BenchPoliciesArgs) -> Result<Grid> {
    let mut traffic: Vec<Traffic> = args
        .data
        .iter()
        .map(|path| Traffic::read(path, &args.reading, args.days))
        .collect::<Result<_>>()?;
    if traffic.is_empty() {
        traffic.push(Traffic::sample(args.days)?);
    }
    let contenders =
        if args.policies.is_empty() { Contender::all().collect() } else { args.policies.clone() };
    Ok(Grid {
        traffic,
        peaks: args.peak_jobs.clone(),
        worlds: args.world.clone(),
        seeds: args.seeds.clone().collect(),
        contenders,
        warm_days: args.warm_days,
        limits: JobLimits::new(args.min_jobs, args.max_jobs)
            .context("--min-jobs and --max-jobs")?,
    })
}

/// How was played, on one line.
fn how(args: &BenchPoliciesArgs, grid: &Grid) -> String {
    let (min, max) = (grid.limits.min(), grid.limits.max());
    let model =
        args.model.as_ref().map_or(SHIPPED_NAME.into(), |folder| folder.display().to_string());
    format!(
        "model {model}; the last {} days of each file, the first {} not scored; {min} to {max} jobs",
        args.days, args.warm_days
    )
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    Ok(write_atomic(&folder.join(name), bytes)?)
}
