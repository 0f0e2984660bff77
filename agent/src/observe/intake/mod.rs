//! The door to the loop: each sender's samples are placed on one clock, and those of several senders
//! are summed. What is decided here is decided before the journal: it records what the loop takes.

mod admitted;
mod arrivals;
mod cadence;
mod merge;
mod order;
mod sender;
mod share;

pub use admitted::Admitted;

use super::{Refusal, RefusedSample, Reported, Warning, WarningKind};
use crate::platform::clock::Moment;
use arrivals::Arrivals;
use cadence::Cadence;
use merge::Merge;
use order::{Order, Placed};
use scaleiq_core::sample::Sample;
use scaleiq_core::units::UnixSeconds;
use sender::{AHEAD_S, SenderClock};
use std::collections::{HashSet, VecDeque};

/// Most senders at a time; each is remembered with its last samples.
const MAX_SOURCES: usize = 256;
/// Samples of each sender that are known again when they are sent again.
const REMEMBERED: usize = 256;

/// Whose clock counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Ours: senders' clocks are corrected by it.
    #[default]
    Receiver,
    /// The sender's, as long as it is not ahead of ours: its samples come late and say so.
    Sender,
    /// The sender's, and there is no other: a history.
    Order,
}

/// How a sender fares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceStatus {
    /// Its name; empty without one.
    pub name: String,
    /// Seconds that are added to its times.
    pub shift_s: i64,
    /// Whether its share is missing.
    pub silent: bool,
}

/// Places samples on one clock, and sums those of several senders.
#[derive(Debug)]
pub struct Intake {
    trust: Trust,
    sources: Vec<Source>,
    merge: Merge,
    arrivals: Arrivals,
}

/// One sender.
#[derive(Debug)]
struct Source {
    name: Option<String>,
    clock: SenderClock,
    cadence: Cadence,
    order: Order,
    /// Its last samples, as they were placed.
    recent: VecDeque<Sample>,
}

impl Intake {
    /// Nobody has sent anything. Everything up to `last` has been taken.
    #[must_use]
    pub fn new(trust: Trust, last: Option<UnixSeconds>) -> Self {
        let (merge, arrivals) = (Merge::new(last), Arrivals::default());
        Self { trust, sources: Vec::new(), merge, arrivals }
    }

    /// Compares the senders' clocks with ours by the newest sample of each in a body.
    pub fn compare_clocks(&mut self, body: &[Reported], now: Moment) {
        if self.trust != Trust::Receiver {
            return;
        }
        let mut seen = HashSet::new();
        for told in body.iter().rev().filter(|told| seen.insert(told.source.as_deref())) {
            let Ok(source) = self.source(told) else { continue };
            let sample = &told.sample;
            let lag_s = now.wall.since(sample.end);
            if source.clock.compare(lag_s, sample.interval_s, now.wall.0)
                && let Some(warning) = source.clock.warning()
            {
                let name = source.name.as_deref().unwrap_or("(none)");
                tracing::warn!(source = name, "{}", warning.message);
            }
        }
    }

    /// Takes one sample.
    ///
    /// # Errors
    /// If it was taken before, is not after the last one, is from the future, or there are too many
    /// senders.
    pub fn admit(&mut self, told: &Reported, now: Moment) -> Result<Admitted, RefusedSample> {
        let (trust, newest) = (self.trust, self.merge.newest());
        let is_beside_others = self.merge.has_others(told.source.as_deref());
        let source = self.source(told)?;
        let mut admitted = Admitted::default();
        let sample = source.with_length(told, &mut admitted.warnings);
        let placed = match trust {
            Trust::Order => {
                if is_beside_others {
                    source.join(&sample, newest, &mut admitted.warnings);
                }
                source.in_order(&sample, &mut admitted.warnings)?
            }
            Trust::Receiver | Trust::Sender => vec![source.on_our_clock(&sample, now)?],
        };
        admitted.warnings.extend(source.clock.warning());
        for sample in placed {
            self.merge.push(told.source.as_deref(), &sample, &mut admitted)?;
            self.source(told)?.remember(sample);
        }
        for sample in &mut admitted.samples {
            admitted.warnings.extend(self.arrivals.complete(sample));
        }
        for name in self.merge.take_left() {
            self.sources.retain(|source| source.name != name);
        }
        Ok(admitted)
    }

    /// How each sender fares.
    pub fn status(&self) -> impl Iterator<Item = SourceStatus> {
        self.sources.iter().map(|source| SourceStatus {
            name: source.name.clone().unwrap_or_default(),
            shift_s: source.clock.shift_s() + source.order.shift_s(),
            silent: self.merge.is_silent(source.name.as_deref()),
        })
    }

