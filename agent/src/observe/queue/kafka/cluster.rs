//! The brokers of a cluster: who is asked what, over connections that are kept.

use super::address::Address;
use super::connection::Connection;
use super::failure::{Failure, check};
use super::lag::Offsets;
use super::opening::{Access, open};
use super::partition::{ByTopic, Partition};
use super::protocol::{End, FindCoordinator, ListOffsets, Metadata, OffsetFetch, Question, Told};
use crate::observe::probe::ProbeError;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Of whom the cluster is asked, and of what.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    /// Brokers that may be asked first.
    pub(super) brokers: Vec<Address>,
    pub(super) group: String,
    pub(super) topics: Vec<Arc<str>>,
    /// Whether consumers see only what is behind no open transaction.
    pub(super) is_committed: bool,
}

/// A cluster, and the connections to it.
pub(super) struct Cluster {
    subject: Subject,
    access: Access,
    open: BTreeMap<Address, Connection>,
    /// Which of the first brokers is asked next: each in its turn, so that one that hangs is passed over.
    turn: usize,
    coordinator: Option<Address>,
}

impl Cluster {
    /// A cluster that nobody was asked of yet.
    pub(super) fn new(subject: Subject, access: Access) -> Self {
        Self { subject, access, open: BTreeMap::new(), turn: 0, coordinator: None }
    }

    /// Returns the offsets of every partition.
    ///
    /// Commits are asked for before the ends, and ends last: so no commit is behind an end that was there
    /// at the time.
    ///
    /// # Errors
    /// If any of them is not known.
    pub(super) async fn offsets(&mut self) -> Result<BTreeMap<Partition, Offsets>, Failure> {
        let leaders = self.leaders().await?;
        let committed = self.committed(leaders.values().flatten()).await?;
        let first = self.ends(&leaders, End::First).await?;
        let last = self.ends(&leaders, End::Last).await?;
        let of = |offsets: &BTreeMap<Partition, i64>, partition: &Partition| {
            offsets.get(partition).copied().ok_or_else(|| missing(partition))
        };
        let mut all = BTreeMap::new();
        for partition in leaders.into_values().flatten() {
            let [committed, first, last] =
                [&committed, &first, &last].map(|offsets| of(offsets, &partition));
            let offsets = Offsets { first: first?, last: last?, committed: committed? };
            if offsets.first < 0 || offsets.last < 0 {
                return Err(missing(&partition));
            }
            all.insert(partition, offsets);
        }
        Ok(all)
    }

    /// The partitions by their leaders. Connections to brokers that are none any more are closed.
    async fn leaders(&mut self) -> Result<BTreeMap<Address, Vec<Partition>>, Failure> {
        let topics = self.subject.topics.clone();
        let seen = self.ask_any(&Metadata(&topics)).await?;
        let brokers: BTreeMap<i32, Address> = seen.brokers.into_iter().collect();
        let mut leaders = BTreeMap::<Address, Vec<Partition>>::new();
        for topic in &topics {
            let what = || format!("topic `{topic}`");
            let Some(seen) = seen.topics.iter().find(|seen| seen.name == *topic) else {
                return Err(ProbeError::Absent(format!("{} is not in the answer", what())).into());
            };
            check(seen.error, what)?;
            for &(index, leader) in &seen.leaders {
                let partition = Partition { topic: topic.clone(), index };
                let Some(leader) = brokers.get(&leader) else {
                    return Err(Failure::passing(format!("{partition} has no leader now")));
                };
                leaders.entry(leader.clone()).or_default().push(partition);
            }
        }
        if leaders.is_empty() {
            return Err(ProbeError::Absent("the topics have no partitions".into()).into());
        }
        self.open.retain(|address, _| brokers.values().any(|broker| broker == address));
        Ok(leaders)
    }

