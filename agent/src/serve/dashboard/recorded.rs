//! What a page shows from the start: the journal's four weeks, and where runs of the agent began.

use super::course::Course;
use super::marks::{Mark, MarkKind};
use super::point::Point;
use crate::journal::{Carried, RunContext, Seen, see};
use scaleiq_core::decision::Decision;
use scaleiq_core::sample::Sample;
use scaleiq_core::units::UnixSeconds;
use std::path::Path;

/// What is known before the first sample.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    pub(super) course: Course,
    pub(super) marks: Vec<Mark>,
    pub(super) carried: Option<Carried>,
    run: Option<RunContext>,
    /// Marks whose moment is that of the next sample.
    pending: Vec<(MarkKind, String)>,
    sample: Option<Sample>,
    /// The number of jobs in force.
    wanted: Option<u32>,
}

impl Recorded {
    /// Reads the journal in `folder`.
    pub(super) fn read(folder: &Path) -> Self {
        let mut recorded = Self::default();
        see(folder, |seen| recorded.take(&seen));
        recorded
    }

    fn take(&mut self, seen: &Seen<'_>) {
        match seen {
            Seen::Run(context) => self.began(context),
            Seen::Sample(sample) => {
                for (kind, text) in self.pending.drain(..) {
                    self.marks.push(Mark { at: sample.end, kind, text, who: String::new() });
                }
                self.pass();
                self.sample = Some(**sample);
            }
            Seen::Decision(decision) => self.decided(decision),
            Seen::Limits(at, limits, why) => {
                let why = if why.is_empty() { "as configured".into() } else { why.join("; ") };
                let text = format!("{} to {} jobs: {why}", limits.min(), limits.max());
                self.marks.push(Mark { at: *at, kind: MarkKind::Limits, text, who: String::new() });
            }
            Seen::Carried(carried) => self.carried = Some((*carried).clone()),
        }
    }

    fn began(&mut self, context: &RunContext) {
        let Some(last) = self.run.replace(context.clone()) else { return };
        if last == *context {
            return;
        }
        let (old, new) = (&last.model, &context.model);
        if old.sha256 != new.sha256 {
            self.pending
                .push((MarkKind::Model, format!("model {} instead of {}", new.name, old.name)));
        }
        if !last.decides_as(&RunContext { model: old.clone(), ..context.clone() }) {
            self.pending.push((MarkKind::Config, "another configuration".into()));
        }
        if last.version != context.version {
            let text = format!("agent {} instead of {}", context.version, last.version);
            self.pending.push((MarkKind::Deploy, text));
        }
    }

    fn decided(&mut self, decision: &Decision) {
        self.wanted = Some(decision.jobs.0);
        self.pass();
    }

    /// The last sample was decided on, or another one followed.
    fn pass(&mut self) {
        if let Some(sample) = self.sample.take() {
            self.course.push(Point::of_sample(&sample, self.wanted));
        }
    }

    /// A mark for the run that begins now, if it differs from the last one.
    pub(super) fn begin(&mut self, now: UnixSeconds) {
        if self.run.is_some() {
            let (kind, text) = (MarkKind::Start, "the agent was started".into());
            self.marks.push(Mark { at: now, kind, text, who: String::new() });
        }
    }
}
