//! Which broker to ask for what.

use super::super::address::Address;
use super::codec::{Malformed, Reader, Writer};
use super::question::Question;
use std::sync::Arc;

/// Asks for the brokers, and who leads the partitions of topics. It makes no topic that is not there.
pub(in super::super) struct Metadata<'a>(pub(in super::super) &'a [Arc<str>]);

/// The cluster as one of its brokers sees it.
pub(in super::super) struct ClusterSeen {
    /// Brokers by their numbers.
    pub(in super::super) brokers: Vec<(i32, Address)>,
    /// Topics that were asked for.
    pub(in super::super) topics: Vec<TopicSeen>,
}

/// A topic, as a broker sees it.
pub(in super::super) struct TopicSeen {
    pub(in super::super) error: i16,
    pub(in super::super) name: Arc<str>,
    /// Partitions and the numbers of their leaders, -1 for none.
    pub(in super::super) leaders: Vec<(i32, i32)>,
}

impl Question for Metadata<'_> {
    const KEY: i16 = 3;
    const VERSION: i16 = 5;
    const NAME: &'static str = "Metadata";
    type Answer = ClusterSeen;

    fn write(&self, w: &mut Writer) {
        w.list(self.0, |w, topic| w.text(topic));
        w.bool(false);
    }

    fn read(r: &mut Reader<'_>) -> Result<ClusterSeen, Malformed> {
        r.i32()?; // Milliseconds that it was held back: the broker has waited them already.
        let brokers = r.list(|r| {
            let broker = (r.i32()?, address(r)?);
            r.nullable_text()?; // Rack.
            Ok(broker)
        })?;
        r.nullable_text()?; // The cluster's name.
        r.i32()?; // The controller.
        let topics = r.list(|r| {
            let (error, name) = (r.i16()?, r.text()?.into());
            r.skip(1)?; // Whether it is internal.
            Ok(TopicSeen { error, name, leaders: r.list(leader)? })
        })?;
        Ok(ClusterSeen { brokers, topics })
    }
}

fn address(r: &mut Reader<'_>) -> Result<Address, Malformed> {
    let host = r.text()?.to_owned();
    Ok(Address { host, port: r.i32()?.try_into().map_err(|_| Malformed)? })
}

fn leader(r: &mut Reader<'_>) -> Result<(i32, i32), Malformed> {
    r.i16()?; // An error here concerns replicas, or says what a leader of -1 says.
    let leader = (r.i32()?, r.i32()?);
    for _ in ["replicas", "in sync", "offline"] {
        r.list(Reader::i32)?;
    }
    Ok(leader)
}

/// Asks which broker keeps the offsets of a group.
pub(in super::super) struct FindCoordinator<'a>(pub(in super::super) &'a str);

/// The broker that keeps the offsets of a group.
pub(in super::super) struct Coordinator {
    pub(in super::super) error: i16,
    /// Where it is, without an error.
    pub(in super::super) address: Option<Address>,
}

impl Question for FindCoordinator<'_> {
    const KEY: i16 = 10;
    const VERSION: i16 = 1;
    const NAME: &'static str = "FindCoordinator";
    type Answer = Coordinator;

    fn write(&self, w: &mut Writer) {
        w.text(self.0);
        w.i8(0); // A group, and no transaction.
    }

    fn read(r: &mut Reader<'_>) -> Result<Coordinator, Malformed> {
        r.i32()?;
        let error = r.i16()?;
        r.nullable_text()?;
        r.i32()?;
        // With an error the port is -1.
        let address = if error == 0 { Some(address(r)?) } else { None };
        Ok(Coordinator { error, address })
    }
}
