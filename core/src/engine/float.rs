//! The parts that stay f32. Additions, products, divisions and square roots only, in a fixed order,
//! and no branches in the inner loops, so that they vectorise without changing a bit.

use super::shape::MAX_WIDTH;
use serde::{Deserialize, Serialize};

/// Numbers in a pack: little-endian f32, unaligned, where they lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Floats<'a>(#[serde(borrow)] pub &'a [u8]);

impl<'a> Floats<'a> {
    /// The numbers in order. Bytes beyond the last whole number are not looked at.
    pub fn iter(self) -> impl ExactSizeIterator<Item = f32> + Clone + 'a {
        self.0.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes))
    }

    /// Whether these are `count` finite numbers.
    pub(super) fn has_len(self, count: usize) -> bool {
        self.0.len() == 4 * count && self.iter().all(f32::is_finite)
    }
}

/// The first `count` numbers. Every count follows from sizes that the pack was checked for, so that
/// none is missing; an index would be a panic in the compiler's eyes.
#[cfg_attr(feature = "simd", inline(always))]
pub(super) fn first<T>(numbers: &mut [T], count: usize) -> &mut [T] {
    numbers.get_mut(..count).unwrap_or_default()
}

/// The greater one, `b` if `a` is no number: one instruction where `f32::max`, which asks whether `b`
/// is one, is three, or a call on a small machine.
#[cfg_attr(feature = "simd", inline(always))]
pub(super) fn greater(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// The lesser one, likewise.
#[cfg_attr(feature = "simd", inline(always))]
fn lesser(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

/// `x` within `low..=high`; what is no number becomes `low` (`clamp` would hand it on).
#[cfg_attr(feature = "simd", inline(always))]
pub(super) fn within(x: f32, low: f32, high: f32) -> f32 {
    lesser(greater(x, low), high)
}

/// `clamp(round half to even(x / scale) + 128, 0, 255)`, as ONNX's `QuantizeLinear`; `per_unit` is
/// one over the scale, which is exact since scales are powers of two. NaN becomes the least value.
#[must_use]
#[cfg_attr(feature = "simd", inline(always))]
pub fn quantise(x: f32, per_unit: f32) -> u8 {
    /// 1.5 x 2^23: adding it leaves no bits for a fraction, and the whole part in the low byte.
    const SHIFT: f32 = 12_582_912.0;
    let clamped = within(x * per_unit, -128.0, 127.0);
    ((clamped + SHIFT).to_bits() as u8).wrapping_add(128)
}

/// Layer normalisation (Ba 2016): gain and bias.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Norm<'a> {
    /// One per number.
    #[serde(borrow)]
    pub gain: Floats<'a>,
    /// One per number.
    pub bias: Floats<'a>,
}

/// Added to the variance.
const EPSILON: f32 = 1e-5;

impl Norm<'_> {
    pub(super) fn has_width(&self, width: usize) -> bool {
        self.gain.has_len(width) && self.bias.has_len(width)
    }

    /// Normalises a row in place.
    #[cfg_attr(feature = "simd", inline(always))]
    pub(super) fn apply(&self, row: &mut [f32]) {
        let per_number = 1.0 / row.len() as f32;
        let mean = sum(row) * per_number;
        row.iter_mut().for_each(|x| *x -= mean);
        let mut squares = [0.0; MAX_WIDTH];
        squares.iter_mut().zip(&*row).for_each(|(square, x)| *square = x * x);
        let variance = sum(first(&mut squares, row.len())) * per_number;
        let deviation = libm::sqrtf(variance + EPSILON);
        for ((x, gain), bias) in row.iter_mut().zip(self.gain.iter()).zip(self.bias.iter()) {
            *x = *x / deviation * gain + bias;
        }
    }
}

/// Lanes of a sum: fixed, so that its order is the same however wide the machine's registers are.
const LANES: usize = 8;

