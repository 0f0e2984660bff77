//! Scaling policies side by side: ours and what people use today, on the same loads.
//!
//! ```text
//! CSV -> Traffic ─┐
//! peaks, seeds ───┴─> Workload (a load, forecast once) ─┬─> SimulatedRun: every policy at every knob
//! worlds ───────────────────────────────────────────────┘       │
//!                     runs.csv, summary.csv, table, page <── Summary <── CaseResult
//! ```
//!
//! [`soak`] plays the model alone on the same grid, under faults; [`sensitivity`] the plan alone, with
//! each of its numbers moved.

pub mod cache;
pub mod contender;
pub mod foresight;
pub mod grid;
pub mod page;
pub mod paired;
pub mod runner;
pub mod sample_paths;
pub mod sensitivity;
pub mod simulated_run;
pub mod soak;
pub mod summary;
pub mod table;
pub mod track;

use contender::Contender;
use scaleiq_workload::sim::Score;
use track::Track;

/// A load in a world: what every policy is played on.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Name of the traffic.
    pub data: String,
    /// Jobs that the peak keeps busy.
    pub peak_jobs: f32,
    /// Name of the world.
    pub world: &'static str,
    /// Seed of the load and of the pool.
    pub seed: u64,
}

/// A policy at one knob, and how it did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Run {
    /// Who played.
    pub policy: Contender,
    /// Its knob; `None` for ours, which have none.
    pub knob: Option<f32>,
    /// How it did.
    pub score: Score,
    /// Share of the decisions that a network moved away from the plan, if one could.
    pub moved: Option<f64>,
}

/// All runs of a case so far.
#[derive(Clone, Debug)]
pub struct CaseResult {
    /// The case.
    pub case: Case,
    /// Its runs, those of one policy together and in the order of its knobs.
    pub runs: Vec<Run>,
    /// Policies that have not played yet.
    pub missing: usize,
    /// What is drawn of it, if anything: the need, and the jobs of ours and of baselines at their
    /// default knob.
    pub tracks: Vec<Track>,
}

impl CaseResult {
    /// The runs of one policy.
    pub fn of(&self, policy: Contender) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(move |run| run.policy == policy)
    }

    /// The run of a policy at a knob.
    #[must_use]
    pub fn at(&self, policy: Contender, knob: Option<f32>) -> Option<&Run> {
        self.of(policy).find(|run| run.knob == knob)
    }
}
