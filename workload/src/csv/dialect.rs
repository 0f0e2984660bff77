//! How a file parts its lines into fields.

use super::{number, time};
use std::collections::BTreeMap;
use std::io::Read;

/// What may part fields, the likeliest first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Records from the start that show the delimiter.
const SAMPLE: usize = 1000;
/// Bytes that are parted at once.
const BUFFER: usize = 64 << 10;

/// How lines are parted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) delimiter: u8,
    /// Whether the first line tells Excel the delimiter (`sep=;`), and nothing else.
    pub(super) is_stated: bool,
}

/// Tells the dialect from the `head` of a file.
pub(super) fn sniff(head: &str) -> Dialect {
    match stated(head) {
        Some(delimiter) => Dialect { delimiter, is_stated: true },
        None => Dialect { delimiter: likeliest(head), is_stated: false },
    }
}

/// A first line `sep=;` is certain.
fn stated(text: &str) -> Option<u8> {
    let (first, _) = text.split_once(['\r', '\n'])?;
    let mark = first.trim_matches('"').strip_prefix("sep=")?;
    let [delimiter] = mark.as_bytes() else { return None };
    Some(*delimiter)
}

/// The delimiter that makes the most rows of one length out of times, numbers and plain words.
fn likeliest(text: &str) -> u8 {
    let mut best = (0.0, b',');
    for delimiter in DELIMITERS {
        let score = score(text, delimiter);
        if score > best.0 {
            best = (score, delimiter);
        }
    }
    best.1
}

/// Rows of the commonest length above one, times the share of their fields that are whole.
fn score(text: &str, delimiter: u8) -> f64 {
    let mut lengths: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for record in reader(text.as_bytes(), delimiter).into_records().take(SAMPLE).flatten() {
        let sound = record.iter().filter(|field| is_whole(field, delimiter)).count();
        let (rows, fields) = lengths.entry(record.len()).or_default();
        *rows += 1;
        *fields += sound;
    }
    let longer = lengths.into_iter().filter(|(length, _)| *length > 1);
    longer
        .max_by_key(|(_, (rows, _))| *rows)
        .map_or(0.0, |(length, (_, sound))| sound as f64 / length as f64)
}

/// Whether a field is not two that another delimiter would part.
fn is_whole(field: &str, delimiter: u8) -> bool {
    let others = || DELIMITERS.into_iter().filter(|other| *other != delimiter);
    !others().any(|other| field.as_bytes().contains(&other))
        || time::is_written(field)
        || number::is_number(field)
}

/// A reader of records that takes any number of fields and every line.
pub(super) fn reader<R: Read>(text: R, delimiter: u8) -> csv::Reader<R> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .buffer_capacity(BUFFER)
        .from_reader(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delimiter(text: &str) -> char {
        char::from(sniff(text).delimiter)
    }

    #[test]
    fn a_delimiter_is_told_by_what_it_parts() {
        assert_eq!(delimiter("timestamp,value\n2024-05-06,1\n2024-05-07,2\n"), ',');
        assert_eq!(delimiter("t;v\n06.05.2024 00:00;4179,0\n06.05.2024 00:05;4161,5\n"), ';');
        assert_eq!(delimiter("t;v\n1714953600;4179,0\n1714953900;4161,5\n"), ';');
        assert_eq!(delimiter("t\tv\n2024-05-06\t4,179\n2024-05-07\t4,161\n"), '\t');
        assert_eq!(delimiter("t|v\n2024-05-06|1\n"), '|');
        let months = "t,v\n\"May 6, 2024 @ 00:00\",\"4,179\"\n\"May 6, 2024 @ 00:05\",\"4,161\"\n";
        assert_eq!(delimiter(months), ',');
        assert_eq!(delimiter("timestamp\n2024-05-06 00:00:01\n"), ',');
    }

    #[test]
    fn what_excel_is_told_is_certain() {
        let dialect = sniff("sep=;\r\na,b;c\r\n1,5;2\r\n");
        assert_eq!(dialect, Dialect { delimiter: b';', is_stated: true });
        assert_eq!(sniff("\"sep=|\"\ra|b\r"), Dialect { delimiter: b'|', is_stated: true });
    }
}
