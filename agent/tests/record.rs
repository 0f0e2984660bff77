//! A record of what the shipped model decides while everything goes wrong that can: it changes only on
//! purpose. CONTRIBUTING.md says when it may be made anew, and by which command.
//!
//! The built-in sample in two worlds: two days under all faults that pass, several of each kind a day, and
//! half a day under each that stays. The digest is over every bit of every decision, the table beside it
//! for people. The bytes are those of Linux with glibc, whose logarithm the simulator takes.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

use agent::lab::backtest::faults::take;
use agent::observe::{Intake, Trust};
use postcard::to_stdvec;
use scaleiq_core::decision::Decision;
use scaleiq_core::model::{Bundle, SHIPPED_NAME};
use scaleiq_core::settings::Settings;
use scaleiq_core::units::JobLimits;
use scaleiq_workload::sim::faults::{Course, FaultKind, FaultPlan, Lasts, Tick, Trial};
use scaleiq_workload::sim::{Load, LoadSettings, Scale, Series, World};
use scaleiq_workload::traffic::builtin::{SampleSpec, generate};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

/// Set to 1, the record is written anew instead of compared.
const REWRITE: &str = "SCALEIQ_REWRITE";
const TICK_S: u32 = 30;
const SEED: u64 = 15;
/// Hours between two lines of the table.
const SHOWN_HOURS: i64 = 6;
/// How long all faults that pass are played, and each that stays.
const PASSING_HOURS: u32 = 48;
const STAYING_HOURS: u32 = 12;
/// Faults of a kind in a day; so many that each comes.
const PASSING_PER_DAY: f32 = 3.0;
const STAYING_PER_DAY: f32 = 12.0;
/// Work has to be learned, and forecasts to be made, before something goes wrong.
const WARM_S: u32 = 7200;

fn load(hours: u32) -> Load {
    let rows = (hours * 30) as usize;
    let series = generate(&SampleSpec { rows, ..SampleSpec::default() });
    let counts: Vec<f32> =
        series.rows.iter().map(|row| row.arrivals_events.unwrap_or(f32::NAN)).collect();
    let series =
        Series { start: series.start, interval_s: series.length_s, counts_events: &counts };
    let settings = LoadSettings { scale: Scale::PeakJobs(20.0), ..LoadSettings::default() };
    Load::from_series(&series, &settings, SEED).expect("the built-in sample makes a load")
}

/// What is played: all faults that pass together, and each that stays by itself; with the hours of each.
fn plans() -> Vec<(String, FaultPlan, u32)> {
    let passes =
        |kind: &FaultKind| matches!(kind.profile().lasts, Lasts::OneSample | Lasts::Seconds(_));
    let (passing, staying): (Vec<_>, Vec<_>) = FaultKind::ALL.into_iter().partition(passes);
    let all = passing.into_iter().fold(FaultPlan::default(), |p, k| p.with(k, PASSING_PER_DAY));
    let alone = |kind: FaultKind| {
        (kind.name().to_owned(), FaultPlan::default().with(kind, STAYING_PER_DAY), STAYING_HOURS)
    };
    let together = ("all faults that pass".to_owned(), all, PASSING_HOURS);
    std::iter::once(together).chain(staying.into_iter().map(alone)).collect()
}

/// Plays the shipped model under `plan`.
fn play(world: World, plan: &FaultPlan, hours: u32) -> (Course, Vec<Decision>) {
    let (load, limits) = (load(hours), JobLimits::new(1, 100).expect("sound limits"));
    let trial = Trial { load: &load, world, limits, tick_s: TICK_S, seed: SEED, warm_s: WARM_S };
    let settings = Settings::new(limits, world.sla_s as f32, world.start_median_s);
    let bundle = Bundle::shipped_native().expect("the shipped model is sound");
    let mut controller = Box::new(bundle.controller(settings));
    let mut intake = Intake::new(Trust::Receiver, None);
    let mut decisions = Vec::new();
    let course = trial.play(plan, &mut |tick: &Tick| {
        for sample in take(tick, &mut intake) {
            // What is refused changes nothing.
            let _ = controller.observe(&sample, |_, _| ());
        }
        decisions.push(controller.decide(tick.truth.end));
        decisions[decisions.len() - 1].jobs
    });
    (course, decisions)
}

/// One course as text.
fn told(world_name: &str, name: &str, plan: &FaultPlan, hours: u32) -> String {
    let world = World::named(world_name).expect("a known world");
    let (course, decisions) = play(world, plan, hours);
    let came: BTreeSet<&str> = course.episodes.iter().map(|e| e.kind.name()).collect();
    let meant: BTreeSet<&str> = plan.kinds().map(FaultKind::name).collect();
    assert_eq!(came, meant, "{world_name}, {name}: not every kind of fault came");

    let mut hash = Sha256::new();
    for decision in &decisions {
        hash.update(to_stdvec(decision).expect("a decision can be written"));
    }
    let digest: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let mut text = format!(
        "world {world_name}, {name}: {} of {} kinds\n{} decisions, SHA-256 {digest}\n",
        course.episodes.len(),
        meant.len(),
        decisions.len(),
    );
    let mut changes = 0;
    for pair in decisions.windows(2) {
        let [before, decision] = pair else { continue };
        changes += u32::from(before.jobs != decision.jobs);
        let hours = decision.at.since(decisions[0].at.plus(-i64::from(TICK_S))) / 3600;
        if decision.at.0 % (SHOWN_HOURS * 3600) == 0 {
            let (jobs, stage, reason) = (decision.jobs.0, decision.stage, decision.reason);
            let ahead = decision.outlook.map_or("nothing known".into(), |outlook| {
                format!("{:.2} events/s", outlook.lead_q50)
            });
            let doubts = decision.doubts.iter().count();
            let _ = writeln!(
                text,
                "  {hours:2} h: {jobs} jobs by {stage:?} ({reason:?}), {ahead} ahead, \
                 {doubts} doubts, {changes} changes so far"
            );
        }
    }
    text
}

#[test]
fn the_shipped_model_decides_as_recorded() {
    let mut text = format!("What the model `{SHIPPED_NAME}` decides: agent/tests/record.rs\n");
    for world in ["queue", "kafka"] {
        for (name, plan, hours) in plans() {
            let _ = write!(text, "\n{}", told(world, &name, &plan, hours));
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/decisions.txt");
    if std::env::var_os(REWRITE).is_some_and(|value| value == "1") {
        std::fs::write(&path, &text).unwrap();
        return;
    }
    let record = std::fs::read_to_string(&path).unwrap_or_default();
    let first = record.lines().zip(text.lines()).find(|(shown, comes)| shown != comes);
    assert!(
        record == text,
        "{} is no longer what comes out; first difference: {first:?}\nIf that is meant, CONTRIBUTING.md \
         says how to write it anew ({REWRITE}=1).",
        path.display()
    );
}
