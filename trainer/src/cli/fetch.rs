//! `trainer fetch`: what a Prometheus server knows, as a file to train on.

use super::values::parse_time;
use crate::data::fetch::{Fetched, Queries};
use crate::data::prometheus::Prometheus;
use anyhow::{Context as _, Result, ensure};
use clap::Args;
use scaleiq_core::interval::IntervalLength;
use scaleiq_core::units::{DAY_S, UnixSeconds};
use std::path::PathBuf;

/// Days that are asked for unless it is said: four weeks of seasons and as many to learn from.
const DAYS: i64 = 56;

const EXAMPLES: &str = "\
Examples:
  trainer fetch --prometheus http://localhost:9090 --query 'sum(rate(http_requests_total[2m]))' --out own.csv
  trainer fetch --prometheus https://thanos.example --token-env THANOS_TOKEN --query 'sum(rate(jobs_total[5m]))' \\
    --start 2025-03-01T00:00:00Z --step 300 --out jobs.csv
The same command again adds what came since.";

/// Options of `trainer fetch`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct FetchArgs {
    /// A Prometheus server, or what speaks its API
    #[arg(long, value_name = "URL", value_parser = address)]
    pub prometheus: String,
    /// Events a second that arrived, in PromQL: one series, such as `sum(rate(NAME[2m]))`
    #[arg(long, value_name = "PROMQL")]
    pub query: String,
    /// Mean work of an event in milliseconds, in PromQL
    #[arg(long, value_name = "PROMQL")]
    pub work_query: Option<String>,
    /// Events that waited, in PromQL
    #[arg(long, value_name = "PROMQL")]
    pub backlog_query: Option<String>,
    /// The first moment that is asked for [default: where the file ends, or else eight weeks before --end]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub start: Option<UnixSeconds>,
    /// The last one [default: now, by the server's clock]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub end: Option<UnixSeconds>,
    /// Seconds of an interval
    #[arg(long, value_name = "SECONDS", default_value = "120", value_parser = length)]
    pub step: IntervalLength,
    /// The variable of the environment that holds a bearer token for the server
    #[arg(long, value_name = "NAME")]
    pub token_env: Option<String>,
    /// CSV to write, or to go on with
    #[arg(long, value_name = "FILE", default_value = "fetched.csv")]
    pub out: PathBuf,
}

/// Fetches, and says what came.
///
/// # Errors
/// If the server does not answer, knows nothing, or the file cannot be written.
pub fn run(args: &FetchArgs) -> Result<()> {
    let server = Prometheus::new(&args.prometheus, token(args)?);
    let mut fetched = Fetched::open(&args.out, args.step)?;
    let (step_s, out) = (i64::from(args.step.seconds()), args.out.display());
    let end = args.end.map_or_else(|| server.clock(), Ok)?;
    let last = UnixSeconds(end.0.div_euclid(step_s) * step_s);
    let earliest = args.start.unwrap_or(last.plus(-DAYS * i64::from(DAY_S)));
    let begun = fetched.next();
    // Intervals start on whole multiples of their length, and are known once they end.
    let first = UnixSeconds((earliest.0.div_euclid(step_s) + 1) * step_s);
    let first = begun.unwrap_or(first);
    let queries = Queries {
        arrived: args.query.clone(),
        work_ms: args.work_query.clone(),
        waiting: args.backlog_query.clone(),
    };
    let tally = fetched.fetch(&server, &queries, [first, last])?;
    ensure!(
        begun.is_some() || tally.intervals > 0,
        "`{}` is not known at any moment from {} to {}: is the query right, and does the server keep so much?",
        args.query,
        shown(first)?,
        shown(last)?
    );
    let unknown = match tally.unknown {
        0 => String::new(),
        unknown => format!(", of {unknown} of which no arrivals are known"),
    };
    println!("{out}: {} intervals of {step_s} s were added{unknown}", tally.intervals);
    Ok(())
}

fn token(args: &FetchArgs) -> Result<Option<String>> {
    let Some(name) = &args.token_env else { return Ok(None) };
    let token = std::env::var(name);
    Ok(Some(token.with_context(|| format!("--token-env: there is no variable {name}"))?))
}

fn shown(time: UnixSeconds) -> Result<jiff::Timestamp> {
    Ok(jiff::Timestamp::from_second(time.0)?)
}

fn address(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let rest = rest.ok_or("it begins with neither http:// nor https://")?;
    match rest.split('/').next().is_some_and(|host| host.contains('@')) {
        // It would stand in messages, and in what `ps` shows.
        true => {
            Err("a password is not for addresses: --token-env names a variable with a token".into())
        }
        false => Ok(text.into()),
    }
}

fn length(text: &str) -> Result<IntervalLength, String> {
    let seconds = text.parse().map_err(|_| "should be a whole number of seconds")?;
    IntervalLength::new(seconds).map_err(|error| error.to_string())
}
