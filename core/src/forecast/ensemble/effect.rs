//! What planned events do to the arrivals, learned from those that were.
//!
//! No expert knows what is planned, so whenever a plan changes between a forecast's origin and the
//! interval it speaks of, all of them are off by about the same factor. That factor is learned here
//! from the mixture's own errors (least squares, online), and every expert is multiplied by it.
//! Where the plan does not change the factor is exactly 1: without plans nothing is different.

use crate::forecast::grid::STEPS;
use crate::forecast::plan::{self, Ahead, PLANS, Plan};
use crate::learned::learned;
use crate::ring::Ring;

/// Samples that one begin or end of an event gives: 1 to [`STEPS`] at the steps of as many origins.
const SAMPLES: f32 = (STEPS * (STEPS + 1) / 2) as f32;
/// An effect counts as far as it is larger than this many times its own uncertainty (squared): a
/// campaign that does nothing must cost nothing.
const SHRINKAGE: f32 = 2.0;
/// Begins (or ends) after which one counts half.
const HALF_LIFE: f32 = 8.0;
/// Bounds of the factor, in square roots of events: 1/16 to 16 times as many of them.
const FACTORS: [f32; 2] = [0.25, 4.0];

/// By how much a plan of size 1 that begins (or ends) changes the square root of the arrivals, as a
/// share of it.
#[derive(Clone, Copy, Debug, Default)]
struct Effect {
    /// Sum of size x expected x off by.
    product: f32,
    /// Sum of (size x expected) squared.
    power: f32,
    /// Sum of off by squared.
    square: f32,
    /// Samples that the sums are worth.
    worth: f32,
}
learned!(Effect { product, power, square, worth });

impl Effect {
    /// Least squares, drawn towards 0 by how much it differs from one event to the next
    /// (positive-part shrinkage, James and Stein 1961). Samples of one event err alike, so events
    /// are what counts.
    fn gain(self) -> f32 {
        let events = self.worth / SAMPLES;
        if !(events > 1.0 && self.power > 0.0) {
            return 0.0;
        }
        let gain = self.product / self.power;
        let left = (self.square - gain * self.product).max(0.0);
        let uncertainty = left / self.power / (events - 1.0);
        // 0 / 0 becomes 0 here.
        gain * (1.0 - SHRINKAGE * uncertainty / (gain * gain)).max(0.0)
    }

    /// `expected` was wrong by `off`, and a change of the plan by `size` stood between.
    fn learn(&mut self, size: f32, expected: f32, off: f32) {
        let keep = libm::exp2f(-1.0 / (HALF_LIFE * SAMPLES));
        let x = size * expected;
        self.product = self.product * keep + x * off;
        self.power = self.power * keep + x * x;
        self.square = self.square * keep + off * off;
        self.worth = self.worth * keep + 1.0;
    }
}

/// The plans around the present, and what each kind of them does.
#[derive(Clone, Debug)]
pub(super) struct Effects {
    /// What is planned for the next interval to come (or the one that just came) and after it.
    ahead: Ahead,
    /// What was planned for the last intervals, newest first.
    past: Ring<Plan, { STEPS + 1 }>,
    /// Kind by kind, of a beginning and of an end.
    effects: [[Effect; 2]; PLANS],
}
learned!(Effects { ahead, past, effects });

impl Effects {
    /// Nothing planned, nothing learned.
    pub(super) fn new() -> Self {
        let ahead = [[0.0; PLANS]; STEPS + 1];
        Self { ahead, past: Ring::default(), effects: Default::default() }
    }

    /// Takes what is planned for the interval that comes next and for those after it.
    pub(super) fn set_planned(&mut self, ahead: &Ahead) {
        self.ahead = plan::sound(ahead);
    }

    /// The interval has come: it is the present one.
    pub(super) fn advance(&mut self) {
        self.past.push(self.ahead[0]);
    }

    /// All was said that depends on the plans: the next interval has none unless it is told.
    pub(super) fn done(&mut self) {
        self.ahead = [[0.0; PLANS]; STEPS + 1];
    }

    /// Forgets the plans and keeps what was learned.
    pub(super) fn restart(&mut self) {
        self.past = Ring::default();
    }

