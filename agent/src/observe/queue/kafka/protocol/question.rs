//! What a question to a broker is, and the one that is asked first.

use super::codec::{Malformed, Reader, Writer};

/// A question to a broker.
pub(in super::super) trait Question {
    /// Its number in the protocol.
    const KEY: i16;
    /// The version in which it is asked.
    const VERSION: i16;
    /// Its name in the protocol.
    const NAME: &'static str;
    /// What is answered.
    type Answer;

    /// Writes it, without its header.
    fn write(&self, w: &mut Writer);

    /// Reads its answer, without its header.
    ///
    /// # Errors
    /// If it ends too early, or says what cannot be.
    fn read(r: &mut Reader<'_>) -> Result<Self::Answer, Malformed>;
}

/// Asks which questions the broker knows.
pub(in super::super) struct ApiVersions;

/// Questions that a broker knows.
pub(in super::super) struct KnownVersions {
    pub(in super::super) error: i16,
    /// Number, first and last version.
    pub(in super::super) known: Vec<(i16, i16, i16)>,
}

impl Question for ApiVersions {
    const KEY: i16 = 18;
    const VERSION: i16 = 0;
    const NAME: &'static str = "ApiVersions";
    type Answer = KnownVersions;

    fn write(&self, _: &mut Writer) {}

    fn read(r: &mut Reader<'_>) -> Result<KnownVersions, Malformed> {
        let error = r.i16()?;
        Ok(KnownVersions { error, known: r.list(|r| Ok((r.i16()?, r.i16()?, r.i16()?)))? })
    }
}
