//! What the columns of a row mean.

use crate::observe::probe::ProbeError;
use crate::observe::queue::rising::Rising;
use crate::observe::queue::{Amount, QueueReading};
use serde_json::{Map, Value};

/// Columns that are known.
const COLUMNS: [&str; 8] = [
    "waiting",
    "in_progress",
    "arrived_total",
    "processed_total",
    "arrived_last_minute",
    "processed_last_minute",
    "work_ms",
    "jobs_ready",
];

/// Makes readings of rows; remembers the totals.
#[derive(Default)]
pub(super) struct Reader {
    arrived: Rising,
    processed: Rising,
}

impl Reader {
    /// Returns what a row tells, which is a JSON object. NULL is missing, and so is a column that is not there.
    ///
    /// Rows that are cleared away make totals smaller, and nothing has begun anew then.
    ///
    /// # Errors
    /// If a column has another name or is no number.
    pub(super) fn read(&mut self, row: &str) -> Result<QueueReading, ProbeError> {
        let row: Map<String, Value> = serde_json::from_str(row).map_err(|_| {
            ProbeError::Invalid("the row is too long to be one of numbers: check `query`".into())
        })?;
        if let Some(name) = row.keys().find(|name| !COLUMNS.contains(&name.as_str())) {
            let known = COLUMNS.join(", ");
            let why = format!("the query has a column `{name}`; known are {known}");
            return Err(ProbeError::Invalid(why));
        }
        let number = |name: &str| match row.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_f64().filter(|number| *number >= 0.0) {
                Some(number) => Ok(Some(number)),
                None => {
                    let why = format!("column `{name}` is {value}, which is no number from 0 up");
                    Err(ProbeError::Invalid(why))
                }
            },
        };
        let arrived = total(number("arrived_total")?, &mut self.arrived);
        let processed = total(number("processed_total")?, &mut self.processed);
        Ok(QueueReading {
            arrived: arrived.unwrap_or(last_minute(number("arrived_last_minute")?)),
            processed: processed.unwrap_or(last_minute(number("processed_last_minute")?)),
            waiting: number("waiting")?,
            in_progress: number("in_progress")?,
            work_ms: number("work_ms")?,
            jobs_ready: number("jobs_ready")?,
        })
    }
}

fn total(told: Option<f64>, rising: &mut Rising) -> Option<Amount> {
    told.map(|total| rising.total(total, false))
}

fn last_minute(told: Option<f64>) -> Amount {
    told.map_or(Amount::Unknown, |events| Amount::Over { events, seconds: 60.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_missing_and_a_column_that_nobody_knows_is_named() {
        let mut reader = Reader::default();
        let row = r#"{"waiting": 3, "in_progress": null, "processed_total": 7, "arrived_last_minute": 30}"#;
        let reading = reader.read(row).unwrap();
        assert_eq!((reading.waiting, reading.in_progress), (Some(3.0), None));
        assert_eq!(reading.processed, Amount::Total(7.0));
        assert_eq!(reading.arrived, Amount::Over { events: 30.0, seconds: 60.0 });
        for (bad, why) in [
            (r#"{"wating": 3}"#, "column `wating`; known are waiting,"),
            (r#"{"waiting": -1}"#, "`waiting` is -1"),
            (r#"{"work_ms": "NaN"}"#, "`work_ms` is \"NaN\""),
            (r#"{"waiting": "#, "too long"),
        ] {
            let error = reader.read(bad).unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
        }
    }

    #[test]
    fn rows_that_are_cleared_away_are_no_events() {
        let mut reader = Reader::default();
        let processed = |row: &str, reader: &mut Reader| reader.read(row).unwrap().processed;
        let totals = [900, 930, 100, 110]
            .map(|total| processed(&format!("{{\"processed_total\": {total}}}"), &mut reader));
        assert_eq!(totals, [900.0, 930.0, 930.0, 940.0].map(Amount::Total));
    }
}
