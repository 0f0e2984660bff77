//! Those who take part in a contest: models, their parts, classical forecasters.

use super::baselines::{Baseline, Past};
use super::forecasts::{Course, rolling_planned};
use super::foreign::Foreign;
use super::made::Made;
use super::parts::{experts_alone, network_alone};
use super::test_series::TestSeries;
use crate::model::runnable::Runnable;
use crate::runtime::stop::Stop;
use anyhow::Result;
use scaleiq_core::forecast::ForecastPipeline;
use scaleiq_core::interval::Interval;
use scaleiq_core::model::{Origin, sha256_hex};
use serde::{Deserialize, Serialize};

/// A model to judge.
#[derive(Clone)]
pub struct Model {
    /// Its name in tables.
    pub name: String,
    /// Its network.
    pub network: Runnable,
    /// What tells its network from others: the hash of its file.
    pub hash: String,
    /// Fingerprints of the data that it was trained on.
    pub trained_on: Vec<String>,
    /// Whether its network is judged alone, too.
    pub parts: bool,
}

impl Model {
    /// The model of a folder, or the one that comes with this program.
    ///
    /// # Errors
    /// Names the file that is missing, damaged, or made for another version.
    pub fn open<'a>(origin: impl Into<Origin<'a>>, name: &str) -> Result<Self> {
        let (card, network) = Runnable::open(origin)?;
        Ok(Self {
            name: name.into(),
            network,
            hash: sha256_hex(card.identity()?.as_bytes()),
            trained_on: card.data.values().cloned().collect(),
            parts: false,
        })
    }
}

/// What somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A whole model.
    Model,
    /// A part of one.
    Part,
    /// A classical forecaster.
    Baseline,
}

/// What a model is told of a series beside its arrivals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// Nothing: what baselines are told, and what most files hold.
    Alone,
    /// What a live worker tells.
    Live,
    /// What the file holds.
    Recorded,
}

impl Columns {
    /// Without and with what a live worker tells.
    pub const BOTH: &'static [Self] = &[Self::Alone, Self::Live];

    /// What stands behind a model's name.
    const fn mark(self) -> &'static str {
        match self {
            Self::Alone | Self::Recorded => "",
            Self::Live => ", live columns",
        }
    }
}

/// A series as it is told, with all of [`Columns`].
pub(super) struct ReportedSeries<'a> {
    pub(super) series: &'a TestSeries,
    pub(super) past: &'a Past,
    pub(super) alone: Vec<Interval>,
    pub(super) live: Vec<Interval>,
}

impl ReportedSeries<'_> {
    fn rows(&self, columns: Columns) -> &[Interval] {
        match columns {
            Columns::Alone => &self.alone,
            Columns::Live => &self.live,
            Columns::Recorded => &self.series.rows,
        }
    }
}

/// Somebody who forecasts a series.
#[derive(Clone, Copy)]
pub(super) enum Player<'a> {
    Model(&'a Model, Columns),
    Network(&'a Model, Columns),
    Foreign(&'a Foreign),
    Experts,
    Baseline(Baseline),
}

impl Player<'_> {
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Model(..) | Self::Foreign(_) => Kind::Model,
            Self::Network(..) | Self::Experts => Kind::Part,
            Self::Baseline(_) => Kind::Baseline,
        }
    }

    pub(super) fn name(self) -> String {
        match self {
            Self::Model(model, columns) => format!("{}{}", model.name, columns.mark()),
            Self::Network(model, columns) => {
                format!("{} network_alone{}", model.name, columns.mark())
            }
            Self::Foreign(other) => other.name.clone(),
            Self::Experts => "experts_alone".into(),
            Self::Baseline(baseline) => baseline.name().into(),
        }
    }

    /// Rows that it is played over.
    pub(super) fn played(self, series: &TestSeries, warm_days: Option<usize>) -> usize {
        series.rows.len() - self.start(series, warm_days)
    }

    /// What that is, in about microseconds of one core.
    pub(super) fn work(self, series: &TestSeries, warm_days: Option<usize>) -> u64 {
        let a_row = match self {
            Self::Model(..) => 300,
            // Nobody knows; larger ones than ours are meant.
            Self::Foreign(_) => 1000,
            Self::Network(..) => 270,
            Self::Experts => 40,
            Self::Baseline(Baseline::Ridge336) => 150,
            Self::Baseline(Baseline::Ridge96Seasonal) => 100,
            Self::Baseline(Baseline::HoltWinters | Baseline::Ridge24) => 10,
            Self::Baseline(_) => 1,
        };
        a_row * self.played(series, warm_days) as u64
    }

    fn start(self, series: &TestSeries, warm_days: Option<usize>) -> usize {
        match (self, warm_days) {
            (Self::Baseline(_) | Self::Foreign(_), _) | (_, None) => 0,
            (_, Some(days)) => series.from.saturating_sub(days * series.length.steps_per_day()),
        }
    }

    /// Forecasts the series; what is left out because `row` or `stop` said so is to be thrown away.
    /// `None` if the series is too short.
    pub(super) fn play(
        self,
        told: &ReportedSeries<'_>,
        warm_days: Option<usize>,
        row: impl Fn(usize) -> bool,
        stop: Stop,
    ) -> Option<Made> {
        let TestSeries { rows, plans, length, from, stride, .. } = told.series;
        // What is known before the test part is played, for the experts to learn from.
        let start = self.start(told.series, warm_days);
        let course = Course { start, from: *from, stride: *stride };
        let quantiles = match self {
            Self::Model(model, columns) => {
                let pipeline = ForecastPipeline::new(*length, model.network.clone());
                rolling_planned(pipeline, told.rows(columns), plans, course, row)
            }
            Self::Network(model, columns) => {
                let (network, rows) = (model.network.clone(), told.rows(columns));
                network_alone(network, *length, rows, course, row)
            }
            Self::Experts => experts_alone(*length, rows, plans, course, row),
            Self::Baseline(_) | Self::Foreign(_) => {
                let origins: Vec<usize> = told.series.origins().collect();
                let made = match self {
                    Self::Foreign(other) => other.forecasts(told.past, &origins, stop)?,
                    Self::Baseline(baseline) => baseline.forecasts(told.past, &origins, stop)?,
                    _ => return None,
                };
                return Some(Made::Medians(origins.into_iter().zip(made).collect()));
            }
        };
        Some(Made::Quantiles(quantiles))
    }

    /// All of it that decides what it forecasts.
    pub(super) fn identity(self) -> String {
        match self {
            Self::Model(model, _) | Self::Network(model, _) => {
                format!("{} {}", self.name(), model.hash)
            }
            Self::Foreign(other) => format!("{} {}", other.name, other.hash),
            Self::Experts | Self::Baseline(_) => self.name(),
        }
    }
}
