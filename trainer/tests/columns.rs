//! `trainer columns` on a file whose column `errors` rises an hour before arrivals do.
#![cfg(unix)]

mod process;

use process::{text, trainer};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A fixed number without a pattern below 100.
fn noise(k: usize) -> usize {
    let mut x = (k as u32).wrapping_mul(0x9e37_79b1);
    x = (x ^ (x >> 16)).wrapping_mul(0x85eb_ca6b);
    (x ^ (x >> 13)) as usize % 100
}

/// Whether arrivals are doubled in a row: for two hours and a half, at any time.
fn is_busy(row: usize) -> bool {
    (row.saturating_sub(9)..=row).any(|k| noise(k) < 2)
}

/// Twenty-five days of quarter hours.
fn file(folder: &TempDir) -> String {
    let mut csv = "timestamp,value,errors,spare,fixed,words\n".to_string();
    for row in 0..25 * 96 {
        let arrivals = (1000 + noise(row + 7)) * if is_busy(row) { 2 } else { 1 };
        let errors = if is_busy(row + 4) { 50 } else { 5 } + noise(row + 13) % 5;
        let spare = noise(row + 29);
        let words = if row == 30 { "idle".into() } else { row.to_string() };
        let _ = writeln!(csv, "{},{arrivals},{errors},{spare},3,{words}", 900 * row);
    }
    at(folder, "own.csv", &csv)
}

fn at(folder: &TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().into()
}

/// What it says when it refuses.
fn refused(file: &str, more: &[&str]) -> String {
    let output = trainer(&[&["columns", "--data", file], more].concat());
    assert!(!output.status.success(), "{}", text(&output.stdout));
    let name = Path::new(file).parent().unwrap().display().to_string() + "/";
    text(&output.stderr).lines().last().unwrap_or_default().replace(&name, "")
}

#[test]
fn a_column_is_told_from_noise() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(&folder);
    let output = trainer(&["columns", "--data", &file]);
    let (told, notes) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{notes}");
    for name in ["errors", "all together"] {
        let sentence = told.lines().find(|line| line.starts_with(&format!("{name}: helps by ")));
        assert!(sentence.is_some_and(|line| line.ends_with(" steps (not by chance)")), "{told}");
    }
    assert!(told.contains("\nspare: nothing that the forecaster does not know\n"), "{told}");
    assert!(told.contains("`planned:`"), "{told}");
    assert!(notes.contains("column `fixed` is the same in all rows"), "{notes}");
    assert!(notes.contains("column `words` is left out: line 32 has `idle`"), "{notes}");

    let named = ["--past", "errors", "--known", "spare", "--json"];
    let output = trainer(&[&["columns", "--data", &file], named.as_slice()].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let columns = found["columns"].as_array().unwrap();
    let kinds: Vec<_> = columns.iter().map(|c| (&c["name"], &c["kind"])).collect();
    assert_eq!(
        format!("{kinds:?}"),
        r#"[(String("errors"), String("past")), (String("spare"), String("known"))]"#
    );
    assert!(columns[0]["ratios"][0]["high"].as_f64().unwrap() < 1.0, "{found}");
    assert_eq!(found["together"]["kind"], "both");
}

#[test]
fn what_cannot_be_judged_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(&folder);
    insta::assert_snapshot!(refused(&file, &["--past", "cpu"]), @"error: own.csv, line 1: there is no column `cpu`; found `timestamp`, `value`, `errors`, `spare`, `fixed`, `words`");
    insta::assert_snapshot!(refused(&file, &["--known", "words"]), @"error: own.csv, line 32, column `words`: `idle` is not a number; write plain decimals such as 812 or 73.5 and leave the field empty where nothing was measured");
    insta::assert_snapshot!(refused(&file, &["--past", "fixed"]), @"error: own.csv, line 1, column `fixed`: the column is the same in all rows before the test part, which begins at 1970-01-21T00:00:00Z, so that nothing can be learned of it; give a longer file, or let the test part begin later");
    insta::assert_snapshot!(refused(&file, &["--past", "value"]), @"error: own.csv, line 1, column `value`: the forecaster knows this column as it is; name another one");
    insta::assert_snapshot!(refused(&file, &["--past", "errors", "--known", "errors"]), @"error: `errors` is either --past or --known");
    let few: Vec<String> =
        fs::read_to_string(&file).unwrap().lines().take(801).map(Into::into).collect();
    let few = at(&folder, "few.csv", &few.join("\n"));
    insta::assert_snapshot!(refused(&few, &[]), @"error: few.csv: 640 rows before the test part are too few to learn from: it takes 884; give a longer file, or fewer rows from one forecast to the next (--stride)");
}
