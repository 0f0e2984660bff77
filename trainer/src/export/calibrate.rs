//! Static activation scales from calibration inputs.

use super::graph::Graph;
use anyhow::{Context, Result, ensure};
use tract_onnx::prelude::*;

/// Numbers kept per tapped value; more would not change a power of two.
const KEPT: usize = 200_000;

/// Runs the tapped graph on `inputs` (each a list of flat tensors with their shapes) and chooses,
/// for each tapped value in order, the power of two that loses least.
///
/// # Errors
/// If tract cannot run the graph.
pub fn activation_scales(graph: Graph, inputs: &[Vec<(Vec<usize>, Vec<f32>)>]) -> Result<Vec<f32>> {
    let taps = graph.taps().to_vec();
    let bytes = graph.finish();
    let mut model = scaleiq_core::model::onnx()?.model_for_read(&mut bytes.as_slice())?;
    // An input that is tapped itself is declared twice, the second time without a shape.
    for (k, (shape, _)) in inputs.first().into_iter().flatten().enumerate() {
        model.set_input_fact(k, f32::fact(shape).into())?;
    }
    let plan = model.into_optimized()?.into_runnable()?;
    let mut seen: Vec<Vec<f32>> = vec![Vec::new(); taps.len()];
    for input in inputs {
        let tensors = input
            .iter()
            .map(|(shape, values)| Ok(Tensor::from_shape(shape, values)?.into()))
            .collect::<Result<TVec<TValue>>>()?;
        let outputs = plan.run(tensors)?;
        ensure!(outputs.len() == taps.len() + 1, "a tap is missing");
        for (seen, output) in seen.iter_mut().zip(&outputs[1..]) {
            let values = output.try_as_plain_ram()?.as_slice::<f32>()?;
            let room = KEPT.saturating_sub(seen.len());
            seen.extend(values.iter().take(room));
        }
    }
    taps.into_iter()
        .zip(seen)
        .map(|(tap, values)| power_of_two(&values).with_context(|| format!("calibrating {tap}")))
        .collect()
}

/// The power of two `s` with the least squared error of `s * clamp(round(x / s), -128, 127)`.
fn power_of_two(values: &[f32]) -> Result<f32> {
    ensure!(!values.is_empty(), "no calibration values");
    ensure!(values.iter().all(|v| v.is_finite()), "a calibration value is not finite");
    let largest = values.iter().fold(1e-6f32, |m, v| m.max(v.abs()));
    let top = (largest / 127.0).log2().ceil() as i32;
    let loss = |exponent: i32| {
        let scale = (exponent as f32).exp2();
        let error = |v: &f32| {
            let kept = (v / scale).round_ties_even().clamp(-128.0, 127.0) * scale;
            f64::from(kept - v).powi(2)
        };
        values.iter().map(error).sum::<f64>()
    };
    let best = (top - 3..=top).min_by(|a, b| loss(*a).total_cmp(&loss(*b)));
    Ok((best.unwrap_or(top) as f32).exp2())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_powers_of_two_that_cover_the_values() {
        let even: Vec<f32> = (-100..=100).map(|k| k as f32 / 100.0).collect();
        assert_eq!(power_of_two(&even).unwrap(), 1.0 / 128.0);
        assert!(power_of_two(&[]).is_err());
        assert!(power_of_two(&[f32::NAN]).is_err());
    }

    #[test]
    fn a_single_outlier_does_not_coarsen_everything() {
        let mut values = vec![0.5f32; 100_000];
        values.iter_mut().enumerate().for_each(|(k, v)| *v = (k % 97) as f32 / 97.0 - 0.5);
        values.push(1.3);
        assert!(power_of_two(&values).unwrap() < 1.3 / 127.0);
    }
}
