//! Forms of times, orders of day and month, zones and clocks that change.

use super::*;
use jiff::tz::TimeZone;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[test]
fn times_in_the_forms_of_tools() {
    let month = |m: i8| MONTHS[m as usize - 1];
    let forms: [&dyn Fn(i64) -> String; 17] = [
        &|at| at.to_string(),
        &|at| format!("{}000", at),
        &|at| format!("{}000000", at),
        &|at| format!("{}000000000", at),
        &|at| format!("{:.9}E9", at as f64 / 1e9),
        &|at| format!("{:.6}", at as f64 / 86_400.0 + 25_569.0),
        &|at| {
            let (y, m, d, h, min) = civil(at);
            format!("{y}/{m:02}/{d:02} {h:02}:{min:02}:00")
        },
        &|at| {
            let (y, m, d, h, min) = civil(at);
            format!("{m}/{d}/{y} {h}:{min:02}")
        },
        &|at| {
            let (y, m, d, h, min) = civil(at);
            format!("{d}.{m}.{y} {h}:{min:02}")
        },
        &|at| {
            let (y, m, d, h, min) = civil(at);
            format!("{d:02}/{m:02}/{y} {h:02}:{min:02}")
        },
        &|at| {
            let (y, m, d, h, min) = civil(at);
            format!("{d:02}-{}-{y} {h:02}:{min:02}:00", month(m))
        },
        &|at| {
            let (y, m, d, h, min) = civil(at);
            format!("\"{} {d}, {y} @ {h:02}:{min:02}:00.000\"", month(m))
        },
        &|at| {
            let (y, m, d, h, min) = civil(at);
            format!("{d:02}/{}/{y}:{h:02}:{min:02}:00 +0000", month(m))
        },
        &|at| {
            let (y, m, d, h, min) = civil(at);
            format!(
                "{m}/{d}/{y} {}:{min:02} {}",
                (h + 11) % 12 + 1,
                if h < 12 { "AM" } else { "PM" }
            )
        },
        &|at| {
            let (y, m, d, h, min) = civil(at);
            format!("{y}{m:02}{d:02}{h:02}{min:02}")
        },
        &|at| {
            let (y, m, d, h, min) = civil(at);
            format!("{y}{m:02}{d:02}{h:02}{min:02}00")
        },
        &|at| {
            let (y, m, d, h, min) = civil(at);
            format!("{y}-{m:02}-{d:02}T{h:02}:{min:02}:00.000+00:00")
        },
    ];
    for form in forms {
        assert_history(&file("timestamp,value\n", |at, count| format!("{},{count}", form(at))));
    }
}

#[test]
fn dates_and_times_of_the_day_may_have_a_column_each() {
    let text = file("Date;Time;Orders\n", |at, count| {
        let (y, m, d, h, min) = civil(at);
        format!("{d:02}.{m:02}.{y};{h:02}:{min:02};{count}")
    });
    assert_history(&text);
}

#[test]
fn an_order_of_day_and_month_that_is_open_is_asked() {
    let text = |days: &[&str]| {
        let rows =
            days.iter().flat_map(|day| (0..24).map(move |h| format!("{day}/2024 {h}:00,5\n")));
        format!("timestamp,value\n{}", rows.collect::<String>())
    };
    insta::assert_snapshot!(error(&text(&["5/6"])), @"m.csv, line 2, column `timestamp`: `5/6/2024 0:00` may begin with its day or its month, and no other row tells which; say --date-order dmy or --date-order mdy");
    let with = |order| {
        let options = ReadOptions { date_order: Some(order), ..ReadOptions::default() };
        good_with(&text(&["5/6"]), &options).start.0
    };
    use scaleiq_workload::csv::DateOrder;
    assert_eq!(with(DateOrder::MonthFirst), START_S);
    assert_eq!(with(DateOrder::DayFirst), START_S + 30 * 86_400);
    // A date that is none in the other order, or days that follow each other, decide.
    assert_eq!(good(&text(&["5/6", "5/7", "5/8"])).start.0, START_S);
    assert_eq!(good(&text(&["6/5", "7/5"])).start.0, START_S);
    assert_eq!(good(&text(&["5/12", "5/13"])).rows.len(), 48);
}

