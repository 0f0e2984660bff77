//! Several series in one file, rows of one time, and running totals.

use super::*;
use scaleiq_workload::csv::Duplicates;

/// The history as two series of a long file, `high` and `low`.
fn long(order: &[&str]) -> String {
    let of = |name: &str| {
        file("", |at, n| {
            format!("{name};{};{}", iso(at), if name == "low" { n / 3 } else { n - n / 3 })
        })
    };
    format!("Series;Time;Value\n{}", order.iter().map(|name| of(name)).collect::<String>())
}

#[test]
fn series_are_summed_or_named() {
    let series = assert_history(&long(&["high", "low"]));
    insta::assert_snapshot!(series.notes.join("\n"), @"2 series were summed (`high`, `low`): --series NAME reads one alone");
    let named = |name: &str| ReadOptions { series: vec![name.into()], ..ReadOptions::default() };
    let low: u32 = counts().iter().map(|n| n / 3).sum();
    assert_eq!(total(&good_with(&long(&["high", "low"]), &named("LOW"))), f64::from(low));
    let absent = read(&long(&["high", "low"]), &named("mid")).unwrap_err();
    assert!(absent.is_usage());
    insta::assert_snapshot!(absent, @"m.csv: there is no series `mid`; found `high`, `low`");
}

#[test]
fn interleaved_series_and_totals_are_the_same() {
    let blocks = long(&["high", "low"]);
    let lines: Vec<&str> = blocks.lines().skip(1).collect();
    let rows = (0..900).map(|k| format!("{}\n{}\n", lines[k], lines[k + 900]));
    assert_history(&format!("Series;Time;Value\n{}", rows.collect::<String>()));
    let total = file("", |at, n| format!("Total;{};{n}", iso(at)));
    assert_history(&(blocks + &total));
}

#[test]
fn copies_of_a_series_are_noticed() {
    let of = |name: &str| file("", |at, n| format!("{name};{};{n}", iso(at)));
    let text = format!("replica;Time;Value\n{}{}", of("a"), of("b"));
    assert!(
        good(&text).notes.iter().any(|note| note.contains("copies")),
        "{:?}",
        good(&text).notes
    );
    assert!(!good(&long(&["high", "low"])).notes.iter().any(|note| note.contains("copies")));
}

#[test]
fn series_may_be_sampled_at_different_seconds() {
    let late = file("", |at, n| format!("late,{},{}", iso(at + 40), n / 2));
    let text = file("pod,time,count\n", |at, n| format!("early,{},{}", iso(at), n - n / 2)) + &late;
    assert_eq!(arrivals(&good(&text)), history());
}

#[test]
fn a_word_in_each_row_is_no_series() {
    let text = file("time,count,state\n", |at, n| {
        format!("{},{n},{}", iso(at), ["ok", "slow"][n as usize % 2])
    });
    let series = assert_history(&text);
    assert!(series.notes.is_empty(), "{:?}", series.notes);
}

#[test]
fn rows_of_one_time_are_united_as_is_said() {
    let plain = file("timestamp,value\n", |at, n| format!("{},{n}", iso(at)));
    let twice = plain.clone() + plain.split_once('\n').unwrap().1;
    let series = assert_history(&twice);
    assert!(series.notes.iter().any(|note| note.contains("count once")), "{:?}", series.notes);
    // As many different rows at each time are a series each, without names.
    let parts = file("", |at, n| format!("{},{}\n{},{}", iso(at), n - 7, iso(at), 7));
    assert_history(&format!("timestamp,value\n{parts}"));
    // One time that is there twice is asked about.
    let one = plain.clone() + "2024-05-07T00:00:00Z,7\n";
    insta::assert_snapshot!(error(&one), @"m.csv, line 902, column `timestamp`: `2024-05-07T00:00:00Z` is the time of line 290 (`2024-05-07T00:00:00Z`), too, with other values; say --duplicates sum if they are parts of one count, or --duplicates last if the later row corrects the earlier");
    let with =
        |how| good_with(&one, &ReadOptions { duplicates: Some(how), ..ReadOptions::default() });
    let (sum, last) = (with(Duplicates::Sum), with(Duplicates::Last));
    assert_eq!(last.rows[288].arrivals_events, Some(7.0));
    assert_eq!(sum.rows[288].arrivals_events, history()[288].map(|n| n + 7.0));
}

#[test]
fn rows_in_any_order_are_sorted() {
    let text = file("", |at, n| format!("{},{n}", iso(at)));
    let mut lines: Vec<&str> = text.lines().collect();
    lines.reverse();
    let newest = assert_history(&format!("timestamp,value\n{}\n", lines.join("\n")));
    assert!(newest.notes[0].contains("newest"), "{:?}", newest.notes);
    lines.sort_by_key(|line| line.bytes().map(u64::from).fold(7, |h, b| (h * 31 + b) % 1009));
    assert_history(&format!("timestamp,value\n{}\n", lines.join("\n")));
}

#[test]
fn a_running_total_is_noticed_and_read() {
    let counter = ReadOptions { counter: true, ..ReadOptions::default() };
    let mut sum = 0_u64;
    let mut lines = String::from("timestamp,value\n");
    for (k, (at, count)) in moments().zip(counts()).enumerate() {
        // It begins anew once, and wraps at 32 bits once.
        if k == 300 {
            sum = (1 << 32) - 100_000;
        }
        lines += &format!("{},{}\n", iso(at), sum % (1 << 32));
        sum += u64::from(count);
    }
    assert!(
        good(&lines).notes.iter().any(|note| note.contains("--counter")),
        "{:?}",
        good(&lines).notes
    );
    let series = good_with(&lines, &counter);
    let mut wanted = history();
    wanted.truncate(899);
    let mut got = arrivals(&series);
    assert_eq!(got.remove(299), Some((4_294_967_296 - 100_000 - sum_before(299)) as f32));
    wanted.remove(299);
    assert_eq!(got, wanted);
}

fn sum_before(rows: usize) -> u64 {
    counts().iter().take(rows).map(|n| u64::from(*n)).sum()
}
