//! Keys of the reference's configuration that mean nothing here. They are taken, so that its file
//! parses as it stands, and each that is given is told with the reason.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

/// A value of any shape that is not used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Unused {
    given: bool,
}

impl<'de> Deserialize<'de> for Unused {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self { given: true })
    }
}

/// What a file says and this program does otherwise.
#[derive(Debug, Default)]
pub(super) struct Notes(pub(super) Vec<String>);

impl Notes {
    /// Notes those of the `keys` of `section` (empty for the top) that were given and do nothing, and
    /// `why`.
    pub(super) fn unused(&mut self, section: &str, why: &str, keys: &[(&str, Unused)]) {
        for (key, _) in keys.iter().filter(|(_, value)| value.given) {
            let dot = if section.is_empty() { "" } else { "." };
            self.0.push(format!("`{section}{dot}{key}` is not used: {why}"));
        }
    }

    /// Gives what counts of a value that the model format fixes: the reference's own is noted and gives
    /// way to `ours`; any other is kept, for the checks to refuse.
    pub(super) fn fixed<T: PartialEq + std::fmt::Debug>(
        &mut self,
        key: &str,
        given: T,
        reference: &T,
        ours: T,
    ) -> T {
        if given != *reference || given == ours {
            return given;
        }
        self.0.push(format!("`{key}`: the model format has {ours:?} in the place of {given:?}"));
        ours
    }
}
