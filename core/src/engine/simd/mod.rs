//! The engine on x86-64's wide registers: the same sums and the same bits as the portable loops.
//!
//! The one module of the core with `unsafe` in it: calls that need a feature of the processor, which
//! [`Instructions`](super::Instructions) hands out only where it is there, and loads and stores of
//! whole registers within slices. Other processors (NEON, too) run the portable loops, which the
//! compiler vectorises as it can: nothing is written here that no machine of ours can run.
#![allow(unsafe_code)]

pub(super) mod avx2;
mod blocks;
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
