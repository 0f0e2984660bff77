//! The forecast without a network: "as now, give or take what changed lately".

use super::ensemble::NORMAL;
use super::{ModelInput, QUANTILES, QuantileGrid, STEPS, WINDOW};

/// Persistence, with a spread that grows with the square root of the horizon, as a random walk's.
#[derive(Clone, Copy, Debug, Default)]
pub struct Baseline;

impl Baseline {
    /// Quantiles in events from the same input that the network gets.
    #[must_use]
    pub fn quantiles(input: &ModelInput) -> QuantileGrid {
        let [[values, known], ..] = &input.recent;
        let (mut sum, mut n) = (0.0f32, 0.0f32);
        for k in 1..WINDOW {
            if known[k] > 0.0 && known[k - 1] > 0.0 {
                let change = values[k] - values[k - 1];
                sum += change * change;
                n += 1.0;
            }
        }
        // With nothing to go by, a tenth of the level either way.
        let deviation = if n > 0.0 { libm::sqrtf(sum / n) } else { 0.1 / input.scale.swing };
        let mut changes = [0.0; STEPS * QUANTILES.len()];
        for (step, row) in changes.chunks_mut(QUANTILES.len()).enumerate() {
            let spread = deviation * libm::sqrtf((step + 1) as f32 / 2.0);
            for (change, z) in row.iter_mut().zip(NORMAL) {
                *change = z * spread;
            }
        }
        input.scale.grid(&changes)
    }
}
