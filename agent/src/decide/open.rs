//! Opens a model and gives the controller that decides.

use super::timed::Timed;
use super::watched::Watched;
use super::{Calendar, Decider, Engine, Fallible, Informed, ModelChoice, ModelId};
use crate::text::word;
use scaleiq_core::controller::Controller;
use scaleiq_core::forecast::{ForecastModel, ForecastPipeline, NoModel};
use scaleiq_core::model::{Bundle, Card};
use scaleiq_core::policy::{Dqn, NetworkRole, Planner, Policy, ValueModel};
use scaleiq_core::settings::Settings;

/// Logs it where a network that is there can change nothing, as is usual.
pub fn tell_if_idle(decider: &dyn Decider, model: &ModelId) {
    let role = decider.network_role();
    if role == NetworkRole::CannotAct {
        tracing::info!("model {}: {}", model.name, role.sentence());
    }
}

/// The decider for `choice` in `engine` that knows what is planned, and which model that is.
///
/// # Errors
/// If the model cannot be read, is damaged, or was made for another version.
pub fn open(
    choice: &ModelChoice,
    engine: Engine,
    settings: Settings,
    planned: Calendar,
) -> anyhow::Result<(Box<dyn Decider>, ModelId)> {
    let Some(origin) = choice.origin() else {
        let pipeline = ForecastPipeline::new(settings.interval, NoModel);
        return Ok((decider(settings, pipeline, Planner, planned), ModelId::none()));
    };
    let engine = engine.running(choice)?;
    match engine.precision() {
        Some(precision) => {
            let bundle = Bundle::open(origin, precision)?;
            let forecaster = Timed::forecaster(bundle.forecaster().clone())?;
            let q_network = Timed::policy(bundle.q_network().clone())?;
            with_networks(bundle.card(), engine, forecaster, q_network, settings, planned)
        }
        // Its work is bounded: there is no loop in it that could run longer.
        None => {
            let bundle = Bundle::load_native(origin)?;
            let (forecaster, q_network) = (bundle.forecaster().clone(), bundle.q_network().clone());
            with_networks(bundle.card(), engine, forecaster, q_network, settings, planned)
        }
    }
}

fn with_networks<F, Q>(
    card: &Card,
    engine: Engine,
    forecaster: F,
    q_network: Q,
    settings: Settings,
    planned: Calendar,
) -> anyhow::Result<(Box<dyn Decider>, ModelId)>
where
    F: ForecastModel + Send + 'static,
    Q: ValueModel + Send + 'static,
{
    let model = ModelId::new(card, engine)?;
    if settings.base != card.policy.base {
        tracing::warn!(
            "the network of {} learned to multiply the jobs {}, and `base` has it multiply the jobs {}: \
             leave `base` out to follow the model",
            card.name,
            word(&card.policy.base),
            word(&settings.base)
        );
    }
    let settings = Settings { parameters: card.policy.parameters, ..settings };
    let pipeline = ForecastPipeline::new(settings.interval, forecaster);
    let policy = Dqn::new(q_network).with_min_advantage(card.policy.min_advantage);
    Ok((decider(settings, pipeline, policy, planned), model))
}

fn decider<M, P>(
    settings: Settings,
    pipeline: ForecastPipeline<M>,
    policy: P,
    planned: Calendar,
) -> Box<dyn Decider>
where
    M: ForecastModel + Send + 'static,
    P: Policy + Fallible + Send + 'static,
{
    let forecaster = Informed::new(pipeline, planned, settings.interval);
    Box::new(Watched::new(Controller::new(settings, forecaster, policy)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use scaleiq_core::forecast::{ModelInput, NoNetwork};
    use scaleiq_core::policy::{OBSERVATION, Stage};
    use scaleiq_core::sample::RawSample;
    use scaleiq_core::units::JobLimits;
    use std::time::Duration;

    #[test]
    fn a_missing_folder_is_named() {
        let settings = Settings::new(JobLimits::new(1, 10).unwrap(), 60.0, 60.0);
        for engine in [Engine::Tract, Engine::TractF32, Engine::TractInt8, Engine::Native] {
            let open = |choice| open(&choice, engine, settings, Calendar::default());
            let error = open(ModelChoice::from("/no/such/model")).err().unwrap();
            assert!(error.to_string().contains("/no/such/model"), "{error}");
            assert_eq!(open(ModelChoice::None).unwrap().1, ModelId::none());
        }
    }

    #[test]
    fn networks_that_hang_are_done_without() {
        let (release, held) = std::sync::mpsc::channel::<()>();
        let limit = Duration::from_millis(20);
        let forecaster = Timed::start("forecaster", limit, move |_: &ModelInput| {
            // Until the test is over.
            let _ = held.recv();
            Err(NoNetwork)
        });
        let q_network =
            Timed::start("policy", limit, |_: &[f32; OBSERVATION]| -> Result<_, NoNetwork> {
                loop {
                    std::thread::park();
                }
            });
        let settings = Settings::new(JobLimits::new(1, 40).unwrap(), 60.0, 60.0);
        let mut card = Bundle::shipped().unwrap().card().clone();
        // One that cannot act is not asked.
        card.policy.min_advantage = 0.0;
        let networks = (forecaster.unwrap(), q_network.unwrap());
        let (mut decider, _) = with_networks(
            &card,
            Engine::TractInt8,
            networks.0,
            networks.1,
            settings,
            Calendar::default(),
        )
        .unwrap();
        let mut decided = None;
        for k in 1..60 {
            let sample = RawSample {
                time: f64::from(30 * k),
                interval_s: 30.0,
                logged_events: Some(3000.0),
                unprocessed_events: Some(0.0),
                avg_processing_ms: Some(100.0),
                jobs_ready: Some(10.0),
                jobs_starting: Some(0.0),
                ..RawSample::default()
            };
            let sample = sample.gate().unwrap().sample;
            decider.observe(&sample).unwrap();
            decided = Some(decider.decide(sample.end));
        }
        let decided = decided.unwrap();
        assert_eq!(decided.stage, Stage::Plan);
        assert!((9..=20).contains(&decided.jobs.0), "{decided:?}");
        assert!(decider.failures().iter().all(|count| *count > 0));
        drop(release);
    }
}
