//! What arrives is either finished or waits: arrivals = processed + change of the backlog.
//!
//! Three readings and one equation: a single one that is wrong can be found, and the other two say
//! what it should have been. Sources are read at different moments, so the equation holds only
//! roughly; how roughly is learned, and only what is far off contradicts.

use super::doubt::{Doubt, Doubts};
use crate::learned::learned;
use crate::sample::{Reading, Sample};
use crate::units::UnixSeconds;

/// Samples that are believed at first, to learn how well the equation holds.
const LEARNED_SAMPLES: f32 = 8.0;
/// Samples over which the usual residual is averaged.
const MEMORY_SAMPLES: f32 = 100.0;
/// A residual contradicts from this many usual ones on,
const USUAL_RESIDUALS: f32 = 4.0;
/// ... this share of the events that usually come or go in a sample,
const SHARE: f32 = 0.5;
/// ... and this many events.
const MIN_EVENTS: f32 = 20.0;
/// A backlog that goes on contradicting for this many samples has really jumped.
const JUMPED_SAMPLES: u32 = 3;
/// Seconds for which a backlog that is not read is carried on by the equation alone. After them its errors
/// have added up, and are forgotten in as many by a factor of e.
const CARRIED_S: f32 = 900.0;
/// A pool that does less than this share of what it could has time to spare: nothing waited before it.
const SPARE: f32 = 0.8;

/// Holds readings against each other.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Conservation {
    /// End and believed backlog of the last sample.
    before: Option<(UnixSeconds, f32)>,
    /// When the backlog was read last; never at first.
    read: UnixSeconds,
    /// Usual residual in events, and usual arrivals and finished events of a sample.
    residual: f32,
    arrivals: f32,
    processed: f32,
    seen: f32,
    /// Samples in a row whose backlog was not believed.
    jumped: u32,
}
learned!(Conservation { before, read, residual, arrivals, processed, seen, jumped });

/// The three readings, and the believed backlog before.
#[derive(Clone, Copy)]
struct Books {
    before: f32,
    arrivals: f32,
    processed: f32,
    backlog: f32,
}

impl Books {
    fn residual(self) -> f32 {
        self.backlog - self.before - self.arrivals + self.processed
    }
}

impl Conservation {
    /// Replaces what contradicts or is missing by what follows from the other two readings. Says
    /// whether arrivals could be held against them. `work_s` is the work of an event on one job in seconds.
    pub(super) fn mend(
        &mut self,
        sample: &mut Sample,
        work_s: Option<f32>,
        doubts: &mut Doubts,
    ) -> bool {
        let backlog = sample.backlog_events.known();
        let mut checked = false;
        if backlog.is_none()
            && let (Some(arrivals), Some(processed)) =
                (sample.arrivals_events.known(), sample.processed_events.known())
        {
            let mut before = self.backlog_before(sample).unwrap_or(0.0);
            if sample.end.since(self.read) as f32 > CARRIED_S {
                doubts.insert(Doubt::Queue);
                before *= kept(sample, processed, work_s);
            }
            sample.backlog_events = at_least_0(before + arrivals - processed);
        } else if let Some(before) = self.backlog_before(sample) {
            let known = (
                sample.arrivals_events.known(),
                sample.processed_events.known(),
                sample.backlog_events.known(),
            );
            match known {
                (Some(arrivals), Some(processed), Some(backlog)) => {
                    self.check(Books { before, arrivals, processed, backlog }, sample, doubts);
                    checked = true;
                }
                (None, Some(processed), Some(backlog)) => {
                    sample.arrivals_events = at_least_0(processed + backlog - before);
                    checked = true;
                }
                (Some(arrivals), None, Some(backlog)) => {
                    sample.processed_events = at_least_0(arrivals + before - backlog);
                }
                _ => {}
            }
        }
        if backlog.is_some() {
            self.read = sample.end;
        }
        self.before = sample.backlog_events.known().map(|backlog| (sample.end, backlog));
        checked
    }

    /// The backlog that was read last may be an old one: the next is held against nothing.
    pub(super) fn doubt_backlog(&mut self) {
        self.before = self.before.filter(|(end, _)| *end != self.read);
    }

    /// The backlog at the start of `sample`, if it follows the last one without a hole.
    fn backlog_before(&self, sample: &Sample) -> Option<f32> {
        let (at, backlog) = self.before?;
        let span_s = i64::from(sample.interval_s);
        let apart_s = sample.end.since(at);
        (2 * apart_s <= 3 * span_s && 2 * apart_s >= span_s).then_some(backlog)
    }

    fn check(&mut self, books: Books, sample: &mut Sample, doubts: &mut Doubts) {
        let residual = books.residual();
        let usual = (USUAL_RESIDUALS * self.residual)
            .max(SHARE * self.arrivals.max(self.processed))
            .max(MIN_EVENTS);
        if self.seen < LEARNED_SAMPLES || residual.abs() <= usual {
            self.jumped = 0;
            self.learn(books, residual.abs());
            return;
        }
        match self.suspect(books) {
            Doubt::Backlog if self.jumped + 1 >= JUMPED_SAMPLES => self.jumped = 0,
            Doubt::Backlog => {
                self.jumped += 1;
                doubts.insert(Doubt::Backlog);
                sample.backlog_events = at_least_0(books.before + books.arrivals - books.processed);
            }
            Doubt::Processed => {
                doubts.insert(Doubt::Processed);
                sample.processed_events = at_least_0(books.arrivals + books.before - books.backlog);
            }
            _ => {
                doubts.insert(Doubt::Arrivals);
                sample.arrivals_events = at_least_0(books.processed + books.backlog - books.before);
            }
        }
    }

    /// The reading that is least like it usually is.
    fn suspect(&self, books: Books) -> Doubt {
        let room = 0.25 * self.arrivals.max(self.processed) + 5.0;
        let unlike = |value: f32, usual: f32| libm::logf((value + room) / (usual + room)).abs();
        [
            (Doubt::Arrivals, unlike(books.arrivals, self.arrivals)),
            (Doubt::Processed, unlike(books.processed, self.processed)),
            (Doubt::Backlog, unlike(books.backlog, books.before)),
        ]
        .into_iter()
        .reduce(|a, b| if b.1 > a.1 { b } else { a })
        .map_or(Doubt::Arrivals, |(doubt, _)| doubt)
    }

    fn learn(&mut self, books: Books, residual: f32) {
        self.seen += 1.0;
        let weight = (1.0 / MEMORY_SAMPLES).max(1.0 / self.seen);
        self.residual += weight * (residual - self.residual);
        // What is usual follows a ramp within minutes.
        let weight = (10.0 / MEMORY_SAMPLES).max(1.0 / self.seen);
        self.arrivals += weight * (books.arrivals - self.arrivals);
        self.processed += weight * (books.processed - self.processed);
    }
}

/// The share of a backlog of which nobody has told for long that may still be there behind `sample`.
fn kept(sample: &Sample, processed: f32, work_s: Option<f32>) -> f32 {
    let span_s = sample.interval_s as f32;
    let has_time = work_s
        .zip(sample.jobs_ready)
        .is_some_and(|(work_s, jobs)| processed * work_s < SPARE * jobs.as_f32() * span_s);
    if has_time { 0.0 } else { libm::expf(-span_s / CARRIED_S) }
}

fn at_least_0(events: f32) -> Reading {
    Reading::Known(events.max(0.0))
}
