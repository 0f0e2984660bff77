//! Headers, delimiters, and what stands around the rows.

use super::*;

fn plain() -> String {
    file("timestamp,value\n", |at, count| format!("{},{count}", iso(at)))
}

#[test]
fn delimiters_are_told() {
    for mark in [';', '\t', '|'] {
        assert_history(&plain().replace(',', &mark.to_string()));
    }
    let stated = format!("sep=;\r\n{}", plain().replace(',', ";").replace('\n', "\r\n"));
    assert_history(&stated);
}

#[test]
fn a_table_drawn_with_characters_is_read() {
    let rows = file("", |at, count| format!("| {} | {count} |", iso(at)));
    assert_history(&format!("| timestamp | value |\n|:----|----:|\n{rows}"));
    let rows = file("", |at, count| format!(" {} | {count}", iso(at)));
    assert_history(&format!(" timestamp | value\n-----------+-------\n{rows}(900 rows)\n"));
}

#[test]
fn comments_and_blocks_above_the_header_are_passed() {
    assert_history(&format!("# made by a report\n#\n{}", plain()));
    assert_history(&format!("Report of orders\nQueue,orders\nPeriod,300\n\n{}", plain()));
    let bare = file("", |at, count| format!("{},{count}", iso(at)));
    assert_history(&format!("Label,Sent\nStatistic,Sum\nPeriod,300\n\n{bare}"));
    assert_history(&format!("# time,orders\n{bare}"));
    assert_history(&bare);
}

#[test]
fn annotated_rows_of_influx_are_read() {
    let annotations = "#group,false,false,true,true,false,false\n\
         #datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,double\n\
         #default,mean,,,,,\n";
    let header = ",result,table,_start,_stop,_time,_value\n";
    let rows = file("", |at, count| {
        format!(",,0,2024-05-06T00:00:00Z,2024-05-10T00:00:00Z,{},{count}", iso(at))
    });
    assert_history(&format!("{annotations}{header}{rows}"));
    // Each table of an answer has its annotations and its header again.
    let (first, second) = rows.split_at(rows.lines().take(450).map(|l| l.len() + 1).sum());
    assert_history(&format!("{annotations}{header}{first}\n{annotations}{header}{second}"));
}

#[test]
fn totals_and_footers_are_no_rows() {
    for footer in ["Total,948321\n", "\n(900 rows affected)\n", "Summe,1\n", ",948321\n"] {
        let series = assert_history(&(plain() + footer));
        assert_eq!(series.notes.len(), 1, "{:?}", series.notes);
    }
    let (header, rows) = (plain(), plain());
    let (header, rows) = (&header[..16], &rows[16..]);
    assert_history(&format!("{header}Grand Total,948321\n{rows}"));
}

#[test]
fn a_time_that_is_wrong_amid_the_rows_is_no_footer() {
    let text = plain().replace("2024-05-07T00:00:00Z", "soon");
    assert!(error(&text).contains("line 290, column `timestamp`: `soon` is not a time"));
    let wrong_end = plain().replace("2024-05-09T02:55:00Z", "2024-05-09T02:65:00Z");
    assert!(error(&wrong_end).contains("line 901"), "{}", error(&wrong_end));
}

#[test]
fn quotes_blanks_and_trailing_delimiters_do_not_matter() {
    let quoted = file("\"timestamp\",\"value\"\r\n", |at, count| {
        format!("\"{}\" , \" {count} \"\r\n\r", iso(at))
    });
    assert_history(&quoted);
    assert_history(&file("timestamp, value\n", |at, n| format!("{}, \"{n}\"", iso(at))));
    assert_history(&file("timestamp,value,\n", |at, n| format!("{},{n},", iso(at))));
    assert_history(&file("timestamp,value\n", |at, n| format!("{},{n},", iso(at))));
    assert_history(&file("timestamp,value,\n", |at, n| format!("{},{n}", iso(at))));
}

#[test]
fn columns_are_found_by_name_and_content() {
    for header in [
        "Time,orders",
        "@timestamp per 5 minutes,Count of records",
        "ds,y",
        "Zeit,Anzahl",
        "when,n",
    ] {
        assert_history(&file(&format!("{header}\n"), |at, n| format!("{},{n}", iso(at))));
    }
    assert_history(&file("host,n,created,id\n", |at, n| format!("web-1,{n},{},{at}", iso(at))));
    let numbered =
        file(",time,orders\n", |at, n| format!("{},{},{n}", (at - START_S) / 300, iso(at)));
    assert_history(&numbered);
}