/// Five-minute rows of Berlin's wall clock around a change, with `suffix` behind each time.
fn berlin(from_s: i64, rows: i64, suffix: impl Fn(&jiff::ZonedDateTime) -> String) -> String {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let row = |k: i64| {
        let local =
            jiff::Timestamp::from_second(from_s + 300 * k).unwrap().to_zoned_datetime(zone.clone());
        format!("{}{},{}\n", local.strftime("%Y-%m-%d %H:%M:%S"), suffix(&local), count(k))
    };
    format!("timestamp,value\n{}", (0..rows).map(row).collect::<String>())
}

fn zone(name: &str) -> Option<scaleiq_workload::csv::Zone> {
    Some(name.parse().unwrap())
}

fn count(k: i64) -> i64 {
    1000 + k * 37 % 101
}

/// 26 October 2024, 22:00 UTC; and 30 March 2024, 22:00 UTC.
const AUTUMN_S: i64 = 1_729_980_000;
const SPRING_S: i64 = 1_711_836_000;

#[test]
fn clocks_that_are_set_back_are_followed_where_the_zone_is_known() {
    let options = ReadOptions { tz: zone("Europe/Berlin"), ..ReadOptions::default() };
    let naive = berlin(AUTUMN_S, 60, |_| String::new());
    let newest_first = {
        let mut lines: Vec<&str> = naive.lines().skip(1).collect();
        lines.reverse();
        format!("timestamp,value\n{}\n", lines.join("\n"))
    };
    let wanted: Vec<_> = (0..60).map(|k| Some(count(k) as f32)).collect();
    for series in [
        good_with(&naive, &options),
        good_with(&newest_first, &options),
        good(&berlin(AUTUMN_S, 60, |t| t.strftime("%:z").to_string())),
        good(&berlin(AUTUMN_S, 60, |t| t.strftime(" %Z").to_string())),
    ] {
        assert_eq!((series.start.0, arrivals(&series)), (AUTUMN_S, wanted.clone()));
    }
    insta::assert_snapshot!(error(&naive), @"m.csv, line 38, column `timestamp`: `2024-10-27 02:00:00` comes after line 37's `2024-10-27 02:55:00`, as where clocks are set back by an hour; say the zone of the times (such as --tz Europe/Berlin), or export in UTC");
    assert!(error(&newest_first).contains("--tz"), "{}", error(&newest_first));
}

#[test]
fn an_hour_that_clocks_skip_is_noticed() {
    let naive = berlin(SPRING_S, 60, |_| String::new());
    let told = good(&naive).notes.iter().any(|note| note.contains("--tz"));
    assert!(told, "{:?}", good(&naive).notes);
    let options = ReadOptions { tz: zone("Europe/Berlin"), ..ReadOptions::default() };
    let series = good_with(&naive, &options);
    assert_eq!((series.start.0, series.rows.len()), (SPRING_S, 60));
    assert!(series.notes.is_empty(), "{:?}", series.notes);
    // In New York no clock was changed that night, and those times are plain.
    let elsewhere = ReadOptions { tz: zone("America/New_York"), ..ReadOptions::default() };
    assert_eq!(good_with(&naive, &elsewhere).rows.len(), 72);
    let wrong = naive.replace("2024-03-31 03:30", "2024-03-31 02:30");
    let error = read(&wrong, &options).unwrap_err().to_string();
    assert!(error.contains("line 44") && error.contains("no clock showed"), "{error}");
}

#[test]
fn one_time_in_another_unit_is_found() {
    let text = file("timestamp,value\n", |at, count| format!("{at}000,{count}"));
    let text = text.replacen("1715040000000,", "1715040000,", 1);
    insta::assert_snapshot!(error(&text), @"m.csv, line 290, column `timestamp`: `1715040000` is not in milliseconds since 1970 as the others; write times as 2025-03-01T00:00:00Z, 2025-03-01 00:00:00 (UTC, or in the zone of --tz) or seconds since 1970");
}

#[test]
fn times_that_count_from_elsewhere_are_noticed() {
    let text = file("timestamp,value\n", |at, count| format!("{},{count}", at - START_S));
    let series = good(&text);
    assert_eq!(arrivals(&series), history());
    assert!(series.notes[0].contains("before 1973"), "{:?}", series.notes);
}

#[test]
fn nothing_is_read_as_a_far_year() {
    for time in ["8383-02-01 00:00", "4200000000", "2100-01-01T00:00:00Z"] {
        let text = format!("timestamp,value\n{time},1\n{time},2\n{time},3\n");
        assert!(error(&text).contains("after the year 2099"), "{}", error(&text));
    }
}
