//! Whether further columns of a file hold anything about coming arrivals that the forecaster does not know.
//!
//! ```text
//! forecasts over a file -> case (how wrong each was) -> control, features (what was known then)
//!   -> corrections (regressions of the errors: without a column, with it) -> their errors on the test part
//! ```
//!
//! What a column is credited with is what it adds to a correction that knows the arrivals, the forecasts and their
//! last errors: what a forecaster could make of those is no merit of a column.

mod case;
mod control;
mod corrections;
mod covariate;
mod features;
mod found;

pub use covariate::{Covariate, covariates};
pub use found::{Found, Kind, Verdict, Worth};

use super::contest::{Around, Columns, Contest, Model};
use super::forecasts::median_scores;
use super::made::Made;
use super::paired::{self, Ratio};
use super::test_series::TestSeries;
use crate::runtime::stop::Stop;
use anyhow::{Context as _, Result, ensure};
use case::{Case, Scale};
use control::{CONTROL, Control};
use corrections::{Block, Correction, Lesson, Part, Told};
use features::{KNOWN, PAST};
use scaleiq_core::forecast::{HORIZONS, STEPS};

/// Days at the start that teach nothing, since the experts do not know the day yet; of a short file a part.
const WARM_DAYS: usize = 2;
const WARM_PART: usize = 4;
/// Fewest forecasts that anything is learned from.
const FEWEST: usize = 100;

/// A model that is played over a whole series, as it runs live.
pub struct Play {
    contest: Contest,
    /// The series with forecasts from its training part as well.
    series: TestSeries,
}

impl Play {
    /// Prepares it.
    ///
    /// # Errors
    /// If the series has too few rows to learn from.
    pub fn new(series: &TestSeries, model: Model) -> Result<Self> {
        let warm = (WARM_DAYS * series.length.steps_per_day()).min(series.from / WARM_PART);
        let needed = warm + STEPS + FEWEST * series.stride;
        ensure!(
            series.from >= needed,
            "{}: {} rows before the test part are too few to learn from: it takes {needed}; give a longer \
             file, or fewer rows from one forecast to the next (--stride)",
            series.name,
            series.from
        );
        let steps = (series.from - warm) / series.stride;
        let series = TestSeries { from: series.from - steps * series.stride, ..series.clone() };
        let contest = Contest {
            models: vec![model],
            others: Vec::new(),
            experts: false,
            baselines: Vec::new(),
            columns: &[Columns::Recorded],
            warm_days: None,
        };
        Ok(Self { contest, series })
    }

    /// What there is to do, as [`Contest::work`] tells it.
    #[must_use]
    pub fn work(&self) -> u64 {
        self.contest.work(std::slice::from_ref(&self.series))
    }

    /// What is forecast.
    ///
    /// # Errors
    /// If it is time to stop.
    pub fn run(self, around: Around<'_>) -> Result<Made> {
        let name = self.series.name.clone();
        let all = self.contest.run(vec![self.series], around)?;
        let standing = all.into_iter().flat_map(|compared| compared.standings).next();
        Ok(standing.with_context(|| format!("{name}: nothing was forecast"))?.made)
    }
}

/// Judges columns by what they say of the errors of `made`, the forecasts of a [`Play`] over `series`.
///
/// # Errors
/// If too little is known to learn from, or it is time to stop.
pub fn judge(
    series: &TestSeries,
    made: &Made,
    covariates: &[Covariate],
    stop: Stop,
) -> Result<Found> {
    let too_little = || format!("{}: the counts before the test part teach nothing", series.name);
    let scale = Scale::of(series).with_context(too_little)?;
    let cases = Case::all(series, made, scale);
    let blocks = blocks(covariates);
    let told = told(series, &cases, scale, covariates).with_context(too_little)?;
    let study = Study::new(series, &told).with_context(too_little)?;
    let (mut columns, mut parts) = (Vec::new(), Vec::new());
    for (Covariate { name, is_known, .. }, block) in covariates.iter().zip(&blocks) {
        ensure!(!stop(), "interrupted");
        let part = study.lesson.beside(&study.control, block);
        let kind = Kind::of(std::iter::once(*is_known));
        columns.push(study.worth(name, kind, part.as_slice()).with_context(too_little)?);
        parts.extend(part);
    }
    let together = || {
        let kind = Kind::of(covariates.iter().map(|covariate| covariate.is_known));
        let parts = study.lesson.all_beside(&study.control, &parts);
        study.worth("all together", kind, &parts).with_context(too_little)
    };
    let together = (columns.len() > 1).then(together).transpose()?;
    Ok(Found { columns, together, ..study.found() })
}

