//! What figures mean, in words.

use super::chapter::Chapter;
use crate::evaluate::contest::Kind;
use crate::evaluate::paired::Ratio;
use crate::evaluate::view::{Duel, ForecasterView, SeriesView};
use crate::experiment::curves::{Point, Stage};
use scaleiq_core::forecast::HORIZONS;

/// How far the share within the 80 % band may be from 80 % before it is worth a word.
const BAND_TOLERANCE: f64 = 0.05;
/// The share within it on the worst day below which it is.
const WORST_DAY: f64 = 0.6;

/// Whether a model errs less than another, at the longest horizon.
#[must_use]
pub(super) fn duel(duel: &Duel) -> Option<String> {
    let horizon = HORIZONS.len() - 1;
    let ratio = duel.ratios.get(horizon).copied().flatten()?;
    let Ratio { ratio: middle, low, high, blocks } = ratio;
    let (share, [least, most]) = (percent(middle), [percent(low), percent(high)]);
    let more = if middle < 1.0 { "less" } else { "more" };
    let verdict = match () {
        () if ratio.is_better() => "it is better, and not by chance",
        () if ratio.is_worse() => "it is worse, and not by chance",
        () => "that may be chance",
    };
    Some(format!(
        "{} errs {} % {more} than {} over {} intervals (likely {least:+.1} % to {most:+.1} %, from \
         {blocks} blocks of time): {verdict}.",
        shown(&duel.name),
        format_args!("{:.1}", share.abs()),
        shown(&duel.other),
        HORIZONS[horizon],
    ))
}

fn percent(ratio: f64) -> f64 {
    100.0 * (ratio - 1.0)
}

/// A name for people.
#[must_use]
pub(super) fn shown(name: &str) -> String {
    name.replace('_', " ")
}

/// Whether training was worth it: the run's model against the shipped one and the best classical one.
#[must_use]
pub(super) fn worth(view: &SeriesView, mine: &str, shipped: &str) -> Option<String> {
    let last = HORIZONS.len() - 1;
    let of = |other: &dyn Fn(&Duel) -> bool| {
        let duel = view.duels.iter().find(|duel| duel.name == mine && other(duel))?;
        duel.ratios.get(last).copied().flatten()
    };
    let classical =
        |name: &str| view.forecasters.iter().any(|f| f.name == name && f.kind == Kind::Baseline);
    let to_shipped = of(&|duel| duel.other == shipped)?;
    let to_classical = of(&|duel| classical(&duel.other));
    let behind = to_classical.is_some_and(|ratio| ratio.is_worse());
    Some(match () {
        () if behind => "Not worth it as it is: a classical forecaster does better on this data. More \
                         data, more steps or `trainer search` may help; the shipped model is the \
                         alternative."
            .into(),
        () if to_shipped.is_better() => {
            "Worth it: this run's model is better than the shipped one on the test part, and not by \
             chance."
                .into()
        }
        () if to_shipped.is_worse() => {
            "Not worth it: the shipped model is better on the test part. Keep that one.".into()
        }
        () => "Not proven: on the test part this run's model and the shipped one cannot be told \
               apart. Keep the shipped one, or judge again on more data."
            .into(),
    })
}

/// What to look at next.
#[must_use]
pub(super) fn recommendations(chapter: &Chapter, mine: &str) -> Vec<String> {
    let forecaster =
        chapter.view.as_ref().and_then(|view| view.forecasters.iter().find(|f| f.name == mine));
    let mut all: Vec<String> = forecaster.into_iter().flat_map(bands).collect();
    all.extend(learning(&chapter.points));
    all
}

fn bands(forecaster: &ForecasterView) -> Vec<String> {
    let Some(scores) = forecaster.scores.last() else { return Vec::new() };
    let mut all = Vec::new();
    if let Some(share) = scores.scores.coverage_80.filter(|s| (s - 0.8).abs() > BAND_TOLERANCE) {
        let kind = if share < 0.8 { "narrow" } else { "wide" };
        all.push(format!(
            "The 80 % band is too {kind}: {:.1} % of what came lies in it at the longest horizon.",
            100.0 * share
        ));
    }
    if let Some(share) = scores.worst_day_coverage_80.filter(|share| *share < WORST_DAY) {
        all.push(format!(
            "On the worst day only {:.0} % of what came lies in the 80 % band: look at that day in the \
             chart of forecasts; what was planned can be told by a `campaign` or `holiday` column.",
            100.0 * share
        ));
    }
    all
}

fn learning(points: &[Point]) -> Option<String> {
    let of = |p: &&Point| p.stage == Stage::Forecaster && p.name == "validation_loss";
    let losses: Vec<&Point> = points.iter().filter(of).collect();
    let (last, best) = (losses.last()?, losses.iter().min_by(|a, b| a.value.total_cmp(&b.value))?);
    if losses.len() < 5 {
        return None;
    }
    if best.step == last.step {
        return Some(
            "The validation loss was still falling at the end: more steps may help \
             (`forecaster.steps`)."
                .into(),
        );
    }
    (3 * best.step < last.step).then(|| {
        format!(
            "The best validation loss came at step {} of {}: fewer steps, a lower learning rate or more \
             dropout may do as well in less time (`trainer search`).",
            best.step, last.step
        )
    })
}
