//! Opens what is configured to decide.

use super::Config;
use crate::decide::rows::RowForecaster;
use crate::decide::{self, Brain, Deputed, ModelChoice, ModelId};
use crate::device::{Client, Patience};
use scaleiq_core::units::Objective;

impl Config {
    /// Opens what is configured to decide, and says which model that is.
    ///
    /// # Errors
    /// As [`Config::open_here`] and [`Config::connect`].
    pub fn open(&self) -> anyhow::Result<(Box<dyn Brain>, ModelId)> {
        let device = self.connect()?;
        let (here, model) = self.open_here()?;
        match device {
            Some(client) => {
                let model = ModelId::device(&client.port().path, client.pack_crc());
                Ok((Box::new(Deputed::new(client, here)), model))
            }
            None => Ok((here, model)),
        }
    }

    /// Opens what decides in this program: the model that is configured or, beside a device, what
    /// stands in for it.
    ///
    /// # Errors
    /// If the model is missing, damaged, made for another version, or has nothing for the engine.
    pub fn open_here(&self) -> anyhow::Result<(Box<dyn Brain>, ModelId)> {
        decide::open(self.model_here(), self.decider.engine, self.settings, self.planned.clone())
    }

    /// Opens what forecasts from rows in this program.
    ///
    /// # Errors
    /// As [`Config::open_here`].
    pub fn row_forecaster(&self) -> anyhow::Result<RowForecaster> {
        let engine = self.decider.engine;
        RowForecaster::open(self.model_here(), engine, self.settings, self.planned.clone())
    }

    /// The model in this program: beside a device none.
    fn model_here(&self) -> &ModelChoice {
        match self.decider.device {
            Some(_) => &ModelChoice::None,
            None => &self.decider.model,
        }
    }

    /// Finds the device that is to decide, if one is, and gives it the settings.
    ///
    /// # Errors
    /// If it is not there, does not answer, or refuses.
    pub fn connect(&self) -> anyhow::Result<Option<Client>> {
        let Some(port) = &self.decider.device else { return Ok(None) };
        if !self.planned.events.is_empty() {
            tracing::warn!("a device cannot be told what is planned: it decides without");
        }
        if self.settings.objective != Objective::DEFAULT {
            tracing::warn!("a device is not told the `objective`: it keeps to 0.999");
        }
        Ok(Some(Client::connect(port, Patience::default(), &self.settings)?))
    }
}
