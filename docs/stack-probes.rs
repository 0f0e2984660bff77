//! The smallest program that shows the fault of `stack-probes.md`:
//!
//! ```text
//! rustc -C opt-level=3 docs/stack-probes.rs -o /tmp/probe && /tmp/probe
//! ```
//!
//! It prints 84 at level 0, and another number each time at 1, 2, 3, s and z.

use std::hint::black_box;
use std::mem::MaybeUninit;

#[inline(never)]
fn mix(n: &mut [u32; 7]) {
    let [a, b, c, d, e, f, g] = *n;
    let mixed = (((((a ^ b) + c) ^ d) + e) ^ f) + g;
    if mixed == 0 {
        return;
    }
    // The frame is set up here, behind the return, while `g` is in r11.
    let mut room = [const { MaybeUninit::<u8>::uninit() }; 40_000];
    black_box(&mut room);
    n[0] = ((((((mixed ^ g) + f) ^ e) + d) ^ c) + b) ^ a;
}

fn main() {
    let mut n = black_box([1, 2, 4, 8, 16, 32, 64]);
    mix(&mut n);
    println!("{}", n[0]);
}
