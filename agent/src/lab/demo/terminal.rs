//! The demo in a terminal: one live line, or plain lines now and then where there is no terminal.

use super::processor::Processor;
use crate::lab::replay::Moment;
use crate::text::{grouped, say, sla, utc};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use scaleiq_core::forecast::HORIZONS;
use scaleiq_core::interval::IntervalLength;
use scaleiq_core::units::Jobs;
use std::io::{IsTerminal, stdout};
use std::time::{Duration, Instant};

/// Time between two updates of the live line.
const LIVE_EVERY: Duration = Duration::from_millis(250);
/// Time between two plain lines.
const PLAIN_EVERY: Duration = Duration::from_secs(5);

/// Minutes to the first horizon.
const SOON_MIN: u32 = HORIZONS[0] as u32 * IntervalLength::TWO_MINUTES.seconds() / 60;

/// Where the demo shows what it does.
pub struct Terminal {
    bar: ProgressBar,
    live: bool,
    last: Option<Instant>,
}

impl Terminal {
    /// A live line if stdout is a terminal. A `quiet` one shows nothing.
    #[must_use]
    pub fn new(warm_ticks: u64, quiet: bool) -> Self {
        let live = stdout().is_terminal() && !quiet;
        let bar = ProgressBar::with_draw_target(Some(warm_ticks), target(live));
        if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:30}] {percent:>3} %") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message("learning from history");
        if !live && !quiet {
            say("learning from history ...");
        }
        Self { bar, live, last: None }
    }

    /// Another tick of history was played.
    pub fn warm_tick(&self) {
        self.bar.inc(1);
    }

    /// History is over: from now on the line speaks of the present.
    pub fn begin(&mut self) {
        self.bar.finish_and_clear();
        let bar = ProgressBar::with_draw_target(None, target(self.live));
        if let Ok(style) = ProgressStyle::with_template("{wide_msg}") {
            bar.set_style(style);
        }
        self.bar = bar;
    }

    /// Whether it is time for the next line.
    #[must_use]
    pub fn is_due(&self) -> bool {
        let every = if self.live { LIVE_EVERY } else { PLAIN_EVERY };
        self.last.is_none_or(|last| last.elapsed() >= every)
    }

    /// Shows a line.
    pub fn show(&mut self, line: String) {
        self.last = Some(Instant::now());
        if self.live {
            self.bar.set_message(line);
            self.bar.tick();
        } else {
            say(&line);
        }
    }

    /// Takes the live line away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

fn target(live: bool) -> ProgressDrawTarget {
    if live { ProgressDrawTarget::stdout() } else { ProgressDrawTarget::hidden() }
}

/// The line for a moment.
#[must_use]
pub fn line(moment: &Moment, processor: &Processor) -> String {
    let Moment { sample, decision, .. } = moment;
    let count = |jobs: Option<Jobs>| jobs.map_or("?".into(), |j| j.to_string());
    let starting = match sample.jobs_starting {
        Some(jobs) if jobs > Jobs(0) => format!(", {jobs} starting"),
        _ => String::new(),
    };
    let arrivals = decision.outlook.map_or("arrivals unknown".into(), |outlook| {
        let [[_, q50, _], ..] = outlook.horizons;
        format!("{:.0}/s -> {q50:.0}/s in {SOON_MIN} min", outlook.now)
    });
    let backlog = sample.backlog_events.known().map_or("?".into(), |b| grouped(f64::from(b)));
    let figures = processor.figures();
    let in_time = figures.scaleiq.sla_ratio.map_or("?".into(), sla);
    let cost = figures.saving_ratio.map_or("?".into(), |saved| format!("{:+.0}", -100.0 * saved));
    // What matters most comes first: a narrow terminal cuts the line.
    format!(
        "{}  jobs {} ({} ready{starting})  {}  SLA {in_time}  cost {cost} % vs static {}  {arrivals}  backlog {backlog}",
        utc(sample.end.0),
        decision.jobs,
        count(sample.jobs_ready),
        decision.reason.sentence(),
        processor.fixed_jobs(),
    )
}
