//! The agent's two engines: do they decide the same?

use scaleiq_core::controller::Controller;
use scaleiq_core::decision::Decision;
use scaleiq_core::engine::Pack;
use scaleiq_core::forecast::{ForecastModel, ForecastPipeline};
use scaleiq_core::model::{Bundle, FORECASTER_INT8, LiveController, ModelError, PACK};
use scaleiq_core::policy::{Dqn, Stage, ValueModel};
use scaleiq_core::sample::Sample;
use scaleiq_core::settings::Settings;
use scaleiq_core::units::{JobLimits, Jobs, UnixSeconds};
use scaleiq_tests::networks::Untrained;
use scaleiq_workload::sim::{Load, LoadSettings, Series, Simulator, TICK_S, World};
use scaleiq_workload::traffic::builtin::{self, SampleSpec};
use std::fs;
use std::path::Path;
use trainer::config::Preset;
use trainer::data::probe_windows;
use trainer::export::engine;

/// Intervals of two minutes: a day and a half.
const INTERVALS: usize = 1080;

/// Decides on a sample, and says how often a network failed so far.
trait Decide {
    fn decide(&mut self, sample: &Sample) -> Decision;
    fn failures(&mut self) -> u32;
    /// Takes `jobs` as decided at `at`, as the other engine did.
    fn follow(&mut self, jobs: Jobs, at: UnixSeconds);
}

impl<F: ForecastModel, Q: ValueModel> Decide for Controller<ForecastPipeline<F>, Dqn<Q>> {
    fn decide(&mut self, sample: &Sample) -> Decision {
        self.observe(sample, |_, _| ()).unwrap();
        self.decide(sample.end)
    }

    fn failures(&mut self) -> u32 {
        self.forecaster().failures() + self.policy_mut().failures()
    }

    fn follow(&mut self, jobs: Jobs, at: UnixSeconds) {
        self.resume(jobs, at);
    }
}

/// What came of asking both engines.
#[derive(Debug, Default)]
struct Compared {
    decisions: usize,
    /// Those with the same jobs.
    same: usize,
    /// Those for which the native engine's Q-network was asked, and those by which it left the plan.
    asked: usize,
    off_plan: usize,
    failures: u32,
}

/// Asks both engines about a pool that tract scales.
fn compare(world: World, tract: &mut dyn Decide, native: &mut dyn Decide) -> Compared {
    let traffic = builtin::generate(&SampleSpec::default());
    let counts = traffic.arrivals_filled();
    let series = Series {
        start: traffic.start,
        interval_s: traffic.length_s,
        counts_events: &counts[720..720 + INTERVALS],
    };
    let load = Load::from_series(&series, &LoadSettings::default(), 1).unwrap();
    let mut simulator = Simulator::new(&load, world, settings().limits, TICK_S, 1);
    let mut compared = Compared::default();
    while let Some(sample) = simulator.tick() {
        let (a, b) = (tract.decide(&sample), native.decide(&sample));
        simulator.set_jobs(a.jobs);
        compared.decisions += 1;
        compared.same += usize::from(a.jobs == b.jobs);
        if a.jobs != b.jobs {
            // What is in force is what the pool was told.
            native.follow(a.jobs, sample.end);
        }
        compared.asked += usize::from(b.preference.is_some());
        compared.off_plan += usize::from(b.stage == Stage::Network);
    }
    compared.failures = native.failures();
    compared
}

fn settings() -> Settings {
    Settings::new(JobLimits::new(1, 200).unwrap(), 60.0, 60.0)
}

/// A controller whose policy takes whatever its Q-network says.
fn incautious<F, Q>(bundle: &Bundle<F, Q>) -> LiveController<F, Q>
where
    F: ForecastModel + Clone,
    Q: ValueModel + Clone,
{
    let policy = bundle.policy().with_min_advantage(0.0);
    Controller::new(settings(), bundle.pipeline(settings().interval), policy)
}

/// tract runs the forecaster in int8 and the Q-network in f32, the native engine both in int8: where
/// two actions are worth nearly the same, another one may be taken. A cautious policy may never show
/// it, so its Q-network is also asked without min_advantage, where every change pauses the pool.
#[test]
fn both_engines_decide_the_same() {
    let (tract, native) = (Bundle::shipped().unwrap(), Bundle::shipped_native().unwrap());
    let (mut a, mut b) = (tract.controller(settings()), native.controller(settings()));
    let shipped = compare(World::queue(), &mut a, &mut b);
    let (mut a, mut b) = (incautious(&tract), incautious(&native));
    let free = compare(World::kafka(), &mut a, &mut b);
    for (compared, min_percent) in [(&shipped, 99), (&free, 90)] {
        println!("{compared:?}");
        assert_eq!(compared.failures, 0, "{compared:?}");
        assert!(compared.same * 100 >= compared.decisions * min_percent, "{compared:?}");
    }
    assert!(free.asked >= 2000, "{free:?}");
    // One that cannot act is not asked.
    let can_act = native.card().policy.can_act();
    assert_eq!(shipped.asked >= 2000, can_act, "{shipped:?}");
}

#[test]
fn a_folder_without_its_pack_is_named() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/edge");
    assert!(Bundle::load_native(&shipped).is_ok());
    let folder = tempfile::tempdir().unwrap();
    let card = fs::read_to_string(shipped.join("card.json")).unwrap();
    let at = folder.path().join("card.json");
    fs::write(&at, &card).unwrap();
    let error = Bundle::load_native(folder.path()).err().unwrap();
    assert!(matches!(&error, ModelError::Read { path, .. } if path.ends_with(PACK)), "{error}");
    fs::write(&at, card.replace(PACK, "other.pack")).unwrap();
    let error = Bundle::load_native(folder.path()).err().unwrap();
    assert!(matches!(error, ModelError::NoPack { .. }), "{error}");
}

/// `nano` and `server` are offered beside the shipped size: core's engine plays their packs, and says what tract
/// says.
#[test]
fn packs_of_the_presets_load_and_say_what_tract_says() {
    let windows = probe_windows();
    let described = [Preset::Nano, Preset::Edge, Preset::Server].map(|preset| {
        let Untrained { parameters, files, pack } = Untrained::of(preset);
        let mut native = Pack::parse(&pack).unwrap().forecaster();
        let mut tract = engine(&files, FORECASTER_INT8).unwrap();
        for k in [0, windows.len() - 1] {
            let input = windows.input(k);
            let (a, b) = (native.infer(&input).unwrap(), tract.infer(&input).unwrap());
            let apart = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(apart < 0.02, "{preset}: {apart}");
        }
        format!("{preset}: {parameters} parameters, {} bytes", pack.len())
    });
    let expected = [
        "nano: 10421 parameters, 40664 bytes",
        "edge: 138805 parameters, 190169 bytes",
        "server: 247029 parameters, 308605 bytes",
    ];
    assert_eq!(described, expected);
}
