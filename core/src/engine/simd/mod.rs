//! The engine on x86-64's wide registers: the same sums and the same bits as the portable loops.
//!
//! The one module of the core with `unsafe` in it: calls that need a feature of the processor, which
//! [`Instructions`](super::Instructions) hands out only where it is there, and loads and stores of
//! whole registers within slices. Other processors (NEON, too) run the portable loops, which the
//! compiler vectorises as it can: nothing is written here that no machine of ours can run.
#![allow(unsafe_code)]

pub(super) mod avx2;
pub(super) mod vnni;
