//! From the bytes of a file to its text: what an export may be encoded in.

use crate::error::DataError;
use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::io::Read;

/// Largest file that is read, in bytes: it is held in memory.
const MAX_BYTES: u64 = 1 << 30;
/// Bytes at the start in which zero bytes tell UTF-16 without a byte order mark.
const HEAD: usize = 512;

/// A file's text, and what a user should know of how it was decoded.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) text: String,
    pub(super) notes: Vec<String>,
}

/// Reads all of `reader` and decodes it: UTF-8, UTF-16 in either order, or else Windows-1252.
pub(super) fn decode(file: &str, reader: impl Read) -> Result<Decoded, DataError> {
    let mut bytes = Vec::new();
    reader
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| DataError::Unreadable { file: file.into(), source })?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(DataError::LargeFile { file: file.into(), max_mib: MAX_BYTES >> 20 });
    }
    if let Some(what) = binary(&bytes) {
        return Err(DataError::NotText { file: file.into(), what });
    }
    let mut notes = Vec::new();
    let mut text = match Encoding::for_bom(&bytes).map(|(encoding, _)| encoding).or(utf16(&bytes)) {
        Some(encoding) => encoding.decode(&bytes).0.into_owned(),
        None => String::from_utf8(bytes).unwrap_or_else(|error| {
            notes.push("the file is not UTF-8 and was read as Windows-1252".to_string());
            WINDOWS_1252.decode(error.as_bytes()).0.into_owned()
        }),
    };
    if text.contains('\0') {
        return Err(DataError::NotText { file: file.into(), what: "binary data" });
    }
    if let Some(what) = markup(&text) {
        return Err(DataError::NotText { file: file.into(), what });
    }
    if text.contains('\r') && !text.contains('\n') {
        text = text.replace('\r', "\n");
    }
    Ok(Decoded { text, notes })
}

/// What a file is that begins like something else than text.
fn binary(bytes: &[u8]) -> Option<&'static str> {
    const STARTS: [(&[u8], &str); 6] = [
        (b"PK\x03\x04", "a workbook or an archive (zip)"),
        (b"\xD0\xCF\x11\xE0", "an old Excel workbook"),
        (b"\x1F\x8B", "compressed (gzip)"),
        (b"\x28\xB5\x2F\xFD", "compressed (zstd)"),
        (b"PAR1", "a Parquet file"),
        (b"SQLite format 3", "a SQLite database"),
    ];
    STARTS.into_iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, what)| what)
}

/// Text of another kind: no line of a table begins so.
fn markup(text: &str) -> Option<&'static str> {
    match text.trim_start().chars().next()? {
        '{' | '[' => Some("JSON"),
        '<' => Some("HTML or XML"),
        _ => None,
    }
}

/// UTF-16 without a mark: text of mostly Latin characters has a zero in every second byte.
fn utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..HEAD.min(bytes.len()) & !1).unwrap_or_default();
    let zeros = |parity: usize| head.iter().skip(parity).step_by(2).filter(|b| **b == 0).count();
    let most = head.len() / 4;
    match (zeros(0), zeros(1)) {
        (0, odd) if odd > most => Some(UTF_16LE),
        (even, 0) if even > most => Some(UTF_16BE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "time;Zähler\n2024-05-06;1\n";

    fn text(bytes: &[u8]) -> String {
        decode("m.csv", bytes).unwrap().text
    }

    #[test]
    fn every_encoding_gives_the_same_text() {
        let units: Vec<u16> = TEXT.encode_utf16().collect();
        let le: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let be: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        let marked = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
        assert_eq!(text(TEXT.as_bytes()), TEXT);
        assert_eq!(text(&marked(b"\xEF\xBB\xBF", TEXT.as_bytes())), TEXT);
        assert_eq!(text(&marked(b"\xFF\xFE", &le)), TEXT);
        assert_eq!(text(&marked(b"\xFE\xFF", &be)), TEXT);
        assert_eq!((text(&le), text(&be)), (TEXT.into(), TEXT.into()));
        let latin = WINDOWS_1252.encode(TEXT).0;
        let decoded = decode("m.csv", &*latin).unwrap();
        assert_eq!((decoded.text.as_str(), decoded.notes.len()), (TEXT, 1));
    }

    #[test]
    fn lone_carriage_returns_end_lines() {
        assert_eq!(text(b"a,b\r1,2\r"), "a,b\n1,2\n");
        assert_eq!(text(b"a,b\r\n1,2\r\n"), "a,b\r\n1,2\r\n");
    }

    #[test]
    fn what_is_no_text_is_named() {
        let error = |bytes: &[u8]| decode("m.xlsx", bytes).unwrap_err().to_string();
        assert!(error(b"PK\x03\x04...").contains("workbook"));
        assert!(error(b"\x1F\x8B\x08").contains("gzip"));
        assert!(error(b"ab\0cd\0\0").contains("binary"));
        assert!(error(b" {\"status\": \"success\"}").contains("JSON"));
    }
}
