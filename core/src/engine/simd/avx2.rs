//! AVX2: products of i16, summed in pairs to i32. Its products of bytes would be one instruction,
//! but saturate.

use super::super::dense::{Dense, ZERO_POINT};
use super::super::shape::MAX_INNER;
use super::blocks::Blocks;
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
    // SAFETY: whoever calls holds the set, which is handed out where it `is_available`.
    unsafe { with_avx2(layer, rows, out) }
}

#[target_feature(enable = "avx2")]
fn with_avx2(layer: &Dense, rows: &[u8], out: &mut [f32]) {
    for (count, rows, out) in Blocks::new(layer, rows, out, ROWS) {
        match count {
            ROWS.. => block::<ROWS>(layer, rows, out),
            2.. => block::<2>(layer, rows, out),
            _ => block::<1>(layer, rows, out),
        }
    }
}

/// Runs `layer` over `N` rows.
#[target_feature(enable = "avx2")]
fn block<const N: usize>(layer: &Dense, rows: &[u8], out: &mut [f32]) {
    let mut centred = [[0i16; MAX_INNER]; N];
    for (row, centred) in rows.chunks_exact(layer.stride().max(1)).zip(&mut centred) {
        for (x, to) in row.iter().zip(centred) {
            *to = i16::from(*x) - i16::from(ZERO_POINT);
        }
    }
    let outputs = usize::from(layer.outputs);
    for from in (0..outputs).step_by(LANES) {
        columns(layer, &centred, from, LANES.min(outputs - from), out);
    }
}

/// `count` outputs from `from` on, of each row.
#[target_feature(enable = "avx2")]
fn columns<const N: usize>(
    layer: &Dense,
    centred: &[[i16; MAX_INNER]; N],
    from: usize,
    count: usize,
    out: &mut [f32],
) {
    let (fours, outputs) = (layer.stride() / 4, usize::from(layer.outputs));
    let weights = layer.weights.as_chunks::<4>().0;
    if weights.len() < fours * outputs || MAX_INNER < 4 * fours {
        return;
    }
    let mask = mask(count);
    // The sums of the even and of the odd inputs, of four outputs in a register.
    let mut sums = [[_mm256_setzero_si256(); 2]; N];
    for at in 0..fours {
        // SAFETY: these are `count` outputs of the `at`th four; there are `fours * outputs` words.
        let weights = unsafe {
            let first = weights.as_ptr().add(at * outputs + from);
            _mm256_maskload_epi32(first.cast(), mask)
        };
        let weights = [
            _mm256_cvtepi8_epi16(_mm256_castsi256_si128(weights)),
            _mm256_cvtepi8_epi16(_mm256_extracti128_si256::<1>(weights)),
        ];
        for (sums, row) in sums.iter_mut().zip(centred) {
            // SAFETY: a row has at least `4 * fours` numbers.
            let four = unsafe { row.as_ptr().add(4 * at).cast::<i64>().read_unaligned() };
            let four = _mm256_set1_epi64x(four);
            for (sum, weights) in sums.iter_mut().zip(weights) {
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(four, weights));
            }
        }
    }
    let (factors, bias) = (layer.factors.0.as_chunks::<4>().0, layer.bias.0.as_chunks::<4>().0);
    let numbers = |all: &[[u8; 4]]| _mm256_castsi256_ps(load(all, from, count));
    let (factors, bias) = (numbers(factors), numbers(bias));
    for ([low, high], out) in sums.into_iter().zip(out.chunks_exact_mut(outputs)) {
        // Pairs within each half of the registers, and the halves' quarters into order.
        let sum = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_hadd_epi32(low, high));
        let number = _mm256_add_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(sum), factors), bias);
        if let Some(out) = out.get_mut(from..from + count) {
            // SAFETY: `mask` has a lane for each number of `out` and no other.
            unsafe { _mm256_maskstore_ps(out.as_mut_ptr(), mask, number) };
        }
    }
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
