//! Where partitions begin and end, and how far a group is.

use super::super::partition::{ByTopic, Partition};
use super::codec::{Malformed, Reader, Writer};
use super::question::Question;
use std::sync::Arc;

/// An offset of a partition, or why it is not told.
pub(in super::super) struct Told {
    pub(in super::super) partition: Partition,
    pub(in super::super) error: i16,
    pub(in super::super) offset: i64,
}

/// Asks what a group has committed; -1 where it has not.
pub(in super::super) struct OffsetFetch<'a> {
    pub(in super::super) group: &'a str,
    pub(in super::super) partitions: &'a ByTopic,
}

/// What a group has committed, and an error that concerns all of it.
pub(in super::super) struct Committed {
    pub(in super::super) error: i16,
    pub(in super::super) offsets: Vec<Told>,
}

impl Question for OffsetFetch<'_> {
    const KEY: i16 = 9;
    const VERSION: i16 = 3;
    const NAME: &'static str = "OffsetFetch";
    type Answer = Committed;

    fn write(&self, w: &mut Writer) {
        w.text(self.group);
        w.partitions(self.partitions, |w, index| w.i32(*index));
    }

    fn read(r: &mut Reader<'_>) -> Result<Committed, Malformed> {
        r.i32()?;
        let offsets = told(r, |r| {
            let (index, offset) = (r.i32()?, r.i64()?);
            r.nullable_text()?; // What the group noted beside it.
            Ok((index, r.i16()?, offset))
        })?;
        Ok(Committed { error: r.i16()?, offsets })
    }
}

/// Which end of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum End {
    /// The oldest event that is kept.
    First,
    /// Behind the newest.
    Last,
}

/// Asks the leader of partitions where they begin or end.
pub(in super::super) struct ListOffsets<'a> {
    pub(in super::super) partitions: &'a ByTopic,
    pub(in super::super) end: End,
    /// Whether only what is behind no open transaction counts.
    pub(in super::super) is_committed: bool,
}

impl Question for ListOffsets<'_> {
    const KEY: i16 = 2;
    const VERSION: i16 = 2;
    const NAME: &'static str = "ListOffsets";
    type Answer = Vec<Told>;

    fn write(&self, w: &mut Writer) {
        w.i32(-1); // Asked by no broker.
        w.i8(self.is_committed.into());
        w.partitions(self.partitions, |w, index| {
            w.i32(*index);
            // In place of a moment.
            w.i64(match self.end {
                End::First => -2,
                End::Last => -1,
            });
        });
    }

    fn read(r: &mut Reader<'_>) -> Result<Vec<Told>, Malformed> {
        r.i32()?;
        told(r, |r| {
            let (index, error) = (r.i32()?, r.i16()?);
            r.i64()?; // The moment.
            Ok((index, error, r.i64()?))
        })
    }
}

/// Offsets by topic; `read` gives the partition's number, its error and its offset.
fn told(
    r: &mut Reader<'_>,
    read: impl Fn(&mut Reader<'_>) -> Result<(i32, i16, i64), Malformed>,
) -> Result<Vec<Told>, Malformed> {
    let topics = r.list(|r| {
        let topic: Arc<str> = r.text()?.into();
        r.list(|r| {
            let (index, error, offset) = read(r)?;
            let partition = Partition { topic: topic.clone(), index };
            Ok(Told { partition, error, offset })
        })
    })?;
    Ok(topics.into_iter().flatten().collect())
}
