//! Further columns, kept where they are asked for.

use super::{START_S, error_with, good_with, iso, read};
use scaleiq_workload::csv::{Duplicates, Extras};
use scaleiq_workload::{ReadOptions, Series};

fn named(names: &[&str]) -> ReadOptions {
    let named = names.iter().map(ToString::to_string).collect();
    ReadOptions { extras: Extras { named, others: false }, ..ReadOptions::default() }
}

fn others() -> ReadOptions {
    ReadOptions { extras: Extras { others: true, ..Extras::default() }, ..ReadOptions::default() }
}

/// A file of five-minute rows: `cells` is what stands behind the count of each.
fn file(names: &str, rows: i64, cells: impl Fn(i64) -> String) -> String {
    let row = |k: i64| format!("{},{},{}\n", iso(START_S + 300 * k), 100 + k % 7, cells(k));
    format!("timestamp,value,{names}\n") + &(0..rows).map(row).collect::<String>()
}

fn column<'a>(series: &'a Series, name: &str) -> &'a [Option<f32>] {
    let extra = series.extras.iter().find(|extra| extra.at.column == name);
    &extra.unwrap_or_else(|| panic!("no {name}: {:?}", series.notes)).values
}

#[test]
fn nothing_is_kept_unless_it_is_asked_for() {
    let text = file("cpu,avg_processed_events_in_interval", 40, |k| format!("0.{k},{k}"));
    let plain = good_with(&text, &ReadOptions::default());
    let all = good_with(&text, &others());
    assert_eq!(plain.extras, []);
    assert_eq!((&plain.rows, plain.fingerprint()), (&all.rows, all.fingerprint()));
    assert_eq!(column(&all, "cpu")[..3], [Some(0.0), Some(0.1), Some(0.2)]);
    // What is read with a meaning of its own can be looked at as it is, too.
    assert_eq!(column(&all, "avg_processed_events_in_interval")[7], Some(7.0));
    assert!(plain.notes.iter().any(|note| note.contains("`cpu` is accepted and not used")));
    assert!(!all.notes.iter().any(|note| note.contains("cpu")), "{:?}", all.notes);
    let one = good_with(&text, &named(&["CPU"]));
    assert_eq!(one.extras.len(), 1);
    assert_eq!(one.extras[0].at.to_string(), "m.csv, line 1, column `cpu`");
}

#[test]
fn gaps_signs_units_and_switches_are_read() {
    let cells = |k: i64| match k {
        3 => ",-1,yes".into(),
        4 => "n/a,0,no".into(),
        _ => format!("{k} %,{},true", -k),
    };
    let text = file("cpu,balance,sale", 40, cells);
    let series = good_with(&text, &named(&["cpu", "balance", "sale"]));
    assert_eq!(column(&series, "cpu")[2..6], [Some(2.0), None, None, Some(5.0)]);
    assert_eq!(column(&series, "balance")[2..5], [Some(-2.0), Some(-1.0), Some(0.0)]);
    assert_eq!(column(&series, "sale")[3..6], [Some(1.0), Some(0.0), Some(1.0)]);
}

#[test]
fn longer_intervals_and_several_series_are_means() {
    let text = file("cpu", 40, |k| k.to_string());
    let longer = ReadOptions { interval: Some(900), ..named(&["cpu"]) };
    let series = good_with(&text, &longer);
    assert_eq!(series.length_s, 900);
    assert_eq!(column(&series, "cpu")[..3], [Some(1.0), Some(4.0), Some(7.0)]);
    let host = |k: i64| ["a", "b"][(k % 2) as usize];
    let row =
        |k: i64| format!("{},{},{},{}\n", iso(START_S + 300 * (k / 2)), 10 + k, host(k), 100 * k);
    let two = "timestamp,value,host,cpu\n".to_string() + &(0..80).map(row).collect::<String>();
    let series = good_with(&two, &named(&["cpu"]));
    assert_eq!(series.rows[0].arrivals_events, Some(21.0));
    assert_eq!(column(&series, "cpu")[..2], [Some(50.0), Some(250.0)]);
    let only_b = ReadOptions { series: vec!["b".into()], ..named(&["cpu"]) };
    assert_eq!(column(&good_with(&two, &only_b), "cpu")[..2], [Some(100.0), Some(300.0)]);
}

#[test]
fn rows_are_followed_wherever_they_are_put() {
    // Newest first, 40 s off the grid, and one of them twice.
    let row = |k: i64| format!("{},{},{}\n", iso(START_S + 300 * k + 40), 100 + k % 7, k);
    let mut text = "timestamp,value,cpu\n".to_string();
    (0..40).rev().for_each(|k| text += &row(k));
    text += &format!("{},{},{}\n", iso(START_S + 40), 200, 20);
    let options = ReadOptions { duplicates: Some(Duplicates::Sum), ..named(&["cpu"]) };
    let series = good_with(&text, &options);
    assert_eq!(series.rows[0].arrivals_events, Some(300.0));
    assert_eq!(column(&series, "cpu")[..3], [Some(10.0), Some(1.0), Some(2.0)]);
    // Rows 50 s apart are spread over time, with the count.
    let row = |k: i64| format!("{},{},{}\n", iso(START_S + 50 * k), 100 + k % 7, k);
    let text = "timestamp,value,cpu\n".to_string() + &(0..100).map(row).collect::<String>();
    let longer = ReadOptions { interval: Some(100), ..named(&["cpu"]) };
    let at = |options| column(&good_with(&text, options), "cpu")[0];
    assert!((at(&ReadOptions { interval: Some(300), ..longer }).unwrap() - 2.5).abs() < 1e-6);
}

#[test]
fn what_is_wrong_names_file_line_and_column() {
    let text =
        file("cpu,holiday", 40, |k| if k == 20 { "idle,0".into() } else { format!("{k},0") });
    let error = |names: &[&str]| error_with(&text, &named(names));
    insta::assert_snapshot!(error(&["gpu"]), @"m.csv, line 1: there is no column `gpu`; found `timestamp`, `value`, `cpu`, `holiday`");
    insta::assert_snapshot!(error(&["cpu"]), @"m.csv, line 22, column `cpu`: `idle` is not a number; write plain decimals such as 812 or 73.5 and leave the field empty where nothing was measured");
    insta::assert_snapshot!(error(&["value"]), @"m.csv, line 1, column `value`: the forecaster knows this column as it is; name another one");
    insta::assert_snapshot!(error(&["holiday"]), @"m.csv, line 1, column `holiday`: the forecaster knows this column as it is; name another one");
    // Nobody asked for this one by its name.
    let series = good_with(&text, &others());
    assert_eq!(series.extras, []);
    let note = "column `cpu` is left out: line 22 has `idle`";
    assert!(series.notes.iter().any(|found| found == note), "{:?}", series.notes);
    let mixed = file("size", 40, |k| format!("{} {}", k + 1, if k < 30 { "KiB" } else { "MiB" }));
    assert!(read(&mixed, &named(&["size"])).unwrap_err().to_string().contains("another unit"));
}
