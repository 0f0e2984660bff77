//! Logs with a row for each event.

use super::*;

/// Events at random times of three hours, about one in six seconds; `line` writes one.
fn log(header: &str, line: impl Fn(f64, u64) -> String) -> String {
    let (mut seed, mut at) = (11_u64, START_S as f64);
    let mut text = header.to_string();
    while at < (START_S + 10_800) as f64 {
        text += &(line(at, seed >> 40) + "\n");
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        at += -6.0 * (((seed >> 11) as f64 + 1.0) / (1_u64 << 53) as f64).ln();
    }
    text
}

fn stamp(at: f64) -> String {
    jiff::Timestamp::from_microsecond((at * 1e6) as i64).unwrap().to_string()
}

#[test]
fn numbers_in_a_log_are_never_taken_for_counts() {
    let named = log("TIMESTAMP,ContextTokens,GeneratedTokens\n", |at, n| {
        format!("{},{},{}", stamp(at), n % 900, n % 77)
    });
    let renamed = named.replace("ContextTokens", "value");
    for text in [&named, &renamed] {
        let error = error(text);
        assert!(error.contains("line 2") && error.contains("--count-rows"), "{error}");
    }
    let options = ReadOptions { count_rows: true, ..ReadOptions::default() };
    let series = good_with(&named, &options);
    assert_eq!((series.length_s, series.rows.len()), (120, 90));
    assert_eq!(total(&series) as usize, named.lines().count() - 1);
    let options = ReadOptions { interval: Some(600), ..options };
    assert_eq!(good_with(&named, &options).rows.len(), 18);
}

#[test]
fn a_log_without_numbers_is_counted() {
    let text = log("time,queue\n", |at, n| {
        format!("{},{}", stamp(at.floor()), ["a", "b"][n as usize % 2])
    });
    let series = good(&text);
    assert_eq!(total(&series) as usize, text.lines().count() - 1);
    assert!(series.notes[0].contains("one event"), "{:?}", series.notes);
    let alone = log("time\n", |at, _| stamp(at));
    assert_eq!(total(&good(&alone)) as usize, alone.lines().count() - 1);
    let options = ReadOptions { series: vec!["a".into()], ..ReadOptions::default() };
    let a = text.lines().filter(|line| line.ends_with(",a")).count();
    assert_eq!(total(&good_with(&text, &options)) as usize, a);
}

#[test]
fn a_log_to_the_second_loses_no_event() {
    for every_s in [1.0, 60.0] {
        let text =
            log("time,value\n", |at, _| format!("{},1", stamp((at / every_s).floor() * every_s)));
        let error = error(&text);
        assert!(error.contains("--count-rows"), "{error}");
        let series = good_with(&text, &ReadOptions { count_rows: true, ..ReadOptions::default() });
        assert_eq!(total(&series) as usize, text.lines().count() - 1);
    }
}

#[test]
fn batches_at_any_time_can_be_summed() {
    let text = log("time,value\n", |at, n| format!("{},{}", stamp(at), n % 50));
    let sizes =
        text.lines().skip(1).filter_map(|line| line.rsplit(',').next()?.parse::<f64>().ok());
    let wanted: f64 = sizes.sum();
    let options = ReadOptions { interval: Some(120), ..ReadOptions::default() };
    assert_eq!(total(&good_with(&text, &options)), wanted);
}
