//! Campaigns and bursts: bursts that ramp up, hold and fade, and may overlap.

use crate::traffic::random::{between, chance, heavy, log_between};
use rand_core::Rng;

/// How often bursts come and what they look like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bursts {
    /// Mean number of bursts in a day.
    pub per_day: f64,
    /// Height of the smallest, as a part of the level.
    pub height: f64,
    /// Exponent of the tail of the heights: 1.5 is wild, 4 is tame.
    pub tail: f64,
    /// Height of the highest over that of the smallest.
    pub highest: f64,
    /// Shortest, in seconds.
    pub shortest_s: f64,
    /// Longest, in seconds.
    pub longest_s: f64,
}

/// Remembers a burst until it has faded to this part of its height.
const FADED: f64 = 5e-3;

#[derive(Clone, Copy, Debug)]
struct Burst {
    age: f64,
    ramp: f64,
    hold: f64,
    decay: f64,
    height: f64,
}

impl Burst {
    fn value(&self) -> f64 {
        let held = self.age - self.ramp;
        if held < 0.0 {
            self.height * (self.age + 1.0) / (self.ramp + 1.0)
        } else {
            self.height * (-(held - self.hold).max(0.0) / self.decay).exp()
        }
    }
}

/// The bursts that are under way.
#[derive(Clone, Debug)]
pub(crate) struct BurstTrain {
    bursts: Bursts,
    step_s: f64,
    active: Vec<Burst>,
}

impl BurstTrain {
    pub(crate) fn new(bursts: Bursts, step_s: f64) -> Self {
        Self { bursts, step_s, active: Vec::new() }
    }

    /// The sum of all bursts in the next step, as a part of the level.
    pub(crate) fn next(&mut self, rng: &mut impl Rng) -> f64 {
        let of = self.bursts;
        if chance(rng, of.per_day * self.step_s / 86_400.0) {
            let steps = log_between(rng, of.shortest_s, of.longest_s) / self.step_s;
            self.active.push(Burst {
                age: 0.0,
                ramp: steps * between(rng, 0.05, 0.35),
                hold: steps * between(rng, 0.1, 0.5),
                decay: (steps * between(rng, 0.1, 0.4)).max(0.1),
                height: of.height * heavy(rng, of.tail, of.highest),
            });
        }
        let mut sum = 0.0;
        for burst in &mut self.active {
            sum += burst.value();
            burst.age += 1.0;
        }
        self.active.retain(|burst| burst.age <= burst.ramp || burst.value() > FADED * burst.height);
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::random::stream;

    #[test]
    fn bursts_rise_and_fade() {
        let one = Bursts {
            per_day: 1.0,
            height: 2.0,
            tail: 3.0,
            highest: 1.0,
            shortest_s: 3600.0,
            longest_s: 3601.0,
        };
        let mut rng = stream(3, 0);
        let mut train = BurstTrain::new(one, 120.0);
        let values: Vec<f64> = (0..7200).map(|_| train.next(&mut rng)).collect();
        let peak = values.iter().copied().fold(0.0, f64::max);
        let quiet = values.iter().filter(|v| **v == 0.0).count();
        assert!((1.9..=6.0).contains(&peak), "{peak}");
        assert!((5000..7000).contains(&quiet), "{quiet}");
    }
}
