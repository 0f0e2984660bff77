//! Files as users have them: good ones, and every way in which one can be wrong.

use scaleiq_core::interval::IntervalLength;
use scaleiq_core::units::UnixSeconds;
use scaleiq_workload::{DataError, Series};
use std::path::Path;

const HEADER: &str = "DateTime, avg_average_processing_duration_ms, avg_unprocessed_events_count, \
     avg_processed_events_in_interval, avg_logged_events_in_interval, \
     avg_queued_events_in_interval\n";

fn read(text: &str) -> Result<Series, DataError> {
    Series::from_reader("metrics.csv", text.as_bytes())
}

fn error(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

fn good(text: &str) -> Series {
    read(text).unwrap_or_else(|error| panic!("{error}"))
}

fn arrivals(series: &Series) -> Vec<Option<f32>> {
    series.rows.iter().map(|row| row.arrivals_events).collect()
}

#[test]
fn the_names_of_samples_are_columns_too() {
    let rows = "\n0,120,900,880,20,9.5,73.6,7\n120,120,901,880,41,9.5,73.6,7\n240,120,902,880,63,9.5,73.6,7\n";
    let ours = "time,interval_s,logged_events,processed_events,unprocessed_events,queued_events,\
                avg_processing_ms,error_count";
    let series = good(&(ours.to_string() + rows));
    let theirs = HEADER.replace(", ", ",").replace("DateTime", "time,interval_s");
    let theirs = good(&(theirs.trim().to_string() + ",error_count" + &reordered(rows)));
    assert_eq!(series.rows, theirs.rows);
    assert_eq!(series.rows[2].backlog_events, Some(63.0));
    assert!(series.notes.iter().any(|n| n.contains("`error_count` is accepted and not used")));
}

/// The same cells in the order of the reference's columns.
fn reordered(rows: &str) -> String {
    let line = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        [0, 1, 6, 4, 3, 2, 5, 7].map(|k| cells[k]).join(",")
    };
    let lines = rows.lines().filter(|line| !line.is_empty()).map(line);
    lines.fold(String::new(), |text, line| text + "\n" + &line) + "\n"
}

/// A two-column file with a row every two minutes.
fn short(values: &[&str]) -> String {
    let rows = values.iter().enumerate();
    let rows = rows.map(|(k, value)| format!("2025-03-01T00:{:02}:00Z,{value}\n", 2 * k));
    format!("timestamp,value\n{}", rows.collect::<String>())
}

#[test]
fn the_reference_format_is_read_as_it_is() {
    let series = good(&format!(
        "{HEADER}2025-03-01 00:00:00, 73.5, 12, 800, 812, 9.5\n\
         2025-03-01 00:02:00, nan, 20, 0, 8,\n\
         2025-03-01 00:04:00, 74, 0, 820, 800, 10\n"
    ));
    assert_eq!(series.start, UnixSeconds(1_740_787_200));
    assert_eq!(series.length_s, 120);
    let [first, second, _] = series.rows[..] else { panic!("{series:?}") };
    assert_eq!(first.end, UnixSeconds(1_740_787_320));
    assert_eq!(first.work_ms, Some(73.5));
    assert_eq!(first.backlog_events, Some(12.0));
    assert_eq!(first.processed_events, Some(800.0));
    assert_eq!(first.arrivals_events, Some(812.0));
    assert_eq!(first.queued_events, Some(9.5));
    assert_eq!((second.work_ms, second.processed_events), (None, Some(0.0)));
    assert_eq!(second.queued_events, None);
    assert!(series.notes.is_empty(), "{:?}", series.notes);
}

#[test]
fn a_true_zero_and_a_gap_stay_apart() {
    let series = good(&short(&["5", "0", "", "NaN", "7"]));
    assert_eq!(arrivals(&series), [Some(5.0), Some(0.0), None, None, Some(7.0)]);
    assert_eq!(series.notes, ["2 of 5 intervals have no arrivals (gaps)"]);
}

