//! Plays a load against a pool that ScaleIQ scales: what demo and backtest have in common.

use crate::decide::figures::{Figures, Latencies, Latency};
use crate::decide::{Decider, ModelChoice};
use scaleiq_core::decision::{Decision, Reason};
use scaleiq_core::estimation::Estimate;
use scaleiq_core::forecast::{Basis, Forecast, ForecastSource};
use scaleiq_core::policy::{NetworkRole, Stage};
use scaleiq_core::sample::Sample;
use scaleiq_core::settings::Settings;
use scaleiq_core::units::{JobLimits, Jobs, UnixSeconds};
use scaleiq_workload::sim::{Load, PEAK_QUANTILE, Score, Simulator, TickCost, World};
use serde::Serialize;
use std::sync::Arc;
use std::time::Instant;

pub use scaleiq_workload::sim::TICK_S;

/// What a workload in `world` tells the controller of a `model`.
#[must_use]
pub fn settings(world: World, limits: JobLimits, model: &ModelChoice) -> Settings {
    let base = model.base();
    Settings { base, ..Settings::new(limits, world.sla_s as f32, world.start_median_s) }
}

/// The pool of a team without an auto-scaler: enough jobs for 99.5 % of the load's time, known in
/// tracker.
#[must_use]
pub fn static_jobs(load: &Load) -> Jobs {
    let mut needs: Vec<f32> = load.steps().iter().map(|s| s.rate_per_s * s.work_s).collect();
    let place = (needs.len().saturating_sub(1)) as f64 * PEAK_QUANTILE;
    if needs.is_empty() {
        return Jobs(1);
    }
    let (_, need, _) = needs.select_nth_unstable_by(place as usize, f32::total_cmp);
    Jobs::ceil(*need - 1e-3).max(Jobs(1))
}

/// Who proposed and why, and on what forecasts.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Tally {
    /// The part that a Q-network has in decisions.
    pub network_role: NetworkRole,
    /// Decisions by stage, in the order in which they first came.
    pub stages: Vec<(Stage, u64)>,
    /// Decisions by reason.
    pub reasons: Vec<(Reason, u64)>,
    /// Decisions in which the Q-network's last word was in force.
    pub network_asked: u64,
    /// The forecasts that they were made on.
    pub forecasts: ForecastTally,
}

/// What forecasts were made of, at the first horizon.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ForecastTally {
    /// Decisions by what made the forecast; those without one are not among them.
    pub sources: Vec<(ForecastSource, u64)>,
    /// Mean weight of the network among the experts.
    pub network_weight: f64,
    /// Mean share of itself by which the network moved the median, up or down.
    pub network_effect: f64,
}

impl Tally {
    fn add(&mut self, decision: &Decision) {
        count(&mut self.stages, decision.stage);
        count(&mut self.reasons, decision.reason);
        self.network_asked += u64::from(decision.preference.is_some());
        if let Some(basis) = &decision.forecast {
            self.forecasts.add(basis);
        }
    }
}

impl ForecastTally {
    fn add(&mut self, basis: &Basis) {
        count(&mut self.sources, basis.source);
        let n: u64 = self.sources.iter().map(|source| source.1).sum();
        let mean = |old: f64, new: f32| old + (f64::from(new) - old) / n as f64;
        self.network_weight = mean(self.network_weight, basis.network_weight[0]);
        self.network_effect = mean(self.network_effect, basis.network_effect[0].abs());
    }
}

fn count<T: PartialEq>(counts: &mut Vec<(T, u64)>, item: T) {
    match counts.iter_mut().find(|(known, _)| *known == item) {
        Some((_, n)) => *n += 1,
        None => counts.push((item, 1)),
    }
}

/// One tick: what was seen, and what was decided on it.
#[derive(Clone, Debug)]
pub struct Moment {
    /// What the pool reported.
    pub sample: Sample,
    /// What the controller made of it; `None` while blind.
    pub estimate: Option<Estimate>,
    /// The decision.
    pub decision: Decision,
    /// Whether the tick completed a model interval, so that the forecast is new.
    pub new_forecast: bool,
}

/// A simulated pool under ScaleIQ.
pub struct Replay {
    simulator: Simulator<Arc<Load>>,
    decider: Box<dyn Decider>,
    tally: Tally,
    latencies: Latencies,
    warm_until: UnixSeconds,
}

