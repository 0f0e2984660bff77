//! Loops over plain numbers, which the compiler turns into the widest vector instructions that the processor
//! has.

use pulp::Arch;
use std::f32::consts::{FRAC_1_SQRT_2, LN_2, LOG2_E};

/// Partial sums of a row: as many as the widest vectors hold, and the same whatever the processor.
const LANES: usize = 16;
const INVERSE_ROOT_2_PI: f32 = 0.398_942_3;

/// GELU (Hendrycks & Gimpel 2016) of each number, and its slope there.
pub(super) fn gelu(x: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let (mut values, mut slopes) = (vec![0.0; x.len()], vec![0.0; x.len()]);
    Arch::new().dispatch(|| {
        for ((x, value), slope) in x.iter().zip(&mut values).zip(&mut slopes) {
            (*value, *slope) = gelu_of(*x);
        }
    });
    (values, slopes)
}

/// The normal distribution's share below `x` by Abramowitz & Stegun 7.1.26, which is right to 1e-7.
#[inline(always)]
fn gelu_of(x: f32) -> (f32, f32) {
    let z = x.abs() * FRAC_1_SQRT_2;
    let bell = exp(-z * z);
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let series = 1.421_413_8 + t * (-1.453_152_1 + t * 1.061_405_4);
    let series = t * (0.254_829_6 + t * (-0.284_496_72 + t * series));
    let beyond = 0.5 * bell * series;
    let below = if x < 0.0 { beyond } else { 1.0 - beyond };
    (x * below, below + x * bell * INVERSE_ROOT_2_PI)
}

/// e^x for x <= 0 as 2^n e^r, |r| <= ln(2) / 2, with e^r's series.
#[inline(always)]
fn exp(x: f32) -> f32 {
    /// Added to a number, it leaves the nearest integer in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let shifted = x.max(-87.0) * LOG2_E + ROUND;
    let r = x.max(-87.0) - (shifted - ROUND) * LN_2;
    let series = 1.0 / 6.0 + r * (1.0 / 24.0 + r * (1.0 / 120.0 + r / 720.0));
    let series = 1.0 + r * (1.0 + r * (0.5 + r * series));
    series * f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0f32.to_bits()))
}

/// Gradients of a layer normalisation: of its input's rows, its scale and its shift.
pub(super) fn layer_norm_backward(
    x: &[f32],
    scale: &[f32],
    gradient: &[f32],
    epsilon: f32,
) -> [Vec<f32>; 3] {
    let width = scale.len();
    let mut input = vec![0.0; x.len()];
    let (mut of_scale, mut of_shift) = (vec![0.0; width], vec![0.0; width]);
    let mut scaled = vec![0.0; width];
    Arch::new().dispatch(|| {
        let rows = x.chunks_exact(width).zip(gradient.chunks_exact(width));
        for ((x, gradient), out) in rows.zip(input.chunks_exact_mut(width)) {
            let mean = sum(x) / width as f32;
            out.iter_mut().zip(x).for_each(|(out, x)| *out = x - mean);
            let inverse = 1.0 / (dot(out, out) / width as f32 + epsilon).sqrt();
            // `out` is the normalised row until its gradient takes its place.
            out.iter_mut().for_each(|out| *out *= inverse);
            for ((of, g), normal) in of_scale.iter_mut().zip(gradient).zip(&*out) {
                *of += g * normal;
            }
            of_shift.iter_mut().zip(gradient).for_each(|(of, g)| *of += g);
            for ((scaled, g), scale) in scaled.iter_mut().zip(gradient).zip(scale) {
                *scaled = g * scale;
            }
            let mean = sum(&scaled) / width as f32;
            let along = dot(&scaled, out) / width as f32;
            for (out, scaled) in out.iter_mut().zip(&scaled) {
                *out = inverse * (scaled - mean - *out * along);
            }
        }
    });
    [input, of_scale, of_shift]
}

/// Makes the gradient of a softmax's `weights`, rows of `width`, that of what it was taken of, times `factor`.
pub(super) fn softmax_backward(weights: &[f32], gradient: &mut [f32], width: usize, factor: f32) {
    Arch::new().dispatch(|| {
        for (weights, gradient) in weights.chunks_exact(width).zip(gradient.chunks_exact_mut(width))
        {
            let mean = dot(weights, gradient);
            for (g, weight) in gradient.iter_mut().zip(weights) {
                *g = factor * weight * (*g - mean);
            }
        }
    });
}

#[inline(always)]
fn sum(a: &[f32]) -> f32 {
    let (whole, rest) = a.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for a in whole {
        lanes.iter_mut().zip(a).for_each(|(lane, a)| *lane += a);
    }
    lanes.iter().chain(rest).sum()
}

#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((whole_a, rest_a), (whole_b, rest_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut lanes = [0.0; LANES];
    for (a, b) in whole_a.iter().zip(whole_b) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    lanes.iter().sum::<f32>() + rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum::<f32>()
}
