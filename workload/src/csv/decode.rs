//! From the bytes of a file to its text: what an export may be encoded in.

use super::source::Source;
use crate::error::DataError;
use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::io::{self, Read};

/// Bytes at the start in which zero bytes tell UTF-16 without a byte order mark.
const HEAD: u64 = 512;
/// Bytes that are decoded at once.
const BLOCK: usize = 64 << 10;

/// How a file is encoded, and what a user should know of it.
#[derive(Clone, Debug)]
pub(super) struct Encoded {
    encoding: &'static Encoding,
    /// Whether lines end with a carriage return alone.
    pub(super) lone_returns: bool,
    pub(super) notes: Vec<String>,
}

impl Encoded {
    /// Looks through all of a file: UTF-8, UTF-16 in either order, or else Windows-1252.
    pub(super) fn of(file: &str, source: &Source<'_>) -> Result<Self, DataError> {
        let unreadable = |source| DataError::Unreadable { file: file.into(), source };
        let not_text = |what| DataError::NotText { file: file.into(), what };
        let mut head = Vec::new();
        let read = source.bytes().and_then(|bytes| bytes.take(HEAD).read_to_end(&mut head));
        read.map_err(unreadable)?;
        if let Some(what) = binary(&head) {
            return Err(not_text(what));
        }
        let marked = Encoding::for_bom(&head).map(|(encoding, _)| encoding).or(utf16(&head));
        let (mut encoding, mut notes) = (marked.unwrap_or(UTF_8), Vec::new());
        let mut look = Look::default();
        if !look.through(source, encoding, marked.is_none()).map_err(unreadable)? {
            encoding = WINDOWS_1252;
            notes.push("the file is not UTF-8 and was read as Windows-1252".to_string());
            look = Look::default();
            look.through(source, encoding, false).map_err(unreadable)?;
        }
        if look.zeros {
            return Err(not_text("binary data"));
        }
        if let Some(what) = look.first.and_then(markup) {
            return Err(not_text(what));
        }
        Ok(Self { encoding, lone_returns: look.returns && !look.feeds, notes })
    }

    /// The text of a file, as UTF-8.
    pub(super) fn text<R: Read>(&self, bytes: R) -> Decoded<R> {
        Decoded {
            bytes,
            decoder: self.encoding.new_decoder_with_bom_removal(),
            raw: vec![0; BLOCK],
            text: Vec::new(),
            at: 0,
            ended: false,
        }
    }
}

/// What is in a text.
#[derive(Default)]
struct Look {
    /// The first character that is no blank.
    first: Option<char>,
    zeros: bool,
    returns: bool,
    feeds: bool,
}

impl Look {
    /// Looks through a text; false if it is `strict`ly not in that encoding.
    fn through(
        &mut self,
        source: &Source<'_>,
        encoding: &'static Encoding,
        strict: bool,
    ) -> io::Result<bool> {
        let mut bytes = source.bytes()?;
        let mut decoder = encoding.new_decoder_with_bom_removal();
        let mut raw = vec![0; BLOCK];
        let mut text = vec![0; room(&decoder)];
        loop {
            let read = read_some(&mut bytes, &mut raw)?;
            let block = raw.get(..read).unwrap_or_default();
            let written = if strict {
                let (result, _, written) =
                    decoder.decode_to_utf8_without_replacement(block, &mut text, read == 0);
                if matches!(result, DecoderResult::Malformed(..)) {
                    return Ok(false);
                }
                written
            } else {
                decoder.decode_to_utf8(block, &mut text, read == 0).2
            };
            self.see(text.get(..written).unwrap_or_default());
            if read == 0 {
                return Ok(true);
            }
        }
    }

    fn see(&mut self, text: &[u8]) {
        let has = |byte: u8| text.contains(&byte);
        self.zeros |= has(0);
        self.returns |= has(b'\r');
        self.feeds |= has(b'\n');
        if self.first.is_none() {
            let text = String::from_utf8_lossy(text);
            self.first = text.trim_start().chars().next();
        }
    }
}

/// Text as UTF-8.
pub(super) struct Decoded<R> {
    bytes: R,
    decoder: encoding_rs::Decoder,
    raw: Vec<u8>,
    text: Vec<u8>,
    /// How much of the text was read.
    at: usize,
    ended: bool,
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at == self.text.len() && !self.ended {
            let read = read_some(&mut self.bytes, &mut self.raw)?;
            self.ended = read == 0;
            self.text.resize(room(&self.decoder), 0);
            let block = self.raw.get(..read).unwrap_or_default();
            let written = self.decoder.decode_to_utf8(block, &mut self.text, self.ended).2;
            self.text.truncate(written);
            self.at = 0;
        }
        let read = self.text.get(self.at..).unwrap_or_default().read(into)?;
        self.at += read;
        Ok(read)
    }
}

/// Bytes that a block becomes at most.
fn room(decoder: &encoding_rs::Decoder) -> usize {
    decoder.max_utf8_buffer_length(BLOCK).unwrap_or(4 * BLOCK)
}

/// Reads what there is, once more if it is interrupted; 0 at the end.
fn read_some(bytes: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match bytes.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
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
fn markup(first: char) -> Option<&'static str> {
    match first {
        '{' | '[' => Some("JSON"),
        '<' => Some("HTML or XML"),
        _ => None,
    }
}

/// UTF-16 without a mark: text of mostly Latin characters has a zero in every second byte.
fn utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..bytes.len() & !1).unwrap_or_default();
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

    fn decode(bytes: &[u8]) -> Result<(String, Encoded), DataError> {
        let source = Source::hold("m.csv", bytes)?;
        let encoded = Encoded::of("m.csv", &source)?;
        let mut text = String::new();
        encoded.text(bytes).read_to_string(&mut text).unwrap();
        Ok((text, encoded))
    }

    fn text(bytes: &[u8]) -> String {
        decode(bytes).unwrap().0
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
        let (decoded, encoded) = decode(&latin).unwrap();
        assert_eq!((decoded.as_str(), encoded.notes.len()), (TEXT, 1));
    }

    #[test]
    fn characters_may_lie_on_the_edge_of_a_block() {
        for before in BLOCK - 3..BLOCK + 1 {
            let long = format!("{}ä€\n", "x".repeat(before));
            assert_eq!(text(long.as_bytes()), long);
        }
        // What is no UTF-8 may show late.
        let late = [&[b'x'; 3 * BLOCK][..], b"\xE4\n"].concat();
        assert!(text(&late).ends_with("xä\n"));
    }

    #[test]
    fn lone_carriage_returns_are_noticed() {
        let alone = |bytes: &[u8]| decode(bytes).unwrap().1.lone_returns;
        assert!(alone(b"a,b\r1,2\r"));
        assert!(!alone(b"a,b\r\n1,2\r\n") && !alone(b"a,b\n1,2\n"));
    }

    #[test]
    fn what_is_no_text_is_named() {
        let error = |bytes: &[u8]| decode(bytes).unwrap_err().to_string();
        assert!(error(b"PK\x03\x04...").contains("workbook"));
        assert!(error(b"\x1F\x8B\x08").contains("gzip"));
        assert!(error(b"ab\0cd\0\0").contains("binary"));
        assert!(error(b" {\"status\": \"success\"}").contains("JSON"));
    }
}
