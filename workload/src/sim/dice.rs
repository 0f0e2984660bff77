//! How the simulator draws.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// Words of a stream that belong to one draw: more than any distribution here takes.
const WORDS_PER_DRAW: u128 = 256;

/// Streams of one seed. The first is the load's.
pub(super) mod stream {
    /// Samples that get lost.
    pub(in crate::sim) const LOSSES: u64 = 1;
    /// How long jobs take to come up.
    pub(in crate::sim) const STARTS: u64 = 2;
    /// Jobs that crash by the world's chance.
    pub(in crate::sim) const CRASHES: u64 = 3;
    /// Jobs that crash for another reason.
    pub(in crate::sim) const FURTHER_CRASHES: u64 = 4;
    /// The first of those of the faults, one for each kind.
    pub(in crate::sim) const FAULTS: u64 = 0xFA00;
}

/// Random numbers for the `k`-th draw in a step, whatever was drawn before: two policies meet the same
/// luck.
pub(super) fn dice(seed: u64, stream: u64, step: u32, k: u32) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng.set_word_pos(((u128::from(step) << 32) | u128::from(k)) * WORDS_PER_DRAW);
    rng
}

/// Random numbers that come one after the other.
pub(super) fn sequence(seed: u64, stream: u64) -> ChaCha8Rng {
    dice(seed, stream, 0, 0)
}

/// A draw from (0, 1].
pub(super) fn unit_draw(rng: &mut ChaCha8Rng) -> f64 {
    ((rng.next_u64() >> 11) + 1) as f64 / (1u64 << 53) as f64
}