#[test]
fn rows_that_are_not_there_are_missing() {
    let series = good(
        "timestamp,value\n2025-03-01 00:00,1\n2025-03-01 00:02,2\n2025-03-01 00:08,5\n\
         2025-03-01 00:10,6\n",
    );
    let got = arrivals(&series);
    assert_eq!(got, [Some(1.0), Some(2.0), None, None, Some(5.0), Some(6.0)]);
    assert_eq!(series.rows[3].end, UnixSeconds(1_740_787_200 + 480));
    assert_eq!(series.arrivals_filled(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
}

#[test]
fn gaps_at_the_ends_are_filled_with_the_nearest_value() {
    let series = good(&short(&["", "3", "", "5", ""]));
    assert_eq!(series.arrivals_filled(), [3.0, 3.0, 4.0, 5.0, 5.0]);
}

#[test]
fn zones_epochs_marks_and_line_ends_do_not_matter() {
    let wanted = good(&short(&["1", "2", "3"]));
    for text in [
        "timestamp,value\n2025-03-01T01:00:00+01:00,1\n2025-03-01T01:02:00+01:00,2\n2025-03-01T01:04:00+01:00,3\n",
        "timestamp,value\n1740787200,1\n1740787320,2\n1740787440.0,3\n",
        "\u{FEFF}Timestamp , VALUE\r\n\r\n2025-03-01 00:00:00,1\r\n2025-03-01 00:02:00,2\r\n2025-03-01 00:04:00,3",
        "value,\"timestamp\"\n\n1,2025-03-01\n2,2025-03-01T00:02\n \n3,2025-03-01T00:04Z\n",
    ] {
        let got = good(text);
        assert_eq!(got, wanted, "{text}");
        assert_eq!(got.fingerprint(), wanted.fingerprint());
    }
}

#[test]
fn clocks_may_change_where_the_zone_is_written() {
    // Central Europe, 30 March 2025: 01:59 is followed by 03:00 and no time is lost.
    let series = good(
        "timestamp,value\n2025-03-30T01:00:00+01:00,1\n2025-03-30T01:30:00+01:00,2\n\
         2025-03-30T03:00:00+02:00,3\n2025-03-30T03:30:00+02:00,4\n",
    );
    assert_eq!(arrivals(&series), [Some(1.0), Some(2.0), Some(3.0), Some(4.0)]);
}

#[test]
fn jitter_is_snapped_and_a_shifted_grid_moved() {
    let series = good(
        "timestamp,value\n2025-03-01T00:00:03Z,1\n2025-03-01T00:02:00Z,2\n\
         2025-03-01T00:03:58Z,3\n2025-03-01T00:06:00Z,4\n",
    );
    assert_eq!(arrivals(&series), [Some(1.0), Some(2.0), Some(3.0), Some(4.0)]);
    assert_eq!((series.start, series.length_s), (UnixSeconds(1_740_787_200), 120));
    let shifted = good(
        "timestamp,value\n2025-03-01T00:00:45Z,1\n2025-03-01T00:02:45Z,2\n2025-03-01T00:04:45Z,3\n",
    );
    assert_eq!(shifted.start, UnixSeconds(1_740_787_200));
    insta::assert_snapshot!(series.notes.join("\n"), @"2 rows lay up to 3 s off the grid and were moved");
    insta::assert_snapshot!(shifted.notes.join("\n"), @"all times were moved by -45 s, so that intervals of 120 s start on whole multiples of their length");
}

#[test]
fn what_is_wrong_with_a_file_as_a_whole() {
    insta::assert_snapshot!(error(""), @"metrics.csv: the file is empty; it needs a line of names and rows with a time and a count");
    insta::assert_snapshot!(error("\n \n"), @"metrics.csv: the file is empty; it needs a line of names and rows with a time and a count");
    insta::assert_snapshot!(error("timestamp,value\n"), @"metrics.csv: the file has a header and no rows; export at least 3 intervals");
    insta::assert_snapshot!(error(&short(&["1", "2"])), @"metrics.csv: too few rows (2) to tell the interval from; export at least 3");
    insta::assert_snapshot!(error(&short(&["", "", ""])), @"metrics.csv, line 1, column `value`: the column has no value in any row; export the count of events that arrived");
    insta::assert_snapshot!(error("queue,orders\na,1\nb,2\n"), @"metrics.csv, line 1: no column holds times, by its name or by what is in it; found `queue`, `orders`: name it with --time-column, or put a header with `timestamp,value` above the rows");
    let missing = Series::read_csv(Path::new("no/such.csv")).unwrap_err();
    insta::assert_snapshot!(missing, @"no/such.csv: file not found; check the path and the folder you run this in");
    let folder = Series::read_csv(Path::new(".")).unwrap_err();
    assert!(matches!(folder, DataError::Unreadable { .. }), "{folder}");
}

#[test]
fn what_is_wrong_with_a_cell() {
    insta::assert_snapshot!(error(&short(&["1", "many", "3"])), @"metrics.csv, line 3, column `value`: `many` is not a number; write plain decimals such as 812 or 73.5 and leave the field empty where nothing was measured");
    insta::assert_snapshot!(error(&short(&["1", "2", "-3"])), @r#"metrics.csv, line 4, column `value`: `-3` is negative, and counts and spans cannot be; if it marks "not measured", leave the field empty"#);
    insta::assert_snapshot!(error(&short(&["inf", "2", "3"])), @"metrics.csv, line 2, column `value`: `inf` is infinite (often a division by zero in the export); leave the field empty where nothing was measured");
    insta::assert_snapshot!(error(&short(&["1e13", "2", "3"])), @"metrics.csv, line 2, column `value`: `1e13` is above 1e12, too large for an interval; check the unit; if a counter overflowed there, leave the field empty, and if all rows are a running total, say --counter");
    insta::assert_snapshot!(error("timestamp,value\n\n\nyesterday,1\n"), @"metrics.csv, line 4, column `timestamp`: `yesterday` is not a time; write times as 2025-03-01T00:00:00Z, 2025-03-01 00:00:00 (UTC, or in the zone of --tz) or seconds since 1970");
    insta::assert_snapshot!(error("timestamp,value\r\n\r\n4200000000,1\r\n"), @"metrics.csv, line 3, column `timestamp`: `4200000000` is after the year 2099; write times as 2025-03-01T00:00:00Z, 2025-03-01 00:00:00 (UTC, or in the zone of --tz) or seconds since 1970");
    insta::assert_snapshot!(error("timestamp,value\n,1\n"), @"metrics.csv, line 2, column `timestamp`: `` is empty and no time; write times as 2025-03-01T00:00:00Z, 2025-03-01 00:00:00 (UTC, or in the zone of --tz) or seconds since 1970");
}

#[test]
fn what_is_wrong_with_a_row() {
    insta::assert_snapshot!(error(&format!("{HEADER}2025-03-01,73,1,2\n")), @r#"metrics.csv, line 2, column `avg_logged_events_in_interval`: the row has 4 fields and the header has 6, so the fields and the columns part here; add what is missing (two commas around nothing say "no value") or quote fields that hold a comma"#);
    insta::assert_snapshot!(error(&short(&["1", "2,5", "3"])), @r#"metrics.csv, line 3, column `value`: the row has 3 fields and the header has 2, so the fields and the columns part here; add what is missing (two commas around nothing say "no value") or quote fields that hold a comma"#);
    let times = |rows: &[(&str, u32)]| {
        let row = |(time, value): &(&str, u32)| format!("2025-03-01T{time}Z,{value}\n");
        error(&format!("timestamp,value\n{}", rows.iter().map(row).collect::<String>()))
    };
    insta::assert_snapshot!(times(&[("00:00", 1), ("00:02", 2), ("00:02", 3), ("00:04", 4)]), @"metrics.csv, line 4, column `timestamp`: `2025-03-01T00:02Z` is the time of line 3 (`2025-03-01T00:02Z`), too, with other values; say --duplicates sum if they are parts of one count, or --duplicates last if the later row corrects the earlier");
    let far = "timestamp,value\n0,1\n60,2\n120,3\n3999999960,4\n";
    insta::assert_snapshot!(error(far), @"metrics.csv, line 5, column `timestamp`: up to here the file spans 66666667 intervals of 60 s, and at most 10000000 are read; check for a wrong year, or export fewer or longer intervals");
}

#[test]
fn longer_intervals_sum_weigh_and_keep_gaps() {
    let series = good(&format!(
        "{HEADER}2025-03-01 00:00:00,100,5,100,105,3\n2025-03-01 00:02:00,50,7,300,302,5\n\
         2025-03-01 00:04:00,,,,,\n2025-03-01 00:06:00,80,9,10,20,8\n\
         2025-03-01 00:08:00,,,,,\n2025-03-01 00:10:00,,,,,\n2025-03-01 00:12:00,10,1,8,0,1\n"
    ));
    let long = series.resample(IntervalLength::new(240).unwrap());
    assert_eq!((long.start, long.length_s), (series.start, 240));
    assert_eq!(arrivals(&long), [Some(407.0), Some(40.0), None, Some(0.0)]);
    let first = long.rows[0];
    assert_eq!(first.end, UnixSeconds(1_740_787_200 + 240));
    assert_eq!(first.processed_events, Some(400.0));
    assert_eq!(first.backlog_events, Some(7.0));
    assert_eq!(first.queued_events, Some(4.0));
    assert_eq!(first.work_ms, Some(62.5));
    assert_eq!(long.rows[1].backlog_events, Some(9.0));
    assert_eq!(long.rows[2].backlog_events, None);
}

#[test]
fn rows_across_a_border_are_split() {
    let series = good(&short(&["120", "120", "120", "120", "120"]));
    let long = series.resample(IntervalLength::new(300).unwrap());
    assert_eq!(arrivals(&long), [Some(300.0), Some(300.0)]);
}

#[test]
fn shorter_intervals_are_refused_with_a_note() {
    let series = good(&short(&["1", "2", "3"]));
    let same = series.resample(IntervalLength::new(60).unwrap());
    assert_eq!((same.rows, same.length_s), (series.rows, 120));
    insta::assert_snapshot!(same.notes.join("\n"), @"intervals of 120 s cannot be parted into 60 s and are kept");
}

#[test]
fn what_is_written_is_read_again() {
    let text = format!(
        "{HEADER}2025-03-01 00:00:00,73.6,1234567,0.1,105.25,3\n2025-03-01 00:02:00,,,,,\n\
         2025-03-01 00:04:00,,0,0,0,0.333333\n2025-03-01 00:08:00,1e-7,5e11,1,16777216,\n"
    );
    let series = good(&text);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("again.csv");
    series.write_csv(&path).unwrap();
    let again = Series::read_csv(&path).unwrap();
    assert_eq!(again, series);
    assert_eq!(again.fingerprint(), series.fingerprint());
    let written = std::fs::read_to_string(&path).unwrap();
    insta::assert_snapshot!(written, @r"
        DateTime,avg_average_processing_duration_ms,avg_unprocessed_events_count,avg_processed_events_in_interval,avg_logged_events_in_interval,avg_queued_events_in_interval
        2025-03-01T00:00:00Z,73.6,1234567,0.1,105.25,3
        2025-03-01T00:02:00Z,,,,,
        2025-03-01T00:04:00Z,,0,0,0,0.333333
        2025-03-01T00:06:00Z,,,,,
        2025-03-01T00:08:00Z,0.0000001,500000000000,1,16777216,
        ");
}

#[test]
fn a_fingerprint_is_stable_and_tells_series_apart() {
    let series = good(&short(&["1", "2", "3"]));
    insta::assert_snapshot!(series.fingerprint(), @"3f54a3e4ab89334b");
    for other in [["1", "2", "4"], ["1", "", "3"], ["1", "0", "3"]] {
        assert_ne!(good(&short(&other)).fingerprint(), series.fingerprint());
    }
}

#[test]
fn failed_writes_are_said() {
    let series = good(&short(&["1", "2", "3"]));
    let error = series.write_csv(Path::new("no/such/folder/out.csv")).unwrap_err();
    insta::assert_snapshot!(error, @"no/such/folder/out.csv: cannot be written (No such file or directory (os error 2)); check the path, who may write there and the free space, and delete what was written of it");
    // Linux has a device that is always full.
    let full = Path::new("/dev/full");
    if full.exists() {
        let error = series.write_csv(full).unwrap_err();
        insta::assert_snapshot!(error, @"/dev/full: cannot be written (No space left on device (os error 28)); check the path, who may write there and the free space, and delete what was written of it");
    }
}

const PLANNED: &str = "timestamp,value,promo,holiday\n2025-03-01 00:00,5,,no\n\
     2025-03-01 00:02,6,1.5,\n2025-03-01 00:06,8,0,true\n2025-03-01 00:08,,2,0\n\
     2025-03-01 00:10,,,0\n";

#[test]
fn plans_are_read_beyond_the_last_measurement() {
    let series = good(PLANNED);
    assert_eq!(
        series.plans,
        [[0.0, 0.0], [0.0, 1.5], [0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [0.0, 0.0]]
    );
    assert_eq!((series.rows.len(), series.measured()), (6, 4));
    insta::assert_snapshot!(series.notes.join("\n"), @r"
    1 of 4 intervals have no arrivals (gaps)
    2 intervals at the end say only what is planned
    ");
    let without = good(&short(&["5", "6", "", "8"]));
    assert!(without.plans.is_empty());
    assert_ne!(series.fingerprint(), without.fingerprint());
}

#[test]
fn of_plans_the_largest_is_kept() {
    let length = |seconds| IntervalLength::new(seconds).unwrap();
    let long = good(PLANNED).resample(length(240));
    assert_eq!(long.plans, [[0.0, 1.5], [1.0, 0.0], [0.0, 2.0]]);
    // The row from 00:04 to 00:06 lies in both, and so does what is planned from 00:08 on.
    let across = good(PLANNED).resample(length(300));
    assert_eq!(across.plans, [[0.0, 1.5], [1.0, 2.0], [0.0, 0.0]]);
    assert_eq!(across.rows.len(), across.plans.len());
}

#[test]
fn plans_are_written_and_read_again() {
    let series = good(PLANNED);
    let mut text = Vec::new();
    series.to_writer("out.csv", &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(text.lines().next().unwrap().ends_with("_queued_events_in_interval,holiday,campaign"));
    assert!(text.lines().nth(2).unwrap().ends_with(",6,,0,1.5"), "{text}");
    let again = good(&text);
    assert_eq!(again.plans, series.plans);
    assert_eq!(again.fingerprint(), series.fingerprint());
}

#[test]
fn what_is_wrong_with_a_plan() {
    let text = |size: &str| PLANNED.replace("1.5", size);
    insta::assert_snapshot!(error(&text("spring")), @"metrics.csv, line 3, column `promo`: `spring` is no size of what is planned; write 0 or 1, true or false, or a size such as 1.5 (1 is the usual one), or rename the column if it holds something else");
    insta::assert_snapshot!(error(&text("-1")), @"metrics.csv, line 3, column `promo`: `-1` is no size of what is planned; write 0 or 1, true or false, or a size such as 1.5 (1 is the usual one), or rename the column if it holds something else");
    assert!(matches!(read(&text("inf")), Err(DataError::Plan { .. })));
}

#[test]
fn a_pipe_is_read_although_it_gives_what_it_has_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.csv");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let text = format!(
        "{HEADER}2024-05-06 00:00, 1, 2, 3, 4, 5\n2024-05-06 00:02, 1, 2, 3, 7, 5\n2024-05-06 00:04, 1, 2, 3, 6, 5\n"
    );
    let series = std::thread::scope(|scope| {
        scope.spawn(|| std::fs::write(&path, &text).unwrap());
        Series::read_csv(&path).unwrap()
    });
    assert_eq!(arrivals(&series), [Some(4.0), Some(7.0), Some(6.0)]);
    assert_eq!(series, good(&text));
}
