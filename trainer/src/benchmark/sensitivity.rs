//! What each tuned number is worth: it is moved by a fifth, down and up, while the plan plays the same
//! loads in the same worlds.

use super::cache::ForecastCache;
use super::grid::{Grid, LoadPlan, settings_at};
use super::simulated_run::SimulatedRun;
use crate::data::workload::Workload;
use crate::runtime::progress::Progress;
use crate::runtime::stop::Stop;
use crate::runtime::threads::in_parallel;
use anyhow::{Context as _, Result, bail};
use scaleiq_core::model::{NativeBundle, PACK};
use scaleiq_core::parameters::{Parameter, Parameters};
use scaleiq_workload::sim::{Score, World};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// How far a number is moved, as a share of it.
pub const SHARE: f64 = 0.2;

/// What moving a number did, against the numbers as they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The number moved; whole numbers are rounded.
    pub value: f64,
    /// Percentage points of events in time gained, the mean over all cases.
    pub sla_points: f64,
    /// Cost over what it was, the geometric mean.
    pub cost: f64,
    /// Changes of the pool over what they were, the geometric mean.
    pub changes: f64,
}

/// A number and what it does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// The number as it is.
    pub parameter: Parameter,
    /// When it is a fifth smaller.
    pub less: Change,
    /// When it is a fifth larger.
    pub more: Change,
}

/// Plays the plan on `grid` with each number moved, one at a time, and with none; forecasts are kept in
/// `cache`. Policies of the grid are not played.
///
/// # Errors
/// If a load cannot be made or `stop` says so.
pub fn play(
    grid: &Grid,
    bundle: &NativeBundle,
    cache: Option<PathBuf>,
    stop: Stop,
) -> Result<Vec<Effect>> {
    let workloads = workloads(grid, bundle, cache)?;
    let worlds: Vec<World> = grid.worlds.iter().filter_map(|name| World::named(name)).collect();
    let cases: Vec<_> =
        workloads.iter().flat_map(|load| worlds.iter().map(move |world| (load, *world))).collect();
    let table: Vec<Parameter> = grid.parameters.table().collect();
    let moved = |parameter: &Parameter| {
        [1.0 - SHARE, 1.0 + SHARE].map(|by| with(grid.parameters, parameter, by))
    };
    let mut settings = vec![grid.parameters];
    settings.extend(table.iter().flat_map(moved));
    let jobs: Vec<_> =
        settings.iter().flat_map(|s| cases.iter().map(move |case| (s, case))).collect();
    let progress = Mutex::new((Progress::begin("sensitivity", jobs.len() as u64, 0), 0));
    let policy = bundle.policy();
    let scores = in_parallel(&jobs, |(parameters, ((plan, workload), world))| {
        let run = SimulatedRun {
            workload,
            world: *world,
            limits: grid.limits,
            seed: plan.seed,
            warm_s: grid.traffic.get(plan.traffic).map_or(0, |t| t.warm_s(grid.warm_days)),
            policy: &policy,
            base: bundle.card().policy.base,
            parameters: **parameters,
        };
        let score = (!stop()).then(|| run.plan());
        let (progress, done) = &mut *progress.lock().unwrap_or_else(PoisonError::into_inner);
        *done += 1;
        progress.set(*done, String::new);
        score
    });
    let Some(scores) = scores.into_iter().collect::<Option<Vec<Score>>>() else {
        bail!("interrupted");
    };
    let (progress, _) = progress.into_inner().unwrap_or_else(PoisonError::into_inner);
    progress.end(&format!("{} numbers in {} cases", table.len(), cases.len()));
    let mut each = scores.chunks(cases.len().max(1));
    let as_is = each.next().unwrap_or_default();
    let mut change = |parameter: &Parameter, by: f64| {
        let moved = with(grid.parameters, parameter, by);
        let found = moved.table().find(|p| (p.group, p.name) == (parameter.group, parameter.name));
        let value = found.map_or(f64::NAN, |moved| moved.value);
        Change::between(value, as_is, each.next().unwrap_or_default())
    };
    Ok(table
        .iter()
        .map(|parameter| {
            let less = change(parameter, 1.0 - SHARE);
            Effect { parameter: *parameter, less, more: change(parameter, 1.0 + SHARE) }
        })
        .collect())
}

/// All numbers as they are but for one.
fn with(mut moved: Parameters, parameter: &Parameter, by: f64) -> Parameters {
    moved.set(parameter.group, parameter.name, by * parameter.value);
    moved
}

