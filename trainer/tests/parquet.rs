//! Parquet as pandas, Polars and PyArrow write it (`parquet/write.py`), beside the same as CSV.
#![cfg(unix)]

mod process;

use process::{text, trainer};
use scaleiq_workload::ReadOptions;
use scaleiq_workload::Series;
use scaleiq_workload::csv::Extras;
use std::fs;
use std::path::{Path, PathBuf};
use trainer::data::file::read;

fn at(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parquet").join(name)
}

fn series(name: &str, options: &ReadOptions) -> Series {
    read(&at(name), options).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn what_three_programs_write_is_what_stands_in_the_csv() {
    let plain = ReadOptions::default();
    let csv = series("same.csv", &plain);
    assert_eq!((csv.rows.len(), csv.length_s), (400, 120));
    assert_eq!(csv.rows.iter().filter(|row| row.arrivals_events.is_none()).count(), 8);
    assert!(csv.rows.iter().all(|row| row.work_ms.is_some_and(|ms| (60.25..65.0).contains(&ms))));
    for name in ["pandas.parquet", "polars.parquet", "pyarrow.parquet"] {
        let parquet = series(name, &plain);
        assert_eq!(parquet.fingerprint(), csv.fingerprint(), "{name}");
    }
    // Nothing is left out in silence.
    let notes = series("polars.parquet", &plain).notes.join("\n");
    for words in ["column `tags` holds no single values", "`cpu_usage` is accepted and not used"] {
        assert!(notes.contains(words), "{notes}");
    }
    let notes = series("pyarrow.parquet", &plain).notes.join("\n");
    assert!(notes.contains("column `id` holds no single values"), "{notes}");
}

#[test]
fn further_columns_are_those_of_the_csv() {
    let extras = Extras { named: vec!["avg_average_processing_duration_ms".into()], others: false };
    let asked = ReadOptions { extras, ..ReadOptions::default() };
    let values = |name| {
        let mut extras = series(name, &asked).extras;
        assert_eq!((extras.len(), extras[0].at.line), (1, 1), "{name}");
        extras.remove(0).values
    };
    let csv = values("same.csv");
    assert!(csv.iter().flatten().count() > 300);
    for name in ["pandas.parquet", "polars.parquet", "pyarrow.parquet"] {
        assert_eq!(values(name), csv, "{name}");
    }
}

#[test]
fn a_wall_clock_is_of_the_zone_that_is_said_and_utc_stays_utc() {
    let berlin = ReadOptions { tz: Some("Europe/Berlin".parse().unwrap()), ..Default::default() };
    let begin = |name| series(name, &berlin).start.0;
    let csv = series("same.csv", &ReadOptions::default()).start.0;
    assert_eq!((begin("pandas.parquet"), begin("polars.parquet")), (csv - 3600, csv));
}

#[test]
fn what_is_wrong_is_told_as_of_a_csv() {
    let error = |path: &Path, options: &ReadOptions| read(path, options).unwrap_err().to_string();
    let other = ReadOptions { column: vec!["events".into()], ..ReadOptions::default() };
    let told = error(&at("pandas.parquet"), &other);
    assert!(
        told.contains("pandas.parquet, line 1: there is no column `events`; found `timestamp`"),
        "{told}"
    );
    let folder = tempfile::tempdir().unwrap();
    let damaged = folder.path().join("damaged.parquet");
    let bytes = fs::read(at("pandas.parquet")).unwrap();
    for end in [4, 5, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&damaged, &bytes[..end]).unwrap();
        let told = error(&damaged, &ReadOptions::default());
        assert!(told.contains("damaged.parquet: cannot be read ("), "{told}");
    }
    // Damage in the middle, whatever it hits, is an error or another value, and never a crash.
    for place in (4..bytes.len()).step_by(37) {
        let mut flipped = bytes.clone();
        flipped[place] ^= 0xff;
        fs::write(&damaged, &flipped).unwrap();
        let _ = read(&damaged, &ReadOptions::default());
    }
}

#[test]
fn every_command_reads_it() {
    let file = at("pyarrow.parquet").display().to_string();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let train =
        trainer(&["train", "--data", &file, "--device", "cpu", "--out", out.to_str().unwrap()]);
    let log = text(&train.stderr);
    assert!(log.contains("pyarrow.parquet: 400 intervals of 120 s are too few"), "{log}");
    let forecast = trainer(&["forecast", "--data", &file, "--horizon", "3", "--no-tune"]);
    assert!(forecast.status.success(), "{}", text(&forecast.stderr));
    let told = text(&forecast.stdout);
    assert!(told.contains("\n1740835080,3,"), "three rows from the last one on: {told}");
}
