//! Text as the parser of records is to have it.

use std::io::{self, Read};

/// A record that is longer has a quote that nobody closed.
const MAX_RECORD: usize = 16 << 20;
const BLOCK: usize = 64 << 10;

/// Text in which every line ends with a line feed and none is empty, so that the parser, which passes over
/// empty lines, counts them; and without blanks before quotes: `a, "b"` means what `a,"b"` does, and the parser
/// only knows the latter.
pub(super) struct Tidied<R> {
    text: R,
    delimiter: u8,
    lone_returns: bool,
    /// Whether the first line is left out: it goes to a program, not to the table.
    first_out: bool,
    block: Vec<u8>,
    tidy: Vec<u8>,
    /// How much of the tidied text was read.
    at: usize,
    ended: bool,
    /// The line that is read, the first is 1, and whether anything was in it.
    line: u64,
    is_empty: bool,
    /// Where a record began, and how long it is.
    record_line: u64,
    record_bytes: usize,
    quoted: bool,
    at_start: bool,
    /// Blanks at the start of a field, which may stand before a quote.
    blanks: usize,
    /// Whether the last byte was a carriage return.
    returned: bool,
}

impl<R: Read> Tidied<R> {
    pub(super) fn new(text: R, delimiter: u8, lone_returns: bool, first_out: bool) -> Self {
        Self {
            text,
            delimiter,
            lone_returns,
            first_out,
            block: vec![0; BLOCK],
            tidy: Vec::with_capacity(BLOCK),
            at: 0,
            ended: false,
            line: 1,
            is_empty: true,
            record_line: 1,
            record_bytes: 0,
            quoted: false,
            at_start: true,
            blanks: 0,
            returned: false,
        }
    }

    fn take(&mut self, byte: u8) {
        if std::mem::take(&mut self.returned) && byte != b'\n' {
            self.put(b'\r');
        }
        match byte {
            b'\r' if self.lone_returns => self.end_line(),
            b'\r' => self.returned = true,
            b'\n' => self.end_line(),
            _ if self.first_out && self.line == 1 => {}
            b' ' if !self.quoted && self.at_start && self.delimiter != b' ' => self.blanks += 1,
            _ => self.put(byte),
        }
    }

    fn put(&mut self, byte: u8) {
        let opens = byte == b'"' && !self.quoted && self.at_start;
        let blanks = std::mem::take(&mut self.blanks);
        if !opens {
            self.tidy.extend(std::iter::repeat_n(b' ', blanks));
        }
        if byte == b'"' && (self.quoted || opens) {
            self.quoted = !self.quoted;
        }
        self.at_start = !self.quoted && byte == self.delimiter;
        self.is_empty = false;
        self.tidy.push(byte);
    }

    fn end_line(&mut self) {
        let blanks = std::mem::take(&mut self.blanks).max(usize::from(self.is_empty));
        self.tidy.extend(std::iter::repeat_n(b' ', blanks));
        self.tidy.push(b'\n');
        self.line += 1;
        self.is_empty = true;
        if !self.quoted {
            (self.at_start, self.record_line, self.record_bytes) = (true, self.line, 0);
        }
    }
}

impl<R: Read> Read for Tidied<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at == self.tidy.len() && !self.ended {
            self.tidy.clear();
            self.at = 0;
            let read = self.text.read(&mut self.block)?;
            self.ended = read == 0;
            self.record_bytes += read;
            let block = std::mem::take(&mut self.block);
            block.iter().take(read).for_each(|byte| self.take(*byte));
            self.block = block;
            if self.record_bytes > MAX_RECORD {
                let (line, most) = (self.record_line, MAX_RECORD >> 20);
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!(
                        "what begins on line {line} has no end within {most} MiB: is a quote not closed?"
                    ),
                ));
            }
        }
        let read = self.tidy.get(self.at..).unwrap_or_default().read(into)?;
        self.at += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tidied(text: &str, lone_returns: bool, first_out: bool) -> String {
        let mut tidy = String::new();
        let mut reader = Tidied::new(text.as_bytes(), b',', lone_returns, first_out);
        reader.read_to_string(&mut tidy).unwrap();
        tidy
    }

    #[test]
    fn blanks_before_quotes_go_and_others_stay() {
        let text = "a, \"b, \"\"c\"\", d\",  x\n \"e\", f\n";
        assert_eq!(tidied(text, false, false), "a,\"b, \"\"c\"\", d\",  x\n\"e\", f\n");
    }

    #[test]
    fn every_line_ends_alike_and_none_is_empty() {
        assert_eq!(tidied("a,b\r\n\r\n1,2\r\n", false, false), "a,b\n \n1,2\n");
        assert_eq!(tidied("a,b\r1,2\r", true, false), "a,b\n1,2\n");
        // Beside line feeds a return is none.
        assert_eq!(tidied("a\rb\n", false, false), "a\rb\n");
        assert_eq!(tidied("sep=,\r\na,b\n", false, true), " \na,b\n");
    }

    #[test]
    fn a_quote_that_nobody_closes_does_not_eat_the_memory() {
        let text = format!("a,b\n1,\"{}", "x\n".repeat(MAX_RECORD / 2 + BLOCK));
        let mut reader = Tidied::new(text.as_bytes(), b',', false, false);
        let error = reader.read_to_end(&mut Vec::new()).unwrap_err().to_string();
        assert!(error.starts_with("what begins on line 2 has no end within 16 MiB"), "{error}");
    }
}
