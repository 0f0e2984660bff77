//! Dropout (Srivastava 2014), for which it makes no difference how a batch is divided.

use crate::runtime::device::is_cpu;
use burn::nn::Dropout;
use burn::tensor::{Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};
use std::ops::Range;

/// Those windows of a batch that are computed at once.
#[derive(Clone, Debug)]
pub struct Part {
    /// Which they are.
    pub windows: Range<usize>,
    /// How many windows the batch has.
    pub of: usize,
    /// Seed of what is dropped on the CPU; elsewhere it is the device's.
    pub seed: u64,
}

impl Part {
    /// What the `nth` branch of the encoder gives, `[B,T,D]`, with some of it dropped if it is trained. What is
    /// dropped of a window depends on its place in the batch alone.
    pub(super) fn drop_out(&self, dropout: &Dropout, branch: Tensor<3>, nth: usize) -> Tensor<3> {
        let device = branch.device();
        if dropout.prob == 0.0 || !device.is_autodiff() {
            return branch;
        }
        let [rows, tokens, width] = branch.dims();
        let kept = if is_cpu(&device) {
            let kept = self.kept(dropout.prob, nth, tokens * width);
            Tensor::from_data(TensorData::new(kept, [rows, tokens, width]), &device)
        } else {
            // A GPU draws faster than it is sent numbers.
            let ones = Tensor::ones([self.of, tokens, width], &device);
            dropout.forward(ones).narrow(0, self.windows.start, rows)
        };
        branch * kept
    }

    /// What is left of each of `size` numbers of each window: nothing, or one over the share that is kept.
    fn kept(&self, dropped: f64, nth: usize, size: usize) -> Vec<f32> {
        const DRAWS: f64 = 65536.0;
        let below = ((1.0 - dropped) * DRAWS).round();
        let (below, left) = (below as u32, (DRAWS / below) as f32);
        let mut bytes = vec![0; 2 * size];
        let mut kept = Vec::with_capacity(size * self.windows.len());
        for window in self.windows.clone() {
            let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
            rng.set_stream(((window as u64) << 16) + nth as u64);
            rng.fill_bytes(&mut bytes);
            let draws = bytes.as_chunks().0.iter().map(|two| u32::from(u16::from_le_bytes(*two)));
            kept.extend(draws.map(|draw| if draw < below { left } else { 0.0 }));
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_dropped_and_the_mean_stays() {
        let part = Part { windows: 0..4, of: 4, seed: 3 };
        let kept = part.kept(0.1, 1, 10_000);
        let dropped = kept.iter().filter(|left| **left == 0.0).count() as f64 / kept.len() as f64;
        assert!((dropped - 0.1).abs() < 0.01, "{dropped}");
        let mean = kept.iter().sum::<f32>() / kept.len() as f32;
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
    }

    #[test]
    fn parts_drop_what_the_whole_does() {
        let of = |windows: Range<usize>, nth| Part { windows, of: 8, seed: 3 }.kept(0.2, nth, 100);
        assert_eq!([of(0..3, 2), of(3..8, 2)].concat(), of(0..8, 2));
        assert_ne!(of(0..1, 2), of(1..2, 2));
        assert_ne!(of(0..1, 2), of(0..1, 3));
    }
}