    /// What a forecast made now for `step` (0 is the next interval) is to be multiplied by.
    pub(super) fn factor_ahead(&self, step: usize) -> f32 {
        self.factor(&change(&self.ahead[step + 1], &self.ahead[0]))
    }

    /// What a forecast of the present interval, made `step + 1` intervals ago, is multiplied by.
    pub(super) fn factor_since(&self, step: usize) -> f32 {
        self.factor(&self.change_since(step))
    }

    /// Takes what came true in the present interval, where the mixture alone had `expected`, from
    /// `step + 1` intervals ago. Each kind learns what the others leave.
    pub(super) fn learn(&mut self, step: usize, expected: f32, truth: f32) {
        let change = self.change_since(step);
        let changes = change.iter().any(|size| *size != 0.0);
        if !(changes && expected > 0.0) {
            return;
        }
        let total = self.factor(&change);
        // One wild count says no more than that the effect is as large as can be.
        let truth = truth.min(FACTORS[1] * expected);
        for (effects, size) in self.effects.iter_mut().zip(change) {
            if size != 0.0 {
                let effect = &mut effects[usize::from(size < 0.0)];
                let own = effect.gain() * size.abs();
                effect.learn(size.abs(), expected, truth - expected * (total - own));
            }
        }
    }

    fn change_since(&self, step: usize) -> Plan {
        let at = |age: usize| self.past.ago(age).unwrap_or_default();
        change(&at(0), &at(step + 1))
    }

    fn factor(&self, change: &Plan) -> f32 {
        let gain = |(effects, size): (&[Effect; 2], &f32)| {
            effects[usize::from(*size < 0.0)].gain() * size.abs()
        };
        let sum: f32 = self.effects.iter().zip(change).map(gain).sum();
        (1.0 + sum).clamp(FACTORS[0], FACTORS[1])
    }
}

fn change(to: &Plan, from: &Plan) -> Plan {
    core::array::from_fn(|kind| to[kind] - from[kind])
}

#[cfg(test)]
mod tests {
    use super::super::super::{Forecast, ForecastPipeline, Forecaster as _, NoModel};
    use super::super::super::{Q50, plan};
    use super::*;
    use crate::interval::{Interval, IntervalLength};
    use crate::units::UnixSeconds;
    use std::vec::Vec;

    const DAY: usize = 720;
    const DAYS: usize = 14;
    /// Intervals of a campaign: two hours.
    const LASTS: usize = 60;

    /// A fixed sequence without a pattern, within 0..1.
    fn noise(k: usize) -> f32 {
        ((k as u32).wrapping_mul(2_654_435_761) >> 8) as f32 / (1u32 << 24) as f32
    }

    /// Where the campaign of each day begins.
    fn begins() -> impl Iterator<Item = usize> {
        (0..DAYS).map(|day| day * DAY + (noise(7 * day) * (DAY - 2 * LASTS) as f32) as usize)
    }

    fn campaigns() -> Vec<Plan> {
        let mut plans = std::vec![[0.0; PLANS]; DAYS * DAY];
        for begin in begins() {
            plans[begin..begin + LASTS].fill([0.0, 1.0]);
        }
        plans
    }

    /// A day's wave that campaigns double.
    fn events(k: usize, plans: &[Plan]) -> f32 {
        let turn = core::f32::consts::TAU * (k % DAY) as f32 / DAY as f32;
        let wave = 1000.0 + 600.0 * libm::sinf(turn) + 60.0 * noise(k);
        wave * (1.0 + plans[k][1])
    }

    fn play(events: &[f32], told: Option<&[Plan]>) -> Vec<Forecast> {
        let mut pipeline = ForecastPipeline::new(IntervalLength::TWO_MINUTES, NoModel);
        let push = |(k, events): (usize, &f32)| {
            if let Some(plans) = told {
                pipeline.set_planned(&plan::ahead(plans, k));
            }
            let end = UnixSeconds(120 * (k as i64 + 1));
            pipeline.push(&Interval { arrivals_events: Some(*events), ..Interval::missing(end) })
        };
        events.iter().enumerate().filter_map(push).collect()
    }

