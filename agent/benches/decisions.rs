//! How long a decision takes on this machine, forecaster included, in each engine: a worker pool of
//! the simulator, a sample each 30 s, a week of the built-in traffic. Every fourth sample completes an
//! interval, and asks for a forecast.
//!
//!     cargo bench -p agent --bench decisions

use agent::decide::{self, Calendar, Engine, ModelChoice};
use scaleiq_core::settings::Settings;
use scaleiq_core::units::JobLimits;
use scaleiq_workload::sim::{Load, LoadSettings, Series, Simulator, TICK_S, World};
use scaleiq_workload::traffic::builtin::{self, SampleSpec};
use std::time::Instant;

/// Intervals of two minutes: four weeks to learn from, so that all of the history is there, and one
/// that is timed.
const INTERVALS: usize = 5 * 7 * 720;
const TIMED: usize = 7 * 2880;

fn main() -> anyhow::Result<()> {
    let traffic = builtin::generate(&SampleSpec::default());
    let counts: Vec<_> = traffic.arrivals_filled().into_iter().cycle().take(INTERVALS).collect();
    let series =
        Series { start: traffic.start, interval_s: traffic.length_s, counts_events: &counts };
    let load = Load::from_series(&series, &LoadSettings::default(), 1)?;
    println!("{:<10} {:>9} {:>12} {:>12} {:>12}", "engine", "decisions", "median", "p99", "most");
    let mut tails = Vec::new();
    for engine in Engine::EXACT {
        let mut taken = decide(&load, engine)?;
        taken.sort_by(f64::total_cmp);
        let [median, p99, most] = [0.5, 0.99, 1.0].map(|share| {
            let at = share * (taken.len().saturating_sub(1)) as f64;
            taken.get(at as usize).copied().unwrap_or(f64::NAN)
        });
        let (word, count) = (engine.word(), taken.len());
        println!("{word:<10} {count:>9} {median:>9.1} us {p99:>9.1} us {most:>9.1} us");
        tails.push(p99);
    }
    if let [native, float, int8] = tails[..] {
        println!(
            "the native engine takes {:.2} of tract's time at the 99th percentile",
            native / float.min(int8)
        );
    }
    Ok(())
}

/// Microseconds of each timed decision: the sample taken, the number of jobs given.
fn decide(load: &Load, engine: Engine) -> anyhow::Result<Vec<f64>> {
    let limits = JobLimits::new(1, 200)?;
    let settings = Settings::new(limits, 60.0, 60.0);
    let (mut decider, _) =
        decide::open(&ModelChoice::Shipped, engine, settings, Calendar::default())?;
    let mut simulator = Simulator::new(load, World::queue(), limits, TICK_S, 1);
    let mut taken = Vec::new();
    while let Some(sample) = simulator.tick() {
        let start = Instant::now();
        decider.observe(&sample)?;
        let decision = decider.decide(sample.end);
        taken.push(start.elapsed().as_secs_f64() * 1e6);
        simulator.set_jobs(decision.jobs);
    }
    Ok(taken.split_off(taken.len().saturating_sub(TIMED)))
}