/// The predictors of each column: the control's come first.
fn blocks(covariates: &[Covariate]) -> Vec<Block> {
    let mut end = CONTROL;
    let block = |covariate: &Covariate| {
        let start = end;
        end += if covariate.is_known { KNOWN } else { PAST };
        Block { places: start..end, is_known: covariate.is_known }
    };
    covariates.iter().map(block).collect()
}

/// What is known at each forecast; `None` if arrivals never change before the test part.
fn told<'a>(
    series: &TestSeries,
    cases: &'a [Case],
    scale: Scale,
    covariates: &[Covariate],
) -> Option<Vec<Told<'a>>> {
    let control = Control::new(series, cases, scale)?;
    let told = |case: &'a Case| {
        let mut predictors = control.features(case).to_vec();
        for Covariate { is_known, column, .. } in covariates {
            match is_known {
                true => predictors.extend(column.known(case.row)),
                false => predictors.extend(column.past(case.row)),
            }
        }
        Told { case, predictors }
    };
    Some(cases.iter().map(told).collect())
}

/// The forecasts of a series, parted, and the control that columns are put beside.
struct Study<'a> {
    series: &'a TestSeries,
    learned: usize,
    judged: &'a [Told<'a>],
    lesson: Lesson<'a>,
    control: Part,
    /// What the control makes of the forecasts that judge.
    alone: Made,
}

impl<'a> Study<'a> {
    fn new(series: &'a TestSeries, told: &'a [Told<'a>]) -> Option<Self> {
        // What came after a forecast that teaches lies before the test part.
        let learned = told.partition_point(|told| told.case.row + STEPS < series.from);
        let judged = &told[told.partition_point(|told| told.case.row < series.from)..];
        let lesson = Lesson::new(&told[..learned])?;
        let control = lesson.alone(&Block { places: 0..CONTROL, is_known: false })?;
        let correction = lesson.correction(std::slice::from_ref(&control))?;
        let alone = corrected(&correction, judged);
        Some(Self { series, learned, judged, lesson, control, alone })
    }

    /// What some parts are worth beside the control.
    fn worth(&self, name: &str, kind: Kind, parts: &[Part]) -> Option<Worth> {
        let parts: Vec<Part> = std::iter::once(&self.control).chain(parts).cloned().collect();
        let with = self.lesson.correction(&parts)?;
        let ratios = self.ratios(&corrected(&with, self.judged), &self.alone);
        Some(Worth { name: name.into(), kind, ratios })
    }

    fn ratios(&self, mine: &Made, other: &Made) -> Vec<Option<Ratio>> {
        HORIZONS.map(|horizon| paired::ratio(self.series, mine, other, horizon)).to_vec()
    }

    /// What is to be told without any column.
    fn found(&self) -> Found {
        let TestSeries { name, rows, length, from, .. } = self.series;
        let plain: Vec<_> = self.judged.iter().map(|t| (t.case.row, t.case.medians)).collect();
        let scores = median_scores(rows, &plain, length.steps_per_day(), *from);
        Found {
            file: name.clone(),
            interval_s: length.seconds(),
            judged_from: self.series.begins(),
            judged: self.judged.len(),
            learned: self.learned,
            wape: scores.iter().map(|scores| scores.scores.point.wape).collect(),
            control: self.ratios(&self.alone, &Made::Medians(plain)),
            columns: Vec::new(),
            together: None,
        }
    }
}

fn corrected(correction: &Correction, judged: &[Told<'_>]) -> Made {
    Made::Medians(judged.iter().map(|told| (told.case.row, correction.apply(told))).collect())
}

#[cfg(test)]
mod tests;
