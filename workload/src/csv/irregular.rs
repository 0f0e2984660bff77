//! Rows that come at any time, as events do.

use super::cadence;
use super::row::Row;
use crate::error::{DataError, Place};

/// What to say of rows that come at any time, the first of them at `at`.
pub(super) fn irregular(rows: &[Row], at: Place) -> DataError {
    let tracks = rows.chunk_by(|a, b| a.series == b.series);
    let step_s = cadence::median_step_ms(tracks).unwrap_or(0) as f64 / 1000.0;
    DataError::Irregular { at, step_s }
}
