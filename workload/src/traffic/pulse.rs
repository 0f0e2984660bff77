//! Campaigns and bursts: pulses that ramp up, hold and fade, and may overlap.

use crate::traffic::random::{between, chance, heavy, log_between};
use rand_core::Rng;

/// How often pulses come and what they look like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pulses {
    /// Mean number of pulses in a day.
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

/// Remembers a pulse until it has faded to this part of its height.
const FADED: f64 = 5e-3;

#[derive(Clone, Copy, Debug)]
struct Pulse {
    age: f64,
    ramp: f64,
    hold: f64,
    decay: f64,
    height: f64,
}

impl Pulse {
    fn value(&self) -> f64 {
        let held = self.age - self.ramp;
        if held < 0.0 {
            self.height * (self.age + 1.0) / (self.ramp + 1.0)
        } else {
            self.height * (-(held - self.hold).max(0.0) / self.decay).exp()
        }
    }
}

/// The pulses that are under way.
#[derive(Clone, Debug)]
pub(crate) struct PulseTrain {
    pulses: Pulses,
    step_s: f64,
    active: Vec<Pulse>,
}

impl PulseTrain {
    pub(crate) fn new(pulses: Pulses, step_s: f64) -> Self {
        Self { pulses, step_s, active: Vec::new() }
    }

    /// The sum of all pulses in the next step, as a part of the level.
    pub(crate) fn next(&mut self, rng: &mut impl Rng) -> f64 {
        let of = self.pulses;
        if chance(rng, of.per_day * self.step_s / 86_400.0) {
            let steps = log_between(rng, of.shortest_s, of.longest_s) / self.step_s;
            self.active.push(Pulse {
                age: 0.0,
                ramp: steps * between(rng, 0.05, 0.35),
                hold: steps * between(rng, 0.1, 0.5),
                decay: (steps * between(rng, 0.1, 0.4)).max(0.1),
                height: of.height * heavy(rng, of.tail, of.highest),
            });
        }
        let mut sum = 0.0;
        for pulse in &mut self.active {
            sum += pulse.value();
            pulse.age += 1.0;
        }
        self.active.retain(|pulse| pulse.age <= pulse.ramp || pulse.value() > FADED * pulse.height);
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::random::stream;

    #[test]
    fn pulses_rise_and_fade() {
        let one = Pulses {
            per_day: 1.0,
            height: 2.0,
            tail: 3.0,
            highest: 1.0,
            shortest_s: 3600.0,
            longest_s: 3601.0,
        };
        let mut rng = stream(3, 0);
        let mut train = PulseTrain::new(one, 120.0);
        let values: Vec<f64> = (0..7200).map(|_| train.next(&mut rng)).collect();
        let peak = values.iter().copied().fold(0.0, f64::max);
        let quiet = values.iter().filter(|v| **v == 0.0).count();
        assert!((1.9..=6.0).contains(&peak), "{peak}");
        assert!((5000..7000).contains(&quiet), "{quiet}");
    }
}