fn workloads(
    grid: &Grid,
    bundle: &NativeBundle,
    cache: Option<PathBuf>,
) -> Result<Vec<(LoadPlan, Workload)>> {
    let hash = bundle.card().files.get(PACK).cloned().unwrap_or_default();
    let cache = ForecastCache::new(bundle.forecaster().clone(), hash, cache);
    let made = in_parallel(&grid.loads(), |plan| {
        let traffic = grid.traffic.get(plan.traffic).context("no such traffic")?;
        let (settings, note) = (settings_at(plan.peak_jobs), |note: &str| eprintln!("{note}"));
        let forecast = &mut |intervals: &[_]| cache.forecast(intervals, &note);
        let name = traffic.name.as_str();
        let load = Workload::new(name, traffic.recording(), &settings, plan.seed, forecast)?;
        Ok((*plan, load))
    });
    made.into_iter().collect()
}

impl Change {
    fn between(value: f64, before: &[Score], after: &[Score]) -> Self {
        let count = before.len().max(1) as f64;
        let pairs = || before.iter().zip(after);
        let sla_points = pairs().map(|(b, a)| 100.0 * (a.sla - b.sla)).sum::<f64>() / count;
        let ratio = |figure: fn(&Score) -> f64| {
            let sum: f64 = pairs().map(|(b, a)| (figure(a) / figure(b)).ln()).sum();
            (sum / count).exp()
        };
        let cost = ratio(|score| score.cost_over_ideal);
        // Somebody who never changes anything still counts as one change in ten days.
        Self { value, sla_points, cost, changes: ratio(|score| score.actions_per_day.max(0.1)) }
    }
}

/// The effects as a page of Markdown; `how` says how was played.
#[must_use]
pub fn page(effects: &[Effect], how: &str) -> String {
    let mut text = format!(
        "# What the tuned numbers do\n\n\
         Made by `trainer sensitivity`, which moves each number of `core/src/parameters` by a fifth, down \
         and up, and lets the plan play the same loads again. {how}\n\n\
         SLA: events in time, in percentage points more. Cost and changes: over those with the numbers as \
         they are. What moves nothing is `=`.\n\n"
    );
    let mut group = "";
    for Effect { parameter: p, less, more } in effects {
        if p.group != group {
            text += if group.is_empty() { "" } else { "\n" };
            group = p.group;
            text += &format!(
                "## `{group}`\n\n| number | value | SLA, -20 % | cost | changes | SLA, +20 % | cost | changes | meaning |\n\
                 |---|---|---|---|---|---|---|---|---|\n"
            );
        }
        // A factor has no unit.
        let unit = if p.unit == "1" { String::new() } else { format!(" {}", p.unit) };
        let value = p.value as f32;
        let [a, b, c] = less.cells();
        let [d, e, f] = more.cells();
        let doc = p.doc.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
        text += &format!(
            "| `{}` | {value}{unit} | {a} | {b} | {c} | {d} | {e} | {f} | {doc} |\n",
            p.name
        );
    }
    text
}

impl Change {
    /// SLA, cost and changes.
    fn cells(&self) -> [String; 3] {
        let ratio = |ratio: f64| match format!("{ratio:.3}") {
            same if same == "1.000" => "=".into(),
            other => other,
        };
        let points = match format!("{:+.3}", self.sla_points) {
            same if same == "+0.000" || same == "-0.000" => "=".into(),
            other => other,
        };
        [points, ratio(self.cost), ratio(self.changes)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::benchmark::foresight::Foresight;
    use crate::benchmark::grid::{Stretch, Traffic};
    use crate::runtime::stop::never;
    use scaleiq_core::model::Bundle;
    use scaleiq_core::units::JobLimits;

    #[test]
    fn numbers_that_matter_move_the_figures() {
        let grid = Grid {
            traffic: vec![Traffic::sample(Stretch { days: 2.0, held_back_days: 21.0 }).unwrap()],
            peaks: vec![20.0],
            worlds: vec!["queue"],
            seeds: vec![1],
            contenders: Vec::new(),
            foresight: Foresight::Model,
            parameters: Parameters::DEFAULT,
            warm_days: 1.0,
            limits: JobLimits::new(1, 100).unwrap(),
        };
        let bundle = Bundle::shipped_native().unwrap();
        let effects = play(&grid, &bundle, None, &never).unwrap();
        assert_eq!(effects.len(), Parameters::DEFAULT.table().count());
        let of = |group, name| {
            let found =
                effects.iter().find(|e| (e.parameter.group, e.parameter.name) == (group, name));
            *found.unwrap()
        };
        let wait = of("planner.cheap", "median_wait");
        assert!((wait.less.value - 0.24).abs() < 1e-6 && (wait.more.value - 0.36).abs() < 1e-6);
        assert!(wait.less != wait.more, "{wait:?}");
        // Where changes are cheap the other row is not read.
        let other = of("planner.costly", "median_wait");
        assert_eq!((other.less.cost, other.more.sla_points), (1.0, 0.0));
        let page = page(&effects, "Two days.");
        assert_eq!(page.matches("## `").count(), 5);
        assert!(page.contains("| `max_room` | 0.25 share of the need | = | = | = |"), "{page}");
    }
}