    /// Mean error of the forecasts made up to six intervals before `moments`, as a share of the
    /// truth; of the second half.
    fn error(forecasts: &[Forecast], events: &[f32], moments: impl Iterator<Item = usize>) -> f32 {
        let (mut error, mut truth) = (0.0, 0.0);
        let origins = moments.filter(|k| *k > DAYS * DAY / 2).flat_map(|k| k - 6..k);
        for origin in origins {
            for (step, row) in forecasts[origin].events.iter().enumerate() {
                let came = events[origin + 1 + step];
                error += libm::fabsf(row[Q50] - came);
                truth += came;
            }
        }
        error / truth
    }

    #[test]
    fn campaigns_that_are_told_are_forecast() {
        let plans = campaigns();
        let events: Vec<f32> = (0..plans.len()).map(|k| events(k, &plans)).collect();
        let (told, untold) = (play(&events, Some(&plans)), play(&events, Option::None));
        let errors = |forecasts: &[Forecast]| {
            let begin = error(forecasts, &events, begins());
            let end = error(forecasts, &events, begins().map(|begin| begin + LASTS));
            let middle = error(forecasts, &events, begins().map(|begin| begin + LASTS / 2));
            [begin, end, middle]
        };
        let (told, untold) = (errors(&told), errors(&untold));
        // Measured: 0.019, 0.047, 0.010 told and 0.457, 0.589, 0.013 untold.
        assert!(told[0] < 0.3 * untold[0] && told[1] < 0.3 * untold[1], "{told:?} {untold:?}");
        assert!(told[2] < 1.1 * untold[2], "{told:?} {untold:?}");
    }

    #[test]
    fn nothing_planned_changes_nothing_and_no_plan_is_seen_from_afar() {
        let plans = campaigns();
        let events: Vec<f32> = (0..4 * DAY).map(|k| events(k, &plans)).collect();
        let untold = play(&events, Option::None);
        assert!(play(&events, Some(&[])) == untold);
        let nonsense = std::vec![[f32::NAN, -1.0]; events.len()];
        assert!(play(&events, Some(&nonsense)) == untold);
        let always = std::vec![[1.0, f32::MAX]; events.len() + STEPS + 1];
        assert!(play(&events, Some(&always)) == untold);

        let told = play(&events, Some(&plans));
        assert!(told != untold);
        let mut other = plans.clone();
        let (origin, from) = (3 * DAY, 3 * DAY + STEPS + 1);
        other[from..].fill([2.0, 3.0]);
        let changed = play(&events, Some(&other));
        assert!(changed[..=origin] == told[..=origin]);
        assert!(changed[origin + 1..] != told[origin + 1..]);
    }

    #[test]
    fn wild_plans_and_counts_give_finite_forecasts() {
        let sizes = [0.0, 1.0, f32::INFINITY, 1e30, f32::NAN, -2.0, 3.0];
        let plans: Vec<Plan> = (0..2 * DAY)
            .map(|k| [sizes[k / 5 % sizes.len()], sizes[k / 7 % sizes.len()]])
            .collect();
        let wild = [0.0, 1e12, 5.0, 1e-6];
        let events: Vec<f32> = (0..2 * DAY).map(|k| wild[k / 11 % wild.len()]).collect();
        for forecast in play(&events, Some(&plans)) {
            assert!(forecast.events.as_flattened().iter().all(|v| v.is_finite() && *v >= 0.0));
        }
    }

    #[test]
    fn kinds_at_the_same_time_share_what_they_do() {
        let mut effects = Effects::new();
        // Holidays multiply the root by 0.8, campaigns by 1.5, and half of each coincide.
        for k in 0..20_000 {
            let plan = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]][k % 3];
            effects.past = Ring::default();
            effects.past.push([0.0; PLANS]);
            effects.past.push(plan);
            effects.learn(0, 100.0, 100.0 - 20.0 * plan[0] + 50.0 * plan[1]);
        }
        let gains = effects.effects.map(|[begin, end]| [begin.gain(), end.gain()]);
        let off = |gain: [f32; 2], wanted: f32| libm::fabsf(gain[0] - wanted) + gain[1];
        assert!(off(gains[0], -0.2) < 0.02 && off(gains[1], 0.5) < 0.02, "{gains:?}");
    }
}
