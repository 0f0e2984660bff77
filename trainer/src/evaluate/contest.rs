//! Models and baselines on the same origins of the same series.

use super::baselines::{Baseline, MIXTURE, Medians, Past, mixture};
use super::forecasts::{Course, median_scores, rolling_planned, scores};
use super::kept;
use super::made::Made;
use super::metrics::HorizonScores;
use super::parts::{experts_alone, network_alone};
use super::test_series::TestSeries;
use crate::runtime::stop::Stop;
use crate::runtime::threads::in_parallel;
use anyhow::{Result, bail};
use scaleiq_core::forecast::ForecastPipeline;
use scaleiq_core::interval::Interval;
use scaleiq_core::model::{Bundle, ForecastNetwork, sha256_hex};
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::path::Path;

/// Rows between two reports of progress.
const TICK: usize = 512;

/// A model to judge.
#[derive(Clone)]
pub struct Model {
    /// Its name in tables.
    pub name: String,
    /// Its network.
    pub network: ForecastNetwork,
    /// What tells its network from others: the hash of its file.
    pub hash: String,
    /// Fingerprints of the data that it was trained on.
    pub trained_on: Vec<String>,
    /// Whether its network is judged alone, too.
    pub parts: bool,
}

impl Model {
    /// The model that comes with this program.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn shipped(name: &str) -> Result<Self> {
        Self::of(&Bundle::shipped()?, name)
    }

    /// The model of a folder.
    ///
    /// # Errors
    /// If its card cannot be written as text.
    pub fn of(bundle: &Bundle, name: &str) -> Result<Self> {
        let card = bundle.card();
        Ok(Self {
            name: name.into(),
            network: bundle.forecaster().clone(),
            hash: sha256_hex(card.identity()?.as_bytes()),
            trained_on: card.data.values().cloned().collect(),
            parts: false,
        })
    }
}

/// Who takes part.
#[derive(Clone)]
pub struct Contest {
    /// Models, each judged as the agent runs it.
    pub models: Vec<Model>,
    /// Whether the experts are judged alone, too.
    pub experts: bool,
    /// Classical forecasters; a mixture of them takes part as well.
    pub baselines: Vec<Baseline>,
    /// What models are told.
    pub columns: &'static [Columns],
    /// Days before the test part that models are played from; without it all rows.
    pub warm_days: Option<usize>,
}

/// What is around a contest.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// Is told how much more is done, in the units of [`Contest::work`].
    pub tick: &'a (dyn Fn(u64) + Sync),
    /// Says when to stop.
    pub stop: Stop<'a>,
    /// Folder that keeps what was forecast, so that a contest which was broken off goes on there.
    pub kept: Option<&'a Path>,
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

/// How somebody did on one series.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Who.
    pub name: String,
    /// What that is.
    pub kind: Kind,
    /// Scores of each horizon.
    pub scores: Vec<HorizonScores>,
    /// What was forecast.
    pub made: Made,
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
    /// Models that were trained on an earlier part of the series.
    pub seen_by: Vec<String>,
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
struct ReportedSeries<'a> {
    series: &'a TestSeries,
    past: &'a Past,
    alone: Vec<Interval>,
    live: Vec<Interval>,
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
enum Player<'a> {
    Model(&'a Model, Columns),
    Network(&'a Model, Columns),
    Experts,
    Baseline(Baseline),
}

impl Contest {
    /// What there is to do in all; what the tick of [`Self::run`] is told sums to it.
    #[must_use]
    pub fn work(&self, series: &[TestSeries]) -> u64 {
        let each = |series: &TestSeries| -> u64 {
            self.players().iter().map(|player| player.work(series, self.warm_days)).sum()
        };
        series.iter().map(each).sum()
    }

    /// Lets everybody forecast every series, several at a time. What a folder keeps is not forecast
    /// again.
    ///
    /// # Errors
    /// If it is time to stop, or what was forecast cannot be kept.
    pub fn run(&self, series: Vec<TestSeries>, around: Around<'_>) -> Result<Vec<Comparison>> {
        let players = self.players();
        let pasts: Vec<Past> =
            series.iter().map(|s| Past::new(&s.rows, s.length, s.from)).collect();
        let each: Vec<_> = series.iter().zip(&pasts).collect();
        let told = in_parallel(&each, |(series, past)| {
            let (alone, live) = (series.arrivals_alone(), series.live());
            ReportedSeries { series, past, alone, live }
        });
        let jobs: Vec<_> =
            told.iter().flat_map(|told| players.iter().map(move |who| (told, *who))).collect();
        let made = in_parallel(&jobs, |(told, player)| self.made(told, *player, around));
        if (around.stop)() {
            bail!("interrupted");
        }
        let mut made = made.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten();
        let compared = series.into_iter().zip(&pasts);
        Ok(compared
            .map(|(series, past)| {
                let mine = made.by_ref().take(players.len());
                let seen_by = self.seen_by(&series);
                let compared = compare(series, past, players.iter().copied().zip(mine));
                Comparison { seen_by, ..compared }
            })
            .collect())
    }

    /// What one forecasts of one series, or forecast before; `None` if it is time to stop.
    fn made(
        &self,
        told: &ReportedSeries<'_>,
        player: Player<'_>,
        around: Around<'_>,
    ) -> Result<Option<Option<Made>>> {
        let all = player.work(told.series, self.warm_days);
        let kept = around.kept.map(|folder| folder.join(kept_name(told.series, player, self)));
        if let Some(made) = kept.as_deref().and_then(|path| kept::load(path, told.series)) {
            (around.tick)(all);
            return Ok(Some(made));
        }
        if (around.stop)() {
            return Ok(None);
        }
        let done = Cell::new(0);
        let tell = |to: u64| {
            (around.tick)(to.saturating_sub(done.get()));
            done.set(to.max(done.get()));
        };
        let rows = Cell::new(0usize);
        let played = player.played(told.series, self.warm_days);
        let row = |_: usize| {
            rows.set(rows.get() + 1);
            if rows.get().is_multiple_of(TICK) {
                tell(all * rows.get().min(played) as u64 / played.max(1) as u64);
            }
            !(around.stop)()
        };
        let made = player.play(told, self.warm_days, row, around.stop);
        if (around.stop)() {
            return Ok(None);
        }
        tell(all);
        if let Some(path) = &kept {
            kept::save(path, made.as_ref())?;
        }
        Ok(Some(made))
    }

    fn seen_by(&self, series: &TestSeries) -> Vec<String> {
        let seen = self.models.iter().filter(|model| model.trained_on.contains(&series.source));
        seen.map(|model| model.name.clone()).collect()
    }

    fn players(&self) -> Vec<Player<'_>> {
        let told = |model| self.columns.iter().map(move |columns| (model, *columns));
        let models = || self.models.iter().flat_map(told);
        let mut players: Vec<Player<'_>> = models().map(|(m, c)| Player::Model(m, c)).collect();
        let alone = models().filter(|(model, _)| model.parts);
        players.extend(alone.map(|(m, c)| Player::Network(m, c)));
        players.extend(self.experts.then_some(Player::Experts));
        players.extend(self.baselines.iter().copied().map(Player::Baseline));
        players
    }
}

