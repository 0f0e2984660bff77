//! How a file parts its lines into fields: its delimiter, and blanks before quotes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{number, time};

/// What may part fields, the likeliest first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Records from the start that show the delimiter.
const SAMPLE: usize = 1000;

/// The delimiter of `text`, and the text without the line in which Excel is told it (`sep=;`) and
/// without blanks before quotes.
pub(super) fn sniff(text: &str) -> (u8, Cow<'_, str>) {
    let (delimiter, text) = match stated(text) {
        Some((delimiter, rest)) => (delimiter, rest),
        None => (likeliest(text), Cow::Borrowed(text)),
    };
    (delimiter, without_blanks_before_quotes(text, delimiter))
}

/// A first line `sep=;` is certain. An empty line takes its place, so that line numbers stay.
fn stated(text: &str) -> Option<(u8, Cow<'_, str>)> {
    let (first, rest) = text.split_once('\n')?;
    let mark = first.trim_end_matches('\r').trim_matches('"').strip_prefix("sep=")?;
    let [delimiter] = mark.as_bytes() else { return None };
    Some((*delimiter, format!("\n{rest}").into()))
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
    for record in reader(text, delimiter).into_records().take(SAMPLE).flatten() {
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
pub(super) fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes())
}

/// `a, "b"` means what `a,"b"` does, and the parser only knows the latter.
fn without_blanks_before_quotes(text: Cow<'_, str>, delimiter: u8) -> Cow<'_, str> {
    let marked = [char::from(delimiter), ' ', '"'].iter().collect::<String>();
    if delimiter == b' ' || !text.contains(&marked) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let (mut quoted, mut at_start, mut blanks) = (false, true, 0);
    for c in text.chars() {
        if !quoted && at_start && c == ' ' {
            blanks += 1;
            continue;
        }
        let opens = !quoted && at_start && c == '"';
        if !opens {
            out.extend(std::iter::repeat_n(' ', blanks));
        }
        blanks = 0;
        if c == '"' && (quoted || at_start) {
            quoted = !quoted;
        }
        at_start = !quoted && (c == char::from(delimiter) || c == '\n');
        out.push(c);
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delimiter(text: &str) -> char {
        char::from(sniff(text).0)
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
    fn what_excel_is_told_is_certain_and_keeps_its_line() {
        let (delimiter, text) = sniff("sep=;\r\na;b\r\n1,5;2\r\n");
        assert_eq!((delimiter, &*text), (b';', "\na;b\r\n1,5;2\r\n"));
    }

    #[test]
    fn blanks_before_quotes_go_and_others_stay() {
        let text = "a, \"b, \"\"c\"\", d\",  x\n \"e\", f\n";
        assert_eq!(sniff(text).1, "a,\"b, \"\"c\"\", d\",  x\n\"e\", f\n");
    }
}
