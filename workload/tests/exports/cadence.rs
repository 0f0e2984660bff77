//! Intervals of any length, jitter, holes.

use super::*;
use scaleiq_workload::csv::Fill;

/// `rows` rows of `count` events, `step_s` apart.
fn every(step_s: f64, rows: usize, count: f64) -> String {
    let row = |k: usize| format!("{},{count}\n", START_S as f64 + step_s * k as f64);
    format!("timestamp,value\n{}", (0..rows).map(row).collect::<String>())
}

#[test]
fn any_interval_is_read_and_keeps_its_events() {
    for (step_s, length_s) in [
        (1.0, 1),
        (14.0, 120),
        (15.0, 15),
        (60.7, 120),
        (345.0, 360),
        (420.0, 480),
        (3600.0, 3600),
        (86_400.0, 86_400),
        (604_800.0, 86_400),
    ] {
        let series = good(&every(step_s, 200, 420.0));
        assert_eq!(series.length_s, length_s, "{step_s}");
        // The rate is that of the rows in each interval that they fill.
        let per_interval = 420.0 * f64::from(length_s) / step_s;
        for events in arrivals(&series).into_iter().flatten().take(series.rows.len() - 1) {
            assert!((f64::from(events) / per_interval - 1.0).abs() < 1e-5, "{step_s}: {events}");
        }
        let off = total(&series) / (200.0 * 420.0) - 1.0;
        assert!(off.abs() < 0.05, "{step_s}: {off}");
    }
}

#[test]
fn a_poller_that_jitters_is_gathered() {
    let mut seed = 7_u64;
    let mut jitter = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as f64 / f64::from(1_u32 << 31) * 40.0
    };
    let row = |k: i64| format!("{:.3},60\n", (START_S + 60 * k) as f64 + jitter());
    let series = good(&format!("timestamp,value\n{}", (0..2000).map(row).collect::<String>()));
    assert_eq!(series.length_s, 120);
    assert!((total(&series) / 120_000.0 - 1.0).abs() < 0.01, "{}", total(&series));
}

#[test]
fn a_poller_that_fails_at_times_and_slips_is_read() {
    // Road sensors: every ten minutes, two of five polls fail, and the minute slips now and then.
    let mut at = START_S;
    let mut text = String::from("timestamp,value\n");
    for k in 0..1500_i64 {
        at += 600 + if k % 40 == 0 { 60 * (k % 7) } else { 0 };
        if k * 7919 % 10 < 6 {
            text += &format!("{},300\n", iso(at));
        }
    }
    let series = good(&text);
    assert_eq!(series.length_s, 600);
    let known: Vec<f32> = arrivals(&series).into_iter().flatten().collect();
    let exact = known.iter().filter(|events| (**events - 300.0).abs() < 0.1).count();
    assert!(known.iter().all(|events| (150.0..300.1).contains(events)), "{known:?}");
    assert!(exact > 800 && 10 * exact > 9 * known.len(), "{exact} of {}", known.len());
}

#[test]
fn a_distance_that_changes_is_followed() {
    // As monitoring keeps them: five minutes long ago, one minute of late.
    let old = (0..300).map(|k| format!("{},500\n", START_S + 300 * k));
    let new = (0..900).map(|k| format!("{},100\n", START_S + 90_000 + 60 * k));
    let text = format!("timestamp,value\n{}", old.chain(new).collect::<String>());
    let series = good(&text);
    assert_eq!((series.length_s, series.rows.len()), (300, 480));
    assert!(arrivals(&series).iter().all(|events| *events == Some(500.0)));
}

#[test]
fn rows_that_are_not_there_are_gaps_or_zeros() {
    let row = |k: i64| format!("{},{}\n", START_S + 60 * k, 1 + k % 3);
    let rows = (0..3000).filter(|k| k * 7919 % 11 > 4 || k % 40 == 0).map(row);
    let text = format!("timestamp,value\n{}", rows.collect::<String>());
    let series = good(&text);
    assert_eq!(series.length_s, 60);
    assert!(series.notes.iter().any(|note| note.contains("--fill zero")), "{:?}", series.notes);
    assert!(arrivals(&series).contains(&None));
    let filled =
        good_with(&text, &ReadOptions { fill: Some(Fill::Zero), ..ReadOptions::default() });
    assert!(!arrivals(&filled).contains(&None));
    assert_eq!(total(&filled), total(&series));
}

#[test]
fn zeros_that_were_filled_in_can_be_gaps() {
    let text = file("timestamp,value\n", |at, n| {
        format!("{},{}", iso(at), if at % 86_400 < 3600 { 0 } else { n })
    });
    assert!(good(&text).notes.iter().any(|note| note.contains("--fill missing")));
    let options = ReadOptions { fill: Some(Fill::Missing), ..ReadOptions::default() };
    let gaps = arrivals(&good_with(&text, &options)).iter().filter(|n| n.is_none()).count();
    assert_eq!(gaps, 48);
}

#[test]
fn a_longer_interval_can_be_asked() {
    let text = file("timestamp,value\n", |at, n| format!("{},{n}", iso(at)));
    let series = good_with(&text, &ReadOptions { interval: Some(3600), ..ReadOptions::default() });
    assert_eq!((series.length_s, series.rows.len()), (3600, 75));
    assert_eq!(total(&series), f64::from(counts().iter().sum::<u32>()));
}