impl Player<'_> {
    fn kind(self) -> Kind {
        match self {
            Self::Model(..) => Kind::Model,
            Self::Network(..) | Self::Experts => Kind::Part,
            Self::Baseline(_) => Kind::Baseline,
        }
    }

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

    /// Rows that it is played over.
    fn played(self, series: &TestSeries, warm_days: Option<usize>) -> usize {
        series.rows.len() - self.start(series, warm_days)
    }

    /// What that is, in about microseconds of one core.
    fn work(self, series: &TestSeries, warm_days: Option<usize>) -> u64 {
        let a_row = match self {
            Self::Model(..) => 300,
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
            (Self::Baseline(_), _) | (_, None) => 0,
            (_, Some(days)) => series.from.saturating_sub(days * series.length.steps_per_day()),
        }
    }

    /// Forecasts the series; what is left out because `row` or `stop` said so is to be thrown away.
    /// `None` if the series is too short.
    fn play(
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
            Self::Baseline(baseline) => {
                let origins: Vec<usize> = told.series.origins().collect();
                let made = baseline.forecasts(told.past, &origins, stop)?;
                return Some(Made::Medians(origins.into_iter().zip(made).collect()));
            }
        };
        Some(Made::Quantiles(quantiles))
    }

    /// All of it that decides what it forecasts.
    fn identity(self) -> String {
        match self {
            Self::Model(model, _) | Self::Network(model, _) => {
                format!("{} {}", self.name(), model.hash)
            }
            Self::Experts | Self::Baseline(_) => self.name(),
        }
    }
}

/// The name of a file that keeps what `player` forecast: another one for all that may change it.
fn kept_name(series: &TestSeries, player: Player<'_>, contest: &Contest) -> String {
    let who = player.identity();
    let about = format!(
        "{} {who} {} {} {:?} {:?}",
        env!("CARGO_PKG_VERSION"),
        series.from,
        series.stride,
        contest.warm_days,
        contest.columns
    );
    format!("{}.kept", &sha256_hex(format!("{about} {}", series.fingerprint()).as_bytes())[..32])
}

fn compare<'a>(
    series: TestSeries,
    past: &Past,
    all: impl Iterator<Item = (Player<'a>, Option<Made>)>,
) -> Comparison {
    let origins: Vec<usize> = series.origins().collect();
    let day = series.length.steps_per_day();
    let (mut standings, mut left_out, mut baselines) = (Vec::new(), Vec::new(), Vec::new());
    for (player, made) in all {
        let (name, kind) = (player.name(), player.kind());
        let Some(mut made) = made else {
            left_out.push(name);
            continue;
        };
        let scores = match &mut made {
            Made::Quantiles(made) => {
                made.retain(|origin| origins.binary_search(&origin.row).is_ok());
                scores(&series.rows, made, day, series.from)
            }
            Made::Medians(made) => {
                baselines.push(made.iter().map(|(_, medians)| *medians).collect::<Vec<_>>());
                median_scores(&series.rows, made, day, series.from)
            }
        };
        standings.push(Standing { name, kind, scores, made });
    }
    if baselines.len() > 1 {
        let baselines: Vec<&[Medians]> = baselines.iter().map(Vec::as_slice).collect();
        let mixed = mixture(past, &origins, &baselines);
        let made: Vec<_> = origins.into_iter().zip(mixed).collect();
        let scores = median_scores(&series.rows, &made, day, series.from);
        let (name, kind, made) = (MIXTURE.into(), Kind::Baseline, Made::Medians(made));
        standings.push(Standing { name, kind, scores, made });
    }
    Comparison { series, standings, left_out, seen_by: Vec::new() }
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
