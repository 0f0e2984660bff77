//! Plays a grid on all cores. Loads are made when nothing else is left to be played, so that only as
//! many are in memory as there are cores.

use super::cache::ForecastCache;
use super::contender::Contender;
use super::grid::{Grid, LoadPlan, settings_at};
use super::simulated_run::SimulatedRun;
use super::{Case, CaseResult};
use crate::data::workload::Workload;
use crate::runtime::progress::Progress;
use crate::runtime::stop;
use crate::runtime::threads::on_each;
use anyhow::{Context as _, Result};
use scaleiq_core::model::{NativeBundle, PACK};
use scaleiq_workload::sim::World;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// A policy to be played on a case.
struct Task {
    /// Index into [`WorkQueue::cases`].
    index: usize,
    case: Case,
    workload: Arc<Workload>,
    warm_s: u32,
    contender: Contender,
}

/// What is to be done, and what is done.
struct WorkQueue {
    loads: VecDeque<LoadPlan>,
    /// Loads that a thread is making now.
    making: usize,
    tasks: Vec<Task>,
    cases: Vec<CaseResult>,
    failure: Option<anyhow::Error>,
    progress: Progress,
    done: u64,
}

enum Job {
    Make(LoadPlan),
    Play(Task),
}

struct Runner<'a> {
    grid: &'a Grid,
    bundle: &'a NativeBundle,
    cache: ForecastCache,
    queue: Mutex<WorkQueue>,
    changed: Condvar,
}

/// Plays all of `grid` with the model; forecasts are kept in `cache`. After Ctrl-C it returns what is
/// done; cases that nobody has played are left out.
///
/// # Errors
/// If a load cannot be made.
pub fn play(grid: &Grid, bundle: &NativeBundle, cache: Option<PathBuf>) -> Result<Vec<CaseResult>> {
    let hash = bundle.card().files.get(PACK).cloned().unwrap_or_default();
    let queue = WorkQueue {
        loads: grid.loads().into(),
        making: 0,
        tasks: Vec::new(),
        cases: Vec::new(),
        failure: None,
        progress: Progress::begin("policies", grid.runs(), 0),
        done: 0,
    };
    let runner = Runner {
        grid,
        bundle,
        cache: ForecastCache::new(bundle.forecaster().clone(), hash, cache),
        queue: Mutex::new(queue),
        changed: Condvar::new(),
    };
    on_each(|| {
        while let Some(job) = runner.next() {
            runner.work(job);
        }
    });
    let queue = runner.queue.into_inner().unwrap_or_else(PoisonError::into_inner);
    queue.progress.end(&format!("cases: {}", queue.cases.len()));
    let mut cases = queue.cases;
    cases.retain(|case| !case.runs.is_empty());
    // Threads finish in any order; files and tables are the same each time.
    let place = |case: &Case| {
        let traffic = grid.traffic.iter().position(|traffic| traffic.name == case.data);
        let world = grid.worlds.iter().position(|world| *world == case.world);
        let peak = grid.peaks.iter().position(|peak| *peak == case.peak_jobs);
        (traffic, peak, world, case.seed)
    };
    cases.sort_by_key(|case| place(&case.case));
    for case in &mut cases {
        let place = |policy| grid.contenders.iter().position(|known| *known == policy);
        case.runs.sort_by_key(|run| place(run.policy));
        case.tracks.sort_by_key(|track| track.policy.map(place));
    }
    queue.failure.map_or(Ok(cases), Err)
}

impl Runner<'_> {
    fn queue(&self) -> MutexGuard<'_, WorkQueue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next thing to do; `None` when there is nothing left or all is to stop.
    fn next(&self) -> Option<Job> {
        let mut queue = self.queue();
        loop {
            if stop::requested() || queue.failure.is_some() {
                return None;
            }
            if let Some(task) = queue.tasks.pop() {
                return Some(Job::Play(task));
            }
            if let Some(load) = queue.loads.pop_front() {
                queue.making += 1;
                return Some(Job::Make(load));
            }
            if queue.making == 0 {
                return None;
            }
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn work(&self, job: Job) {
        match job {
            Job::Make(load) => {
                let made = self.make(load);
                let mut queue = self.queue();
                queue.making -= 1;
                match made {
                    Ok(workload) => self.add(&mut queue, load, &Arc::new(workload)),
                    Err(error) => queue.failure = Some(error),
                }
                self.changed.notify_all();
            }
            Job::Play(task) => self.play(&task),
        }
    }

    fn make(&self, load: LoadPlan) -> Result<Workload> {
        let traffic = self.grid.traffic.get(load.traffic).context("no such traffic")?;
        let settings = settings_at(load.peak_jobs);
        let name = traffic.name.as_str();
        let note = |text: &str| self.queue().progress.say(text);
        Workload::new(name, traffic.recording(), &settings, load.seed, &mut |intervals| {
            self.grid.foresight.forecast(&self.cache, intervals, &note)
        })
    }

    /// Puts a load's cases on the queue, and who is to play them.
    fn add(&self, queue: &mut WorkQueue, load: LoadPlan, workload: &Arc<Workload>) {
        let warm_s =
            self.grid.traffic.get(load.traffic).map_or(0, |t| t.warm_s(self.grid.warm_days));
        for world in &self.grid.worlds {
            let LoadPlan { peak_jobs, seed, .. } = load;
            let index = queue.cases.len();
            let case = Case { data: workload.name.clone(), peak_jobs, world, seed };
            queue.cases.push(CaseResult {
                case: case.clone(),
                runs: Vec::new(),
                missing: self.grid.contenders.len(),
                tracks: Vec::new(),
            });
            let task = |contender: &Contender| Task {
                index,
                case: case.clone(),
                workload: Arc::clone(workload),
                warm_s,
                contender: *contender,
            };
            queue.tasks.extend(self.grid.contenders.iter().map(task));
        }
    }

    fn play(&self, task: &Task) {
        let case = &task.case;
        let Some(world) = World::named(case.world) else { return };
        let policy = self.bundle.policy();
        let run = SimulatedRun {
            workload: &task.workload,
            world,
            limits: self.grid.limits,
            seed: case.seed,
            warm_s: task.warm_s,
            policy: &policy,
            base: self.bundle.card().policy.base,
            parameters: self.grid.parameters,
        };
        let Some(played) = run.play(task.contender, &stop::requested) else { return };
        let mut queue = self.queue();
        queue.done += task.contender.runs();
        let WorkQueue { cases, progress, done, .. } = &mut *queue;
        progress.set(*done, || format!("{}, {} jobs, {}", case.data, case.peak_jobs, case.world));
        let Some(result) = cases.get_mut(task.index) else { return };
        result.missing -= 1;
        result.runs.extend(played.runs);
        // One seed is enough to look at.
        if self.grid.seeds.first() == Some(&case.seed) {
            if result.tracks.is_empty() {
                result.tracks.push(run.need());
            }
            result.tracks.extend(played.track);
        }
    }
}
