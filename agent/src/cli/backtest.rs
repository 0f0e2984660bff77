//! `agent backtest`: what ScaleIQ would have done on the user's own history.

use crate::cli::history::HistoryArgs;
use crate::cli::span::parse_span;
use crate::decide::{self, Engine, ModelChoice};
use crate::lab::backtest::faults;
use crate::lab::backtest::history::{History, Spec};
use crate::lab::backtest::html::{self, Heading};
use crate::lab::backtest::play::{FORESIGHT, Outcome, POLICIES, Plan};
use crate::lab::backtest::recorded::AsRecorded;
use crate::lab::backtest::seeds::spreads;
use crate::lab::backtest::seen::seen;
use crate::lab::replay::{settings, static_jobs};
use crate::lab::report::{decided, faults as faults_table, table};
use crate::lab::verdict::judge;
use crate::text::{grouped, say, sla, utc};
use anyhow::{Context, ensure};
use clap::builder::PossibleValuesParser;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use scaleiq_core::forecast::OWN_SEASONS;
use scaleiq_core::interval::IntervalLength;
use scaleiq_core::units::{DAY_S, JobLimits};
use scaleiq_workload::sim::faults::FaultPlan;
use scaleiq_workload::sim::{Load, World};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Ticks between two moves of the progress bar.
const SHOW_EVERY: u64 = 512;
/// Room above the static pool, where the user names no limit.
const DEFAULT_ROOM: u32 = 2;
const MIN_MAX_JOBS: u32 = 10;

/// Options of `agent backtest`.
#[derive(clap::Args, Clone, Debug)]
pub struct BacktestArgs {
    #[command(flatten)]
    history: HistoryArgs,
    /// What the workers are like: up within a minute, with pauses at each change, or slow to start.
    #[arg(long, default_value = "queue", value_parser = PossibleValuesParser::new(World::NAMES))]
    world: String,
    /// Longest wait of an event that is in time, in seconds [default: 60].
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    sla_s: Option<u32>,
    /// Median time until a job works, in seconds [default: 60, in the world `slow` 240].
    #[arg(long, value_name = "SECONDS", value_parser = positive)]
    start_up_s: Option<f32>,
    /// Fewest jobs.
    #[arg(long, value_name = "JOBS", default_value_t = 1)]
    min_jobs: u32,
    /// Most jobs [default: twice the static pool].
    #[arg(long, value_name = "JOBS")]
    max_jobs: Option<u32>,
    /// Scale the history so that its peak keeps this many jobs busy, or `as-is`.
    #[arg(long, value_name = "JOBS", default_value = "as-is", value_parser = peak_jobs)]
    peak_jobs: Peak,
    /// Work of one event on one job in milliseconds, instead of the recorded one [default: 73.6
    /// where none is recorded].
    #[arg(long, value_name = "MS", value_parser = positive)]
    work_ms: Option<f32>,
    /// Days at the start from which is learned and which are not judged.
    #[arg(long, value_name = "DAYS", default_value_t = 7.0, value_parser = days)]
    warm_days: f64,
    /// Judge only this many last days [default: all].
    #[arg(long, value_name = "DAYS", value_parser = days)]
    days: Option<f64>,
    /// A season of this traffic beside day and week, such as 8h; may be given twice.
    #[arg(long, value_name = "TIME", value_parser = parse_span)]
    season: Vec<Duration>,
    /// Seed of what happens by chance: bursts, start-up times, crashes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Play so many seeds, and tell between which figures each policy is.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=20))]
    seeds: u64,
    /// Play each rule with all of its knobs as well, and tell the one that turned out best.
    #[arg(long)]
    tune: bool,
    /// What one job costs an hour, such as 0.04: costs are told in money, too.
    #[arg(long, value_name = "PRICE", value_parser = positive)]
    price_per_job_hour: Option<f32>,
    /// What that is counted in.
    #[arg(long, value_name = "WORD", default_value = "USD")]
    currency: String,
    /// Play ScaleIQ with faults as well, each by itself: `all`, or names with commas between, with
    /// `:TIMES` behind a name to have it so many times a day.
    #[arg(long, value_name = "FAULTS")]
    faults: Option<FaultPlan>,
    /// A model folder instead of the built-in model, or `none` for rules without networks.
    #[arg(long, value_name = "FOLDER", default_value = "shipped", hide_default_value = true)]
    model: String,
    /// What runs the networks.
    #[arg(long, value_enum, default_value_t)]
    engine: Engine,
    /// Write a page with charts: one file, nothing loaded from elsewhere.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the figures as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// How large the history is made.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Peak(Option<f32>);

fn peak_jobs(text: &str) -> Result<Peak, String> {
    match text {
        "as-is" => Ok(Peak(None)),
        number => positive(number).map(|jobs| Peak(Some(jobs))),
    }
}

fn positive(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(value) if value > 0.0 && value <= 1e6 => Ok(value),
        _ => Err("not a number above 0 and up to 1000000".into()),
    }
}

