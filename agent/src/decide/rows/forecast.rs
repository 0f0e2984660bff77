//! A forecast from rows alone.

use super::Rows;
use crate::decide::{Calendar, Engine, Informed, ModelChoice, NO_MODEL, Timed};
use scaleiq_core::controller::Controller;
use scaleiq_core::forecast::{Forecast, ForecastModel, ForecastPipeline, Forecaster, NoModel};
use scaleiq_core::interval::Interval;
use scaleiq_core::model::{Bundle, NativeBundle};
use scaleiq_core::policy::Planner;
use scaleiq_core::settings::Settings;
use scaleiq_core::units::UnixSeconds;
use std::{fmt, io};

/// Intervals at the end of the rows for which the network is asked, so that its record among the experts
/// is known: half a day of two minutes, in less than half a second. Before them the other experts alone
/// learn from what happened.
const RECENT: i64 = 360;

/// Forecasts from rows, each body in a memory of its own.
pub struct RowForecaster {
    network: Network,
    settings: Settings,
    planned: Calendar,
}

/// What forecasts, opened once: a folder may hold another model by the next time.
enum Network {
    None,
    Tract(Box<Bundle>),
    Native(Box<NativeBundle>),
}

impl fmt::Debug for RowForecaster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowForecaster").field("model", &self.model()).finish_non_exhaustive()
    }
}

impl RowForecaster {
    /// Forecasts with the model of `choice` in `engine`, as one who knows what is `planned`.
    ///
    /// # Errors
    /// If the model cannot be read, is damaged, has nothing for the engine, or was made for another
    /// version.
    pub fn open(
        choice: &ModelChoice,
        engine: Engine,
        settings: Settings,
        planned: Calendar,
    ) -> anyhow::Result<Self> {
        let Some(origin) = choice.origin() else {
            return Ok(Self { network: Network::None, settings, planned });
        };
        let network = match engine.running(choice)?.precision() {
            Some(precision) => Network::Tract(Box::new(Bundle::open(origin, precision)?)),
            None => Network::Native(Box::new(Bundle::load_native(origin)?)),
        };
        Ok(Self { network, settings, planned })
    }

    /// Name of the model.
    #[must_use]
    pub fn model(&self) -> &str {
        match &self.network {
            Network::None => NO_MODEL,
            Network::Tract(bundle) => &bundle.card().name,
            Network::Native(bundle) => &bundle.card().name,
        }
    }

    /// Length of the model's interval in seconds.
    #[must_use]
    pub fn interval_s(&self) -> u32 {
        self.settings.interval.seconds()
    }

    /// The forecast from the end of the last interval that `rows` fill; `None` if they fill none.
    ///
    /// # Errors
    /// If the system gives no thread for the engine.
    pub fn forecast(&self, rows: &Rows) -> io::Result<Option<Forecast>> {
        Ok(match &self.network {
            Network::None => self.forecast_with(NoModel, rows),
            Network::Tract(bundle) => {
                self.forecast_with(Timed::forecaster(bundle.forecaster().clone())?, rows)
            }
            Network::Native(bundle) => self.forecast_with(bundle.forecaster().clone(), rows),
        })
    }

    fn forecast_with<M: ForecastModel>(&self, model: M, rows: &Rows) -> Option<Forecast> {
        let Self { settings, .. } = self;
        let mut planned = self.planned.clone();
        planned.events.extend(&rows.planned.events);
        let pipeline = ForecastPipeline::new(settings.interval, model);
        let forecaster = Recent {
            forecaster: Informed::new(pipeline, planned, settings.interval),
            since: rows.samples.last()?.end.plus(-RECENT * i64::from(self.interval_s())),
        };
        // As the loop would take them, so that the same rows give the same forecast.
        let mut controller = Box::new(Controller::new(*settings, forecaster, Planner));
        for sample in &rows.samples {
            // Rows whose times do not ascend were refused before.
            let _ = controller.observe(sample, |_, _| {});
        }
        controller.forecast().cloned()
    }
}

/// A forecaster of which only the end is of interest.
struct Recent<F> {
    forecaster: F,
    since: UnixSeconds,
}

impl<F: Forecaster> Forecaster for Recent<F> {
    fn push(&mut self, interval: &Interval) -> Option<Forecast> {
        if interval.end < self.since {
            self.forecaster.pass(interval);
            return None;
        }
        self.forecaster.push(interval)
    }

    fn pass(&mut self, interval: &Interval) {
        self.forecaster.pass(interval);
    }
}
