//! AVX-512 with VNNI: products of four bytes, summed to i32, in one instruction.

use super::super::dense::Dense;
use super::blocks::Blocks;
use core::arch::x86_64::*;

/// Outputs in a register.
const LANES: usize = 16;
/// Registers of outputs, and rows, whose sums are in registers at a time.
const WIDE: usize = 2;
const ROWS: usize = 8;

/// Whether this processor has what this module needs.
pub(in super::super) fn is_available() -> bool {
    std::arch::is_x86_feature_detected!("avx512f")
        && std::arch::is_x86_feature_detected!("avx512bw")
        && std::arch::is_x86_feature_detected!("avx512vnni")
}

/// Runs `layer` where [`is_available`].
pub(in super::super) fn apply(layer: &Dense, rows: &[u8], out: &mut [f32]) {
    debug_assert!(is_available());
    // SAFETY: whoever calls holds the set, which is handed out where it `is_available`.
    unsafe { with_vnni(layer, rows, out) }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn with_vnni(layer: &Dense, rows: &[u8], out: &mut [f32]) {
    for (count, rows, out) in Blocks::new(layer, rows, out, ROWS) {
        match count {
            ROWS.. => block::<ROWS>(layer, rows, out),
            4.. => block::<4>(layer, rows, out),
            2.. => block::<2>(layer, rows, out),
            _ => block::<1>(layer, rows, out),
        }
    }
}

/// Runs `layer` over `N` rows.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn block<const N: usize>(layer: &Dense, rows: &[u8], out: &mut [f32]) {
    let outputs = usize::from(layer.outputs);
    for from in (0..outputs).step_by(WIDE * LANES) {
        if outputs - from > LANES {
            columns::<N, WIDE>(layer, rows, from, out);
        } else {
            columns::<N, 1>(layer, rows, from, out);
        }
    }
}

/// `M` registers of outputs from `from` on, where there are more than `M - 1`, of `N` rows.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn columns<const N: usize, const M: usize>(
    layer: &Dense,
    rows: &[u8],
    from: usize,
    out: &mut [f32],
) {
    let (fours, outputs) = (layer.stride() / 4, usize::from(layer.outputs));
    let (rows, weights) = (rows.as_chunks::<4>().0, layer.weights.as_chunks::<4>().0);
    if rows.len() < N * fours || weights.len() < fours * outputs {
        return;
    }
    let counts = core::array::from_fn::<_, M, _>(|part| {
        LANES.min(outputs.saturating_sub(from + part * LANES))
    });
    let mut sums = [[_mm512_setzero_si512(); M]; N];
    // What the zero point adds: 128 times the sum of the weights.
    let mut zeros = [_mm512_setzero_si512(); M];
    for at in 0..fours {
        let mut words = [_mm512_setzero_si512(); M];
        for (part, words) in words.iter_mut().enumerate() {
            // SAFETY: these are `counts` outputs of the `at`th four; there are `fours * outputs` words.
            *words = unsafe {
                let first = weights.as_ptr().add(at * outputs + from + part * LANES);
                _mm512_maskz_loadu_epi32(mask(counts[part]), first.cast())
            };
        }
        for (zero, words) in zeros.iter_mut().zip(words) {
            *zero = _mm512_dpbusd_epi32(*zero, _mm512_set1_epi8(1), words);
        }
        for (row, sums) in sums.iter_mut().enumerate() {
            // SAFETY: there are `N * fours` words.
            let four =
                unsafe { rows.as_ptr().add(row * fours + at).cast::<i32>().read_unaligned() };
            let four = _mm512_set1_epi32(four);
            for (sum, words) in sums.iter_mut().zip(words) {
                *sum = _mm512_dpbusd_epi32(*sum, four, words);
            }
        }
    }
    let (factors, bias) = (layer.factors.0.as_chunks::<4>().0, layer.bias.0.as_chunks::<4>().0);
    for (part, (count, zero)) in counts.into_iter().zip(zeros).enumerate() {
        let from = from + part * LANES;
        let numbers = |all: &[[u8; 4]]| _mm512_castsi512_ps(load(all, from, count));
        let (factors, bias) = (numbers(factors), numbers(bias));
        let zero = _mm512_slli_epi32::<7>(zero);
        for (sums, out) in sums.iter().zip(out.chunks_exact_mut(outputs)) {
            let sum = sums.get(part).copied().unwrap_or(zero);
            let sum = _mm512_cvtepi32_ps(_mm512_sub_epi32(sum, zero));
            let number = _mm512_add_ps(_mm512_mul_ps(sum, factors), bias);
            if let Some(out) = out.get_mut(from..from + count) {
                // SAFETY: `mask` has a bit for each number of `out` and no other.
                unsafe { _mm512_mask_storeu_ps(out.as_mut_ptr(), mask(count), number) };
            }
        }
    }
}

/// The first `count` lanes.
fn mask(count: usize) -> __mmask16 {
    ((1u32 << count) - 1) as u16
}

/// `count` words from `from` on; zeros beyond, and where there are none.
#[target_feature(enable = "avx512f")]
fn load(words: &[[u8; 4]], from: usize, count: usize) -> __m512i {
    match words.get(from..from + count) {
        // SAFETY: `mask` has a bit for each word of the slice and no other.
        Some(words) => unsafe { _mm512_maskz_loadu_epi32(mask(count), words.as_ptr().cast()) },
        None => _mm512_setzero_si512(),
    }
}
