//! `agent pipe`: the decision as a filter, JSON lines in and out.

use crate::app::{Components, Config};
use crate::decide::{Decider, tell_if_idle};
use crate::observe::{
    Assumption, Body, Found, Intake, Lines, Manner, RefusedSample, Trust, Warning, parse,
};
use crate::platform::clock::Moment;
use anyhow::Context;
use scaleiq_core::decision::{Constraint, Decision, Reason};
use scaleiq_core::forecast::Basis;
use scaleiq_core::plausibility::Doubts;
use scaleiq_core::policy::{Preference, Stage};
use scaleiq_core::units::Jobs;
use serde::Serialize;
use std::io::{self, BufRead, ErrorKind, Write};
use std::path::PathBuf;

const EXAMPLES: &str = r#"Each input line gets exactly one output line, at once:

  {"time": 1751328030, "interval_s": 30, "logged_events": 812, "processed_events": 790,
   "unprocessed_events": 22, "queued_events": 9.5, "avg_processing_ms": 73.6,
   "jobs_ready": 6, "jobs_starting": 1}                                          (in one line)
  {"jobs":7,"stage":"plan","reason":"steady","multiplier":null,"proposed":7,"constraints":[],
   "forecast":{"source":"network","network_weight":[0.4,0.5,0.5],...}}               (in one line)

stage tells who proposed the number: the plan, the Q-network where it moved the plan ("network", with
its multiplier, and in "preference" the margin by which it preferred that), or a rule. "forecast" tells
whether the network was among the experts, and with what weight 6, 12 and 24 intervals ahead.


time is the end of the interval: epoch seconds (also in ms, or ISO 8601) that ascend. Everything but
time may be null or absent, which means "not measured", never 0. The columns of the CSV ("DateTime",
"avg_...") are read as well. Without jobs_ready the jobs decided last count as the pool; without interval_s
a sample lasts since the one before. A field that is no number, negative or unknown costs that field
alone; "warnings" in the answer tell of all that. A line that
cannot be used gets {"error": ..., "line": n, "jobs": the last number decided, null before the first},
and the stream goes on. A line may also hold an array of samples, or {"samples": [...]}.

Where several senders push for one workload, "source" tells them apart and they are summed. While the
others are waited for, the answer is {"waiting": ..., "jobs": the last number decided}.

There is no other clock here than the samples' own. A sample more than an hour after the one before is
kept until the next agrees; times in the past are taken as a clock that was set once three agree, and go
on from the last one. `mode`, `source` and `actuator` of a configuration do not matter here.

Examples:
  agent pipe < samples.jsonl
  agent pipe --config scaleiq.yaml < samples.jsonl | jq .jobs"#;

/// Options of `agent pipe`.
#[derive(clap::Args, Debug, Default)]
#[command(after_help = EXAMPLES)]
pub struct PipeArgs {
    /// Configuration; without one: 1 to 200 jobs, SLA 60 s, start-up 60 s.
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Which of its workloads, where it has several.
    #[arg(long, value_name = "NAME")]
    workload: Option<String>,
}

/// Runs until stdin ends.
///
/// # Errors
/// If the configuration or the model cannot be used, or stdin or stdout fails.
pub fn run(args: &PipeArgs, components: &Components) -> anyhow::Result<()> {
    let config = Config::load_or_default(args.config.as_deref(), components)?;
    let config = config.workload(args.workload.as_deref())?;
    let (decider, model) = config.open()?;
    tell_if_idle(decider.as_ref(), &model);
    match filter(
        decider,
        config.settings.interval.seconds(),
        io::stdin().lock(),
        io::stdout().lock(),
    ) {
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
    #[serde(skip_serializing_if = "Option::is_none")]
    preference: Option<Preference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    forecast: Option<Basis>,
    /// What was not taken as it was read.
    #[serde(skip_serializing_if = "Doubts::is_empty")]
    doubts: Doubts,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
    /// What was refused beside the samples that were taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<String>,
}

/// A line that was taken, and on which nothing can be decided before other senders have spoken.
#[derive(Serialize)]
struct Waiting {
    waiting: &'static str,
    jobs: Option<Jobs>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
}

/// A line that could not be used. Without a decision so far there is no safe number to give.
#[derive(Serialize)]
struct Fault<'a> {
    error: &'a str,
    line: u64,
    jobs: Option<Jobs>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
}

impl Answer {
    fn new(decision: &Decision, heard: Heard) -> Self {
        Self {
            jobs: decision.jobs,
            stage: decision.stage,
            reason: decision.reason,
            multiplier: decision.multiplier,
            proposed: decision.proposed,
            constraints: decision.changes.iter().map(|change| change.by).collect(),
            preference: decision.preference,
            forecast: decision.forecast,
            doubts: decision.doubts,
            warnings: heard.warnings,
            errors: heard.errors.into_iter().map(|error| error.to_string()).collect(),
        }
    }
}

/// What became of one line.
#[derive(Default)]
struct Heard {
    decision: Option<Decision>,
    /// Samples taken.
    taken: usize,
    warnings: Vec<Warning>,
    errors: Vec<RefusedSample>,
}

fn filter(
    mut decider: Box<dyn Decider>,
    interval_s: u32,
    input: impl BufRead,
    mut output: impl Write,
) -> io::Result<()> {
    let mut lines = Lines::new(input);
    let mut intake = Intake::new(Trust::Order, None);
    let mut assumption = Assumption::default();
    let mut last = None;
    loop {
        // A last line without its end is a line too.
        let found = lines.read()?;
        if found == Found::End {
            return Ok(());
        }
        let body = match lines.line() {
            Some(line) => parse(line, &Manner::live(None, interval_s)),
            None => Body { refused: vec![(1, RefusedSample::too_long())], ..Body::default() },
        };
        let mut heard = hear(decider.as_mut(), &mut intake, body);
        if let Some(decision) = heard.decision.take() {
            heard.warnings.extend(assumption.warning(&decision));
            last = Some(decision.jobs);
            serde_json::to_writer(&mut output, &Answer::new(&decision, heard))?;
        } else if heard.taken > 0 {
            let waiting = "for the other sources: the sum of all is decided on";
            let waiting = Waiting { waiting, jobs: last, warnings: heard.warnings };
            serde_json::to_writer(&mut output, &waiting)?;
        } else {
            let error = heard.errors.first().map_or_else(String::new, ToString::to_string);
            let (line, warnings) = (lines.number(), heard.warnings);
            let fault = Fault { error: &error, line, jobs: last, warnings };
            serde_json::to_writer(&mut output, &fault)?;
        }
        output.write_all(b"\n")?;
        output.flush()?;
        if found == Found::Rest {
            return Ok(());
        }
    }
}

/// Takes what is good in a line, and decides at the end of it.
fn hear(decider: &mut dyn Decider, intake: &mut Intake, body: Body) -> Heard {
    let errors = body.refused.into_iter().map(|(_, refused)| refused).collect();
    let mut heard = Heard { errors, ..Heard::default() };
    let mut end = None;
    for told in body.samples {
        heard.warnings.extend(told.warnings.iter().cloned());
        let admitted = match intake.admit(&told, Moment::default()) {
            Ok(admitted) => admitted,
            Err(refused) => {
                heard.errors.push(refused);
                continue;
            }
        };
        heard.taken += 1;
        heard.warnings.extend(admitted.warnings);
        for sample in admitted.samples {
            match decider.observe(&sample) {
                Ok(_) => end = Some(sample.end),
                Err(error) => heard.errors.push(error.into()),
            }
        }
    }
    heard.decision = end.map(|end| decider.decide(end));
    heard
}
