//! The engine on x86-64's wide registers: the same sums and the same bits as the portable loops.
//!
//! The one module of the core with `unsafe` in it: calls that need a feature of the processor, which
//! [`Instructions`](super::Instructions) hands out only where it is there, and loads and stores of
//! whole registers within slices. Other processors (NEON, too) run the portable loops, which the
//! compiler vectorises as it can: nothing is written here that no machine of ours can run.
#![allow(unsafe_code)]

use super::dense::Dense;

pub(super) mod avx2;
pub(super) mod vnni;

/// Runs `f`, and what is inlined into it, with AVX2, which every processor of either set has: half as
/// wide as AVX-512, and as fast on these loops. Not with `fma`.
pub(super) fn widely<R>(f: impl FnOnce() -> R) -> R {
    #[target_feature(enable = "avx2")]
    fn wide<R>(f: impl FnOnce() -> R) -> R {
        f()
    }
    debug_assert!(avx2::is_available());
    // SAFETY: whoever calls holds a set, which is handed out where AVX2 is available.
    unsafe { wide(f) }
}

/// Blocks of a power of two of rows each, with what comes of them: for each number of rows there is
/// a function of its own, whose sums stay in registers.
struct Blocks<'a> {
    stride: usize,
    outputs: usize,
    most: usize,
    rows: &'a [u8],
    out: &'a mut [f32],
}

impl<'a> Blocks<'a> {
    /// Blocks of `most` rows, a power of two, and smaller ones at the end.
    fn new(layer: &Dense, rows: &'a [u8], out: &'a mut [f32], most: usize) -> Self {
        let (stride, outputs) = (layer.stride().max(1), usize::from(layer.outputs).max(1));
        Self { stride, outputs, most, rows, out }
    }
}

impl<'a> Iterator for Blocks<'a> {
    type Item = (usize, &'a [u8], &'a mut [f32]);

    fn next(&mut self) -> Option<Self::Item> {
        let left = (self.rows.len() / self.stride).min(self.out.len() / self.outputs);
        let count = self.most.min(1 << left.checked_ilog2()?);
        let (rows, further) = self.rows.split_at_checked(count * self.stride)?;
        let out = core::mem::take(&mut self.out);
        let (out, beyond) = out.split_at_mut_checked(count * self.outputs)?;
        (self.rows, self.out) = (further, beyond);
        Some((count, rows, out))
    }
}
