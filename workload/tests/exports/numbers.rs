//! Marks, units, words for nothing, and numbers that cannot be.

use super::*;
use scaleiq_workload::csv::{DecimalMark, Unit};

fn grouped(count: u32, mark: &str) -> String {
    if count < 1000 {
        count.to_string()
    } else {
        format!("{}{mark}{:03}", count / 1000, count % 1000)
    }
}

#[test]
fn thousands_and_decimals_in_every_locale() {
    for (header, line) in [
        (
            "t,value\n",
            &(|at, n| format!("{},\"{}\"", iso(at), grouped(n, ",")))
                as &dyn Fn(i64, u32) -> String,
        ),
        ("t;value\n", &|at, n| format!("{};{},0", iso(at), n)),
        ("t;value\n", &|at, n| format!("{};{},00", iso(at), grouped(n, "."))),
        ("t;value\n", &|at, n| format!("{};{}", iso(at), grouped(n, "\u{202f}"))),
        ("t;value\n", &|at, n| format!("{};{}.0", iso(at), grouped(n, "'"))),
        ("t,value\n", &|at, n| format!("{},{:.9}", iso(at), f64::from(n))),
        ("t,value\n", &|at, n| format!("{},0.{n:04}E+04", iso(at))),
        ("t,value\n", &|at, n| format!("{},{n} events", iso(at))),
    ] {
        assert_history(&file(header, line));
    }
    // German dates tell that a dot parts thousands.
    let german = file("Zeit;Anzahl\n", |at, n| {
        let (y, m, d, h, min) = civil(at);
        format!("{d:02}.{m:02}.{y} {h:02}:{min:02};{}", grouped(n, "."))
    });
    assert_history(&german);
}

#[test]
fn a_mark_that_is_open_is_asked() {
    let text = file("t;value\n", |at, n| format!("{};{}", iso(at), grouped(n.max(1000), ",")));
    insta::assert_snapshot!(error(&text), @"m.csv, line 2, column `value`: the mark in `1,000` may part thousands or decimals, and the other rows do not tell which; say --decimal-mark dot or --decimal-mark comma");
    let with = |mark| {
        let options = ReadOptions { decimal_mark: Some(mark), ..ReadOptions::default() };
        good_with(&text, &options).rows[0].arrivals_events
    };
    assert_eq!((with(DecimalMark::Dot), with(DecimalMark::Comma)), (Some(1000.0), Some(1.0)));
}

#[test]
fn words_for_nothing_are_gaps() {
    for word in ["\\N", "undefined", "-", "NULL", "N/A", "NaN", "null", "", "-1"] {
        let text = file("timestamp,value\n", |at, n| {
            format!("{},{}", iso(at), if n % 50 == 0 { word.into() } else { n.to_string() })
        });
        let wanted: Vec<_> = history().into_iter().map(|n| n.filter(|n| n % 50.0 != 0.0)).collect();
        assert_eq!(arrivals(&good(&text)), wanted, "{word}");
    }
}

#[test]
fn rates_become_counts() {
    let rate = |at: i64, n: u32| format!("{},{:.6}", iso(at), f64::from(n) / 300.0);
    let text = file("timestamp,value\n", rate);
    let as_it_is = good(&text);
    assert!(as_it_is.notes.iter().any(|note| note.contains("--unit per-second")));
    let options = ReadOptions { unit: Some(Unit::PerSecond), ..ReadOptions::default() };
    let close = |series: &Series| {
        let pairs = arrivals(series).into_iter().flatten().zip(counts());
        pairs.map(|(a, b)| (f64::from(a) - f64::from(b)).abs()).fold(0.0, f64::max) < 0.01
    };
    assert!(close(&good_with(&text, &options)));
    // The file may say so itself.
    assert!(close(&good(&text.replace("value", "orders (req/s)"))));
    assert!(close(&good(&file("timestamp,value\n", |at, n| rate(at, n) + " ops/s"))));
    assert!(close(&good(&file("t,requests_per_second\n", rate))));
}

#[test]
fn what_is_no_count_is_refused() {
    let text =
        |value: &str| format!("timestamp,value\n2024-05-06,5\n2024-05-07,{value}\n2024-05-08,5\n");
    insta::assert_snapshot!(error(&text("4.18 K")), @r#"m.csv, line 3, column `value`: `4.18 K` is formatted for people, and rounding lost events; export the values as they are (in Grafana, turn "Formatted data" off)"#);
    insta::assert_snapshot!(error(&text("250 ms")), @"m.csv, line 3, column `value`: `250 ms` is a time and no count of events; say which column is (--column)");
    insta::assert_snapshot!(error(&text("5 ops/s")), @r#"m.csv, line 3, column `value`: `5 ops/s` is in another unit than the rows above it; export the values as they are (in Grafana, turn "Formatted data" off)"#);
    insta::assert_snapshot!(error(&text("9223372036854775807")), @"m.csv, line 3, column `value`: `9223372036854775807` is above 1e12, too large for an interval; check the unit; if a counter overflowed there, leave the field empty, and if all rows are a running total, say --counter");
    insta::assert_snapshot!(error(&text("#####")), @"m.csv, line 3, column `value`: `#####` is not a number; write plain decimals such as 812 or 73.5 and leave the field empty where nothing was measured");
}