/// Folds in eight lanes, which are then folded pairwise.
#[cfg_attr(feature = "simd", inline(always))]
fn fold(values: &[f32], start: f32, f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [start; LANES];
    let (rows, rest) = values.as_chunks::<LANES>();
    for row in rows {
        lanes.iter_mut().zip(row).for_each(|(lane, x)| *lane = f(*lane, *x));
    }
    lanes.iter_mut().zip(rest).for_each(|(lane, x)| *lane = f(*lane, *x));
    let [a, b, c, d, e, g, h, i] = lanes;
    f(f(f(a, e), f(c, h)), f(f(b, g), f(d, i)))
}

/// Sum in eight lanes.
#[cfg_attr(feature = "simd", inline(always))]
pub(super) fn sum(values: &[f32]) -> f32 {
    fold(values, 0.0, |a, b| a + b)
}

/// `exp(x)` for x <= 0 (below -87: as for -87), within 2 ulp: 2^n e^r with |r| <= ln 2 / 2
/// (Cody and Waite 1980), e^r by its series.
#[cfg_attr(feature = "simd", inline(always))]
pub(super) fn exp_negative(x: f32) -> f32 {
    const SHIFT: f32 = 12_582_912.0;
    // ln 2 in two parts: n times the first is exact.
    const LN2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    let x = within(x, -87.0, 0.0);
    let shifted = x * core::f32::consts::LOG2_E + SHIFT;
    let n = shifted - SHIFT;
    let r = (x - n * LN2[0]) - n * LN2[1];
    let series = 1.0 / 720.0;
    let series = series * r + 1.0 / 120.0;
    let series = series * r + 1.0 / 24.0;
    let series = series * r + 1.0 / 6.0;
    let series = series * r + 0.5;
    let series = series * r + 1.0;
    let series = series * r + 1.0;
    // 2^n by its exponent bits; n is within -126..=0.
    let power = f32::from_bits(shifted.to_bits().wrapping_add(127) << 23);
    series * power
}

/// Of a row of which `count` numbers count those that are computed: wide registers take all as fast
/// as a part of them.
#[cfg_attr(feature = "simd", inline(always))]
pub(super) fn computed(row: &mut [f32], count: usize) -> &mut [f32] {
    if cfg!(feature = "simd") { row } else { first(row, count) }
}

/// Softmax in place of the first `count` numbers of each row of `width`; those beyond become 0, which
/// adds nothing. Rows go through it together: one alone has wide registers wait for each other.
#[cfg_attr(feature = "simd", inline(always))]
pub(super) fn softmax(scores: &mut [f32], width: usize, count: usize) {
    let width = width.max(1);
    for row in scores.chunks_exact_mut(width) {
        row.get_mut(count..).unwrap_or_default().fill(f32::MIN);
        let largest = fold(row, f32::MIN, |largest, x| greater(x, largest));
        row.iter_mut().for_each(|s| *s -= largest);
    }
    scores.iter_mut().for_each(|s| *s = exp_negative(*s));
    for row in scores.chunks_exact_mut(width) {
        row.get_mut(count..).unwrap_or_default().fill(0.0);
        let total = sum(row);
        row.iter_mut().for_each(|s| *s /= total);
    }
}

/// `x / 2 (1 + erf(x / sqrt 2))` (Hendrycks 2016) with erf to 3e-7 by the rational approximation
/// 7.1.28 of Abramowitz and Stegun (1964): libm's has branches and would take longer than all else.
#[allow(clippy::excessive_precision)] // as the source prints them
#[cfg_attr(feature = "simd", inline(always))]
pub(super) fn gelu(x: f32) -> f32 {
    let scaled = x * core::f32::consts::FRAC_1_SQRT_2;
    // erf(4) is 1 in f32; the bound keeps the power below finite.
    let t = lesser(f32::from_bits(scaled.to_bits() & !(1 << 31)), 4.0);
    let p = 0.000_043_063_8;
    let p = p * t + 0.000_276_567_2;
    let p = p * t + 0.000_152_014_3;
    let p = p * t + 0.009_270_527_2;
    let p = p * t + 0.042_282_012_3;
    let p = p * t + 0.070_523_078_4;
    let p = p * t + 1.0;
    let p = p * p;
    let p = p * p;
    let p = p * p;
    let p = p * p;
    let erf = f32::from_bits((1.0 - 1.0 / p).to_bits() | (scaled.to_bits() & (1 << 31)));
    0.5 * x * (1.0 + erf)
}

