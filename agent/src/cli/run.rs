//! `agent run`: beside a worker, until it is told to stop.

use crate::app::{self, Components, Config};
use crate::platform::stop::Stop;
use anyhow::Context;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  agent run --config scaleiq.yaml
  agent run                                  defaults: samples by POST /ingest, shadow mode
  curl -d '{\"time\": 1751328030, \"interval_s\": 30, \"logged_events\": 812, \"processed_events\": 808,
            \"unprocessed_events\": 4, \"avg_processing_ms\": 73.5, \"jobs_ready\": 3}' \\
       http://127.0.0.1:9184/ingest
                                             also arrays, {\"samples\": [...]}, JSON lines and gzip;
                                             the answer tells what was not taken. Several senders:
                                             \"source\": \"pod-1\" in each sample, or ?source=pod-1
                                             The columns of the CSV (\"DateTime\", \"avg_...\") do, too:
                                             without jobs_ready the jobs decided last count
  curl http://127.0.0.1:9184/predict           quantiles of the next 24 intervals
  curl --data-binary @rows.csv http://127.0.0.1:9184/predict
                                             the same from these rows alone: CSV, JSON or JSON lines
  curl http://127.0.0.1:9184/decide            how many jobs, and why (POST does, too)
  curl http://127.0.0.1:9184/status            SLA, waits, cost and savings; how forecasts did
  curl http://127.0.0.1:9184/metrics           Prometheus' text or OpenMetrics; /healthz and /readyz for probes
The dashboard is at http://127.0.0.1:9184/. Off loopback all but the probes need the token: -H
'Authorization: Bearer TOKEN', or in a browser as the password of any user.

An exec hook finds SCALEIQ_JOBS, SCALEIQ_CURRENT_JOBS and SCALEIQ_REASON in its environment, SCALEIQ_ID, which
grows with each order, and SCALEIQ_TERM, which grows with each start of the agent: an order with a lower
id than one before is an older one. All processes of a hook's group end with it.
SIGTERM or Ctrl-C ends the agent within 5 s, whatever hooks, stdout or clients do (with a pool of
processes, once its workers are drained); SIGHUP ends and
reloads nothing. A model that cannot be
used is done without.";

/// Options of `agent run`.
#[derive(clap::Args, Debug, Default)]
#[command(after_help = EXAMPLES)]
pub struct RunArgs {
    /// Configuration; without one: 1 to 200 jobs, SLA 60 s, start-up 60 s, samples by POST.
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Runs until told to stop.
///
/// # Errors
/// If the configuration, the model or the address cannot be used, or a part ends on its own.
pub fn run(args: &RunArgs, components: &Components) -> anyhow::Result<()> {
    // From here on a signal ends it, also while it starts.
    let stop = Stop::on_signal().context("cannot wait for signals")?;
    app::run(Config::load_or_default(args.config.as_deref(), components)?, &stop)
}
