//! What the Q-network may do, and whether everything that tells of it says so.

use super::http::{Agent, get, post};
use super::{json, samples};
use scaleiq_core::model::{Bundle, CARD_FILE, FORECASTER_INT8, PACK, Q_NETWORK_F32, SHIPPED_NAME};
use scaleiq_core::policy::{ACTIONS, NEUTRAL, OBSERVATION, ValueModel};
use scaleiq_core::settings::Settings;
use scaleiq_core::units::JobLimits;
use scaleiq_workload::sim::{Load, LoadSettings, Scale, Series, Simulator, World};
use scaleiq_workload::traffic::builtin::{SampleSpec, generate};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Intervals of two minutes that are played: two days.
const INTERVALS: usize = 1440;
/// Share of the largest gain by which the gain of some action must differ between states.
const MIN_SPREAD: f32 = 0.05;

/// States that the shipped model's controller meets in a simulated pool.
fn recorded_states() -> Vec<[f32; OBSERVATION]> {
    let traffic = generate(&SampleSpec { rows: INTERVALS, ..SampleSpec::default() });
    let counts_events = &traffic.arrivals_filled();
    let series = Series { start: traffic.start, interval_s: traffic.length_s, counts_events };
    let scaled = LoadSettings { scale: Scale::PeakJobs(40.0), ..LoadSettings::default() };
    let load = Load::from_series(&series, &scaled, 1).unwrap();
    let limits = JobLimits::new(1, 100).unwrap();
    let mut simulator = Simulator::new(&load, World::queue(), limits, 30, 1);
    let mut controller =
        Bundle::shipped_native().unwrap().controller(Settings::new(limits, 60.0, 60.0));
    let mut states = Vec::new();
    while let Some(sample) = simulator.tick() {
        controller.observe(&sample, |_, _| {}).unwrap();
        if let Ok(estimate) = controller.estimate(sample.end)
            && estimate.has_forecast
        {
            states.push(controller.observation(&estimate));
        }
        simulator.set_jobs(controller.decide(sample.end).jobs);
    }
    states
}

/// By how much what an action is worth more than the plan differs between states, but for the rarest
/// twentieth on either side, as a share of the largest gain or loss there is. Of a network that says
/// the same whatever it is shown it is 0.
fn spread(mut network: impl ValueModel, states: &[[f32; OBSERVATION]]) -> f32 {
    let mut gains: [Vec<f32>; ACTIONS] = Default::default();
    for state in states {
        let values = network.values(state).map_err(|error| error.to_string()).unwrap();
        for (value, gains) in values.iter().zip(&mut gains) {
            gains.push(value - values[NEUTRAL]);
        }
    }
    let rarest = states.len() / 20;
    let spans = gains.map(|mut gains| {
        gains.sort_by(f32::total_cmp);
        [gains[rarest], gains[gains.len() - 1 - rarest]]
    });
    let largest = spans.as_flattened().iter().fold(0.0f32, |most, gain| most.max(gain.abs()));
    let widest = spans.iter().map(|[least, most]| most - least).fold(0.0, f32::max);
    widest / largest.max(f32::MIN_POSITIVE)
}

/// Values an action always alike, and states more or less: of no use to anyone.
struct Constant;

impl ValueModel for Constant {
    type Error = &'static str;

    fn values(&mut self, state: &[f32; OBSERVATION]) -> Result<[f32; ACTIONS], Self::Error> {
        Ok(std::array::from_fn(|action| state.iter().sum::<f32>() + action as f32))
    }
}

#[test]
fn a_network_that_can_act_looks_at_the_state() {
    let states = recorded_states();
    assert!(states.len() > 4 * INTERVALS - 100, "{}", states.len());
    // Rounding alone.
    assert!(spread(Constant, &states) < 1e-3);
    let shipped = Bundle::shipped_native().unwrap();
    let spread = spread(shipped.q_network().clone(), &states);
    let can_act = shipped.card().policy.can_act();
    println!("the shipped Q-network: can act {can_act}, spread of its gains {spread}");
    assert!(!can_act || spread > MIN_SPREAD, "it is constant: {spread}");
}

