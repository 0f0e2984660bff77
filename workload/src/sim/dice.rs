//! How the simulator draws.

use rand_chacha::ChaCha8Rng;
use rand_core::Rng;

/// A draw from (0, 1].
pub(super) fn unit_draw(rng: &mut ChaCha8Rng) -> f64 {
    ((rng.next_u64() >> 11) + 1) as f64 / (1u64 << 53) as f64
}
