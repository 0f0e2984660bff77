//! Opens a model and gives the controller that decides, whatever is inside it.

mod engine;
mod timed;
mod watched;

pub use engine::Engine;

use crate::device::Health;
use crate::figures::Figures;
use crate::planned::{Calendar, Informed};
use crate::report::word;
use scaleiq_core::controller::Controller;
use scaleiq_core::decision::Decision;
use scaleiq_core::forecast::{Forecast, ForecastModel, ModelInput, Perception, QUANTILES, STEPS};
use scaleiq_core::interval::TimeError;
use scaleiq_core::model::{Bundle, Card, sha256_hex};
use scaleiq_core::policy::{Dqn, NetworkRole, Planner, Policy, ValueModel};
use scaleiq_core::sample::Sample;
use scaleiq_core::settings::{Base, Settings};
use scaleiq_core::situation::{Blind, Situation};
use scaleiq_core::units::{Jobs, UnixSeconds};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;
pub(crate) use timed::Timed;
use watched::Watched;

/// Which model decides: `--model`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ModelChoice {
    /// The one built into the program.
    #[default]
    Shipped,
    /// A model folder.
    Folder(PathBuf),
    /// No networks: the plan on the experts' forecasts.
    None,
}

impl From<&str> for ModelChoice {
    fn from(text: &str) -> Self {
        match text {
            NO_MODEL => Self::None,
            "shipped" => Self::Shipped,
            folder => Self::Folder(folder.into()),
        }
    }
}

/// Name under which [`ModelChoice::None`] goes.
pub const NO_MODEL: &str = "none";
/// Word with which names of devices' models begin.
const DEVICE: &str = "device";

/// Which model decides, as decisions are traced back to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelId {
    /// Its name.
    pub name: String,
    /// SHA-256 of all that its card says and, if it is not tract in int8, of the engine's name, and so of
    /// all that decisions follow from: the card holds the hash of each network. It is taken after
    /// parsing, so layout does not matter. `None` without networks.
    pub sha256: Option<String>,
}

impl ModelId {
    /// No networks.
    #[must_use]
    pub fn none() -> Self {
        Self { name: NO_MODEL.into(), sha256: None }
    }

    /// The model of `card` in `engine`.
    ///
    /// # Errors
    /// If the card cannot be written as JSON.
    pub fn new(card: &Card, engine: Engine) -> serde_json::Result<Self> {
        let mut text = serde_json::to_vec(card)?;
        if engine != Engine::TractInt8 {
            text.extend(engine.word().bytes());
        }
        Ok(Self { name: card.name.clone(), sha256: Some(sha256_hex(&text)) })
    }

    /// The pack with this CRC in the device on `port`. All that is known of it is the CRC, so that is
    /// what the hash is taken over, behind a word that tells it from other models.
    #[must_use]
    pub fn device(port: &str, pack_crc: u32) -> Self {
        let sha256 = sha256_hex(format!("{DEVICE} {pack_crc:08x}").as_bytes());
        Self { name: format!("{DEVICE} {port}, pack {pack_crc:08x}"), sha256: Some(sha256) }
    }

    /// Whether a device decided. It is seen from the hash: a card may have any name.
    #[must_use]
    pub fn is_device(&self) -> bool {
        let crc = self.name.rsplit(' ').next().and_then(|crc| u32::from_str_radix(crc, 16).ok());
        crc.is_some_and(|crc| Self::device("", crc).sha256 == self.sha256)
    }
}

/// A [`Controller`] of any make, beside the pools that tell what comes of its decisions.
pub trait Brain: Send {
    /// Takes a sample; true if it completed a model interval, so that the forecast is new.
    ///
    /// # Errors
    /// If the sample is not after the last one.
    fn observe(&mut self, sample: &Sample) -> Result<bool, TimeError>;

    /// Decides how many jobs should run from `now` on.
    fn decide(&mut self, now: UnixSeconds) -> Decision;

    /// What is known at `now`, unless the data is stale or incomplete.
    fn situation(&self, now: UnixSeconds) -> Option<Situation>;

    /// Why there is nothing to decide on at `now`.
    fn blind(&self, now: UnixSeconds) -> Option<Blind>;

    /// The latest forecast.
    fn forecast(&self) -> Option<&Forecast>;

    /// How often the forecaster and the policy had to do without their networks.
    fn failures(&mut self) -> [u32; 2];

    /// The part that a Q-network has in decisions.
    fn network_role(&self) -> NetworkRole;

    /// Goes on where another brain decided `jobs` at `at`: no scale-down comes before its window.
    fn resume(&mut self, jobs: Jobs, at: UnixSeconds);

    /// Whether the real pool does not obey, from the next sample on. Decisions are then made for a
    /// virtual pool that does, beside it: the one that would have been. It is off at first.
    fn set_shadow(&mut self, on: bool);

    /// What the virtual pool told last, in shadow mode: what the last decision was made on.
    fn virtual_sample(&self) -> Option<&Sample>;

    /// So many jobs were decided elsewhere: the pool obeys, in shadow mode the virtual one.
    fn obey(&mut self, jobs: Jobs);

    /// How it goes.
    fn figures(&self) -> Figures;

    /// Tells figures only of what comes from now on.
    fn restart_figures(&mut self);

    /// How the device fares that decides, if one does.
    fn device(&self) -> Option<Health> {
        None
    }
}

/// A part that may fail and has something to fall back to.
pub trait Fallible {
    /// How often it fell back.
    fn failures(&self) -> u32;
}

impl<Q: ValueModel> Fallible for Dqn<Q> {
    fn failures(&self) -> u32 {
        Dqn::failures(self)
    }
}

