//! `trainer monitor` and `trainer forecast --horizon` as processes.
#![cfg(unix)]

mod process;

use process::{text, trainer};
use scaleiq_core::sample::{Reading, Sample};
use scaleiq_core::units::UnixSeconds;
use scaleiq_workload::journal::frame::put;
use scaleiq_workload::journal::{FORMAT, SAMPLE, path};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Begin and count of each ten minutes of five weeks with quiet Sundays, and a last day of which `share` is
/// left.
fn counts(share: f64) -> impl Iterator<Item = (i64, f64)> {
    (0..35 * 144).map(move |row: i32| {
        let (day, hour) = (row / 144, f64::from(row % 144) / 24.0);
        let usual = 500.0 + 300.0 * hour.sin() + f64::from(row * 7919 % 83);
        let usual = if day % 7 == 3 { 0.6 * usual } else { usual };
        let count = if day == 34 { share * usual } else { usual };
        (1_700_006_400 + 600 * i64::from(row), count.round())
    })
}

fn traffic(share: f64) -> String {
    let mut csv = String::from("ds,y\n");
    counts(share).for_each(|(begin, count)| writeln!(csv, "{begin},{count}").unwrap());
    csv
}

/// The same as an agent records it, in two files.
fn write_journal(folder: &Path, share: f64) {
    let samples: Vec<_> = counts(share)
        .map(|(begin, count)| Sample {
            end: UnixSeconds(begin + 600),
            interval_s: 600,
            arrivals_events: Reading::Known(count as f32),
            ..Sample::default()
        })
        .collect();
    for (number, half) in samples.chunks(samples.len() / 2).enumerate() {
        let mut bytes = Vec::new();
        put(&mut bytes, &[0, FORMAT]).unwrap();
        for sample in half {
            put(&mut bytes, &postcard::to_extend(sample, vec![SAMPLE]).unwrap()).unwrap();
        }
        fs::write(path(folder, number as u32 + 7), bytes).unwrap();
    }
}

#[test]
fn a_collapse_is_told_and_a_usual_day_is_not() {
    let folder = tempfile::tempdir().unwrap();
    for (share, status, word) in [(1.0, 0, "Nothing has drifted."), (0.2, 3, "DRIFT")] {
        let path = folder.path().join(format!("{share}.csv"));
        fs::write(&path, traffic(share)).unwrap();
        let path = path.to_str().unwrap();
        let output = trainer(&["monitor", "--data", path]);
        let said = text(&output.stdout);
        assert_eq!(output.status.code(), Some(status), "{said}{}", text(&output.stderr));
        assert!(said.contains(word) && said.contains("2023-12-19"), "{said}");
        let json = trainer(&["monitor", "--data", path, "--json", "--days", "3"]);
        let verdicts: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
        assert_eq!(verdicts.as_array().unwrap().len(), 3);
        assert_eq!(verdicts[2]["drifts"], status == 3);
        assert_eq!(verdicts[1]["drifts"], false);
    }
}

#[test]
fn what_an_agent_recorded_is_judged_as_the_same_file_is() {
    let folder = tempfile::tempdir().unwrap();
    let (csv, journal) = (folder.path().join("traffic.csv"), folder.path().join("journal"));
    fs::write(&csv, traffic(0.2)).unwrap();
    fs::create_dir(&journal).unwrap();
    let monitor = |option: &str, of: &Path| trainer(&["monitor", option, of.to_str().unwrap()]);
    let empty = monitor("--journal", &journal);
    assert_eq!(empty.status.code(), Some(1));
    assert!(text(&empty.stderr).contains("no samples in this folder"), "{}", text(&empty.stderr));
    write_journal(&journal, 0.2);
    let [file, recorded] = [monitor("--data", &csv), monitor("--journal", &journal)];
    assert_eq!(recorded.status.code(), Some(3), "{}", text(&recorded.stderr));
    assert_eq!(text(&recorded.stdout), text(&file.stdout));
    let neither = text(&trainer(&["monitor"]).stderr);
    assert!(neither.contains("<--data <FILE>|--journal <DIR>>"), "{neither}");
}

#[test]
fn the_future_is_forecast_in_columns_that_others_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.csv");
    fs::write(&path, traffic(1.0)).unwrap();
    let path = path.to_str().unwrap();
    let ask = |more: &[&str]| {
        let output = trainer(&[&["forecast", "--data", path, "--no-tune"], more].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let told = ask(&["--horizon", "3", "--style", "nixtla"]);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 4, "{told}");
    assert!(lines[0].starts_with("unique_id,ds,cutoff,scaleiq,"), "{told}");
    assert!(lines[1].starts_with("queue,2023-12-20T00:00:00Z,2023-12-19T23:50:00Z,"), "{told}");
    let [with, without] = [ask(&["--horizon", "2"]), ask(&["--horizon", "2", "--model", "none"])];
    for told in [&with, &without] {
        assert!(told.starts_with("origin,step,q10,q50,q90\n1703029800,1,"), "{told}");
    }
    assert_ne!(with, without);
    let both = trainer(&["forecast", "--data", path, "--horizon", "2", "--from", "0"]);
    assert!(text(&both.stderr).contains("cannot be used with"), "{}", text(&both.stderr));
}
