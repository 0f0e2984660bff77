//! What the forecaster is trained to lower: the reference system's combined loss on the median
//! (squared, absolute and Huber error) beside the pinball loss of all quantiles (Koenker & Bassett
//! 1978).

use crate::config::LossWeights;
use burn::tensor::{Tensor, TensorData};
use scaleiq_core::forecast::{Q50, QUANTILES};

/// Loss of `forecast` `[B,STEPS,QUANTILES]` against `truth` `[B,STEPS]`; NaN truths do not count.
#[must_use]
pub fn loss(weights: &LossWeights, forecast: Tensor<3>, truth: Tensor<2>) -> Tensor<1> {
    let [batch, steps, quantiles] = forecast.dims();
    let device = forecast.device();
    let unknown = truth.clone().is_nan();
    let known = truth.ones_like().mask_fill(unknown.clone(), 0.0);
    let truth = truth.mask_fill(unknown, 0.0);
    let count = known.clone().sum().clamp_min(1.0);

    let median = forecast.clone().narrow(2, Q50, 1).reshape([batch, steps]);
    let error = (truth.clone() - median) * known.clone();
    let size = error.clone().abs();
    let inner = size.clone().clamp_max(1.0);
    let huber = inner.clone().square().mul_scalar(0.5) + (size.clone() - inner);
    let on_median = error.square().mul_scalar(weights.mse)
        + size.mul_scalar(weights.mae)
        + huber.mul_scalar(weights.huber);

    let levels = TensorData::new(QUANTILES.to_vec(), [1, 1, quantiles]);
    let levels = Tensor::<3>::from_data(levels, &device);
    let error = truth.unsqueeze_dim::<3>(2) - forecast;
    let above = error.clone().clamp_min(0.0) * levels.clone();
    let below = error.clamp_max(0.0) * (levels - 1.0);
    let pinball = (above + below).mean_dim(2).reshape([batch, steps]) * known;

    (on_median.sum() + pinball.mul_scalar(weights.pinball).sum()) / count
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn value(weights: LossWeights, forecast: f32, truth: [f32; 2]) -> f32 {
        let device = Device::flex();
        let forecast = Tensor::<3>::full([1, 2, QUANTILES.len()], forecast, &device);
        let truth = Tensor::<2>::from_floats([truth], &device);
        loss(&weights, forecast, truth).into_scalar::<f32>()
    }

    #[test]
    fn parts_match_hand_computed_values() {
        let none = LossWeights { mse: 0.0, mae: 0.0, huber: 0.0, pinball: 0.0 };
        // Errors 1 and -3.
        let truth = [2.0, -2.0];
        let close = |a: f32, b: f32| assert!((a - b).abs() < 1e-5, "{a} {b}");
        close(value(LossWeights { mse: 1.0, ..none }, 1.0, truth), 5.0);
        close(value(LossWeights { mae: 1.0, ..none }, 1.0, truth), 2.0);
        close(value(LossWeights { huber: 1.0, ..none }, 1.0, truth), (0.5 + 2.5) / 2.0);
        let mean_level = QUANTILES.iter().sum::<f32>() / QUANTILES.len() as f32;
        let expected = (mean_level * 1.0 + (1.0 - mean_level) * 3.0) / 2.0;
        close(value(LossWeights { pinball: 1.0, ..none }, 1.0, truth), expected);
    }

    #[test]
    fn missing_truth_does_not_count() {
        let weights = LossWeights::default();
        assert_eq!(value(weights, 1.0, [2.0, f32::NAN]), value(weights, 1.0, [2.0, 2.0]));
    }
}
