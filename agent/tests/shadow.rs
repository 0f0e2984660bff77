//! Shadow mode against a pool that does not obey, beside active mode on the same arrivals: a week of the
//! built-in sample in virtual time.

use agent::decide::figures::{Figures, Pool};
use agent::decide::{self, Calendar, Decider, Engine, ModelChoice};
use agent::lab::replay::{Replay, TICK_S, settings, static_jobs};
use scaleiq_core::units::{JobLimits, WEEK_S};
use scaleiq_workload::baselines::{HpaRule, ScalingRule, StaticRule};
use scaleiq_workload::sim::{Load, LoadSettings, Score, Series, Simulator, World};
use scaleiq_workload::traffic::builtin::{SampleSpec, generate};
use std::sync::Arc;

/// The traffic's interval.
const INTERVAL_S: u32 = 120;

/// A week of the built-in sample, for some 40 jobs at its peak.
fn week(seed: u64) -> Arc<Load> {
    let rows = (WEEK_S / INTERVAL_S) as usize;
    let sample = generate(&SampleSpec { seed, rows });
    let counts = sample.arrivals_filled();
    let series =
        Series { start: sample.start, interval_s: sample.length_s, counts_events: &counts };
    Arc::new(Load::from_series(&series, &LoadSettings::default(), seed).unwrap())
}

fn limits() -> JobLimits {
    JobLimits::new(1, 100).unwrap()
}

fn decider(model: &ModelChoice, world: World) -> Box<dyn Decider> {
    let settings = settings(world, limits(), model);
    decide::open(model, Engine::Native, settings, Calendar::default()).unwrap().0
}

/// The same week three times: as a pool made of it that did what another says, with what ScaleIQ told
/// beside it in shadow mode, and as ScaleIQ makes of it where it is obeyed, with what it tells then.
struct Week {
    real: Score,
    shadow: Figures,
    /// Changes of the number of jobs that shadow mode decided, a day.
    changes_per_day: f64,
    obeyed: Score,
    active: Figures,
}

impl Week {
    fn play(
        seed: u64,
        model: &ModelChoice,
        world: World,
        other: impl FnOnce(&Load) -> Box<dyn ScalingRule>,
    ) -> Self {
        let load = week(seed);
        let mut replay = Replay::new(&load, world, limits(), seed, 0, decider(model, world));
        while replay.step().is_some() {}

        let mut simulator = Simulator::new(&*load, world, limits(), TICK_S, seed);
        let mut other = other(&load);
        let mut decider = decider(model, world);
        decider.set_shadow(true);
        let (mut last, mut changes) = (None, 0);
        while let Some(sample) = simulator.tick() {
            decider.observe(&sample).unwrap();
            let decided = decider.decide(sample.end).jobs;
            changes += u32::from(last.replace(decided).is_some_and(|last| last != decided));
            simulator.set_jobs(other.decide(&sample));
        }
        Self {
            real: simulator.score(),
            shadow: decider.figures(),
            changes_per_day: f64::from(changes) / 7.0,
            obeyed: replay.score(),
            active: replay.figures(),
        }
    }

    fn saving(&self) -> f64 {
        1.0 - self.obeyed.job_hours / self.real.job_hours
    }

    fn told_saving(&self) -> f64 {
        self.shadow.saving_ratio.unwrap()
    }
}

/// The pool of a team without a scaler.
fn fixed(load: &Load) -> Box<dyn ScalingRule> {
    Box::new(StaticRule { jobs: static_jobs(load) })
}

#[test]
fn what_shadow_mode_tells_is_what_active_mode_does() {
    let week = Week::play(3, &ModelChoice::Shipped, World::queue(), fixed);
    let Week { real, shadow, obeyed, .. } = &week;
    assert_eq!((shadow.scaleiq.pool, shadow.compared.pool), (Pool::Virtual, Pool::Real));
    // No flapping for want of a pool that follows.
    assert!(week.changes_per_day <= obeyed.actions_per_day, "{} {obeyed:?}", week.changes_per_day);
    assert!((week.told_saving() / week.saving() - 1.0).abs() < 0.03, "{shadow:?} {obeyed:?}");
    for (told, simulated) in [(&shadow.scaleiq, obeyed), (&shadow.compared, real)] {
        let hours = told.job_hours.unwrap() / simulated.job_hours;
        assert!((hours - 1.0).abs() < 0.03, "{told:?} {simulated:?}");
        let late = told.sla_ratio.unwrap() - simulated.sla;
        assert!(late.abs() < 0.003, "{told:?} {simulated:?}");
    }
}

/// Where jobs take minutes to start, what each of them happens to take decides much: by that alone the
/// week in shadow costs up to a tenth more or less than the one that is obeyed. The mean must agree.
#[test]
fn so_it_is_on_average_where_chance_decides_more() {
    // The forecaster makes no difference to this, and most of the time that it takes.
    let weeks = [1, 2, 3, 4].map(|seed| Week::play(seed, &ModelChoice::None, World::slow(), fixed));
    let mean = |of: fn(&Week) -> f64| weeks.iter().map(of).sum::<f64>() / weeks.len() as f64;
    let (told, is) = (mean(Week::told_saving), mean(Week::saving));
    assert!((told / is - 1.0).abs() < 0.03, "{told} {is}");
    let (shadow, active) = (mean(|w| w.changes_per_day), mean(|w| w.obeyed.actions_per_day));
    assert!(shadow <= 1.05 * active, "{shadow} {active}");
    println!("saving {told} {is}, changes {shadow} {active}");
    let sla = mean(|w| w.shadow.scaleiq.sla_ratio.unwrap()) - mean(|w| w.obeyed.sla);
    assert!(sla.abs() < 0.003, "{sla}");
}

#[test]
fn a_pool_that_another_scaler_moves_is_no_disturbance() {
    let week =
        Week::play(3, &ModelChoice::Shipped, World::queue(), |_| Box::new(HpaRule::default()));
    let Week { real, shadow, obeyed, active, .. } = &week;
    assert!(week.changes_per_day <= obeyed.actions_per_day, "{} {obeyed:?}", week.changes_per_day);
    assert!((week.told_saving() / week.saving() - 1.0).abs() < 0.05, "{shadow:?} {obeyed:?}");

    // Active mode tells its real pool's figures, beside what an HPA would have had.
    assert_eq!((active.scaleiq.pool, active.compared.pool), (Pool::Real, Pool::Hpa));
    let (ours, hpa) = (active.scaleiq.job_hours.unwrap(), active.compared.job_hours.unwrap());
    assert!((ours / obeyed.job_hours - 1.0).abs() < 0.01, "{active:?} {obeyed:?}");
    assert!((hpa / real.job_hours - 1.0).abs() < 0.03, "{active:?} {real:?}");
    let soon = active.forecasts[0];
    assert!(soon.intervals > 4000 && soon.error_ratio.unwrap() < 0.5, "{soon:?}");
    assert!((0.7..0.9).contains(&soon.coverage_ratio.unwrap()), "{soon:?}");
}
