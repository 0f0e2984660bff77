//! Lines of bounded length: memory stays constant even when a line never ends.

use std::io::{self, BufRead, ErrorKind};

/// Longest line that is kept, in bytes.
pub const MAX_LINE_BYTES: usize = 64 * 1024;

/// How far reading came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The end of a line: see [`Lines::line`].
    Line,
    /// The end of the input, behind a whole line. A file that grows may have more later.
    End,
    /// The end of the input amid a line: see [`Lines::line`].
    Rest,
}

/// Splits a reader into lines.
#[derive(Debug)]
pub struct Lines<R> {
    reader: R,
    line: Vec<u8>,
    too_long: bool,
    complete: bool,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// Lines of `reader`.
    pub fn new(reader: R) -> Self {
        Self { reader, line: Vec::new(), too_long: false, complete: true, number: 0 }
    }

    /// 1-based number of the line last read.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The line last read, without its end; `None` if it was longer than [`MAX_LINE_BYTES`].
    pub fn line(&self) -> Option<&[u8]> {
        let line = self.line.strip_suffix(b"\r").unwrap_or(&self.line);
        (!self.too_long).then_some(line)
    }

    /// Reads up to the end of a line or of the input. Called again behind [`Found::Rest`], it goes
    /// on with the same line.
    ///
    /// # Errors
    /// If reading fails.
    pub fn read(&mut self) -> io::Result<Found> {
        loop {
            let chunk = match self.reader.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if chunk.is_empty() {
                return Ok(if self.complete { Found::End } else { Found::Rest });
            }
            if self.complete {
                self.line.clear();
                self.too_long = false;
                self.complete = false;
                self.number += 1;
            }
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let part = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or_default();
            if self.line.len() + part.len() > MAX_LINE_BYTES {
                self.too_long = true;
                self.line.clear();
            } else if !self.too_long {
                self.line.extend_from_slice(part);
            }
            let used = part.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() {
                self.complete = true;
                return Ok(Found::Line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufReader, Cursor, Read};

    fn kinds(text: &[u8]) -> Vec<String> {
        let mut lines = Lines::new(BufReader::with_capacity(7, Cursor::new(text)));
        let mut out = Vec::new();
        loop {
            let found = lines.read().unwrap();
            let line = lines.line().map_or("(too long)".into(), String::from_utf8_lossy);
            match found {
                Found::Line => out.push(line.into_owned()),
                Found::Rest => out.push(format!("rest {line}")),
                Found::End => {}
            }
            if found != Found::Line {
                return out;
            }
        }
    }

    #[test]
    fn lines_are_split_whatever_the_buffer() {
        assert_eq!(kinds(b""), [""; 0]);
        assert_eq!(kinds(b"\n\r\nab\r\n0123456789\n"), ["", "", "ab", "0123456789"]);
        assert_eq!(kinds(b"a\nb"), ["a", "rest b"]);
    }

    #[test]
    fn a_long_line_is_skipped_and_the_next_is_read() {
        let mut text = vec![b'x'; MAX_LINE_BYTES + 1];
        text.extend_from_slice(b"\nok\n");
        assert_eq!(kinds(&text), ["(too long)", "ok"]);
        let longest = vec![b'x'; MAX_LINE_BYTES];
        assert_eq!(kinds(&[&longest[..], b"\n"].concat())[0].len(), MAX_LINE_BYTES);
    }

    #[test]
    fn an_endless_line_takes_no_memory() {
        let mut lines = Lines::new(BufReader::new(io::repeat(b'x').take(64 << 20)));
        assert_eq!(lines.read().unwrap(), Found::Rest);
        assert!(lines.line.capacity() <= 2 * MAX_LINE_BYTES);
        assert_eq!(lines.line(), None);
    }
}
