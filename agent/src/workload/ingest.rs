//! How the loop takes a body of samples: a few at a time, so that a long one keeps nobody waiting.

use super::unread::Unread;
use super::{Control, Event};
use crate::observe::{Assumption, Ingested, RefusedSample, Reported, SourceStatus};
use scaleiq_core::decision::Decision;
use scaleiq_core::invariant::{Promise, is_gated};
use scaleiq_core::sample::Sample;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Time between two looks at who else asks. A sample costs a millisecond or two, and more behind a hole.
const SLICE: Duration = Duration::from_millis(20);

impl Control {
    /// A body has come.
    pub(super) fn begin(&mut self, samples: Vec<Reported>, reply: oneshot::Sender<Ingested>) {
        let (ingested, observed) = (Ingested::default(), false);
        self.intake.compare_clocks(&samples, self.clock.now());
        let newest = samples.last().map_or(0, |told| told.number);
        let samples = samples.into_iter();
        self.unread.push_back(Unread { samples, ingested, observed, newest, reply });
    }

    /// Reads on in the body that came first, and decides behind its end.
    pub(super) fn read_on(&mut self) {
        let Some(mut body) = self.unread.pop_front() else { return };
        let begin = Instant::now();
        while let Some(told) = body.samples.next() {
            let number = told.number;
            match self.take(told, &mut body) {
                Ok(()) => body.ingested.accepted += 1,
                Err(refused) => {
                    self.audience.tell(Event::Refused(refused.refusal));
                    body.ingested.refuse(number, refused);
                }
            }
            if begin.elapsed() >= SLICE {
                break;
            }
        }
        let sources: Vec<_> = self.intake.status().collect();
        self.audience.tell(Event::Sources(&sources));
        if body.samples.len() > 0 {
            return self.unread.push_front(body);
        }
        let jobs = match body.observed {
            true => {
                let now = self.clock.now().ours;
                let decision = self.decide(now).decision;
                self.warn(now);
                if let Some(warning) = self.assumption.warning(&decision) {
                    self.audience.tell(Event::Warned(&warning));
                    body.ingested.warn(body.newest, warning);
                }
                Some(decision.jobs)
            }
            false => self.decisions.borrow().as_ref().map(|last| last.decision.jobs),
        };
        body.ingested.jobs = jobs;
        // Who sent it may have gone meanwhile.
        let _ = body.reply.send(body.ingested);
    }

    fn take(&mut self, mut told: Reported, body: &mut Unread) -> Result<(), RefusedSample> {
        let admitted = self.intake.admit(&told, self.clock.now());
        let mut warnings = std::mem::take(&mut told.warnings);
        let samples = admitted.map(|admitted| {
            warnings.extend(admitted.warnings);
            admitted.samples
        });
        for warning in warnings {
            self.audience.tell(Event::Warned(&warning));
            body.ingested.warn(told.number, warning);
        }
        let now = self.clock.now();
        for sample in samples? {
            self.observe(&self.pool.complete(sample, now))?;
            body.observed = true;
        }
        Ok(())
    }

    fn observe(&mut self, sample: &Sample) -> Result<(), RefusedSample> {
        let begin = Instant::now();
        let closed = self.decider.observe(sample)?;
        self.observed_in = Some(begin.elapsed());
        if closed {
            self.forecast_is_new = true;
            if let Some(forecast) = self.decider.forecast() {
                self.audience.tell(Event::Forecast(forecast));
            }
        }
        if !is_gated(sample) {
            self.broken(Promise::Gate, sample);
        }
        self.held = None;
        self.last_sample = Some(*sample);
        self.recorder.sample(sample);
        self.audience.tell(Event::Taken(sample));
        Ok(())
    }

    /// What an operator should know although decisions are made.
    pub(super) fn notes(&self, decision: &Decision) -> Vec<String> {
        let assumed = Assumption::note(decision);
        let sources = self.intake.status().filter_map(|source| note(&source));
        sources.chain(assumed).chain(self.limits.why.iter().cloned()).collect()
    }
}

fn note(source: &SourceStatus) -> Option<String> {
    let name = if source.name.is_empty() { "(none)" } else { &source.name };
    match (source.silent, source.shift_s) {
        (true, _) => Some(format!("source {name} is silent: its share counts as missing")),
        (false, 0) => None,
        (false, shift_s) => {
            let side = if shift_s < 0 { "ahead" } else { "behind" };
            let off_s = shift_s.saturating_abs();
            Some(format!("the clock of source {name} is {off_s} s {side}: it is corrected"))
        }
    }
}
