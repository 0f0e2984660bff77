//! Mixes experts online: per step, weights follow how each expert did lately.
//!
//! Exponentiated gradient on the absolute error with a fixed share (Kivinen and Warmuth 1997;
//! Herbster and Warmuth 1998), and with a second-order term that holds back experts whose regret
//! jumps about (Bernstein online aggregation, Wintenberger 2017): heavy tails would move weights for
//! no reason. The gradient is scaled by the mixture's own recent error, so that one learning rate
//! serves every workload.

use super::experts::Opinions;
use crate::forecast::grid::STEPS;
use crate::learned::learned;

/// How fast weights move.
const RATE: f32 = 0.07;
/// How many times faster they move at first, when nothing speaks for the weights that there are, and
/// what is left of that after an outcome: half of it after 140.
const EAGER: f32 = 5.0;
const KEEP_EAGER: f32 = 0.995;
/// Weight that is dealt out anew each time, so that no expert is ever lost that was let in.
const SHARE: f32 = 1e-5;
/// A gradient counts for at most this much.
const STEEPEST: f32 = 3.0;

/// Weights of the experts for each step.
#[derive(Clone, Debug)]
pub(crate) struct Mixture {
    weights: [Opinions; STEPS],
    /// Mean square error of the mixture.
    square_error: [f32; STEPS],
    /// Outcomes seen make weights move slower: the share by which they still move faster.
    eager: [f32; STEPS],
    /// What a mean keeps per interval.
    keep: f32,
}
learned!(Mixture { weights, square_error, eager } built { keep });

impl Mixture {
    /// Starts from `weights` (sum 1); errors are averaged over about `half_life` intervals.
    pub(crate) fn new(weights: Opinions, half_life: f32) -> Self {
        let keep = libm::exp2f(-1.0 / half_life.max(1.0));
        Self { weights: [weights; STEPS], square_error: [0.0; STEPS], eager: [EAGER; STEPS], keep }
    }

    /// Lets an expert in that had no weight: it begins with `share` of all.
    pub(crate) fn enrol(&mut self, expert: usize, share: f32) {
        for weights in &mut self.weights {
            weights.iter_mut().for_each(|weight| *weight *= 1.0 - share);
            if let Some(weight) = weights.get_mut(expert) {
                *weight = share;
            }
        }
    }

    /// The weights for `step`.
    pub(crate) fn weights(&self, step: usize) -> Opinions {
        self.weights.get(step).copied().unwrap_or_default()
    }

    /// The weighted mean of what the experts say about `step`.
    pub(crate) fn mix(&self, step: usize, opinions: &Opinions) -> f32 {
        self.weights(step).iter().zip(opinions).map(|(w, x)| w * x).sum()
    }

    /// By what share of itself the mixture (in events) would be less without what `expert` says; 1
    /// where nobody else is heard.
    pub(crate) fn effect(&self, step: usize, opinions: &Opinions, expert: usize) -> f32 {
        let own = self.weights(step).get(expert).copied().unwrap_or_default();
        let opinion = opinions.get(expert).copied().unwrap_or_default();
        let mixed = self.mix(step, opinions);
        let others = 1.0 - own;
        if !(others > 1e-6 && mixed > 1e-6) {
            return if mixed > 1e-6 { 1.0 } else { 0.0 };
        }
        // Opinions are square roots.
        let without = (mixed - own * opinion) / others / mixed;
        1.0 - without * without
    }

    /// Takes what came true `step + 1` intervals after the experts spoke.
    pub(crate) fn learn(&mut self, step: usize, opinions: &Opinions, truth: f32) {
        let mixed = self.mix(step, opinions);
        let (Some(weights), Some(square), Some(eager)) =
            (self.weights.get_mut(step), self.square_error.get_mut(step), self.eager.get_mut(step))
        else {
            return;
        };
        let error = mixed - truth;
        *square = if *square > 0.0 {
            self.keep * *square + (1.0 - self.keep) * error * error
        } else {
            error * error
        };
        let scale = libm::sqrtf(*square);
        if !(scale > 1e-9 && scale.is_finite()) {
            return;
        }
        let rate = RATE * (1.0 + *eager);
        *eager *= KEEP_EAGER;
        let side = if error > 0.0 { 1.0 } else { -1.0 };
        let mut sum = 0.0;
        for (weight, opinion) in weights.iter_mut().zip(opinions) {
            let gradient = (side * (opinion - mixed) / scale).clamp(-STEEPEST, STEEPEST);
            let pull = rate * gradient;
            *weight *= libm::expf(-pull - pull * pull);
            sum += *weight;
        }
        let share = SHARE / weights.iter().filter(|weight| **weight > 0.0).count() as f32;
        for weight in weights.iter_mut().filter(|weight| **weight > 0.0) {
            *weight = (1.0 - SHARE) * *weight / sum + share;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::experts::EXPERTS;
    use super::*;

    fn uniform() -> Mixture {
        Mixture::new([1.0 / EXPERTS as f32; EXPERTS], 100.0)
    }

    #[test]
    fn the_better_expert_gains_and_a_change_is_followed() {
        let mut mixture = uniform();
        for (good, times) in [(2, 400), (5, 800)] {
            for k in 0..times {
                let truth = (k % 7) as f32;
                let opinions = core::array::from_fn(|e| {
                    if e == good { truth + 0.1 } else { truth + 1.0 + e as f32 }
                });
                mixture.learn(3, &opinions, truth);
            }
            let weights = mixture.weights(3);
            assert!(weights[good] > 0.9, "{good}: {weights:?}");
            assert!((weights.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        }
        assert_eq!(mixture.weights(4), uniform().weights(4));
    }

    #[test]
    fn an_expert_has_the_effect_that_the_others_would_not_have() {
        let mixture = uniform();
        // All but one say 10, and that one so much more that the mean is 11.
        let outlying = 10.0 + EXPERTS as f32;
        let opinions = core::array::from_fn(|e| if e == 0 { outlying } else { 10.0 });
        let [outlier, other] = [0, 1].map(|expert| mixture.effect(2, &opinions, expert));
        assert!((outlier - (1.0 - 100.0 / 121.0)).abs() < 1e-4, "{outlier}");
        assert!(other < 0.0 && other > -0.05, "{other}");
        assert!(mixture.effect(2, &[10.0; EXPERTS], 0).abs() < 1e-5);
        assert_eq!(mixture.effect(2, &[0.0; EXPERTS], 0), 0.0);
        let alone = Mixture::new(core::array::from_fn(|e| f32::from(u8::from(e == 0))), 1.0);
        assert_eq!([0, 1].map(|expert| alone.effect(2, &opinions, expert)), [1.0, 0.0]);
    }

    #[test]
    fn nothing_happens_while_every_forecast_is_right() {
        let mut mixture = uniform();
        mixture.learn(0, &[5.0; EXPERTS], 5.0);
        assert_eq!(mixture.weights(0), uniform().weights(0));
        mixture.learn(0, &[f32::MAX; EXPERTS], -f32::MAX);
        assert!(mixture.weights(0).iter().all(|w| w.is_finite()));
    }
}
