//! AVX-512 with VNNI: products of four bytes, summed to i32, in one instruction.

use super::super::dense::Dense;
use core::arch::x86_64::*;

/// Rows whose sums are in registers at a time.
const ROWS: usize = 8;
/// Outputs in a register.
const LANES: usize = 16;

/// Whether this processor has what this module needs.
pub(in super::super) fn is_available() -> bool {
    std::arch::is_x86_feature_detected!("avx512f")
        && std::arch::is_x86_feature_detected!("avx512bw")
        && std::arch::is_x86_feature_detected!("avx512vl")
        && std::arch::is_x86_feature_detected!("avx512dq")
        && std::arch::is_x86_feature_detected!("avx512vnni")
}

/// Runs `layer` where [`is_available`].
pub(in super::super) fn apply(layer: &Dense, rows: &[u8], out: &mut [f32]) {
    debug_assert!(is_available());
    // SAFETY: whoever calls has asked `is_available`.
    unsafe { with_vnni(layer, rows, out) }
}

/// Runs `f`, and what is inlined into it, where [`is_available`].
pub(in super::super) fn widely<R>(f: impl FnOnce() -> R) -> R {
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
    fn wide<R>(f: impl FnOnce() -> R) -> R {
        f()
    }
    debug_assert!(is_available());
    // SAFETY: whoever calls has asked `is_available`.
    unsafe { wide(f) }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn with_vnni(layer: &Dense, rows: &[u8], out: &mut [f32]) {
    let outputs = usize::from(layer.outputs).max(1);
    let stride = layer.stride().max(1);
    let weights = layer.weights.as_chunks::<4>().0;
    let (factors, bias) = (layer.factors.0.as_chunks::<4>().0, layer.bias.0.as_chunks::<4>().0);
    for from in (0..outputs).step_by(LANES) {
        let count = LANES.min(outputs - from);
        let mask: __mmask16 = ((1u32 << count) - 1) as u16;
        let numbers = |all: &[[u8; 4]]| _mm512_castsi512_ps(load(mask, all, from));
        let (factors, bias) = (numbers(factors), numbers(bias));
        let blocks = rows.chunks(stride * ROWS).zip(out.chunks_mut(outputs * ROWS));
        for (rows, out) in blocks {
            let mut sums = [_mm512_setzero_si512(); ROWS];
            // What the zero point adds: 128 times the sum of the weights.
            let mut zero = _mm512_setzero_si512();
            for (at, weights) in weights.chunks_exact(outputs).enumerate() {
                let weights = load(mask, weights, from);
                zero = _mm512_dpbusd_epi32(zero, _mm512_set1_epi8(1), weights);
                for (sum, row) in sums.iter_mut().zip(rows.chunks_exact(stride)) {
                    let four = row.as_chunks::<4>().0.get(at).copied().unwrap_or_default();
                    let four = _mm512_set1_epi32(i32::from_le_bytes(four));
                    *sum = _mm512_dpbusd_epi32(*sum, four, weights);
                }
            }
            let zero = _mm512_slli_epi32::<7>(zero);
            for (sum, out) in sums.iter().zip(out.chunks_exact_mut(outputs)) {
                let sum = _mm512_cvtepi32_ps(_mm512_sub_epi32(*sum, zero));
                let number = _mm512_add_ps(_mm512_mul_ps(sum, factors), bias);
                if let Some(out) = out.get_mut(from..from + count) {
                    // SAFETY: `mask` has a bit for each number of `out` and no other.
                    unsafe { _mm512_mask_storeu_ps(out.as_mut_ptr(), mask, number) };
                }
            }
        }
    }
}

/// As many words from `from` on as `mask` has bits; zeros beyond, and where there are none.
#[target_feature(enable = "avx512f")]
fn load(mask: __mmask16, words: &[[u8; 4]], from: usize) -> __m512i {
    match words.get(from..from + mask.count_ones() as usize) {
        // SAFETY: `mask` has a bit for each word of the slice and no other.
        Some(words) => unsafe { _mm512_maskz_loadu_epi32(mask, words.as_ptr().cast()) },
        None => _mm512_setzero_si512(),
    }
}
