//! Models and baselines on the same origins of the same series.

use super::baselines::{Baseline, MIXTURE, Medians, Past, mixture};
use super::forecasts::{Course, Origin, median_scores, rolling_planned, scores};
use super::metrics::HorizonScores;
use super::parts::{experts_alone, network_alone};
use super::test_series::TestSeries;
use crate::runtime::stop::Stop;
use crate::runtime::threads::in_parallel;
use anyhow::{Result, bail};
use scaleiq_core::forecast::ForecastPipeline;
use scaleiq_core::interval::Interval;
use scaleiq_core::model::ForecastNetwork;

/// Rows between two reports of progress.
const TICK: usize = 512;

/// A model to judge.
#[derive(Clone)]
pub struct Model {
    /// Its name in tables.
    pub name: String,
    /// Its network.
    pub network: ForecastNetwork,
}

/// Who takes part.
#[derive(Clone)]
pub struct Contest {
    /// Models, each judged as the agent runs it.
    pub models: Vec<Model>,
    /// Whether the models' networks and the experts are judged alone, too.
    pub parts: bool,
    /// Classical forecasters; a mixture of them takes part as well.
    pub baselines: Vec<Baseline>,
}

/// What somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole model.
    Model,
    /// A part of one.
    Part,
    /// A classical forecaster.
    Baseline,
}

/// How somebody did on one series.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Who.
    pub name: String,
    /// What that is.
    pub kind: Kind,
    /// Scores of each horizon.
    pub scores: Vec<HorizonScores>,
    /// What was forecast, for plots; baselines keep nothing.
    pub origins: Vec<Origin>,
}

/// How all did on one series.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The series.
    pub series: TestSeries,
    /// Models, their parts, baselines.
    pub standings: Vec<Standing>,
    /// Baselines for which the series is too short.
    pub left_out: Vec<String>,
}

/// What a model is told of a series beside its arrivals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Columns {
    /// Nothing: what baselines are told, and what most files hold.
    Alone,
    /// What a live worker tells.
    Live,
}

impl Columns {
    const ALL: [Self; 2] = [Self::Alone, Self::Live];

    /// What stands behind a model's name.
    const fn mark(self) -> &'static str {
        match self {
            Self::Alone => "",
            Self::Live => ", live columns",
        }
    }
}

/// A series as it is told, with each of [`Columns::ALL`].
struct ReportedSeries<'a> {
    series: &'a TestSeries,
    past: &'a Past,
    rows: [Vec<Interval>; 2],
}

impl ReportedSeries<'_> {
    fn rows(&self, columns: Columns) -> &[Interval] {
        &self.rows[columns as usize]
    }
}

/// Somebody who forecasts a series.
#[derive(Clone, Copy)]
enum Player<'a> {
    Model(&'a Model, Columns),
    Network(&'a Model, Columns),
    Experts,
    Baseline(Baseline),
}

/// What was forecast.
enum Made {
    Quantiles(Vec<Origin>),
    Medians(Option<Vec<Medians>>),
}

impl Contest {
    /// Rows that will be played in all; what `tick` of [`Self::run`] is told sums to about as many.
    #[must_use]
    pub fn rows(&self, series: &[TestSeries]) -> usize {
        self.players().len() * series.iter().map(|s| s.rows.len()).sum::<usize>()
    }

    /// Lets everybody forecast every series, several at a time.
    ///
    /// # Errors
    /// If `stop` says so.
    pub fn run(
        &self,
        series: Vec<TestSeries>,
        tick: &(dyn Fn(usize) + Sync),
        stop: Stop,
    ) -> Result<Vec<Comparison>> {
        let players = self.players();
        let pasts: Vec<Past> =
            series.iter().map(|s| Past::new(&s.rows, s.length, s.from)).collect();
        let each: Vec<_> = series.iter().zip(&pasts).collect();
        let told = in_parallel(&each, |(series, past)| {
            let rows = [series.arrivals_alone(), series.live()];
            ReportedSeries { series, past, rows }
        });
        let jobs: Vec<_> =
            told.iter().flat_map(|told| players.iter().map(move |who| (told, *who))).collect();
        let made = in_parallel(&jobs, |(told, player)| {
            let row = |row: usize| {
                if row % TICK == TICK - 1 {
                    tick(TICK);
                }
                !stop()
            };
            (!stop()).then(|| player.play(told, row))
        });
        if stop() {
            bail!("interrupted");
        }
        let mut made = made.into_iter().flatten();
        let compared = series.into_iter().zip(&pasts);
        Ok(compared
            .map(|(series, past)| {
                let mine = made.by_ref().take(players.len());
                compare(series, past, players.iter().copied().zip(mine))
            })
            .collect())
    }

    fn players(&self) -> Vec<Player<'_>> {
        let told = |model| Columns::ALL.map(|columns| (model, columns));
        let models = || self.models.iter().flat_map(told);
        let mut players: Vec<Player<'_>> = models().map(|(m, c)| Player::Model(m, c)).collect();
        if self.parts {
            players.extend(models().map(|(m, c)| Player::Network(m, c)));
            players.push(Player::Experts);
        }
        players.extend(self.baselines.iter().copied().map(Player::Baseline));
        players
    }
}

