//! Numbers, texts and lists as Kafka writes them before its flexible versions: big-endian, with a length in
//! front.
//!
//! An answer may come from anybody: each length is held against the bytes that are there, and nothing is
//! set aside for a count that is only claimed.

use super::super::partition::ByTopic;

/// An answer that ends too early, or says what cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Malformed;

/// Writes a question.
#[derive(Debug, Default)]
pub(in super::super) struct Writer(Vec<u8>);

impl Writer {
    pub(in super::super) fn bool(&mut self, value: bool) {
        self.0.push(value.into());
    }

    pub(in super::super) fn i8(&mut self, value: i8) {
        self.0.extend(value.to_be_bytes());
    }

    pub(in super::super) fn i16(&mut self, value: i16) {
        self.0.extend(value.to_be_bytes());
    }

    pub(in super::super) fn i32(&mut self, value: i32) {
        self.0.extend(value.to_be_bytes());
    }

    pub(in super::super) fn i64(&mut self, value: i64) {
        self.0.extend(value.to_be_bytes());
    }

    /// A text of 32 767 bytes at most, as the settings see to.
    pub(in super::super) fn text(&mut self, text: &str) {
        self.i16(text.len() as i16);
        self.0.extend(text.as_bytes());
    }

    pub(in super::super) fn bytes(&mut self, bytes: &[u8]) {
        self.i32(bytes.len() as i32);
        self.0.extend(bytes);
    }

    pub(in super::super) fn list<T>(&mut self, items: &[T], write: impl Fn(&mut Self, &T)) {
        self.i32(items.len() as i32);
        items.iter().for_each(|item| write(self, item));
    }

    /// Partitions by topic, each written by `write`.
    pub(in super::super) fn partitions(
        &mut self,
        topics: &ByTopic,
        write: impl Fn(&mut Self, &i32),
    ) {
        self.i32(topics.0.len() as i32);
        for (topic, partitions) in &topics.0 {
            self.text(topic);
            self.list(partitions, &write);
        }
    }

    /// Returns what was written, as a frame: with its length in front.
    pub(in super::super) fn framed(self) -> Vec<u8> {
        let mut frame = (self.0.len() as i32).to_be_bytes().to_vec();
        frame.extend(self.0);
        frame
    }
}

/// Reads an answer.
#[derive(Debug)]
pub(in super::super) struct Reader<'a>(pub(in super::super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(in super::super) fn i16(&mut self) -> Result<i16, Malformed> {
        self.array().map(i16::from_be_bytes)
    }

    pub(in super::super) fn i32(&mut self) -> Result<i32, Malformed> {
        self.array().map(i32::from_be_bytes)
    }

    pub(in super::super) fn i64(&mut self) -> Result<i64, Malformed> {
        self.array().map(i64::from_be_bytes)
    }

    pub(in super::super) fn skip(&mut self, bytes: usize) -> Result<(), Malformed> {
        self.take(bytes).map(drop)
    }

    pub(in super::super) fn text(&mut self) -> Result<&'a str, Malformed> {
        self.nullable_text()?.ok_or(Malformed)
    }

    pub(in super::super) fn nullable_text(&mut self) -> Result<Option<&'a str>, Malformed> {
        match self.i16()? {
            -1 => Ok(None),
            length => {
                let bytes = self.take(usize::try_from(length).map_err(|_| Malformed)?)?;
                std::str::from_utf8(bytes).map(Some).map_err(|_| Malformed)
            }
        }
    }

    /// Null is none.
    pub(in super::super) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.i32()?.max(0) as usize;
        self.take(length)
    }

    /// A list, of which each item is read by `read`; null is an empty one.
    pub(in super::super) fn list<T>(
        &mut self,
        read: impl Fn(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, Malformed> {
        let count = self.i32()?.max(0);
        (0..count).map(|_| read(self)).collect()
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.take(N)?.try_into().map_err(|_| Malformed)
    }

    fn take(&mut self, bytes: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(bytes).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let mut writer = Writer::default();
        writer.text("orders");
        writer.i64(-2);
        writer.list(&[1, 2], |w, index| w.i32(*index));
        let frame = writer.framed();
        let mut reader = Reader(&frame);
        assert_eq!(reader.i32(), Ok(frame.len() as i32 - 4));
        assert_eq!((reader.text(), reader.i64()), (Ok("orders"), Ok(-2)));
        assert_eq!(reader.list(Reader::i32), Ok(vec![1, 2]));
        assert_eq!(reader.i16(), Err(Malformed));
    }

    #[test]
    fn a_length_that_is_only_claimed_costs_nothing() {
        assert_eq!(Reader(&[0x7f, 0xff, 0xff, 0xff, 0]).list(Reader::i32), Err(Malformed));
        assert_eq!(Reader(&[0x7f, 0xff, b'a']).text(), Err(Malformed));
        assert_eq!(Reader(&[0, 0, 0, 2, b'a']).bytes(), Err(Malformed));
        assert_eq!(Reader(&[0xff, 0xff]).nullable_text(), Ok(None));
    }
}