fn days(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..=3650.0).contains(&value) => Ok(value),
        _ => Err("not a number of days from 0 to 3650".into()),
    }
}

/// Runs the backtest.
///
/// # Errors
/// If the history or the model cannot be used, or a file cannot be written.
pub fn run(args: &BacktestArgs) -> anyhow::Result<()> {
    let series = args.history.series()?;
    let history = History::from(&series);
    let spec = Spec {
        peak_jobs: args.peak_jobs.0,
        work_ms: args.work_ms,
        warm_days: args.warm_days,
        days: args.days,
        seed: args.seed,
    };
    let mut planned = history.planned.clone();
    let again = (args.seeds > 1).then(|| history.clone());
    let (load, warm_s) = history.load(&spec)?;
    let world = world(args)?;
    let limits = limits(args, &load)?;
    let choice = ModelChoice::from(args.model.as_str());
    let settings = settings(world, limits, &choice);
    planned.seasons_s = seasons_s(&args.season, settings.interval)?;
    let engine = args.engine.running(&choice)?;
    let open = || decide::open(&choice, engine, settings, planned.clone());
    let (decider, model) = open()?;
    let plan = Plan { load, world, limits, seed: args.seed, warm_s, tune: args.tune };

    let fault_runs = args.faults.map_or(0, |faults| 1 + faults.kinds().count() as u64);
    let runs = args.seeds * POLICIES + plan.tuning_runs() + fault_runs;
    let bar = progress_bar(runs * plan.ticks());
    let mut ticks = 0;
    let mut progress = |playing: &str| {
        ticks += 1;
        if ticks % SHOW_EVERY == 0 {
            bar.set_message(playing.to_owned());
            bar.set_position(ticks);
        }
    };
    let mut outcome = plan.play(decider, &mut progress);
    // As it was is not comparable with a history that was made larger.
    if args.peak_jobs.0.is_none() {
        let begin = plan.load.start().plus(warm_s.into());
        outcome.recorded = AsRecorded::of(&series, begin, world.sla_s);
    }
    if let Some(history) = again {
        let mut rows = vec![outcome.rows.clone()];
        for seed in args.seed + 1..args.seed + args.seeds {
            let (load, warm_s) = history.clone().load(&Spec { seed, ..spec })?;
            let other = Plan { load, world, limits, seed, warm_s, tune: false };
            rows.push(other.play(open()?.0, &mut progress).rows);
        }
        outcome.seeds = spreads(&rows);
    }
    if let Some(faults) = &args.faults {
        let mut decider = || Ok(open()?.0);
        outcome.faults = faults::play(&plan, faults, &mut decider, &mut progress)?;
    }
    bar.finish_and_clear();

    outcome.verdict = judge(&outcome.rows, world.sla_s, |row| !row.policy.starts_with(FORESIGHT));
    let seen = seen(&choice.learned_from(), &series);
    let heading = heading(args, &plan, model.name, seen);
    print(&heading, &outcome);
    if let Some(path) = &args.json {
        write(path, &serde_json::to_string_pretty(&outcome)?)?;
    }
    if let Some(path) = &args.html {
        write(path, &html::page(&heading, &outcome)?)?;
        say(&format!("page: {}", path.display()));
    }
    Ok(())
}

fn seasons_s(given: &[Duration], interval: IntervalLength) -> anyhow::Result<Vec<u32>> {
    ensure!(given.len() <= OWN_SEASONS, "--season: {OWN_SEASONS} at most");
    let interval_s = interval.seconds();
    let sound = |season: &Duration| {
        let season_s = u32::try_from(season.as_secs())?;
        ensure!(
            season_s >= 2 * interval_s && season_s.is_multiple_of(interval_s),
            "--season {season_s}s: it is to be two intervals of {interval_s} s or more, in whole ones"
        );
        Ok(season_s)
    };
    given.iter().map(sound).collect()
}

fn world(args: &BacktestArgs) -> anyhow::Result<World> {
    let mut world = World::named(&args.world).context("no such world")?;
    world.sla_s = args.sla_s.unwrap_or(world.sla_s);
    world.start_median_s = args.start_up_s.unwrap_or(world.start_median_s);
    Ok(world)
}

fn limits(args: &BacktestArgs, load: &Load) -> anyhow::Result<JobLimits> {
    let room = static_jobs(load).0.saturating_mul(DEFAULT_ROOM);
    let max = args.max_jobs.unwrap_or(room.max(MIN_MAX_JOBS).max(args.min_jobs));
    let limits = JobLimits::new(args.min_jobs, max).context("--min-jobs and --max-jobs")?;
    ensure!(max <= 1_000_000, "{max} jobs: is the work per event (--work-ms) right?");
    Ok(limits)
}

