//! What a controller has learned, as bytes, and back in its place.
//!
//! A state is passed field by field through an [`Archive`], which copies each number out, or copies
//! what was written before over it. So writing and reading cannot differ, nothing is moved (a
//! microcontroller's stack holds no state), and a part of the bytes is had without the rest. What a
//! state was built with (lengths, rates, settings) is not in it: bytes go back to one that was built
//! alike.
//!
//! Hundreds of fields are passed: inlined, the code would be larger than what it works on.

use crate::units::{Jobs, UnixSeconds};
use crc::{CRC_32_ISO_HDLC, Crc, Digest};
use heapless::{Deque, Vec};
use nalgebra::SMatrix;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Version of the bytes of a controller: raised with each change of what is passed, or in which order.
pub const LAYOUT: u16 = 4;

/// Most bytes of a value that is passed whole: the longest decision.
const LONGEST: usize = 512;

const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// Where the bytes of a state come from, or go to.
#[allow(missing_debug_implementations)]
pub struct Archive<'a> {
    side: Side<'a>,
    at: usize,
    is_damaged: bool,
}

enum Side<'a> {
    Check(Digest<'a, u32>),
    Write { from: usize, out: &'a mut [u8] },
    Read(&'a [u8]),
}

impl<'a> Archive<'a> {
    /// Length in bytes and CRC-32 of the bytes of `state`, which stays as it is.
    pub fn check(state: &mut impl Learned) -> (usize, u32) {
        let mut archive = Archive::on(Side::Check(CRC.digest()));
        state.pass(&mut archive);
        let Archive { side: Side::Check(digest), at, .. } = archive else { return (0, 0) };
        (at, digest.finalize())
    }

    /// Those bytes of `state`, which stays as it is, that begin at `from`; how many there were.
    pub fn write(state: &mut impl Learned, from: usize, out: &'a mut [u8]) -> usize {
        let room = out.len();
        let mut archive = Self::on(Side::Write { from, out });
        state.pass(&mut archive);
        archive.at.saturating_sub(from).min(room)
    }

    /// Makes `state` what `bytes` were written of; whether they were those of such a state. If not, what
    /// it is now is of no use.
    pub fn read(state: &mut impl Learned, bytes: &'a [u8]) -> bool {
        let mut archive = Self::on(Side::Read(bytes));
        state.pass(&mut archive);
        !archive.is_damaged && archive.at == bytes.len()
    }

    fn on(side: Side<'a>) -> Self {
        Self { side, at: 0, is_damaged: false }
    }

    /// Copies `bytes` out, or other ones over them.
    #[inline(never)]
    fn bytes(&mut self, bytes: &mut [u8]) {
        let (at, end) = (self.at, self.at.saturating_add(bytes.len()));
        match &mut self.side {
            Side::Check(digest) => digest.update(bytes),
            Side::Read(all) => match all.get(at..end) {
                Some(read) => bytes.iter_mut().zip(read).for_each(|(to, byte)| *to = *byte),
                None => self.is_damaged = true,
            },
            Side::Write { from, out } => {
                let skipped = from.saturating_sub(at);
                let to = out.iter_mut().skip(at.saturating_sub(*from));
                to.zip(bytes.iter().skip(skipped)).for_each(|(to, byte)| *to = *byte);
            }
        }
        self.at = end;
    }

    /// A value that has a form for the wire already, of at most 512 bytes.
    pub fn value<T: Serialize + DeserializeOwned>(&mut self, value: &mut T) {
        let mut bytes = [0; LONGEST];
        let length = postcard::to_slice(value, &mut bytes).map_or(0, |used| used.len());
        let length = self.length(length, LONGEST);
        let Some(used) = bytes.get_mut(..length) else { return };
        self.bytes(used);
        match postcard::from_bytes(used) {
            Ok(read) => *value = read,
            Err(_) => self.is_damaged = true,
        }
    }

    /// A length up to `most`.
    fn length(&mut self, length: usize, most: usize) -> usize {
        let mut told = length as u32;
        told.pass(self);
        if told as usize > most {
            self.is_damaged = true;
        }
        (told as usize).min(most)
    }
}

/// A state that an [`Archive`] takes.
pub trait Learned {
    /// Passes each number of it, in a fixed order.
    fn pass(&mut self, archive: &mut Archive<'_>);
}

/// [`Learned`] of a struct: fields that are passed, and behind `built` those that it was built with. Every
/// field has to be named.
macro_rules! learned {
    ($name:ident $fields:tt $(built $built:tt)?) => {
        $crate::learned::learned!([] $name $fields $(built $built)?);
    };
    ([$($generics:tt)*] $name:ty { $($field:ident),* } $(built { $($built:ident),* })?) => {
        impl<$($generics)*> $crate::learned::Learned for $name {
            fn pass(&mut self, archive: &mut $crate::learned::Archive<'_>) {
                let Self { $($field,)* $($($built: _,)*)? } = self;
                $($crate::learned::Learned::pass($field, archive);)*
            }
        }
    };
}
pub(crate) use learned;

macro_rules! number {
    ($($type:ty),*) => {
        $(impl Learned for $type {
            #[inline(never)]
            fn pass(&mut self, archive: &mut Archive<'_>) {
                let mut bytes = self.to_le_bytes();
                archive.bytes(&mut bytes);
                *self = Self::from_le_bytes(bytes);
            }
        })*
    };
}
number!(u8, u16, u32, u64, i64, f32, f64);

impl Learned for usize {
    fn pass(&mut self, archive: &mut Archive<'_>) {
        let mut wide = *self as u64;
        wide.pass(archive);
        *self = wide as usize;
    }
}

impl Learned for bool {
    fn pass(&mut self, archive: &mut Archive<'_>) {
        let mut byte = u8::from(*self);
        byte.pass(archive);
        *self = byte != 0;
    }
}

impl Learned for Jobs {
    fn pass(&mut self, archive: &mut Archive<'_>) {
        self.0.pass(archive);
    }
}

impl Learned for UnixSeconds {
    fn pass(&mut self, archive: &mut Archive<'_>) {
        self.0.pass(archive);
    }
}

impl<T: Learned + Default> Learned for Option<T> {
    #[inline(never)]
    fn pass(&mut self, archive: &mut Archive<'_>) {
        self.pass_made(archive, T::default);
    }
}

/// An option whose value is made in its place where there is none yet.
pub(crate) trait PassMade<T> {
    /// Passes it; `make` gives what is read into.
    fn pass_made(&mut self, archive: &mut Archive<'_>, make: impl FnOnce() -> T);
}

impl<T: Learned> PassMade<T> for Option<T> {
    #[inline(always)]
    fn pass_made(&mut self, archive: &mut Archive<'_>, make: impl FnOnce() -> T) {
        let mut is_some = self.is_some();
        is_some.pass(archive);
        if is_some {
            self.get_or_insert_with(make).pass(archive);
        } else {
            *self = None;
        }
    }
}

impl<T: Learned> Learned for [T] {
    #[inline(never)]
    fn pass(&mut self, archive: &mut Archive<'_>) {
        self.iter_mut().for_each(|value| value.pass(archive));
    }
}

impl<T: Learned, const N: usize> Learned for [T; N] {
    fn pass(&mut self, archive: &mut Archive<'_>) {
        self.as_mut_slice().pass(archive);
    }
}

impl<T: Learned + Default, const N: usize> Learned for Vec<T, N> {
    fn pass(&mut self, archive: &mut Archive<'_>) {
        let length = archive.length(self.len(), N);
        self.truncate(length);
        while self.len() < length && self.push(T::default()).is_ok() {}
        self.as_mut_slice().pass(archive);
    }
}

impl<T: Learned + Default, const N: usize> Learned for Deque<T, N> {
    fn pass(&mut self, archive: &mut Archive<'_>) {
        let length = archive.length(self.len(), N);
        while self.len() > length {
            self.pop_back();
        }
        while self.len() < length && self.push_back(T::default()).is_ok() {}
        self.iter_mut().for_each(|value| value.pass(archive));
    }
}

impl<const R: usize, const C: usize> Learned for SMatrix<f32, R, C> {
    fn pass(&mut self, archive: &mut Archive<'_>) {
        self.as_mut_slice().pass(archive);
    }
}

macro_rules! tuple {
    ($($name:ident)*) => {
        impl<$($name: Learned),*> Learned for ($($name,)*) {
            #[allow(non_snake_case)]
            fn pass(&mut self, archive: &mut Archive<'_>) {
                let ($($name,)*) = self;
                $($name.pass(archive);)*
            }
        }
    };
}
tuple!(A B);
tuple!(A B C D);

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, Default, PartialEq)]
    struct State {
        level: Option<f32>,
        counts: Vec<u32, 4>,
        pairs: Deque<(bool, i64), 3>,
        rate: f32,
    }
    learned!(State { level, counts, pairs } built { rate });

    fn state() -> State {
        let mut pairs = Deque::new();
        pairs.push_back((true, -1)).unwrap();
        pairs.push_back((false, i64::MAX)).unwrap();
        let counts = [1, 2, 3].into_iter().collect();
        State { level: Some(-0.0), counts, pairs, rate: 0.3 }
    }

    #[test]
    fn a_state_comes_back_into_one_that_was_built_alike() {
        let mut bytes = [0; 100];
        let length = Archive::write(&mut state(), 0, &mut bytes);
        assert_eq!(Archive::check(&mut state()), (length, CRC.checksum(&bytes[..length])));
        let other = State { counts: [9; 4].into_iter().collect(), rate: 0.3, ..State::default() };
        for mut built in [State { rate: 0.3, ..State::default() }, other, state()] {
            assert!(Archive::read(&mut built, &bytes[..length]));
            assert_eq!(built, state());
        }
        // Part by part they are the same bytes.
        for size in 1..length {
            let mut parts = std::vec::Vec::new();
            let mut part = std::vec![0; size];
            while let count @ 1.. = Archive::write(&mut state(), parts.len(), &mut part) {
                parts.extend_from_slice(&part[..count]);
            }
            assert_eq!(parts, bytes[..length], "{size}");
        }
    }

    #[test]
    fn what_is_no_such_state_is_noticed() {
        let mut bytes = [0; 100];
        let length = Archive::write(&mut state(), 0, &mut bytes);
        for wrong in (0..length).chain([length + 1]) {
            assert!(!Archive::read(&mut State::default(), &bytes[..wrong]), "{wrong}");
        }
        // More than there is room for.
        bytes[5] = 200;
        assert!(!Archive::read(&mut State::default(), &bytes[..length]));
    }
}
