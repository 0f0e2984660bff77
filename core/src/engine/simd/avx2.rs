//! AVX2: products of i16, summed in pairs to i32. Its products of bytes would be one instruction,
//! but saturate.

use super::super::MAX_INNER;
use super::super::dense::{Dense, ZERO_POINT};
use core::arch::x86_64::*;

/// Rows whose sums are in registers at a time.
const ROWS: usize = 4;
/// Outputs in a register.
const LANES: usize = 8;

/// Whether this processor has what this module needs.
pub(in super::super) fn is_available() -> bool {
    std::arch::is_x86_feature_detected!("avx2")
}

/// Runs `layer` where [`is_available`].
pub(in super::super) fn apply(layer: &Dense, rows: &[u8], out: &mut [f32]) {
    debug_assert!(is_available());
    // SAFETY: whoever calls has asked `is_available`.
    unsafe { with_avx2(layer, rows, out) }
}

/// Runs `f`, and what is inlined into it, where [`is_available`]. Not with `fma`.
pub(in super::super) fn widely<R>(f: impl FnOnce() -> R) -> R {
    #[target_feature(enable = "avx2")]
    fn wide<R>(f: impl FnOnce() -> R) -> R {
        f()
    }
    debug_assert!(is_available());
    // SAFETY: whoever calls has asked `is_available`.
    unsafe { wide(f) }
}

#[target_feature(enable = "avx2")]
fn with_avx2(layer: &Dense, rows: &[u8], out: &mut [f32]) {
    let outputs = usize::from(layer.outputs).max(1);
    let stride = layer.stride().max(1);
    let weights = layer.weights.as_chunks::<4>().0;
    let (factors, bias) = (layer.factors.0.as_chunks::<4>().0, layer.bias.0.as_chunks::<4>().0);
    let mut centred = [[0i16; MAX_INNER]; ROWS];
    for (rows, out) in rows.chunks(stride * ROWS).zip(out.chunks_mut(outputs * ROWS)) {
        for (row, centred) in rows.chunks_exact(stride).zip(&mut centred) {
            for (x, to) in row.iter().zip(centred) {
                *to = i16::from(*x) - i16::from(ZERO_POINT);
            }
        }
        for from in (0..outputs).step_by(LANES) {
            let count = LANES.min(outputs - from);
            // The sums of the even and of the odd inputs, of four outputs in a register.
            let mut sums = [[_mm256_setzero_si256(); 2]; ROWS];
            for (at, weights) in weights.chunks_exact(outputs).enumerate() {
                let weights = load(weights, from, count);
                let weights = [
                    _mm256_cvtepi8_epi16(_mm256_castsi256_si128(weights)),
                    _mm256_cvtepi8_epi16(_mm256_extracti128_si256::<1>(weights)),
                ];
                for (sums, row) in sums.iter_mut().zip(&centred) {
                    let Some(four) = row.as_chunks::<4>().0.get(at) else { continue };
                    let four = _mm256_set1_epi64x(packed(*four));
                    for (sum, weights) in sums.iter_mut().zip(weights) {
                        *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(four, weights));
                    }
                }
            }
            let numbers = |all: &[[u8; 4]]| _mm256_castsi256_ps(load(all, from, count));
            let (factors, bias) = (numbers(factors), numbers(bias));
            for ([low, high], out) in sums.into_iter().zip(out.chunks_exact_mut(outputs)) {
                // Pairs within each half of the registers, and the halves' quarters into order.
                let sum = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_hadd_epi32(low, high));
                let number = _mm256_add_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(sum), factors), bias);
                if let Some(out) = out.get_mut(from..from + count) {
                    // SAFETY: `mask` has a lane for each number of `out` and no other.
                    unsafe { _mm256_maskstore_ps(out.as_mut_ptr(), mask(count), number) };
                }
            }
        }
    }
}

/// Four numbers as one, the first in the lowest bits.
fn packed(four: [i16; 4]) -> i64 {
    let [a, b, c, d] = four.map(|x| u64::from(x as u16));
    (a | b << 16 | c << 32 | d << 48) as i64
}

/// The first `count` lanes.
#[target_feature(enable = "avx2")]
fn mask(count: usize) -> __m256i {
    let lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    _mm256_cmpgt_epi32(_mm256_set1_epi32(count as i32), lanes)
}

/// `count` words from `from` on; zeros beyond, and where there are none.
#[target_feature(enable = "avx2")]
fn load(words: &[[u8; 4]], from: usize, count: usize) -> __m256i {
    match words.get(from..from + count) {
        // SAFETY: `mask` has a lane for each word of the slice and no other.
        Some(words) => unsafe { _mm256_maskload_epi32(words.as_ptr().cast(), mask(count)) },
        None => _mm256_setzero_si256(),
    }
}
