//! Files that are not held, but gone through part by part.

use super::*;
use std::cell::Cell;
use std::io::{self, Cursor, Read};
use std::rc::Rc;

/// What is larger is not held.
const HELD_BYTES: usize = 16 << 20;

/// Reads `text` from a source that can be opened again, and says how often it was.
fn opened(text: &str, options: &ReadOptions) -> (Result<Series, DataError>, u32) {
    let (bytes, times): (Rc<[u8]>, Cell<u32>) = (text.as_bytes().into(), Cell::new(0));
    let open = || {
        times.set(times.get() + 1);
        Ok(Box::new(Cursor::new(bytes.clone())) as Box<dyn Read>)
    };
    (Series::from_source_with("m.csv", &open, options), times.get())
}

#[test]
fn what_is_read_part_by_part_is_what_is_held() {
    let filler = "x".repeat(3 * HELD_BYTES / 4 / counts().len());
    let mut text = String::from("sep=;\r\n\r\ntime;events; \"what, and; who\"\r\n");
    for (k, count) in counts().iter().enumerate() {
        let at = stamp(START_S + 300 * k as i64);
        text += &format!("{at};{count}; \"a \"\"{filler}\"\";\r\n\r\n{filler}\"\r\n\r\n");
    }
    assert!(text.len() > HELD_BYTES);
    let options = ReadOptions { column: vec!["events".into()], ..ReadOptions::default() };
    let (series, times) = opened(&text, &options);
    let series = series.unwrap();
    assert!(times > 2, "opened {times} times");
    assert_eq!(series, good_with(&text, &options));
    assert_eq!(total(&series), counts().iter().copied().map(f64::from).sum::<f64>());
    // Lines are counted as an editor does: two blank ones at the top, five a row.
    let wrong = text.replacen(&format!(";{};", counts()[500]), ";many;", 1);
    let line = 1 + wrong.lines().position(|line| line.contains(";many;")).unwrap();
    let error = opened(&wrong, &options).0.unwrap_err().to_string();
    assert!(error.contains(&format!("line {line},")) && error.contains("many"), "{error}");
}

#[test]
fn a_log_is_counted_however_long_it_is() {
    const ROWS: i64 = 800_000;
    let mut text = String::from("time,queue\n");
    (0..ROWS).for_each(|k| {
        text += &format!("{},{}\n", stamp(START_S + k / 8), ["a", "b"][k as usize % 2])
    });
    assert!(text.len() > HELD_BYTES);
    let options = ReadOptions { count_rows: true, ..ReadOptions::default() };
    let (series, times) = opened(&text, &options);
    let series = series.unwrap();
    assert!(times > 2, "opened {times} times");
    assert_eq!(arrivals(&series)[..3], [Some(960.0); 3]);
    assert_eq!(total(&series) as i64, ROWS);
    let note = format!("{ROWS} rows at any time were counted in intervals of 120 s");
    assert!(series.notes.iter().any(|n| n.starts_with(&note)), "{:?}", series.notes);
    text += "2024-13-45T00:00:00Z,a\n2024-05-06T00:00:00Z,b\n";
    let error = opened(&text, &options).0.unwrap_err().to_string();
    assert!(error.contains(&format!("line {}", ROWS + 2)), "{error}");
}

#[test]
fn a_disk_that_fails_on_the_way_is_told() {
    struct Failing(Cursor<Vec<u8>>);
    impl Read for Failing {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            match self.0.read(into)? {
                0 => Err(io::Error::other("the disk is gone")),
                read => Ok(read),
            }
        }
    }
    let text = "time,events\n2024-05-06T00:00:00Z,1\n".repeat(20);
    let open = || Ok(Box::new(Failing(Cursor::new(text.clone().into_bytes()))) as Box<dyn Read>);
    let error = Series::from_source_with("m.csv", &open, &ReadOptions::default()).unwrap_err();
    assert!(error.to_string().contains("the disk is gone"), "{error}");
}

fn stamp(at_s: i64) -> String {
    jiff::Timestamp::from_second(at_s).unwrap().to_string()
}
