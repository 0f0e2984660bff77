//! The columns of a file that are judged.

use super::features::Column;
use crate::evaluate::test_series::TestSeries;
use anyhow::{Result, ensure};
use scaleiq_workload::Extra;

/// A column to judge.
pub struct Covariate {
    /// Its name, as the file spells it.
    pub name: String,
    /// Whether it is known in advance, as far as a forecast reaches, or once it was measured.
    pub is_known: bool,
    pub(super) column: Column,
}

/// The further columns of a series: those that were asked for by a name among `known` are known in advance. What
/// is empty there counts as 0, as where something is planned; of what is measured it is a gap. With them come
/// notes on those that nobody named and that cannot be judged.
///
/// # Errors
/// If a column that was asked for is the same in all rows before the test part, or there is none at all.
pub fn covariates(series: &TestSeries, known: &[String]) -> Result<(Vec<Covariate>, Vec<String>)> {
    let (mut covariates, mut notes) = (Vec::new(), Vec::new());
    for extra in &series.extras {
        let is_known = extra.asked.as_ref().is_some_and(|asked| known.contains(asked));
        let same = "is the same in all rows before the test part";
        match (column(series, extra, is_known), &extra.asked) {
            (Some(column), _) => {
                let name = extra.at.column.clone();
                covariates.push(Covariate { name, is_known, column });
            }
            (None, None) => notes.push(format!("column `{}` {same}", extra.at.column)),
            (None, Some(_)) => anyhow::bail!(
                "{}: the column {same}, which begins at {}, so that nothing can be learned of it; give a \
                 longer file, or let the test part begin later",
                extra.at,
                series.begins()
            ),
        }
    }
    ensure!(
        !covariates.is_empty(),
        "{}: there is no column of numbers that changes beside those that the forecaster knows",
        series.name
    );
    Ok((covariates, notes))
}

fn column(series: &TestSeries, extra: &Extra, is_known: bool) -> Option<Column> {
    let nothing = is_known.then_some(0.0);
    let values: Vec<Option<f64>> =
        extra.values.iter().map(|value| value.map(f64::from).or(nothing)).collect();
    Column::new(&values, series.from, series.length.steps_per_day())
}
