//! What can be doubted of a sample.

use crate::learned::{Archive, Learned};
use core::fmt;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Seconds for which readings are doubted that nothing but the past contradicts.
pub(super) const DOUBT_S: i64 = 900;

/// Why a sample was not taken as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// Arrivals contradict what was processed and the change of the backlog, which stand in.
    Arrivals,
    /// Finished events contradict arrivals and the change of the backlog, which stand in.
    Processed,
    /// The backlog contradicts arrivals and finished events, which stand in.
    Backlog,
    /// Arrivals jump, and nothing in the sample can confirm it: they count in part, once.
    Jump,
    /// A zero that cannot be chance: missing until it has lasted.
    Silence,
    /// Nothing has changed to the last digit: no scale-down, and what was finished is missing, until that has lasted.
    Frozen,
    /// More was finished than the jobs can do: counts are missing until that has lasted.
    Counts,
    /// Fewer jobs are reported than it took to do the work: the last number stands.
    Jobs,
    /// The stated work per event contradicts what the pool does: learned from its throughput.
    Work,
    /// Nobody tells how many jobs run: those decided last count.
    Pool,
    /// Nobody tells what waits: it follows from arrivals and finished events.
    Queue,
}

impl Doubt {
    /// Every doubt, in the order of their bits.
    pub const ALL: [Self; 11] = [
        Self::Arrivals,
        Self::Processed,
        Self::Backlog,
        Self::Jump,
        Self::Silence,
        Self::Frozen,
        Self::Counts,
        Self::Jobs,
        Self::Work,
        Self::Pool,
        Self::Queue,
    ];

    /// A sentence for people.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Arrivals => {
                "arrivals contradict processed events and backlog, and follow from these"
            }
            Self::Processed => {
                "processed events contradict arrivals and backlog, and follow from these"
            }
            Self::Backlog => {
                "the backlog contradicts arrivals and processed events, and follows from these"
            }
            Self::Jump => "a jump of arrivals that nothing confirms yet counts in part",
            Self::Silence => "a sudden zero is taken as missing until it has lasted",
            Self::Frozen => "readings have not changed at all: no scale-down",
            Self::Counts => {
                "more was finished than the jobs can do: counts are taken as missing for a while"
            }
            Self::Jobs => "fewer jobs are reported than did the work: the last number stands",
            Self::Work => {
                "the stated work per event contradicts the throughput, from which it is learned"
            }
            Self::Pool => "nobody tells how many jobs run: those decided last count",
            Self::Queue => "nobody tells what waits: it follows from arrivals and processed events",
        }
    }
}

/// A set of doubts, one bit each; in formats for people a list of their names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Doubts(u16);

impl Learned for Doubts {
    fn pass(&mut self, archive: &mut Archive<'_>) {
        self.0.pass(archive);
    }
}

impl Doubts {
    /// Adds `doubt`.
    pub fn insert(&mut self, doubt: Doubt) {
        self.0 |= 1 << doubt as u8;
    }

    /// Whether `doubt` is among them.
    #[must_use]
    pub fn contains(self, doubt: Doubt) -> bool {
        self.0 & (1 << doubt as u8) != 0
    }

    /// Those in the set, in the order of [`Doubt::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Doubt> {
        Doubt::ALL.into_iter().filter(move |doubt| self.contains(*doubt))
    }

    /// Whether nothing is doubted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Doubt> for Doubts {
    fn from_iter<I: IntoIterator<Item = Doubt>>(doubts: I) -> Self {
        let mut set = Self::default();
        doubts.into_iter().for_each(|doubt| set.insert(doubt));
        set
    }
}

impl Serialize for Doubts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_seq(self.iter())
        } else {
            serializer.serialize_u16(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Doubts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_seq(Names)
        } else {
            u16::deserialize(deserializer).map(Self)
        }
    }
}

/// Reads a list of names.
struct Names;

impl<'de> Visitor<'de> for Names {
    type Value = Doubts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of doubts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Doubts, A::Error> {
        let mut set = Doubts::default();
        while let Some(doubt) = names.next_element()? {
            set.insert(doubt);
        }
        Ok(set)
    }
}
