//! All baselines, weighted by how well they have done lately (after the exponentially weighted experts
//! of Vovk 1990 and Littlestone and Warmuth 1994, with weights by a power of the error).

use super::{Medians, Past};
use scaleiq_core::forecast::STEPS;

/// Origins that a weight is averaged over, and how many it takes to tell baselines apart.
const REMEMBERED: usize = 100;
const FEWEST: usize = 10;
/// A baseline with twice the error weighs 64 times less.
const POWER: i32 = 6;

/// Mixes what the baselines said from `origins`; `baselines` holds the forecasts of each.
#[must_use]
pub fn mixture(past: &Past, origins: &[usize], baselines: &[&[Medians]]) -> Vec<Medians> {
    // What all did at each origin; where no truth is known nobody is judged.
    let judged: Vec<Option<Vec<f64>>> = origins
        .iter()
        .enumerate()
        .map(|(k, origin)| {
            let errors = baselines.iter().filter_map(|made| {
                let (sum, count) = past.errors(*origin, made.get(k)?);
                (count > 0).then(|| sum / count as f64)
            });
            let errors: Vec<f64> = errors.collect();
            (errors.len() == baselines.len()).then_some(errors)
        })
        .collect();
    let mix = |(k, origin): (usize, &usize)| {
        // An error is known once all that was forecast has come.
        let known = origins[..k].partition_point(|before| before + STEPS <= *origin);
        let weights = weights(baselines.len(), &judged[..known]);
        std::array::from_fn(|step| {
            let said = baselines.iter().zip(&weights);
            said.map(|(made, weight)| weight * f64::from(made[k][step])).sum::<f64>() as f32
        })
    };
    origins.iter().enumerate().map(mix).collect()
}

/// Weights from the errors known; they sum to 1.
fn weights(baselines: usize, judged: &[Option<Vec<f64>>]) -> Vec<f64> {
    let mut sums = vec![0.0; baselines];
    let mut count = 0;
    for errors in judged.iter().rev().flatten().take(REMEMBERED) {
        sums.iter_mut().zip(errors).for_each(|(sum, error)| *sum += error);
        count += 1;
    }
    if count < FEWEST {
        return vec![1.0 / baselines.max(1) as f64; baselines];
    }
    // Relative to the least error, so that no power is out of range.
    let least = sums.iter().copied().fold(f64::INFINITY, f64::min).max(1e-12);
    let weigh = |sum: &f64| (least / sum.max(least)).powi(POWER);
    let weights: Vec<f64> = sums.iter().map(weigh).collect();
    let total: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / total).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::past;
    use super::*;

    #[test]
    fn weights_by_hand() {
        let judged = vec![Some(vec![1.0, 2.0]); 9];
        assert_eq!(weights(2, &judged), [0.5, 0.5]);
        let judged = vec![Some(vec![1.0, 2.0]); 10];
        assert_eq!(weights(2, &judged), [64.0 / 65.0, 1.0 / 65.0]);
        // Only the last 100 count, and origins without a truth are none.
        let mut judged = vec![Some(vec![9.0, 1.0]); 50];
        judged.extend(vec![Some(vec![1.0, 1.0]); 100]);
        judged.push(None);
        assert_eq!(weights(2, &judged), [0.5, 0.5]);
        assert_eq!(weights(2, &vec![Some(vec![0.0, 0.0]); 20]), [0.5, 0.5]);
    }

    #[test]
    fn an_error_counts_once_all_of_it_has_come() {
        let past = past(&[10.0; 400], 300, 100);
        let origins: Vec<usize> = (100..300).step_by(5).collect();
        let (right, wrong) = (vec![[10.0; STEPS]; 40], vec![[20.0; STEPS]; 40]);
        let made = mixture(&past, &origins, &[&right, &wrong]);
        // The tenth error is that of row 145; it is known at row 169, so from the origin 170 on.
        let changed = made.iter().position(|m| m[0] != 15.0);
        assert_eq!(changed.map(|k| origins[k]), Some(170));
        assert!((made[39][0] - 10.0).abs() < 1e-6);
    }
}
