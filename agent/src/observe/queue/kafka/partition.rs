//! Parts of topics.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// One partition of a topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Partition {
    /// The topic.
    pub(super) topic: Arc<str>,
    /// Its number in the topic.
    pub(super) index: i32,
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "partition {} of `{}`", self.index, self.topic)
    }
}

/// Partitions by their topics, as questions name them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ByTopic(pub(super) BTreeMap<Arc<str>, Vec<i32>>);

impl<'a> FromIterator<&'a Partition> for ByTopic {
    fn from_iter<I: IntoIterator<Item = &'a Partition>>(partitions: I) -> Self {
        let mut topics = BTreeMap::<Arc<str>, Vec<i32>>::new();
        for Partition { topic, index } in partitions {
            topics.entry(topic.clone()).or_default().push(*index);
        }
        Self(topics)
    }
}
