//! Models that are not like the shipped one, from training to decisions.

use agent::decide::{Calendar, Decider, Engine, ModelChoice, open};
use scaleiq_core::decision::Decision;
use scaleiq_core::forecast::ForecastSource;
use scaleiq_core::model::{Bundle, Card, ModelError, PACK};
use scaleiq_core::sample::RawSample;
use scaleiq_core::settings::{Base, Settings};
use scaleiq_core::units::JobLimits;
use scaleiq_tests::{sample_csv, tiny, train_part};
use std::path::Path;
use trainer::config::Config;
use trainer::experiment::pipeline::Part;

const ROWS: usize = 720 * 17;
/// Two hours of half minutes.
const SAMPLES: u32 = 240;

/// Trains the forecaster alone on the sample; gives its models and their card.
fn forecaster_alone(config: Config, folder: &Path) -> (ModelChoice, Card) {
    let mut config = config;
    config.data.path = Some(sample_csv(folder, ROWS));
    let models = train_part(&config, &folder.join("run"), Part::Forecaster);
    let card = Bundle::card_of(&models).unwrap();
    (ModelChoice::Folder(models.into()), card)
}

/// Opens a model as the agent does where nothing is configured.
fn opened(model: &ModelChoice) -> Box<dyn Decider> {
    let limits = JobLimits::new(1, 100).unwrap();
    let settings = Settings { base: model.base(), ..Settings::new(limits, 60.0, 60.0) };
    open(model, Engine::default(), settings, Calendar::default()).unwrap().0
}

/// What a decider decides on a load that rises and falls, with a pool that follows it.
fn decisions(decider: &mut dyn Decider) -> Vec<Decision> {
    let (mut jobs, mut backlog) = (10, 0.0_f64);
    let decide = |k: u32| {
        let came = 3000.0 + 20.0 * f64::from(k.min(SAMPLES - k));
        // A job does ten a second.
        backlog = (backlog + came - 300.0 * f64::from(jobs)).max(0.0);
        let sample = RawSample {
            time: f64::from(30 * k),
            interval_s: 30.0,
            logged_events: Some(came),
            unprocessed_events: Some(backlog),
            avg_processing_ms: Some(100.0),
            jobs_ready: Some(f64::from(jobs)),
            jobs_starting: Some(0.0),
            ..RawSample::default()
        };
        let sample = sample.gate().unwrap().sample;
        decider.observe(&sample).unwrap();
        let decision = decider.decide(sample.end);
        jobs = decision.jobs.0;
        decision
    };
    (1..SAMPLES).map(decide).collect()
}

#[test]
fn a_forecaster_alone_is_loaded_and_the_plan_decides() {
    let root = tempfile::tempdir().unwrap();
    let mut config = tiny();
    config.agent.base = Base::Current;
    let (model, card) = forecaster_alone(config, root.path());
    assert_eq!((card.policy.base, model.base()), (Base::Current, Base::Current));
    assert!(card.files.contains_key(PACK) && card.too_large.is_none());

    let mut decider = opened(&model);
    let decided = decisions(decider.as_mut());
    assert_eq!(decider.forecast().map(|f| f.source), Some(ForecastSource::Model));
    assert_eq!(decider.failures(), [0, 0]);
    assert!(decided.iter().all(|d| d.multiplier.is_none_or(|m| m == 1.0)), "{decided:?}");
    // The load keeps 10 to 18 jobs busy: the plan follows it, on the base `current` as well.
    let most = decided.iter().map(|d| d.jobs.0).max();
    assert!((17..30).contains(&most.unwrap()), "{most:?}");
}

#[test]
fn what_is_too_large_for_microcontrollers_runs_on_hosts() {
    let root = tempfile::tempdir().unwrap();
    let mut config = tiny();
    // A block more than the engine has room for; the reference has 6, and is 256 wide.
    config.forecaster.n_layers = 5;
    let (model, card) = forecaster_alone(config, root.path());
    let why = card.too_large.clone().unwrap();
    assert!(why.contains("5 blocks are too much") && !card.files.contains_key(PACK), "{why}");

    let mut decider = opened(&model);
    decisions(decider.as_mut());
    assert_eq!(decider.forecast().map(|f| f.source), Some(ForecastSource::Model));
    assert_eq!(decider.failures(), [0, 0]);

    let ModelChoice::Folder(folder) = &model else { panic!("{model:?}") };
    let error = Bundle::pack(&folder.path).unwrap_err();
    assert!(matches!(error, ModelError::NoPack { .. }), "{error}");
    assert!(error.to_string().contains("too much for the int8 engine"), "{error}");
}
