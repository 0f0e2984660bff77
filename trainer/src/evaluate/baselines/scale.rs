//! Scales on which a linear law may hold better than on counts.

use super::Past;

/// The share of a usual count that a logarithm takes as its unit: zeros stay finite.
const UNIT: f64 = 0.05;
/// `exp_m1` of more than this is no count.
const HIGHEST: f64 = 30.0;

/// A scale for counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scale {
    /// Counts as they are.
    Raw,
    /// Square roots: the noise of counts is even on it.
    Root,
    /// Logarithm of 1 + count / unit: what multiplies becomes what adds.
    Log(f64),
}

impl Scale {
    /// All scales for a series.
    pub(super) fn all(past: &Past) -> [Self; 3] {
        let mut known: Vec<f64> =
            (0..past.validation_from()).filter_map(|row| past.count(row)).collect();
        known.sort_by(f64::total_cmp);
        let median = known.get(known.len() / 2).copied().unwrap_or(0.0);
        let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
        // Of sparse counts the median is 0.
        let usual = [median, mean].into_iter().find(|usual| *usual > 0.0).unwrap_or(1.0);
        [Self::Raw, Self::Root, Self::Log(UNIT * usual)]
    }

    /// A count on this scale.
    pub(super) fn apply(self, count: f64) -> f64 {
        match self {
            Self::Raw => count,
            Self::Root => count.max(0.0).sqrt(),
            Self::Log(unit) => (count.max(0.0) / unit).ln_1p(),
        }
    }

    /// Back to a count, which is not negative.
    pub(super) fn undo(self, value: f64) -> f64 {
        let count = match self {
            Self::Raw => value,
            Self::Root => value.max(0.0).powi(2),
            Self::Log(unit) => value.clamp(0.0, HIGHEST).exp_m1() * unit,
        };
        count.max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::past;
    use super::*;

    #[test]
    fn scales_lead_back_to_counts() {
        let past = past(&[0.0, 30.0, 60.0, 10.0, f64::NAN, 7.0, 2.0, 99.0], 300, 8);
        for scale in Scale::all(&past) {
            for count in [0.0, 1.0, 12_345.0] {
                let back = scale.undo(scale.apply(count));
                assert!((back - count).abs() < 1e-9 * (1.0 + count), "{scale:?}: {back}");
            }
            assert_eq!(scale.undo(-3.0), 0.0);
        }
    }

    #[test]
    fn sparse_counts_have_a_unit() {
        let counts: Vec<f64> = (0..160).map(|k| if k % 10 == 0 { 2.0 } else { 0.0 }).collect();
        assert_eq!(Scale::all(&past(&counts, 300, 160))[2], Scale::Log(0.05 * 0.2));
    }
}
