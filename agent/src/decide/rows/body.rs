//! Reads a body of rows: JSON in our names or the columns', or a CSV file.

use crate::decide::Calendar;
use crate::observe::{Intake, Manner, RefusedSample, Reported, Trust, Warning, WarningKind, parse};
use crate::platform::clock::Moment;
use scaleiq_core::sample::{MAX_INTERVAL_S, Reading, Sample};
use scaleiq_core::units::WEEK_S;
use scaleiq_workload::Series;

/// Rows before this many seconds before the newest are not remembered by a forecaster.
const MEMORY_S: i64 = 4 * WEEK_S as i64;
/// A name for the body in messages of the reader of files.
const BODY: &str = "body";

/// What a body of rows holds.
#[derive(Debug, Default)]
pub struct Rows {
    /// Rows that were read and could be used.
    pub read: usize,
    /// What they say, oldest first.
    pub samples: Vec<Sample>,
    /// What they say is planned.
    pub planned: Calendar,
    /// Rows that could not be used, by their numbers from 1 up.
    pub refused: Vec<(usize, RefusedSample)>,
    /// What was not taken as it was told, with the number of the row, or 0 for the body as a whole.
    pub warnings: Vec<(usize, Warning)>,
}

impl Rows {
    /// Reads a body. It is CSV if it says so or does not begin as JSON does; `interval_s` is the length of
    /// a row where nothing tells it.
    ///
    /// # Errors
    /// If it is CSV and something in it is wrong: names line and column. Of JSON what is good is taken.
    pub fn read(body: &[u8], says_csv: bool, interval_s: u32) -> Result<Self, String> {
        let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
        let is_json =
            matches!(first, Some(b'{' | b'[') | None) || body.starts_with(b"\xef\xbb\xbf{");
        if says_csv || !is_json { Self::of_csv(body) } else { Ok(Self::of_json(body, interval_s)) }
    }

    fn of_json(body: &[u8], interval_s: u32) -> Self {
        let body = parse(body, &Manner::rows(interval_s));
        let mut rows = Self { refused: body.refused, ..Self::default() };
        rows.place(body.samples);
        rows
    }

    fn of_csv(body: &[u8]) -> Result<Self, String> {
        let series = Series::from_reader(BODY, body).map_err(|error| match one_line(body) {
            true => format!(
                "{error}. The body is one line: is it sent with `curl --data-binary @FILE`?"
            ),
            false => error.to_string(),
        })?;
        if series.length_s > MAX_INTERVAL_S {
            return Err(format!(
                "{BODY}: rows of {} s say nothing of the next minutes: {MAX_INTERVAL_S} s at most",
                series.length_s
            ));
        }
        let mut rows = Self { planned: Calendar::from(&series), ..Self::default() };
        for note in &series.notes {
            rows.warnings.push((0, Warning::of_sample(WarningKind::Note, note.as_str())));
        }
        let samples = samples(&series).filter(|sample| !says_nothing(sample));
        let told =
            samples.zip(1..).map(|(sample, number)| Reported { number, ..Reported::from(sample) });
        rows.place(told.collect());
        Ok(rows)
    }

    /// Puts what was read on one clock, the rows' own.
    fn place(&mut self, told: Vec<Reported>) {
        let newest = told.last().map(|told| told.sample.end).unwrap_or_default();
        let mut intake = Intake::new(Trust::Order, None);
        for mut told in told {
            let warnings = std::mem::take(&mut told.warnings);
            self.warnings.extend(warnings.into_iter().map(|warning| (told.number, warning)));
            if newest.since(told.sample.end) > MEMORY_S {
                continue;
            }
            match intake.admit(&told, Moment::default()) {
                Ok(admitted) => {
                    self.read += 1;
                    let warnings = admitted.warnings.into_iter();
                    self.warnings.extend(warnings.map(|warning| (told.number, warning)));
                    self.samples.extend(admitted.samples);
                }
                Err(refused) => self.refused.push((told.number, refused)),
            }
        }
    }
}

/// Whether the body lost its line ends on the way.
fn one_line(body: &[u8]) -> bool {
    !body.trim_ascii().contains(&b'\n')
}

fn says_nothing(sample: &Sample) -> bool {
    let readings = [
        sample.arrivals_events,
        sample.processed_events,
        sample.backlog_events,
        sample.queued_events,
        sample.work_ms,
    ];
    readings.iter().all(|reading| reading.known().is_none())
}

/// The intervals of a file as samples.
fn samples(series: &Series) -> impl Iterator<Item = Sample> {
    let reading = |value: Option<f32>| value.map_or(Reading::Missing, Reading::Known);
    series.rows.iter().map(move |row| Sample {
        end: row.end,
        interval_s: series.length_s,
        arrivals_events: reading(row.arrivals_events),
        processed_events: reading(row.processed_events),
        backlog_events: reading(row.backlog_events),
        queued_events: reading(row.queued_events),
        work_ms: reading(row.work_ms),
        jobs_ready: None,
        jobs_starting: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Ten rows from midnight on, as CSV and as JSON.
    fn bodies() -> [String; 2] {
        let names = [
            "avg_average_processing_duration_ms",
            "avg_unprocessed_events_count",
            "avg_processed_events_in_interval",
            "avg_logged_events_in_interval",
            "avg_queued_events_in_interval",
        ];
        let mut csv = format!("DateTime,{}\n", names.join(","));
        let mut list = Vec::new();
        for k in 0..10 {
            let time = format!("2025-07-01 00:{:02}:00", 2 * k);
            csv += &format!("{time},100,5,{},{},4\n", 900 + k, 1000 + k);
            let mut row = json!({ "DateTime": time });
            for (name, value) in names.iter().zip([100, 5, 900 + k, 1000 + k, 4]) {
                row[*name] = json!(value);
            }
            list.push(row);
        }
        [csv, json!(list).to_string()]
    }

    #[test]
    fn the_same_rows_say_the_same_in_either_form() {
        let [csv, json] = bodies().map(|body| Rows::read(body.as_bytes(), false, 300).unwrap());
        assert_eq!((csv.read, csv.refused.len()), (10, 0));
        assert_eq!(csv.samples, json.samples);
        assert_eq!((csv.samples[0].end.0, csv.samples[0].interval_s), (1_751_328_120, 120));
        let kinds: Vec<_> = json.warnings.iter().map(|(_, w)| w.kind).collect();
        assert_eq!(kinds, [WarningKind::TimeForm, WarningKind::Interval]);
    }

    #[test]
    fn what_is_wrong_is_named_by_row_and_field() {
        let [csv, json] = bodies();
        let error = Rows::read(csv.replace("1003", "x").as_bytes(), false, 120).unwrap_err();
        assert!(error.contains("line 5") && error.contains("avg_logged"), "{error}");
        let rows = Rows::read(json.replace("1003", "\"x\"").as_bytes(), false, 120).unwrap();
        let (row, warning) =
            rows.warnings.iter().find(|(_, w)| w.kind == WarningKind::NotANumber).unwrap();
        assert_eq!((*row, warning.field.as_deref()), (4, Some("logged_events")));
        let rows = Rows::read(json.replacen("DateTime", "Date", 1).as_bytes(), false, 120).unwrap();
        assert_eq!((rows.read, rows.refused[0].0), (9, 1));
        let flat = csv.replace('\n', "");
        let error = Rows::read(flat.as_bytes(), true, 120).unwrap_err();
        assert!(error.contains("--data-binary"), "{error}");
    }
}