#[test]
fn several_columns_are_asked_about_and_can_be_named() {
    let text = file("Time,high,low\n", |at, n| format!("{},{},{}", iso(at), n - 100, 100));
    let asked = error(&text);
    assert!(asked.contains("`high`, `low`") && asked.contains("--column high,low"), "{asked}");
    let with = |names: &[&str]| {
        let column = names.iter().map(ToString::to_string).collect();
        good_with(&text, &ReadOptions { column, ..ReadOptions::default() })
    };
    assert_eq!(arrivals(&with(&["high", "low"])), history());
    assert_eq!(arrivals(&with(&["all"])), history());
    assert_eq!(total(&with(&["LOW"])), 90_000.0);
    assert_eq!(total(&with(&["3"])), 90_000.0);
    let series = vec!["low".to_string()];
    let low = good_with(&text, &ReadOptions { series, ..ReadOptions::default() });
    assert_eq!(total(&low), 90_000.0);
    let column = vec!["mid".to_string()];
    let absent = read(&text, &ReadOptions { column, ..ReadOptions::default() }).unwrap_err();
    assert!(absent.is_usage());
    insta::assert_snapshot!(absent, @"m.csv, line 1: there is no column `mid`; found `Time`, `high`, `low`");
}

#[test]
fn a_column_for_each_minute_is_turned() {
    let minutes: Vec<String> = (1..=1440).map(|minute| minute.to_string()).collect();
    let row = |owner: &str, per_minute: u32| {
        let counts: Vec<String> = (0..1440).map(|k| (per_minute + k % 7).to_string()).collect();
        format!("{owner},queue,{}\n", counts.join(","))
    };
    let text = format!("owner,trigger,{}\n{}{}", minutes.join(","), row("a", 100), row("b", 20));
    let series = good(&text);
    assert_eq!((series.length_s, series.rows.len()), (60, 1440));
    assert_eq!(series.rows[8].arrivals_events, Some(122.0));
    assert!(series.notes.iter().any(|note| note.contains("--first")), "{:?}", series.notes);
    let options = ReadOptions {
        series: vec!["b".into()],
        first: Some(scaleiq_core::units::UnixSeconds(START_S)),
        ..ReadOptions::default()
    };
    let only = good_with(&text, &options);
    assert_eq!((only.start.0, only.rows[8].arrivals_events), (START_S, Some(21.0)));
}

#[test]
fn a_row_for_each_day_is_turned() {
    let hours: Vec<String> = (0..24).map(|hour| format!("{hour:02}:00")).collect();
    let day = |day: u32| {
        let counts: Vec<String> = (0..24).map(|hour| (100 * day + hour).to_string()).collect();
        format!("2024-05-{:02},{}\n", 5 + day, counts.join(","))
    };
    let text = format!("date,{}\n{}", hours.join(","), (1..=4).map(day).collect::<String>());
    let series = good(&text);
    assert_eq!((series.start.0, series.length_s, series.rows.len()), (START_S, 3600, 96));
    assert_eq!(series.rows[25].arrivals_events, Some(201.0));
}

#[test]
fn a_column_for_each_moment_is_turned() {
    let times: Vec<String> = moments().map(iso).collect();
    let part = |share: u32| {
        let counts: Vec<String> =
            counts().iter().map(|n| (n * share / 10 * 10 / 10).to_string()).collect();
        counts.join(",")
    };
    let text = format!("queue,{}\na,{}\nTotal,{}\n", times.join(","), part(10), part(10));
    let series = good(&text);
    assert_eq!(arrivals(&series), history());
}

#[test]
fn encodings_do_not_matter() {
    let text = plain().replace("value", "Zähler");
    let utf16: Vec<u8> =
        std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for bytes in [utf16, [b"\xEF\xBB\xBF", text.as_bytes()].concat()] {
        assert_eq!(arrivals(&Series::from_reader("m.csv", &bytes[..]).unwrap()), history());
    }
    let workbook = Series::from_reader("m.xlsx", &b"PK\x03\x04\0\0"[..]).unwrap_err();
    insta::assert_snapshot!(workbook, @"m.xlsx: this is a workbook or an archive (zip) and no table of text; unpack it, or save or export it as CSV");
}
