//! `agent pipe`: the decision as a filter, JSON lines in and out.

use crate::brain::Brain;
use crate::config::Config;
use crate::source::{Found, Lines, RefusedSample, parse};
use anyhow::Context;
use scaleiq_core::decision::{Constraint, Decision, Reason};
use scaleiq_core::policy::Stage;
use scaleiq_core::units::Jobs;
use serde::Serialize;
use std::io::{self, BufRead, ErrorKind, Write};
use std::path::PathBuf;

const EXAMPLES: &str = r#"Each input line gets exactly one output line, at once:

  {"time": 1751328030, "interval_s": 30, "logged_events": 812, "processed_events": 790,
   "unprocessed_events": 22, "queued_events": 9.5, "avg_processing_ms": 73.6,
   "jobs_ready": 6, "jobs_starting": 1}                                          (in one line)
  {"jobs":7,"stage":"dqn","reason":"steady","multiplier":1.1,"proposed":7,"constraints":[]}

time is in epoch seconds at the end of the interval and must ascend. Everything but time and
interval_s may be null or absent, which means "not measured", never 0. A line that cannot be used
gets {"error": ..., "line": n, "jobs": the last number decided, null before the first}, and the
stream goes on. `mode`, `source` and `actuator` of a configuration do not matter here.

Examples:
  agent pipe < samples.jsonl
  agent pipe --config scaleiq.yaml < samples.jsonl | jq .jobs
  scaling.py trace.csv --program 'agent pipe'"#;

/// Options of `agent pipe`.
#[derive(clap::Args, Debug, Default)]
#[command(after_help = EXAMPLES)]
pub struct PipeArgs {
    /// Configuration; without one: 1 to 200 jobs, SLA 60 s, start-up 60 s.
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Runs until stdin ends.
///
/// # Errors
/// If the configuration or the model cannot be used, or stdin or stdout fails.
pub fn run(args: &PipeArgs) -> anyhow::Result<()> {
    let config = Config::load_or_default(args.config.as_deref())?;
    let (brain, _) = config.open()?;
    match filter(brain, io::stdin().lock(), io::stdout().lock()) {
        // Whoever read our answers has gone: that is the end of the job and no failure.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => done.context("the pipe broke"),
    }
}

/// A decision as one line.
#[derive(Serialize)]
struct Answer {
    jobs: Jobs,
    stage: Stage,
    reason: Reason,
    multiplier: Option<f32>,
    proposed: Jobs,
    constraints: Vec<Constraint>,
}

/// A line that could not be used. Without a decision so far there is no safe number to give.
#[derive(Serialize)]
struct Fault<'a> {
    error: &'a str,
    line: u64,
    jobs: Option<Jobs>,
}

impl From<&Decision> for Answer {
    fn from(decision: &Decision) -> Self {
        Self {
            jobs: decision.jobs,
            stage: decision.stage,
            reason: decision.reason,
            multiplier: decision.multiplier,
            proposed: decision.proposed,
            constraints: decision.changes.iter().map(|change| change.by).collect(),
        }
    }
}

fn filter(
    mut brain: Box<dyn Brain>,
    input: impl BufRead,
    mut output: impl Write,
) -> io::Result<()> {
    let mut lines = Lines::new(input);
    let mut last = None;
    loop {
        // A last line without its end is a line too.
        let found = lines.read()?;
        if found == Found::End {
            return Ok(());
        }
        let answer = match lines.line() {
            Some(line) => decide(brain.as_mut(), line),
            None => Err(RefusedSample::too_long()),
        };
        match answer {
            Ok(decision) => {
                last = Some(decision.jobs);
                serde_json::to_writer(&mut output, &Answer::from(&decision))?;
            }
            Err(refused) => {
                let line = lines.number();
                let fault = Fault { error: &refused.message, line, jobs: last };
                serde_json::to_writer(&mut output, &fault)?;
            }
        }
        output.write_all(b"\n")?;
        output.flush()?;
        if found == Found::Rest {
            return Ok(());
        }
    }
}

fn decide(brain: &mut dyn Brain, line: &[u8]) -> Result<Decision, RefusedSample> {
    let sample = parse(line)?;
    brain.observe(&sample)?;
    Ok(brain.decide(sample.end))
}
