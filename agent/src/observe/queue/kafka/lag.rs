//! What offsets tell of a queue.

use super::partition::Partition;
use crate::observe::probe::ProbeError;
use crate::observe::queue::{Amount, QueueReading};
use std::collections::BTreeMap;

/// Offsets of one partition at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offsets {
    /// Of the oldest event that is kept.
    pub(super) first: i64,
    /// Behind the newest.
    pub(super) last: i64,
    /// What the group reads next, as it committed; negative where it has not.
    pub(super) committed: i64,
}

/// Where consumers begin in a partition of which the group has committed nothing: their `auto.offset.reset`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Begin {
    /// At the end, wherever that is when one comes.
    #[default]
    Latest,
    /// At the oldest event.
    Earliest,
}

impl Offsets {
    /// Up to where the group is done; `None` if that is not known.
    ///
    /// Without a commit it is known of a partition that holds nothing, and where consumers begin at the
    /// oldest event. Those that begin at the end commit what they have not read either, once they are there.
    fn done(&self, begin: Begin) -> Option<i64> {
        match (begin, self.is_committed()) {
            (_, true) => Some(self.committed),
            _ if self.first == self.last => Some(self.last),
            (Begin::Earliest, false) => Some(self.first),
            (Begin::Latest, false) => None,
        }
    }

    /// Whether there is a commit of this topic; one behind its end is of an earlier one of the same name.
    fn is_committed(&self) -> bool {
        (0..=self.last).contains(&self.committed)
    }

    /// Events that wait, if that is known. What was deleted before it was read does not.
    fn waiting(&self, begin: Begin) -> Option<i64> {
        Some((self.last - self.done(begin)?.max(self.first)).max(0))
    }

    /// Whether a topic of the same name was made anew after `before`. Where only a little is gone, a broker
    /// that lagged was made the leader: events are lost, and none are new.
    fn is_anew(&self, before: &Self) -> bool {
        self.first < before.first || self.last < before.last / 2
    }
}

/// Makes readings of offsets, and remembers those before.
#[derive(Debug, Default)]
pub(super) struct Lag {
    begin: Begin,
    last: BTreeMap<Partition, Offsets>,
    arrived: f64,
    processed: f64,
    /// What was said last of the backlog.
    remark: Option<String>,
}

impl Lag {
    /// Consumers begin at `begin` where nothing is committed.
    pub(super) fn new(begin: Begin) -> Self {
        Self { begin, ..Self::default() }
    }

    /// Returns what `now` tells: offsets of every partition.
    ///
    /// The totals are those of the first look and what came since, partition by partition: one that begins
    /// anew adds what is in it, and takes nothing from the others.
    ///
    /// # Errors
    /// If the group has committed nothing at all, and it is not known where it would begin.
    pub(super) fn reading(
        &mut self,
        now: BTreeMap<Partition, Offsets>,
    ) -> Result<QueueReading, ProbeError> {
        if now.values().all(|offsets| offsets.done(self.begin).is_none()) {
            let hint = "check `group`; where its consumers begin at the oldest event, say \
                        `auto_offset_reset: earliest`";
            return Err(ProbeError::Absent(format!("the group has committed nothing; {hint}")));
        }
        for (partition, offsets) in &now {
            self.count(partition, offsets);
        }
        if now.len() != self.last.len() {
            let count = now.len();
            let idle = format!("of more jobs some would idle (`partitions: {count}`)");
            tracing::info!("{count} partitions: {idle}");
        }
        self.remark(&now);
        let waiting: Option<Vec<i64>> = now.values().map(|o| o.waiting(self.begin)).collect();
        self.last = now;
        Ok(QueueReading {
            arrived: Amount::Total(self.arrived),
            processed: Amount::Total(self.processed),
            waiting: waiting.map(|events| events.into_iter().map(|events| events as f64).sum()),
            ..QueueReading::default()
        })
    }

    /// Adds what came to a partition, and what the group has done there since.
    fn count(&mut self, partition: &Partition, now: &Offsets) {
        let mut before = self.last.get(partition);
        if before.is_some_and(|before| now.is_anew(before)) {
            tracing::warn!("{partition} has begun anew: what it holds is counted");
            before = None;
        }
        // All that is in one that was not there before has come since.
        let (last, done) =
            before.map_or((0, Some(0)), |before| (before.last, before.done(self.begin)));
        self.arrived += (now.last - last).max(0) as f64;
        // Less than before is no work undone: somebody has set the group back.
        let done = now.done(self.begin).zip(done).map_or(0, |(now, before)| now - before);
        self.processed += done.max(0) as f64;
    }

    /// Says, once, what of the backlog follows from a rule and not from a commit.
    fn remark(&mut self, now: &BTreeMap<Partition, Offsets>) {
        let unknown = now.iter().find(|(_, offsets)| offsets.done(self.begin).is_none());
        let remark = match unknown {
            Some((partition, _)) => Some(format!(
                "the group has committed nothing in {partition}, so the backlog is not known; \
                 `auto_offset_reset` may tell"
            )),
            None if now.values().any(Offsets::is_committed) => None,
            None => {
                Some("the group has committed nothing yet: every event is taken to wait".into())
            }
        };
        if remark != self.remark
            && let Some(remark) = &remark
        {
            tracing::warn!("{remark}");
        }
        self.remark = remark;
    }
}

#[cfg(test)]
mod tests;