    /// The sender of `told`, which is made known.
    fn source(&mut self, told: &Reported) -> Result<&mut Source, RefusedSample> {
        let known = self.sources.iter().position(|source| source.name == told.source);
        if known.is_none() {
            if self.sources.len() >= MAX_SOURCES {
                self.make_room()?;
            }
            self.sources.push(Source::new(told.source.clone()));
        }
        let index = known.unwrap_or(self.sources.len() - 1);
        self.sources.get_mut(index).ok_or_else(too_many)
    }

    /// Forgets a sender of which nothing was ever taken.
    fn make_room(&mut self) -> Result<(), RefusedSample> {
        let idle = self.sources.iter().position(|s| !self.merge.knows(s.name.as_deref()));
        self.sources.remove(idle.ok_or_else(too_many)?);
        Ok(())
    }
}

fn too_many() -> RefusedSample {
    let message = format!(
        "field `source`: {MAX_SOURCES} are known already, and each is kept until it falls silent; is \
         the name a new one each time?"
    );
    RefusedSample::new(Refusal::TooMany, message)
}

impl Source {
    fn new(name: Option<String>) -> Self {
        Self {
            name,
            clock: SenderClock::default(),
            cadence: Cadence::default(),
            order: Order::default(),
            recent: VecDeque::new(),
        }
    }

    /// The sample of `told`, with a length where it tells none.
    fn with_length(&mut self, told: &Reported, warnings: &mut Vec<Warning>) -> Sample {
        if !told.is_spanless {
            self.cadence.told(&told.sample);
            return told.sample;
        }
        let (interval_s, warning) = self.cadence.untold(&told.sample);
        warnings.extend(warning);
        Sample { interval_s, ..told.sample }
    }

    fn remember(&mut self, sample: Sample) {
        if self.recent.len() >= REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(sample);
    }

    /// `told` by our clock.
    fn on_our_clock(&self, told: &Sample, now: Moment) -> Result<Sample, RefusedSample> {
        let by_wall = told.end.plus(self.clock.shift_s());
        let ahead_s = by_wall.since(now.wall);
        if ahead_s > AHEAD_S {
            let message = format!(
                "field `time`: it is {ahead_s} s ahead of this machine's clock; are the clocks right, \
                 and is it in seconds?"
            );
            return Err(RefusedSample::new(Refusal::Future, message));
        }
        let sample = Sample { end: by_wall.plus(now.ours.since(now.wall)), ..*told };
        if self.recent.contains(&sample) { Err(again()) } else { Ok(sample) }
    }

    /// Its first sample has come, and those of others before.
    fn join(&mut self, first: &Sample, newest: UnixSeconds, warnings: &mut Vec<Warning>) {
        let by_s = self.order.join(first, newest);
        if by_s != 0 {
            let message = format!(
                "field `time`: the sender's clock differs from the others' by {} s: its times are \
                 corrected by that",
                by_s.saturating_abs()
            );
            warnings.push(Warning::of_field("time", WarningKind::Clock, message));
        }
    }

    /// `told`, and perhaps others that were kept before it, in their order.
    fn in_order(
        &mut self,
        told: &Sample,
        warnings: &mut Vec<Warning>,
    ) -> Result<Vec<Sample>, RefusedSample> {
        match self.order.place(told, |sample| self.recent.contains(sample)) {
            Placed::Follows(samples) => Ok(samples),
            Placed::Again => Err(again()),
            Placed::Set(samples, by_s) => {
                let message = format!(
                    "field `time`: the sender's clock was set by {by_s} s; its times are corrected, \
                     so that they ascend"
                );
                warnings.push(Warning::of_field("time", WarningKind::Clock, message));
                Ok(samples)
            }
            Placed::Kept(0) => {
                let message = "field `time`: duplicate time, with other numbers; if two senders push \
                               for one workload, give each a `source`";
                Err(RefusedSample::new(Refusal::Time, message))
            }
            Placed::Kept(jump_s) => {
                let (end, last) = (told.end.0, told.end.0.saturating_sub(jump_s));
                let message = match jump_s {
                    ..0 => format!("time {end} is before the last sample's {last}"),
                    _ => format!("time {end} is {jump_s} s after the last sample's {last}"),
                };
                let message = format!("field `time`: {message}: kept until the next ones agree");
                Err(RefusedSample::new(Refusal::Time, message))
            }
        }
    }
}

fn again() -> RefusedSample {
    let message = "field `time`: duplicate time, and the same numbers as before: it is sent again, or \
                   if two senders push for one workload, give each a `source`";
    RefusedSample::new(Refusal::Duplicate, message)
}

#[cfg(test)]
mod tests;