/// `ln(1 + e^x)`, without overflow.
pub(super) fn softplus(x: f32) -> f32 {
    greater(x, 0.0) + libm::log1pf(exp_negative(-libm::fabsf(x)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(from: f32, to: f32) -> impl Iterator<Item = f32> {
        (0..=100_000).map(move |k| from + (to - from) * (k as f32 / 100_000.0))
    }

    #[test]
    fn exp_is_within_two_ulp_and_never_zero_or_infinite() {
        for x in steps(-86.0, 0.0) {
            let exact = libm::exp(f64::from(x));
            let off = (f64::from(exp_negative(x)) - exact).abs() / exact;
            assert!(off < 2.5e-7, "{x}: {off:e}");
        }
        assert_eq!(exp_negative(0.0), 1.0);
        assert_eq!(exp_negative(f32::NEG_INFINITY), exp_negative(-87.0));
        assert!(exp_negative(-87.0) > 0.0);
    }

    #[test]
    fn gelu_is_within_two_millionths() {
        for x in steps(-12.0, 12.0) {
            let exact = f64::from(x) / 2.0 * (1.0 + libm::erf(f64::from(x) / 2f64.sqrt()));
            let off = (f64::from(gelu(x)) - exact).abs();
            assert!(off < 4e-6, "{x}: {off:e}");
        }
        assert_eq!(gelu(0.0), 0.0);
        assert_eq!(gelu(1e30), 1e30);
    }

    #[test]
    fn softplus_is_exact_to_rounding() {
        for x in steps(-30.0, 60.0) {
            let exact = libm::log1p(libm::exp(f64::from(x)));
            let off = (f64::from(softplus(x)) - exact).abs();
            assert!(off < 1e-6 * exact.max(0.1), "{x}: {off:e}");
        }
    }

    #[test]
    fn quantising_rounds_half_to_even_and_saturates() {
        let q = |x: f32| i32::from(quantise(x, 4.0)) - 128;
        let values = [0.0, 0.1, 0.125, 0.375, -0.125, -0.375, -0.38, 1e9, -1e9, f32::NAN];
        assert_eq!(values.map(q), [0, 0, 0, 2, 0, -2, -2, 127, -128, -128]);
        for k in -1000..1000 {
            let x = k as f32 / 32.0;
            let expected = libm::rintf(x * 4.0).clamp(-128.0, 127.0);
            assert_eq!(q(x) as f32, expected, "{x}");
        }
    }

    #[test]
    fn softmax_and_norm_do_what_they_say() {
        let mut scores = [1.0, 2.0, -1e4, 3.0];
        softmax(&mut scores, 4, 4);
        assert!((sum(&scores) - 1.0).abs() < 1e-6 && scores[2] < 1e-30);
        let mut padded = [1.0, 2.0, -1e4, 3.0, 9.0, f32::NAN];
        softmax(&mut padded, 6, 4);
        assert_eq!((padded[..4].to_vec(), &padded[4..]), (scores.to_vec(), &[0.0, 0.0][..]));
        let bytes = |x: f32| [x; 11].map(f32::to_le_bytes).concat();
        let (gain, bias) = (bytes(2.0), bytes(1.0));
        let norm = Norm { gain: Floats(&gain), bias: Floats(&bias) };
        assert!(norm.has_width(11) && !norm.has_width(10));
        let mut row: [f32; 11] = core::array::from_fn(|k| k as f32);
        norm.apply(&mut row);
        assert!(
            (row[5] - 1.0).abs() < 1e-6 && (row[10] - 1.0 - 2.0 * 5.0 / 10f32.sqrt()).abs() < 1e-5
        );
    }
}