impl Fallible for Planner {
    fn failures(&self) -> u32 {
        0
    }
}

/// Logs it where a network that is there can change nothing.
pub fn warn_if_idle(brain: &dyn Brain, model: &ModelId) {
    let role = brain.network_role();
    if role == NetworkRole::CannotAct {
        tracing::warn!("model {}: {}", model.name, role.sentence());
    }
}

impl ModelChoice {
    /// What its multipliers are applied to; where there is no card to tell, the jobs required. A card
    /// that cannot be read is an error of opening the model.
    #[must_use]
    pub fn base(&self) -> Base {
        let card = match self {
            Self::Shipped => Bundle::card_of(None),
            Self::Folder(folder) => Bundle::card_of(Some(folder)),
            Self::None => return Base::default(),
        };
        card.map_or_else(|_| Base::default(), |card| card.policy.base)
    }
}

/// The brain for `choice` in `engine` that knows what is planned, and which model that is.
///
/// # Errors
/// If the model cannot be read, is damaged, or was made for another version.
pub fn open(
    choice: &ModelChoice,
    engine: Engine,
    settings: Settings,
    planned: Calendar,
) -> anyhow::Result<(Box<dyn Brain>, ModelId)> {
    let folder = match choice {
        ModelChoice::Shipped => None,
        ModelChoice::Folder(folder) => Some(folder.as_path()),
        ModelChoice::None => {
            let perception = Perception::new(settings.interval, NoModel);
            return Ok((brain(settings, perception, Planner, planned), ModelId::none()));
        }
    };
    let engine = engine.running(choice)?;
    match engine.precision() {
        Some(precision) => {
            let bundle = Bundle::open(folder, precision)?;
            let forecaster = Timed::forecaster(bundle.forecaster().clone())?;
            let q_network = Timed::policy(bundle.q_network().clone())?;
            with_networks(bundle.card(), engine, forecaster, q_network, settings, planned)
        }
        // Its work is bounded: there is no loop in it that could run longer.
        None => {
            let bundle = folder.map_or_else(Bundle::shipped_native, Bundle::load_native)?;
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
) -> anyhow::Result<(Box<dyn Brain>, ModelId)>
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
    let perception = Perception::new(settings.interval, forecaster);
    let policy = Dqn::new(q_network).cautious(card.policy.caution);
    Ok((brain(settings, perception, policy, planned), model))
}

fn brain<M, P>(
    settings: Settings,
    perception: Perception<M>,
    policy: P,
    planned: Calendar,
) -> Box<dyn Brain>
where
    M: ForecastModel + Send + 'static,
    P: Policy + Fallible + Send + 'static,
{
    let forecaster = Informed::new(perception, planned, settings.interval);
    Box::new(Watched::new(Controller::new(settings, forecaster, policy)))
}

/// Stands where a network would, and always fails: the baseline forecasts then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoModel;

/// There is no network to ask.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoNetwork;

impl fmt::Display for NoNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no network is loaded")
    }
}

impl ForecastModel for NoModel {
    type Error = NoNetwork;

    fn infer(&mut self, _: &ModelInput) -> Result<[f32; STEPS * QUANTILES.len()], NoNetwork> {
        Err(NoNetwork)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scaleiq_core::model::Q_NETWORK_F32;
    use scaleiq_core::policy::{STATE, Stage};
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
        let q_network = Timed::start("policy", limit, |_: &[f32; STATE]| -> Result<_, NoNetwork> {
            loop {
                std::thread::park();
            }
        });
        let settings = Settings::new(JobLimits::new(1, 40).unwrap(), 60.0, 60.0);
        let mut card = Bundle::shipped().unwrap().card().clone();
        // One that cannot act is not asked.
        card.policy.caution = 0.0;
        let networks = (forecaster.unwrap(), q_network.unwrap());
        let (mut brain, _) = with_networks(
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
            brain.observe(&sample).unwrap();
            decided = Some(brain.decide(sample.end));
        }
        let decided = decided.unwrap();
        assert_eq!(decided.stage, Stage::Plan);
        assert!((9..=20).contains(&decided.jobs.0), "{decided:?}");
        assert!(brain.failures().iter().all(|count| *count > 0));
        drop(release);
    }

    #[test]
    fn whatever_decisions_follow_from_is_in_the_hash() {
        let mut card = Bundle::shipped().unwrap().card().clone();
        let id = |card: &Card| ModelId::new(card, Engine::TractInt8).unwrap();
        let shipped = id(&card);
        assert_eq!(shipped, id(&card.clone()));
        let [native, float] =
            [Engine::Native, Engine::TractF32].map(|e| ModelId::new(&card, e).unwrap());
        assert!(shipped != native && shipped != float && native != float);
        card.policy.caution = 0.125;
        assert_ne!(shipped.sha256, id(&card).sha256);
        card = Bundle::shipped().unwrap().card().clone();
        card.files.insert(Q_NETWORK_F32.into(), "0".repeat(64));
        assert_ne!(shipped.sha256, id(&card).sha256);
    }

    #[test]
    fn a_device_is_known_by_its_hash_alone() {
        let device = ModelId::device("/dev/ttyACM0", 0x0b1c_2d3e);
        assert_eq!(device.name, "device /dev/ttyACM0, pack 0b1c2d3e");
        assert!(device.is_device());
        assert_eq!(device.sha256, ModelId::device("COM3", 0x0b1c_2d3e).sha256);
        assert_ne!(device.sha256, ModelId::device("/dev/ttyACM0", 1).sha256);
        let namesake = ModelId { sha256: Some("0".repeat(64)), ..device };
        assert!(!namesake.is_device() && !ModelId::none().is_device());
    }
}
