//! Steps of logging in.

use super::codec::{Malformed, Reader, Writer};
use super::question::Question;

/// Asks whether a way of logging in is known.
pub(in super::super) struct SaslHandshake(pub(in super::super) &'static str);

/// Whether it is, and which are.
pub(in super::super) struct Mechanisms {
    pub(in super::super) error: i16,
    pub(in super::super) known: Vec<String>,
}

impl Question for SaslHandshake {
    const KEY: i16 = 17;
    const VERSION: i16 = 1;
    const NAME: &'static str = "SaslHandshake";
    type Answer = Mechanisms;

    fn write(&self, w: &mut Writer) {
        w.text(self.0);
    }

    fn read(r: &mut Reader<'_>) -> Result<Mechanisms, Malformed> {
        Ok(Mechanisms { error: r.i16()?, known: r.list(|r| Ok(r.text()?.to_owned()))? })
    }
}

/// A step of logging in.
pub(in super::super) struct SaslAuthenticate<'a>(pub(in super::super) &'a [u8]);

/// The broker's side of it.
pub(in super::super) struct Authenticated {
    pub(in super::super) error: i16,
    pub(in super::super) message: String,
    pub(in super::super) bytes: Vec<u8>,
}

impl Question for SaslAuthenticate<'_> {
    const KEY: i16 = 36;
    const VERSION: i16 = 0;
    const NAME: &'static str = "SaslAuthenticate";
    type Answer = Authenticated;

    fn write(&self, w: &mut Writer) {
        w.bytes(self.0);
    }

    fn read(r: &mut Reader<'_>) -> Result<Authenticated, Malformed> {
        let (error, message) = (r.i16()?, r.nullable_text()?.unwrap_or_default().to_owned());
        Ok(Authenticated { error, message, bytes: r.bytes()?.to_vec() })
    }
}
