//! When faults begin and end. Every draw depends on seed, kind and step alone, so that all policies
//! meet the same faults, and one kind more leaves the others where they were.

use super::lasts::Lasts;
use super::{FaultKind, FaultPlan};
use crate::sim::STEP_S;
use crate::sim::dice::{self, stream, unit_draw};
use rand_chacha::ChaCha8Rng;
use scaleiq_core::units::DAY_S;

/// A fault from its beginning to its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Episode {
    /// What goes wrong.
    pub kind: FaultKind,
    /// The first step in which it does.
    pub begin: u32,
    /// The first step in which it no longer does.
    pub end: u32,
    /// How bad it is, from 0 to 1.
    pub severity: f64,
    /// Jobs that the load kept busy when it began.
    pub need_jobs: f64,
}

impl Episode {
    /// A number between the two, evenly on a logarithmic scale, by severity.
    pub(super) fn between(&self, low: f64, high: f64) -> f64 {
        low * libm::pow(high / low, self.severity)
    }
}

/// Random numbers for one kind in one step.
pub(super) fn dice(seed: u64, kind: FaultKind, step: u32) -> ChaCha8Rng {
    dice::dice(seed, stream::FAULTS + kind as u64, step, 0)
}

/// The faults of a plan as they come and go.
#[derive(Clone, Debug)]
pub(super) struct Episodes {
    plan: FaultPlan,
    seed: u64,
    /// Steps at the start in which nothing comes by chance.
    quiet_steps: u32,
    active: Vec<Episode>,
    /// The first step, kind by kind, in which another one may begin.
    rested: [u32; FaultKind::ALL.len()],
}

impl Episodes {
    pub(super) fn new(plan: FaultPlan, seed: u64, quiet_steps: u32) -> Self {
        Self { plan, seed, quiet_steps, active: Vec::new(), rested: [0; FaultKind::ALL.len()] }
    }

    /// What is wrong in the `steps` from `step` on, in which nothing else begins. The load keeps
    /// `need_jobs` busy there.
    pub(super) fn at(&mut self, step: u32, steps: u32, need_jobs: f64) -> &[Episode] {
        self.active.retain(|episode| episode.end > step);
        for kind in self.plan.kinds() {
            if self.rested[kind as usize] <= step
                && let Some(episode) = self.begin(kind, step, steps, need_jobs)
            {
                // Two without a pause would be one that lasts longer than its kind does.
                let lasts = episode.end.saturating_sub(step);
                self.rested[kind as usize] = episode.end.saturating_add(lasts);
                self.active.push(episode);
            }
        }
        &self.active
    }

    pub(super) fn active(&self) -> &[Episode] {
        &self.active
    }

    fn begin(&self, kind: FaultKind, step: u32, steps: u32, need_jobs: f64) -> Option<Episode> {
        let mut dice = dice(self.seed, kind, step);
        let [chance, length, severity] = std::array::from_fn(|_| unit_draw(&mut dice));
        let days = f64::from(steps * STEP_S) / f64::from(DAY_S);
        let expected = f64::from(self.plan.per_day(kind)) * days;
        let by_chance = step >= self.quiet_steps && chance <= 1.0 - libm::exp(-expected);
        let (begins, length_s) = match kind.profile().lasts {
            Lasts::OneSample => (by_chance, 0),
            Lasts::Seconds(mean_s) => (by_chance, (f64::from(mean_s) * (0.5 + length)) as u32),
            Lasts::ToTheEnd => (by_chance, u32::MAX),
            Lasts::First(length_s) => (step == 0, length_s),
            Lasts::Always => (step == 0, u32::MAX),
        };
        let end = step.saturating_add((length_s / STEP_S).max(steps));
        begins.then_some(Episode { kind, begin: step, end, severity, need_jobs })
    }
}
