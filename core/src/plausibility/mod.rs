//! Readings that are valid and yet hard to believe.
//!
//! An exporter that lost its source says 0, or goes on saying what it said last; a counter that was
//! reset reads a hundred times the truth. Readings are held against each other and against what is
//! usual. What contradicts is doubted, and replaced by what the other readings say where they can;
//! what nothing contradicts is doubted for a while at most, once.

mod capacity;
mod conservation;
mod doubt;
mod frozen;
mod silence;

pub use doubt::{Doubt, Doubts};

use crate::learned::learned;
use crate::sample::{Reading, Sample};
use capacity::{Capacity, CapacityCheck};
use conservation::Conservation;
use frozen::Frozen;
use silence::Silence;

/// Arrivals that nothing in the sample can confirm may exceed the highest of the last minutes by
/// this factor at once.
const JUMP: f32 = 4.0;
/// Seconds over which the highest arrival rate fades.
const HIGHEST_S: f32 = 1800.0;
/// Fewer arrivals than this never count as a jump.
const JUMP_EVENTS: f32 = 200.0;

/// Judges samples.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlausibilityFilter {
    silence: Silence,
    frozen: Frozen,
    conservation: Conservation,
    capacity: CapacityCheck,
    /// Highest arrival rate of late, in events per second.
    highest: Option<f32>,
    jumped: bool,
}
learned!(PlausibilityFilter { silence, frozen, conservation, capacity, highest, jumped });

impl PlausibilityFilter {
    /// The sample as far as it can be believed, and what was doubted. `work_s` is the work of an
    /// event on one job in seconds, as known before.
    pub fn judge(&mut self, sample: &Sample, work_s: Option<f32>) -> (Sample, Doubts) {
        let (mut sample, mut doubts) = (*sample, Doubts::default());
        self.frozen.push(&sample);
        let span_s = sample.interval_s as f32;
        let done = sample.processed_events.known().unwrap_or(0.0);
        if let Some(arrivals) = sample.arrivals_events.known()
            && self.silence.doubts(sample.end, span_s, arrivals, done)
        {
            doubts.insert(Doubt::Silence);
            forget_counts(&mut sample);
        }
        match self.capacity.check(&sample, work_s) {
            Some(Capacity::Jobs(jobs)) => {
                if sample.jobs_ready.is_some() {
                    doubts.insert(Doubt::Jobs);
                }
                sample.jobs_ready = Some(jobs);
            }
            Some(Capacity::Counts) => {
                doubts.insert(Doubt::Counts);
                forget_counts(&mut sample);
            }
            None => {}
        }
        let confirmable = self.conservation.mend(&mut sample, work_s, &mut doubts);
        if let Some(arrivals) = sample.arrivals_events.known() {
            let believed = self.step(arrivals / span_s, span_s, confirmable);
            if believed < arrivals / span_s {
                doubts.insert(Doubt::Jump);
                sample.arrivals_events = Reading::Known(believed * span_s);
            }
        }
        if self.frozen.is_frozen() {
            doubts.insert(Doubt::Frozen);
            self.conservation.doubt_backlog();
            sample.processed_events = Reading::Missing;
        }
        (sample, doubts)
    }

    /// Whether the readings may be frozen.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        self.frozen.is_frozen()
    }

    /// The arrival rate as far as it is believed: a jump counts in part until a second sample
    /// confirms it.
    fn step(&mut self, rate: f32, span_s: f32, confirmable: bool) -> f32 {
        let highest = self.highest.unwrap_or(rate);
        let most = (JUMP * highest).max(JUMP_EVENTS / span_s);
        let jumps = !confirmable && !self.jumped && rate > most;
        self.jumped = jumps || (self.jumped && rate > most);
        let believed = if jumps { most } else { rate };
        let faded = highest * libm::expf(-span_s / HIGHEST_S);
        self.highest = Some(faded.max(if jumps { highest } else { believed }));
        believed
    }
}

fn forget_counts(sample: &mut Sample) {
    let missing = Reading::Missing;
    *sample = Sample {
        arrivals_events: missing,
        processed_events: missing,
        backlog_events: missing,
        queued_events: missing,
        ..*sample
    };
}

#[cfg(test)]
mod tests;
