//! A ring of the last values, of fixed size and read by age.

use crate::learned::{Archive, Learned};
use heapless::Vec;

/// A ring of the last `N` values, read by age. `heapless::HistoryBuf` gives its slice in an
/// unspecified order; this one is indexed from the newest.
#[derive(Clone, Debug)]
pub(crate) struct Ring<T, const N: usize> {
    slots: Vec<T, N>,
    /// Where the next value goes once the ring is full.
    next: usize,
}

impl<T: Learned + Default, const N: usize> Learned for Ring<T, N> {
    fn pass(&mut self, archive: &mut Archive<'_>) {
        self.slots.pass(archive);
        self.next.pass(archive);
        self.next %= N.max(1);
    }
}

impl<T: Copy, const N: usize> Default for Ring<T, N> {
    fn default() -> Self {
        Self { slots: Vec::new(), next: 0 }
    }
}

impl<T: Copy, const N: usize> Ring<T, N> {
    /// Adds a value and returns the one it pushes out, if the ring was full.
    pub(crate) fn push(&mut self, value: T) -> Option<T> {
        if self.slots.push(value).is_ok() {
            return None;
        }
        let slot = self.slots.get_mut(self.next)?;
        let old = core::mem::replace(slot, value);
        self.next = (self.next + 1) % N;
        Some(old)
    }

    /// The value pushed `age` pushes ago; 0 is the newest.
    #[must_use]
    pub(crate) fn ago(&self, age: usize) -> Option<T> {
        let len = self.slots.len();
        if age >= len {
            return None;
        }
        // Before the ring is full `next` is 0 and the newest lies at `len - 1`, as it does after.
        self.slots.get((self.next + len - 1 - age) % len).copied()
    }

    /// The value pushed last, to be changed in place.
    pub(crate) fn newest_mut(&mut self) -> Option<&mut T> {
        let len = self.slots.len();
        self.slots.get_mut((self.next + len).checked_sub(1)?.checked_rem(len)?)
    }

    /// How many values are held.
    #[must_use]
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether nothing was pushed yet.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_is_read_by_age_before_and_after_it_is_full() {
        let mut ring = Ring::<u32, 3>::default();
        assert_eq!(ring.ago(0), None);
        assert_eq!([ring.push(1), ring.push(2), ring.push(3)], [None; 3]);
        assert_eq!([ring.ago(0), ring.ago(2)], [Some(3), Some(1)]);
        assert_eq!([ring.push(4), ring.push(5)], [Some(1), Some(2)]);
        assert_eq!([0, 1, 2, 3].map(|k| ring.ago(k)), [Some(5), Some(4), Some(3), None]);
    }
}