/// A model folder with the shipped networks, of which `min_advantage` is asked.
fn model(folder: &Path, min_advantage: f32) {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models").join(SHIPPED_NAME);
    let card = fs::read(shipped.join(CARD_FILE)).unwrap();
    let mut card: serde_json::Value = serde_json::from_slice(&card).unwrap();
    card["policy"]["min_advantage"] = min_advantage.into();
    fs::write(folder.join(CARD_FILE), card.to_string()).unwrap();
    for name in [FORECASTER_INT8, Q_NETWORK_F32, PACK] {
        fs::copy(shipped.join(name), folder.join(name)).unwrap();
    }
}

#[test]
fn what_the_network_may_do_is_told_everywhere() {
    for (min_advantage, role, words) in
        [(f32::MAX, "cannot_act", "is not asked"), (0.0, "can_act", "may move the plan")]
    {
        let idle = role == "cannot_act";
        let config = "listen: 127.0.0.1:0\nmodel: mine\njournal: {folder: kept}\n";
        let agent = Agent::start_with(config, |at| {
            fs::create_dir(at.join("mine")).unwrap();
            model(&at.join("mine"), min_advantage);
        });
        let log = agent.wait_for_log("listening on");
        let told = log.lines().filter(|line| line.contains("is not asked"));
        assert_eq!(told.clone().count(), usize::from(idle), "{log}");
        assert!(told.clone().all(|line| line.contains("INFO")), "nothing is wrong: {log}");

        assert_eq!(post(&agent, "/ingest", &samples(3000)).0, 200);
        let decision = json(&post(&agent, "/decide", "").1);
        assert_eq!(decision["network_role"], role, "{decision}");
        assert_eq!(decision["preference"].is_null(), idle, "{decision}");
        assert_eq!(decision["forecast"]["source"], "network", "{decision}");
        assert!(decision["forecast"]["network_weight"][0].as_f64() > Some(0.0), "{decision}");
        let metrics = get(&agent, "/metrics").1;
        let can_act = format!("\nscaleiq_network_can_act {}\n", u8::from(!idle));
        assert!(metrics.contains(&can_act), "{metrics}");
        assert_eq!(metrics.contains("scaleiq_network_margin{"), !idle, "{metrics}");
        let moved = metrics.contains("scaleiq_decisions_total{stage=\"network\"");
        assert!(!(idle && moved), "{metrics}");
        let about = json(&get(&agent, "/api/live?run=0&since=0").1)["about"].clone();
        assert_eq!(about["network_role"], role, "{about}");
        assert!(about["network"].as_str().unwrap().contains(words), "{about}");

        let status = json(&get(&agent, "/status").1);
        let told = [&status["network_role"], &status["stage"]];
        assert_eq!(told, [&about["network_role"], &decision["stage"]], "{status}");
        assert_eq!(status["forecast"]["source"], "network", "{status}");

        let run = |args: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
            let out = command.args(args).current_dir(&agent.folder).output().unwrap();
            String::from_utf8(out.stdout).unwrap()
        };
        let checked = run(&["check", "--config", "c.yaml"]);
        assert!(checked.contains(words), "{checked}");
        let explained = run(&["replay", "--journal", "kept", "--model", "mine", "--last", "1"]);
        assert!(
            explained.contains("forecast  network and experts; 12, 24, 48 minutes"),
            "{explained}"
        );
        assert_eq!(explained.contains("more than x1 to it"), !idle, "{explained}");
        let demo = run(&["demo", "--once", "--model", "mine"]);
        assert!(demo.contains(words) && demo.contains("network weighs"), "{demo}");
        assert_eq!(demo.contains("in force in 100.0 %"), !idle, "{demo}");
    }
}
