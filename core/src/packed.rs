//! Counts in 16 bits, so that weeks of them fit a microcontroller.

use crate::learned::{Archive, Learned};

/// A non-negative count in 16 bits: the top of its `f32` (8 exponent and 8 mantissa bits), so that
/// four weeks of 2-minute counts fit into 40 KB. Relative error at most 2^-9 (0.2 %); zero is exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PackedCount(u16);

impl Learned for PackedCount {
    fn pass(&mut self, archive: &mut Archive<'_>) {
        self.0.pass(archive);
    }
}

impl PackedCount {
    const MISSING: PackedCount = PackedCount(u16::MAX);

    /// Packs a count. Negative and non-finite values become "missing".
    #[must_use]
    pub(crate) fn pack(value: Option<f32>) -> Self {
        match value {
            // 2^-16 of an ulp of the kept mantissa rounds to nearest; the sign bit is 0.
            Some(v) if v.is_finite() && v >= 0.0 => {
                PackedCount(((v.to_bits() + (1 << 14)) >> 15).min(0xFEFF) as u16)
            }
            _ => Self::MISSING,
        }
    }

    /// The count, or `None` if it was missing.
    #[must_use]
    pub(crate) fn unpack(self) -> Option<f32> {
        (self != Self::MISSING).then(|| f32::from_bits(u32::from(self.0) << 15))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn packing_keeps_counts_within_a_fifth_of_a_percent(v in 0.0f32..1e12) {
            let back = PackedCount::pack(Some(v)).unpack().unwrap();
            prop_assert!((back - v).abs() <= v / 512.0 + f32::MIN_POSITIVE);
        }
    }

    #[test]
    fn packing_keeps_zero_and_missing() {
        assert_eq!(PackedCount::pack(Some(0.0)).unpack(), Some(0.0));
        assert_eq!(PackedCount::pack(None).unpack(), None);
        assert_eq!(PackedCount::pack(Some(f32::NAN)).unpack(), None);
        assert_eq!(PackedCount::pack(Some(-1.0)).unpack(), None);
    }
}