    /// What the group has committed.
    async fn committed(
        &mut self,
        partitions: impl Iterator<Item = &Partition>,
    ) -> Result<BTreeMap<Partition, i64>, Failure> {
        let partitions: ByTopic = partitions.collect();
        // It is known again once it has answered.
        let coordinator = match self.coordinator.take() {
            Some(coordinator) => coordinator,
            None => self.coordinator().await?,
        };
        let group = self.subject.group.clone();
        let question = OffsetFetch { group: &group, partitions: &partitions };
        let answer = self.ask(&coordinator, &question).await?;
        check(answer.error, || format!("group `{group}`"))?;
        let offsets = sound(answer.offsets)?;
        self.coordinator = Some(coordinator);
        Ok(offsets)
    }

    async fn coordinator(&mut self) -> Result<Address, Failure> {
        let group = self.subject.group.clone();
        let answer = self.ask_any(&FindCoordinator(&group)).await?;
        check(answer.error, || format!("group `{group}`"))?;
        answer
            .address
            .ok_or_else(|| Failure::passing(format!("group `{group}` has no coordinator")))
    }

    /// Where the partitions begin or end, as their leaders know it.
    async fn ends(
        &mut self,
        leaders: &BTreeMap<Address, Vec<Partition>>,
        end: End,
    ) -> Result<BTreeMap<Partition, i64>, Failure> {
        let is_committed = self.subject.is_committed;
        let mut all = BTreeMap::new();
        for (leader, partitions) in leaders {
            let partitions = &partitions.iter().collect();
            let answer = self.ask(leader, &ListOffsets { partitions, end, is_committed }).await?;
            all.extend(sound(answer)?);
        }
        Ok(all)
    }

    /// Asks whoever answers: brokers that answered before, then the first ones, each in its turn.
    async fn ask_any<Q: Question>(&mut self, question: &Q) -> Result<Q::Answer, Failure> {
        let known: Vec<Address> = self.open.keys().cloned().collect();
        for address in known {
            if let Ok(answer) = self.ask(&address, question).await {
                return Ok(answer);
            }
        }
        let mut refused = Vec::new();
        for _ in 0..self.subject.brokers.len() {
            let address = self.subject.brokers[self.turn % self.subject.brokers.len()].clone();
            // Before it is asked: the look may be given up on while it is.
            self.turn = self.turn.wrapping_add(1);
            match self.ask(&address, question).await {
                Ok(answer) => {
                    self.turn = self.turn.wrapping_sub(1);
                    return Ok(answer);
                }
                Err(failure) => refused.push(failure),
            }
        }
        Err(worst(refused))
    }

    /// Asks the broker at `address`.
    async fn ask<Q: Question>(
        &mut self,
        address: &Address,
        question: &Q,
    ) -> Result<Q::Answer, Failure> {
        // It is not kept while it is asked: if the look is given up on, nobody takes this answer, when it
        // comes, for that to another question.
        let mut connection = match self.open.remove(address) {
            Some(connection) => connection,
            None => open(address, &self.access).await?,
        };
        let answer = connection.ask(question).await?;
        self.open.insert(address.clone(), connection);
        Ok(answer)
    }
}

/// Offsets by partition.
///
/// # Errors
/// The first that is not told.
fn sound(told: Vec<Told>) -> Result<BTreeMap<Partition, i64>, Failure> {
    let mut offsets = BTreeMap::new();
    for Told { partition, error, offset } in told {
        check(error, || partition.to_string())?;
        offsets.insert(partition, offset);
    }
    Ok(offsets)
}

fn missing(partition: &Partition) -> Failure {
    ProbeError::Invalid(format!("an answer tells no offset of {partition}")).into()
}

/// What is told of brokers none of which answers: a refusal before what is only away.
fn worst(refused: Vec<Failure>) -> Failure {
    let is_away = |failure: &Failure| matches!(failure.error, ProbeError::Unreachable(_));
    let away: Vec<String> =
        refused.iter().filter(|f| is_away(f)).map(|failure| failure.error.to_string()).collect();
    let told = refused.into_iter().find(|failure| !is_away(failure));
    told.unwrap_or_else(|| ProbeError::Unreachable(away.join("; ")).into())
}
