//! The simulator's queue, for arrivals that are told as they come.

use crate::sim::pool::Fifo;
use std::collections::VecDeque;

/// Groups of events that are told apart by their age: a day of the simulator's steps.
const MAX_GROUPS: usize = 17_280;

/// Events that arrived together.
#[derive(Clone, Copy, Debug)]
struct Arrived {
    at_s: f64,
    events: f64,
}

/// Events that wait, first come first served. Time passes in it only while it is observed: nobody
/// knows what became of the queue in a hole.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    fifo: Fifo,
    /// From the head of the queue on.
    arrived: VecDeque<Arrived>,
    /// Number of the first of them.
    first: usize,
    now_s: f64,
}

impl Queue {
    pub(super) fn backlog_events(&self) -> f64 {
        self.fifo.backlog_events()
    }

    /// So many seconds pass.
    pub(super) fn pass(&mut self, seconds: f64) {
        self.now_s += seconds;
    }

    /// Events arrive now.
    pub(super) fn arrive(&mut self, events: f64) {
        let number = self.first + self.arrived.len();
        self.arrived.push_back(Arrived { at_s: self.now_s, events });
        self.fifo.arrive(events, number);
        if self.arrived.len() > MAX_GROUPS {
            self.merge_oldest();
        }
    }

    /// Work on up to `room_events` begins now, on the oldest first; tells `began` how many seconds they
    /// had waited and how many they are. Returns how many began.
    pub(super) fn begin_work(&mut self, room_events: f64, mut began: impl FnMut(f64, f64)) -> f64 {
        let Self { fifo, arrived, first, now_s } = self;
        let last = (*first + arrived.len()).saturating_sub(1);
        let group = |number: usize| arrived.get(number - *first);
        let events = |number| group(number).map_or(0.0, |a| a.events);
        let done = fifo.begin_work(events, last, room_events, |number, events| {
            began(group(number).map_or(0.0, |a| *now_s - a.at_s), events);
        });
        while *first < fifo.head_step() && arrived.pop_front().is_some() {
            *first += 1;
        }
        done
    }

    /// What waits, as for [`Queue::begin_work`].
    pub(super) fn waiting(&self, mut waits: impl FnMut(f64, f64)) {
        let group = |number: usize| self.arrived.get(number - self.first);
        let events = |number| group(number).map_or(0.0, |a| a.events);
        let end = self.first + self.arrived.len();
        self.fifo.waiting(events, end, |number, events| {
            waits(group(number).map_or(0.0, |a| self.now_s - a.at_s), events);
        });
    }

    /// Memory is bounded: the two oldest groups count as one, of the older's age.
    fn merge_oldest(&mut self) {
        let Some(oldest) = self.arrived.pop_front() else { return };
        if let Some(next) = self.arrived.front_mut() {
            self.fifo.merge_head(next.events);
            next.at_s = oldest.at_s;
        }
        self.first += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(queue: &mut Queue, room: f64) -> Vec<(f64, f64)> {
        let mut waits = Vec::new();
        queue.begin_work(room, |waited, events| waits.push((waited, events)));
        waits
    }

    #[test]
    fn the_oldest_begin_first() {
        let mut queue = Queue::default();
        for _ in 0..3 {
            queue.arrive(10.0);
            queue.pass(2.0);
        }
        assert_eq!(begin(&mut queue, 15.0), [(6.0, 10.0), (4.0, 5.0)]);
        assert_eq!(queue.backlog_events(), 15.0);
        let mut waiting = Vec::new();
        queue.waiting(|waited, events| waiting.push((waited, events)));
        assert_eq!(waiting, [(4.0, 5.0), (2.0, 10.0)]);
        assert_eq!(begin(&mut queue, 100.0).len(), 2);
        assert!(begin(&mut queue, 100.0).is_empty());
        queue.arrive(7.0);
        assert_eq!(begin(&mut queue, 100.0), [(0.0, 7.0)]);
    }

    #[test]
    fn a_queue_that_only_grows_is_bounded_and_loses_nothing() {
        let mut queue = Queue::default();
        for _ in 0..2 * MAX_GROUPS {
            queue.arrive(3.0);
            queue.pass(1.0);
        }
        assert_eq!(queue.arrived.len(), MAX_GROUPS);
        let waits = begin(&mut queue, f64::MAX);
        assert_eq!(waits.iter().map(|w| w.1).sum::<f64>(), 6.0 * MAX_GROUPS as f64);
        assert_eq!(waits[0].0, 2.0 * MAX_GROUPS as f64);
        assert_eq!(queue.backlog_events(), 0.0);
    }
}
