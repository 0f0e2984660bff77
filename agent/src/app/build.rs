//! Opens what is configured to decide.

use super::WorkloadConfig;
use crate::decide::rows::RowForecaster;
use crate::decide::{self, Decider, DeviceWithFallback, ModelChoice, ModelId};
use crate::device::{Client, Timeouts};
use scaleiq_core::units::Objective;

impl WorkloadConfig {
    /// Opens what is configured to decide, and says which model that is.
    ///
    /// # Errors
    /// As [`WorkloadConfig::open_here`] and [`WorkloadConfig::connect`].
    pub fn open(&self) -> anyhow::Result<(Box<dyn Decider>, ModelId)> {
        let device = self.connect()?;
        let (here, model) = self.open_here()?;
        match device {
            Some(client) => {
                let model = ModelId::device(&client.port().path, client.pack_crc());
                Ok((Box::new(DeviceWithFallback::new(client, here)), model))
            }
            None => Ok((here, model)),
        }
    }

    /// Opens what decides in this program: the model that is configured or, beside a device, what
    /// stands in for it.
    ///
    /// # Errors
    /// If the model is missing, damaged, made for another version, or has nothing for the engine.
    pub fn open_here(&self) -> anyhow::Result<(Box<dyn Decider>, ModelId)> {
        decide::open(self.model_here(), self.decider.engine, self.settings, self.planned.clone())
    }

    /// Opens what forecasts from rows in this program.
    ///
    /// # Errors
    /// As [`WorkloadConfig::open_here`].
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
        Ok(Some(Client::connect(port, Timeouts::default(), &self.settings)?))
    }
}
