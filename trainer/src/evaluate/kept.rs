//! What was forecast, kept in files: an evaluation that was broken off goes on from them.

use super::forecasts::Origin;
use super::made::Made;
use super::test_series::TestSeries;
use crate::runtime::frame::{self, JUDGED};
use anyhow::Result;
use scaleiq_core::forecast::{Forecast, ForecastSource, QUANTILES, QuantileGrid, STEPS};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// [`Made`] as it is written.
#[derive(Serialize, Deserialize)]
enum Written {
    TooShort,
    Quantiles(Vec<(u64, [[f32; QUANTILES.len()]; STEPS])>),
    Medians(Vec<(u64, [f32; STEPS])>),
}

/// What `path` keeps; the inner `None` is of a series that was too short. Whatever cannot be read is
/// as if it were not there: it is made again.
pub(super) fn load(path: &Path, series: &TestSeries) -> Option<Option<Made>> {
    if !path.exists() {
        return None;
    }
    let origin = |(row, events): (u64, QuantileGrid)| {
        let row = row as usize;
        let end = series.rows.get(row)?.end;
        let forecast = Forecast::new(end, series.length, events, ForecastSource::Model).ok()?;
        Some(Origin { row, forecast })
    };
    Some(match frame::read(JUDGED, path).ok()? {
        Written::TooShort => None,
        Written::Quantiles(all) => {
            Some(Made::Quantiles(all.into_iter().map(origin).collect::<Option<_>>()?))
        }
        Written::Medians(all) => {
            let medians = all.into_iter().map(|(row, medians)| (row as usize, medians));
            Some(Made::Medians(medians.collect()))
        }
    })
}

/// Keeps what was forecast; `None` is of a series that was too short.
pub(super) fn save(path: &Path, made: Option<&Made>) -> Result<()> {
    let written = match made {
        None => Written::TooShort,
        Some(Made::Quantiles(all)) => {
            Written::Quantiles(all.iter().map(|o| (o.row as u64, o.forecast.events)).collect())
        }
        Some(Made::Medians(all)) => {
            Written::Medians(all.iter().map(|(row, medians)| (*row as u64, *medians)).collect())
        }
    };
    frame::write(JUDGED, path, &written)
}
