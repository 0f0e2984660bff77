//! Models and baselines on the same origins of the same series.

use super::baselines::{Baseline, MIXTURE, Medians, Past, mixture};
use super::forecasts::{median_scores, scores};
use super::foreign::Foreign;
use super::kept;
use super::made::Made;
use super::metrics::HorizonScores;
pub use super::player::{Columns, Kind, Model};
use super::player::{Player, ReportedSeries};
use super::test_series::TestSeries;
use crate::runtime::stop::Stop;
use crate::runtime::threads::in_parallel;
use anyhow::{Result, bail};
use scaleiq_core::model::sha256_hex;
use std::cell::Cell;
use std::path::Path;

/// Rows between two reports of progress.
const TICK: usize = 512;

/// Who takes part.
#[derive(Clone)]
pub struct Contest {
    /// Models, each judged as the agent runs it.
    pub models: Vec<Model>,
    /// Forecasters of others.
    pub others: Vec<Foreign>,
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
        players.extend(self.others.iter().map(Player::Foreign));
        players.extend(self.experts.then_some(Player::Experts));
        players.extend(self.baselines.iter().copied().map(Player::Baseline));
        players
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