fn heading(args: &BacktestArgs, plan: &Plan, model: String, seen: Option<String>) -> Heading {
    let warm_days = f64::from(plan.warm_s) / f64::from(DAY_S);
    Heading {
        data: args.history.name(),
        model,
        seen,
        days: plan.load.duration_s() as f64 / f64::from(DAY_S) - warm_days,
        warm_days,
        sla_s: plan.world.sla_s,
        start_up_s: plan.world.start_median_s,
        limits: (plan.limits.min().0, plan.limits.max().0),
        static_jobs: static_jobs(&plan.load).0,
        price: args.price_per_job_hour.map(|price| (price, args.currency.clone())),
    }
}

fn print(heading: &Heading, outcome: &Outcome) {
    let Heading { data, model, days, warm_days, sla_s, start_up_s, limits: (min, max), .. } =
        heading;
    say(&format!(
        "{data}: {days:.1} days judged after {warm_days:.1} days of learning; model {model}; \
         SLA {sla_s} s, start-up {start_up_s} s, {min} to {max} jobs\n"
    ));
    say(&table(&outcome.rows));
    if let Some(verdict) = &outcome.verdict {
        say(&verdict.words);
    }
    print_more(heading, outcome);
    let forecast = outcome.forecast;
    if forecast.intervals > 0 {
        say(&format!(
            "Forecasts 12 minutes ahead: error of the median {:.1} %, {:.0} % of intervals within \
             the 10-90 % band.",
            100.0 * forecast.wape,
            100.0 * forecast.coverage
        ));
    }
    say(&decided(&outcome.decisions));
    if !outcome.faults.is_empty() {
        say(&format!(
            "\nScaleIQ with faults, against the run without:\n\n{}",
            faults_table(&outcome.faults)
        ));
    }
}

/// What else there is to tell, where there is.
fn print_more(heading: &Heading, outcome: &Outcome) {
    if let (Some(hours), Some(row)) =
        (outcome.tracks.first().map(|t| &t.hours), outcome.rows.first())
    {
        let late = grouped(hours.late_events());
        say(&match hours.worst() {
            Some((begin, most)) => format!(
                "Late: {late} of {} events; {} of them in the worst hour, from {} UTC.",
                grouped(row.score.events),
                grouped(most),
                utc(begin.0)
            ),
            None => format!("Late: none of {} events.", grouped(row.score.events)),
        });
    }
    if let Some(recorded) = &outcome.recorded {
        say(&format!(
            "As recorded: {} in time, {} events late, largest backlog {}; what that cost is not in the file.",
            sla(recorded.sla),
            grouped(recorded.late_events),
            grouped(recorded.max_backlog_events)
        ));
    }
    if let (Some((_, currency)), Some(row)) = (&heading.price, outcome.rows.first()) {
        let month = |hours| heading.per_month(hours).map_or("-".into(), grouped);
        let others = outcome.rows.iter().skip(1);
        let others = others.map(|o| format!("{} {}", o.policy, month(o.score.job_hours)));
        say(&format!(
            "A month costs {} {currency} with ScaleIQ; {}.",
            month(row.score.job_hours),
            others.collect::<Vec<_>>().join(", ")
        ));
    }
    for spread in &outcome.seeds {
        let ([low, high], [least, most]) = (spread.sla, spread.job_hours);
        say(&format!(
            "Over seeds, {}: {} to {} in time, {} to {} job-hours.",
            spread.policy,
            sla(low),
            sla(high),
            grouped(least),
            grouped(most)
        ));
    }
    for sentence in heading.hint().iter().chain(&heading.seen) {
        say(sentence);
    }
}

fn progress_bar(length: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{msg:16} [{bar:40}] {percent:>3} %  {eta}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        backtest: BacktestArgs,
    }

    fn parse(args: &[&str]) -> Result<BacktestArgs, clap::Error> {
        let all = ["backtest", "--data", "x.csv"].iter().chain(args);
        Cli::try_parse_from(all).map(|cli| cli.backtest)
    }

    #[test]
    fn peaks_and_worlds_are_understood() {
        let args = parse(&["--peak-jobs", "40", "--world", "slow", "--sla-s", "30"]).unwrap();
        assert_eq!(args.peak_jobs, Peak(Some(40.0)));
        let world = world(&args).unwrap();
        assert_eq!((world.sla_s, world.start_median_s), (30, 240.0));
        assert_eq!(parse(&[]).unwrap().peak_jobs, Peak(None));
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in [
            ["--peak-jobs", "-1"],
            ["--peak-jobs", "many"],
            ["--warm-days", "nan"],
            ["--sla-s", "0"],
            ["--work-ms", "0"],
        ] {
            assert!(parse(&bad).is_err(), "{bad:?}");
        }
    }
}
