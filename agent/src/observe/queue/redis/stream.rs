//! A Redis stream that a consumer group reads.

use super::server::{Client, Server};
use crate::config::{Fields, Text};
use crate::observe::probe::{Answer, ProbeError};
use crate::observe::queue::rising::Rising;
use crate::observe::queue::{Amount, Polled, QueueProbe, QueueReading, QueueSettings};
use crate::observe::source::SourceVariant;
use redis::{FromRedisValue, Value, pipe};
use std::collections::HashMap;
use std::io;

/// Chooses it.
pub const REDIS_STREAM: SourceVariant = SourceVariant {
    word: "redis_stream",
    about: "a consumer group of a Redis stream (Redis 7, Valkey)",
    example: "{type: redis_stream, url: redis://127.0.0.1:6379, key: jobs, group: workers}",
    fields: |f| {
        let settings = Stream::fields(f);
        Polled::fields(f, settings)
    },
};

#[derive(Clone, Debug)]
struct Stream {
    server: Server,
    key: String,
    group: String,
}

impl Stream {
    fn fields(f: &mut Fields<'_>) -> Option<Self> {
        let server = Server::fields(f);
        let key = f.required("key", "key of the stream", Text);
        let group = f.required("group", "the consumer group, which all workers share", Text);
        Some(Self { server: server?, key: key?.value, group: group?.value })
    }
}

impl QueueSettings for Stream {
    fn describe(&self) -> String {
        format!("group {} of stream {} in {}", self.group, self.key, self.server.describe())
    }

    fn probe(&self) -> io::Result<Box<dyn QueueProbe>> {
        self.server.check()?;
        let client = Client::new(self.server.clone());
        Ok(Box::new(Probe { settings: self.clone(), client, reader: Reader::default() }))
    }
}

struct Probe {
    settings: Stream,
    client: Client,
    reader: Reader,
}

impl QueueProbe for Probe {
    fn read(&mut self) -> Answer<'_, QueueReading> {
        Box::pin(async {
            let key = &self.settings.key;
            let mut both = pipe();
            both.cmd("XINFO").arg("STREAM").arg(key).cmd("XINFO").arg("GROUPS").arg(key);
            let (stream, groups): (Map, Vec<Map>) = self.client.ask(&both).await?;
            let is_ours = |group: &&Map| text(group, "name").as_ref() == Some(&self.settings.group);
            let group = groups.iter().find(is_ours).ok_or_else(|| {
                ProbeError::Absent("the stream has no such consumer group: check `group`".into())
            })?;
            self.reader.read(&stream, group)
        })
    }
}

/// What `XINFO` tells of one thing.
type Map = HashMap<String, Value>;

fn number(map: &Map, name: &str) -> Option<f64> {
    i64::from_redis_value_ref(map.get(name)?).ok().map(|number| number as f64)
}

fn text(map: &Map, name: &str) -> Option<String> {
    String::from_redis_value_ref(map.get(name)?).ok()
}

/// Makes readings of what `XINFO` tells; remembers the totals.
#[derive(Default)]
struct Reader {
    arrived: Rising,
    finished: Rising,
    /// The last id that the stream gave.
    last: Option<(u64, u64)>,
}

impl Reader {
    /// Returns what a stream and its group tell, which were asked one behind the other.
    ///
    /// `entries-added` arrived, `lag` waits, `pending` was read and not acknowledged, and `entries-read` less
    /// these is finished; reading again (`XAUTOCLAIM`) counts nothing. Redis does not know `lag` and
    /// `entries-read` while it cannot count: after an `XDEL` of entries that wait, or where a group was made
    /// in the middle of a stream. That is missing, and not 0.
    fn read(&mut self, stream: &Map, group: &Map) -> Result<QueueReading, ProbeError> {
        let Some(added) = number(stream, "entries-added") else {
            let why = "the server counts no entries of a stream: Redis 7.0 or newer is needed";
            return Err(ProbeError::Invalid(why.into()));
        };
        let pending = number(group, "pending");
        let finished = number(group, "entries-read").zip(pending).map(|(read, held)| read - held);
        let began_anew = self.began_anew(text(stream, "last-generated-id").as_deref());
        Ok(QueueReading {
            arrived: self.arrived.total(added, began_anew),
            // A group that is made anew begins wherever it is told to.
            processed: finished.map_or(Amount::Unknown, |total| self.finished.total(total, false)),
            waiting: number(group, "lag"),
            in_progress: pending,
            ..QueueReading::default()
        })
    }

    /// Whether the stream, if it counts less than before, was deleted and made again. Its ids grow with the
    /// time: they go back if it is the same one, and what was added last is lost.
    fn began_anew(&mut self, last_id: Option<&str>) -> bool {
        let Some(id) = last_id.and_then(id) else { return false };
        let is_later = self.last.replace(id).is_none_or(|before| id > before);
        is_later || id == (0, 0)
    }
}

/// An id: milliseconds, and a number within one.
fn id(text: &str) -> Option<(u64, u64)> {
    let (time, number) = text.split_once('-')?;
    Some((time.parse().ok()?, number.parse().ok()?))
}
