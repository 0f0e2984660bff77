//! A record of what the shipped model decides while everything goes wrong that can: it changes only on
//! purpose. CONTRIBUTING.md says when it may be made anew, and by which command.
//!
//! Two simulated days of the built-in sample in two worlds: once under the faults that pass, several of
//! each kind a day, and once under those that stay. The digest is over every bit of every decision, the
//! table beside it for people.

use postcard::to_stdvec;
use scaleiq_core::decision::Decision;
use scaleiq_core::model::{Bundle, SHIPPED_NAME};
use scaleiq_core::settings::Settings;
use scaleiq_core::units::{DAY_S, JobLimits};
use scaleiq_tests::hold_to_record;
use scaleiq_workload::sim::faults::{Course, FaultKind, FaultPlan, Lasts, Tick, Trial};
use scaleiq_workload::sim::{Load, LoadSettings, Scale, Series, World};
use scaleiq_workload::traffic::builtin::{SampleSpec, generate};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt::Write as _;

const DAYS: u32 = 2;
const TICK_S: u32 = 30;
const SEED: u64 = 15;
/// Hours between two lines of the table.
const SHOWN_HOURS: i64 = 6;
/// Faults of a kind in a day; so many that each comes in two days.
const PASSING_PER_DAY: f32 = 3.0;
const LASTING_PER_DAY: f32 = 1.0;
/// Work has to be learned, and forecasts to be made, before something goes wrong.
const WARM_S: u32 = 7200;

fn load() -> Load {
    let rows = (DAYS * DAY_S / 120) as usize;
    let series = generate(&SampleSpec { rows, ..SampleSpec::default() });
    let counts: Vec<f32> =
        series.rows.iter().map(|row| row.arrivals_events.unwrap_or(f32::NAN)).collect();
    let series =
        Series { start: series.start, interval_s: series.length_s, counts_events: &counts };
    let settings = LoadSettings { scale: Scale::PeakJobs(20.0), ..LoadSettings::default() };
    Load::from_series(&series, &settings, SEED).expect("the built-in sample makes a load")
}

fn passes(kind: FaultKind) -> bool {
    matches!(kind.profile().lasts, Lasts::OneSample | Lasts::Seconds(_))
}

/// Every kind that passes, or every kind that stays.
fn plan(passing: bool) -> FaultPlan {
    let rate = if passing { PASSING_PER_DAY } else { LASTING_PER_DAY };
    let kinds = FaultKind::ALL.into_iter().filter(|kind| passes(*kind) == passing);
    kinds.fold(FaultPlan::default(), |plan, kind| plan.with(kind, rate))
}

/// Plays the shipped model under `plan`.
fn play(world: World, plan: &FaultPlan) -> (Course, Vec<Decision>) {
    let (load, limits) = (load(), JobLimits::new(1, 100).expect("sound limits"));
    let trial = Trial { load: &load, world, limits, tick_s: TICK_S, seed: SEED, warm_s: WARM_S };
    let settings = Settings::new(limits, world.sla_s as f32, world.start_median_s);
    let bundle = Bundle::shipped_native().expect("the shipped model is sound");
    let mut controller = Box::new(bundle.controller(settings));
    let mut decisions = Vec::new();
    let course = trial.play(plan, &mut |tick: &Tick| {
        for sample in tick.samples() {
            // A sample from the past is refused, and nothing changes.
            let _ = controller.observe(&sample, |_, _| ());
        }
        decisions.push(controller.decide(tick.truth.end));
        decisions[decisions.len() - 1].jobs
    });
    (course, decisions)
}

/// One course as text.
fn told(world_name: &str, passing: bool) -> String {
    let world = World::named(world_name).expect("a known world");
    let plan = plan(passing);
    let (course, decisions) = play(world, &plan);
    let came: BTreeSet<&str> = course.episodes.iter().map(|e| e.kind.profile().name).collect();
    let meant: BTreeSet<&str> = plan.kinds().map(|kind| kind.profile().name).collect();
    assert_eq!(came, meant, "{world_name}: not every kind of fault came");

    let mut hash = Sha256::new();
    for decision in &decisions {
        hash.update(to_stdvec(decision).expect("a decision can be written"));
    }
    let digest: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let faults = if passing { "faults that pass" } else { "faults that stay" };
    let mut text = format!(
        "world {world_name}, {faults}: {} kinds, {} in all\n{} decisions, SHA-256 {digest}\n",
        meant.len(),
        course.episodes.len(),
        decisions.len(),
    );
    let mut changes = 0;
    for pair in decisions.windows(2) {
        let [before, decision] = pair else { continue };
        changes += u32::from(before.jobs != decision.jobs);
        if decision.at.0 % (SHOWN_HOURS * 3600) == 0 {
            let (jobs, stage, reason) = (decision.jobs.0, decision.stage, decision.reason);
            let rate = decision.outlook.map_or(f32::NAN, |outlook| outlook.lead_q50);
            let doubts = decision.doubts.iter().count();
            let _ = writeln!(
                text,
                "  {} s: {jobs} jobs by {stage:?} ({reason:?}), {rate:.2} events/s ahead, \
                 {doubts} doubts, {changes} changes so far",
                decision.at.0
            );
        }
    }
    text
}

#[test]
fn the_shipped_model_decides_as_recorded() {
    let mut text = format!("What the model `{SHIPPED_NAME}` decides: tests/tests/record.rs\n");
    for world in ["queue", "kafka"] {
        for passing in [true, false] {
            let _ = write!(text, "\n{}", told(world, passing));
        }
    }
    hold_to_record("decisions.txt", &text);
}