impl Player<'_> {
    fn name(self) -> String {
        match self {
            Self::Model(model, columns) => format!("{}{}", model.name, columns.mark()),
            Self::Network(model, columns) => {
                format!("{} network_alone{}", model.name, columns.mark())
            }
            Self::Experts => "experts_alone".into(),
            Self::Baseline(baseline) => baseline.name().into(),
        }
    }

    /// Forecasts the series; what is left out because `tick` said so is to be thrown away.
    fn play(self, told: &ReportedSeries<'_>, tick: impl Fn(usize) -> bool) -> Made {
        let TestSeries { rows, plans, length, from, stride, .. } = told.series;
        // All that is known before the test part is played, for the experts to learn from.
        let course = Course { start: 0, from: *from, stride: *stride };
        match self {
            Self::Model(model, columns) => {
                let pipeline = ForecastPipeline::new(*length, model.network.clone());
                let rows = told.rows(columns);
                Made::Quantiles(rolling_planned(pipeline, rows, plans, course, tick))
            }
            Self::Network(model, columns) => {
                let (network, rows) = (model.network.clone(), told.rows(columns));
                Made::Quantiles(network_alone(network, *length, rows, course, tick))
            }
            Self::Experts => Made::Quantiles(experts_alone(*length, rows, plans, course, tick)),
            Self::Baseline(baseline) => {
                let origins: Vec<usize> = told.series.origins().collect();
                let made = baseline.forecasts(told.past, &origins);
                (0..rows.len()).all(tick);
                Made::Medians(made)
            }
        }
    }
}

fn compare<'a>(
    series: TestSeries,
    past: &Past,
    all: impl Iterator<Item = (Player<'a>, Made)>,
) -> Comparison {
    let origins: Vec<usize> = series.origins().collect();
    let day = series.length.steps_per_day();
    let baseline = |name: &str, made: &[Medians]| {
        let made: Vec<_> = origins.iter().copied().zip(made.iter().copied()).collect();
        let scores = median_scores(&series.rows, &made, day, series.from);
        Standing { name: name.into(), kind: Kind::Baseline, scores, origins: Vec::new() }
    };
    let (mut standings, mut left_out, mut baselines) = (Vec::new(), Vec::new(), Vec::new());
    for (player, made) in all {
        match (player, made) {
            (who, Made::Medians(None)) => left_out.push(who.name()),
            (who, Made::Medians(Some(made))) => {
                standings.push(baseline(&who.name(), &made));
                baselines.push(made);
            }
            (who, Made::Quantiles(mut made)) => {
                made.retain(|origin| origins.binary_search(&origin.row).is_ok());
                let scores = scores(&series.rows, &made, day, series.from);
                let whole = matches!(who, Player::Model(..));
                let kind = if whole { Kind::Model } else { Kind::Part };
                standings.push(Standing { name: who.name(), kind, scores, origins: made });
            }
        }
    }
    if baselines.len() > 1 {
        let baselines: Vec<&[Medians]> = baselines.iter().map(Vec::as_slice).collect();
        standings.push(baseline(MIXTURE, &mixture(past, &origins, &baselines)));
    }
    Comparison { series, standings, left_out }
}

impl Comparison {
    /// Those of one kind.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Standing> {
        self.standings.iter().filter(move |s| s.kind == kind)
    }

    /// The baseline with the least WAPE at a horizon (its place among all horizons), and that.
    #[must_use]
    pub fn best_baseline(&self, horizon: usize) -> Option<(&str, f64)> {
        let baselines = self.of_kind(Kind::Baseline);
        let known = baselines.filter_map(|s| Some((s.name.as_str(), s.wape(horizon)?)));
        known.min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// The WAPE of the model called `name` over the best baseline's at a horizon: below 1 it is better.
    #[must_use]
    pub fn over_best_baseline(&self, name: &str, horizon: usize) -> Option<f64> {
        let mine = self.of_kind(Kind::Model).find(|s| s.name == name)?.wape(horizon)?;
        let (_, best) = self.best_baseline(horizon)?;
        (best > 0.0).then(|| mine / best)
    }
}

impl Standing {
    /// WAPE at a horizon (its place among all horizons).
    #[must_use]
    pub fn wape(&self, horizon: usize) -> Option<f64> {
        self.scores.get(horizon)?.scores.point.wape
    }
}

#[cfg(test)]
mod tests;