impl Replay {
    /// A pool at the start of `load`; the first `warm_s` seconds are played and not scored.
    #[must_use]
    pub fn new(
        load: &Arc<Load>,
        world: World,
        limits: JobLimits,
        seed: u64,
        warm_s: u32,
        decider: Box<dyn Decider>,
    ) -> Self {
        let simulator = Simulator::new(Arc::clone(load), world, limits, TICK_S, seed);
        let warm_until = load.start().plus(i64::from(warm_s));
        Self {
            simulator: simulator.with_warm_up(warm_s),
            tally: Tally { network_role: decider.network_role(), ..Tally::default() },
            decider,
            latencies: Latencies::default(),
            warm_until,
        }
    }

    /// Plays one tick, decides and carries the decision out; `None` when the load is over.
    pub fn step(&mut self) -> Option<Moment> {
        let sample = self.simulator.tick()?;
        // The simulator's time only goes forward, so nothing is refused here.
        let begin = Instant::now();
        let new_forecast = self.decider.observe(&sample).unwrap_or(false);
        let decision = self.decider.decide(sample.end);
        self.latencies.push(begin.elapsed());
        self.simulator.set_jobs(decision.jobs);
        if sample.end > self.warm_until {
            self.tally.add(&decision);
        }
        let estimate = self.decider.estimate(sample.end);
        Some(Moment { sample, estimate, decision, new_forecast })
    }

    /// The latest forecast.
    #[must_use]
    pub fn forecast(&self) -> Option<&Forecast> {
        self.decider.forecast()
    }

    /// The moment up to which it was played.
    #[must_use]
    pub fn now(&self) -> UnixSeconds {
        self.simulator.now()
    }

    /// How it goes, as a live agent tells it.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.decider.figures()
    }

    /// How long decisions take.
    #[must_use]
    pub fn latency(&self) -> Option<Latency> {
        self.latencies.quantiles()
    }

    /// Tells figures only of what comes from now on.
    pub fn restart_figures(&mut self) {
        self.decider.restart_figures();
    }

    /// The score so far.
    #[must_use]
    pub fn score(&self) -> Score {
        self.simulator.score()
    }

    /// What the last tick cost and kept.
    #[must_use]
    pub fn tick_cost(&self) -> TickCost {
        self.simulator.tick_cost()
    }

    /// Share of the events so far that waited no longer than each of these, in seconds.
    #[must_use]
    pub fn in_time(&self, waits_s: &[u32]) -> Vec<f64> {
        self.simulator.in_time(waits_s)
    }

    /// What was decided so far, without the warm-up.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::{self, Calendar, Engine, ModelChoice};
    use scaleiq_workload::sim::Step;

    fn load(steps: usize) -> Arc<Load> {
        let step = |k: usize| Step {
            rate_per_s: if k % 100 == 99 { 1000.0 } else { 100.0 },
            arrivals_events: 500.0,
            work_s: 0.1,
            speed: 1.0,
        };
        Arc::new(Load::from_steps(UnixSeconds(0), (0..steps).map(step).collect()).unwrap())
    }

    #[test]
    fn the_static_pool_carries_all_but_the_rarest_peaks() {
        assert_eq!(static_jobs(&load(1000)), Jobs(100));
        assert_eq!(static_jobs(&load(99)), Jobs(10));
    }

    #[test]
    fn a_steady_load_is_served() {
        let limits = JobLimits::new(1, 50).unwrap();
        let world = World::queue();
        let (settings, planned) =
            (settings(world, limits, &ModelChoice::None), Calendar::default());
        let decider = decide::open(&ModelChoice::None, Engine::default(), settings, planned);
        let decider = decider.unwrap().0;
        let mut replay = Replay::new(&load(2000), world, limits, 1, 3600, decider);
        let ticks = std::iter::from_fn(|| replay.step()).count();
        assert_eq!(ticks, 2000 / 6);
        let score = replay.score();
        assert!(score.sla > 0.99 && score.cost_over_ideal < 2.0, "{score:?}");
        let counted: u64 = replay.tally().stages.iter().map(|s| s.1).sum();
        assert_eq!(counted, (2000 / 6) as u64 - 120);
    }
}
