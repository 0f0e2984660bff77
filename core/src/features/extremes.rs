//! Largest and smallest of a sliding window in O(1) amortised: a queue of candidates, each of
//! which beats all that came after it (Lemire 2006).

use crate::learned::learned;
use heapless::Deque;

/// The extreme of the last `N` pushes. `sign` 1 finds the largest, -1 the smallest.
#[derive(Clone, Debug)]
pub(super) struct Extreme<const N: usize> {
    sign: f32,
    candidates: Deque<(u32, f32), N>,
    pushes: u32,
}
learned!([const N: usize] Extreme<N> { candidates, pushes } built { sign });

impl<const N: usize> Extreme<N> {
    pub(super) fn largest() -> Self {
        Self { sign: 1.0, candidates: Deque::new(), pushes: 0 }
    }

    pub(super) fn smallest() -> Self {
        Self { sign: -1.0, ..Self::largest() }
    }

    pub(super) fn push(&mut self, value: Option<f32>) {
        self.pushes = self.pushes.wrapping_add(1);
        let expired = |at: u32| self.pushes.wrapping_sub(at) >= N as u32;
        while self.candidates.front().is_some_and(|(at, _)| expired(*at)) {
            self.candidates.pop_front();
        }
        let Some(value) = value else { return };
        let value = value * self.sign;
        while self.candidates.back().is_some_and(|(_, last)| *last <= value) {
            self.candidates.pop_back();
        }
        // At most one candidate per push of the last N, so there is room.
        let _ = self.candidates.push_back((self.pushes, value));
    }

    pub(super) fn get(&self) -> Option<f32> {
        self.candidates.front().map(|(_, value)| value * self.sign)
    }
}
