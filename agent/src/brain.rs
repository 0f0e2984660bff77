//! Opens a model and gives the controller that decides, whatever is inside it.

use crate::planned::{Calendar, Informed};
use anyhow::Context;
use scaleiq_core::controller::Controller;
use scaleiq_core::decision::Decision;
use scaleiq_core::forecast::{
    Forecast, ForecastModel, Forecaster, ModelInput, Perception, QUANTILES, STEPS,
};
use scaleiq_core::interval::TimeError;
use scaleiq_core::model::{Bundle, Card, sha256_hex};
use scaleiq_core::policy::{Dqn, Planner, Policy, ValueModel};
use scaleiq_core::sample::Sample;
use scaleiq_core::settings::Settings;
use scaleiq_core::situation::{Blind, Situation};
use scaleiq_core::units::UnixSeconds;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

/// Which model decides: `--model`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ModelChoice {
    /// The one built into the program.
    #[default]
    Shipped,
    /// A model folder.
    Folder(PathBuf),
    /// No networks: baseline forecasts and the planner alone.
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

/// Which model decides, as decisions are traced back to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelId {
    /// Its name.
    pub name: String,
    /// SHA-256 of all that its card says, and so of all that decisions follow from: the card holds
    /// the hash of each network. It is taken after parsing, so layout does not matter. `None` without
    /// networks.
    pub sha256: Option<String>,
}

impl ModelId {
    /// No networks.
    #[must_use]
    pub fn none() -> Self {
        Self { name: NO_MODEL.into(), sha256: None }
    }
}

impl TryFrom<&Card> for ModelId {
    type Error = serde_json::Error;

    fn try_from(card: &Card) -> Result<Self, Self::Error> {
        let text = serde_json::to_vec(card)?;
        Ok(Self { name: card.name.clone(), sha256: Some(sha256_hex(&text)) })
    }
}

/// A [`Controller`] of any make.
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

impl<F, P> Brain for Controller<F, P>
where
    F: Forecaster + Fallible + Send,
    P: Policy + Fallible + Send,
{
    fn observe(&mut self, sample: &Sample) -> Result<bool, TimeError> {
        let mut closed = false;
        Controller::observe(self, sample, |_, _| closed = true)?;
        Ok(closed)
    }

    fn decide(&mut self, now: UnixSeconds) -> Decision {
        Controller::decide(self, now)
    }

    fn situation(&self, now: UnixSeconds) -> Option<Situation> {
        Controller::situation(self, now).ok()
    }

    fn blind(&self, now: UnixSeconds) -> Option<Blind> {
        Controller::situation(self, now).err()
    }

    fn forecast(&self) -> Option<&Forecast> {
        Controller::forecast(self)
    }

    fn failures(&mut self) -> [u32; 2] {
        [self.forecaster().failures(), self.policy_mut().failures()]
    }
}

/// The brain for `choice` that knows what is planned, and which model that is.
///
/// # Errors
/// If the model cannot be read, is damaged, or was made for another version.
pub fn open(
    choice: &ModelChoice,
    settings: Settings,
    planned: Calendar,
) -> anyhow::Result<(Box<dyn Brain>, ModelId)> {
    let length = settings.interval;
    let bundle = match choice {
        ModelChoice::Shipped => Bundle::shipped().context("the built-in model cannot be used")?,
        ModelChoice::Folder(folder) => Bundle::load(folder)?,
        ModelChoice::None => {
            let forecaster = Informed::new(Perception::new(length, NoModel), planned, length);
            let brain = Controller::new(settings, forecaster, Planner);
            return Ok((Box::new(brain), ModelId::none()));
        }
    };
    let forecaster = Informed::new(bundle.perception(length), planned, length);
    let policy = bundle.policy();
    let brain = Controller::new(settings, forecaster, policy);
    Ok((Box::new(brain), ModelId::try_from(bundle.card())?))
}

/// Stands where a network would, and always fails: the baseline forecasts then.
#[derive(Clone, Copy, Debug)]
struct NoModel;

/// There is no network to ask.
#[derive(Clone, Copy, Debug)]
struct NoNetwork;

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
    use scaleiq_core::units::JobLimits;

    #[test]
    fn a_missing_folder_is_named() {
        let settings = Settings::new(JobLimits::new(1, 10).unwrap(), 60.0, 60.0);
        let open = |choice| open(&choice, settings, Calendar::default());
        let error = open(ModelChoice::from("/no/such/model")).err().unwrap();
        assert!(error.to_string().contains("/no/such/model"), "{error}");
        assert_eq!(open(ModelChoice::None).unwrap().1, ModelId::none());
    }

    #[test]
    fn whatever_decisions_follow_from_is_in_the_hash() {
        let mut card = Bundle::shipped().unwrap().card().clone();
        let id = |card: &Card| ModelId::try_from(card).unwrap();
        let shipped = id(&card);
        assert_eq!(shipped, id(&card.clone()));
        card.policy.caution = 0.125;
        assert_ne!(shipped.sha256, id(&card).sha256);
        card = Bundle::shipped().unwrap().card().clone();
        card.files.insert(Q_NETWORK_F32.into(), "0".repeat(64));
        assert_ne!(shipped.sha256, id(&card).sha256);
    }
}
