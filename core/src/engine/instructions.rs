//! Which of the processor's instructions the engine runs on: all give the same bits.

use super::dense::Dense;
#[cfg(all(feature = "simd", target_arch = "x86_64"))]
use super::simd::{self, avx2, vnni};
use core::fmt;

/// Instructions that this processor has: whoever holds a set was given it by [`Self::all`], so that
/// running it needs no further look at the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instructions(Set);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    #[cfg(all(feature = "simd", target_arch = "x86_64"))]
    Vnni,
    #[cfg(all(feature = "simd", target_arch = "x86_64"))]
    Avx2,
    Portable,
}

impl Instructions {
    /// What runs on every processor.
    pub const PORTABLE: Self = Self(Set::Portable);

    /// The sets that this processor has, the fastest one first.
    pub fn all() -> impl Iterator<Item = Self> {
        let sets = [
            #[cfg(all(feature = "simd", target_arch = "x86_64"))]
            (vnni::is_available() && avx2::is_available(), Set::Vnni),
            #[cfg(all(feature = "simd", target_arch = "x86_64"))]
            (avx2::is_available(), Set::Avx2),
            (true, Set::Portable),
        ];
        sets.into_iter().filter(|(is_there, _)| *is_there).map(|(_, set)| Self(set))
    }

    /// The fastest set.
    #[must_use]
    pub fn best() -> Self {
        Self::all().next().unwrap_or(Self::PORTABLE)
    }

    /// Runs `f`, and what is inlined into it, with the processor's wide registers: the compiler then
    /// uses them for plain loops. It does not reorder floats, and does not fuse products into sums,
    /// so that nothing else changes.
    #[inline(always)]
    pub(super) fn widely<R>(self, f: impl FnOnce() -> R) -> R {
        match self.0 {
            #[cfg(all(feature = "simd", target_arch = "x86_64"))]
            Set::Vnni | Set::Avx2 => simd::widely(f),
            Set::Portable => f(),
        }
    }

    /// Runs `layer` over quantised rows into `out`: see [`Dense`].
    #[inline(always)]
    pub(super) fn apply(self, layer: &Dense, rows: &[u8], out: &mut [f32]) {
        match self.0 {
            #[cfg(all(feature = "simd", target_arch = "x86_64"))]
            Set::Vnni => vnni::apply(layer, rows, out),
            #[cfg(all(feature = "simd", target_arch = "x86_64"))]
            Set::Avx2 => avx2::apply(layer, rows, out),
            Set::Portable => layer.apply_portably(rows, out),
        }
    }
}

impl fmt::Display for Instructions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            #[cfg(all(feature = "simd", target_arch = "x86_64"))]
            Set::Vnni => "AVX-512 VNNI",
            #[cfg(all(feature = "simd", target_arch = "x86_64"))]
            Set::Avx2 => "AVX2",
            Set::Portable => "portable",
        })
    }
}
