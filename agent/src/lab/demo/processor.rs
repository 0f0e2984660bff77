//! The embedded event processor: two pools under the same traffic, one scaled by ScaleIQ, one
//! static.

use crate::decide::Decider;
use crate::decide::figures::{Figures, Pool, PoolFigures};
use crate::lab::replay::{Moment, Replay, TICK_S, static_jobs};
use crate::workload::Snapshot;
use scaleiq_core::units::{JobLimits, Jobs, UnixSeconds};
use scaleiq_workload::sim::live::MeasuredPool;
use scaleiq_workload::sim::{Load, Score, Simulator, World};
use std::sync::Arc;

/// Two pools side by side.
pub struct Processor {
    ours: Replay,
    fixed: Simulator<Arc<Load>>,
    fixed_jobs: Jobs,
    /// What its samples tell of it.
    measured: MeasuredPool,
    warm_until: UnixSeconds,
}

impl Processor {
    /// Both pools at the start of `load`; the first `warm_s` seconds are not scored.
    #[must_use]
    pub fn new(
        load: &Arc<Load>,
        world: World,
        limits: JobLimits,
        seed: u64,
        warm_s: u32,
        decider: Box<dyn Decider>,
    ) -> Self {
        let fixed_jobs = static_jobs(load);
        let fixed = Simulator::new(Arc::clone(load), world, limits, TICK_S, seed);
        let mut fixed = fixed.with_warm_up(warm_s);
        fixed.set_jobs(fixed_jobs);
        Self {
            ours: Replay::new(load, world, limits, seed, warm_s, decider),
            fixed,
            fixed_jobs,
            measured: MeasuredPool::new(world.sla_s as f32),
            warm_until: load.start().plus(i64::from(warm_s)),
        }
    }

    /// Plays one tick in both pools; `None` when the traffic is over.
    pub fn step(&mut self) -> Option<Moment> {
        let was_warming = self.is_warming();
        let moment = self.ours.step()?;
        if let (Some(sample), Some(s)) = (self.fixed.tick(), &moment.estimate) {
            self.measured.push(&sample, s.work_s);
        }
        if was_warming && !self.is_warming() {
            self.ours.restart_figures();
            self.measured.restart();
        }
        Some(moment)
    }

    /// How both pools do, and the forecasts.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let ours = self.ours.figures();
        let (standing, totals) = (self.measured.standing(), self.measured.totals());
        let fixed = PoolFigures::new(Pool::Static, &standing, totals);
        Figures::new(ours.scaleiq, fixed, ours.forecasts)
    }

    /// The moment as the dashboard wants it. Figures are included now and then: they cost more.
    #[must_use]
    pub fn snapshot(&self, moment: &Moment, with_figures: bool) -> Snapshot {
        let Moment { sample, estimate, decision, new_forecast } = moment;
        let mut snapshot = Snapshot::new(sample, estimate.as_ref(), decision.clone());
        if *new_forecast {
            snapshot.forecast = self.ours.forecast().cloned();
        }
        if with_figures && !self.is_warming() {
            snapshot.figures = Some(self.figures());
            snapshot.latency = self.ours.latency();
        }
        snapshot
    }

    /// Whether history is still being played that counts for nothing.
    #[must_use]
    pub fn is_warming(&self) -> bool {
        self.now() < self.warm_until
    }

    /// The moment up to which it was played.
    #[must_use]
    pub fn now(&self) -> UnixSeconds {
        self.ours.now()
    }

    /// The pool that ScaleIQ scales.
    #[must_use]
    pub fn ours(&self) -> &Replay {
        &self.ours
    }

    /// How the scaled pool did so far.
    #[must_use]
    pub fn score(&self) -> Score {
        self.ours.score()
    }

    /// How the static pool did so far.
    #[must_use]
    pub fn fixed_score(&self) -> Score {
        self.fixed.score()
    }

    /// Size of the static pool.
    #[must_use]
    pub fn fixed_jobs(&self) -> Jobs {
        self.fixed_jobs
    }
}
