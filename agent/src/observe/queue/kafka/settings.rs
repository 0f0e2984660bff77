//! How a consumer group is configured.

use super::address::Address;
use super::cluster::{Cluster, Subject};
use super::lag::{Begin, Lag};
use super::opening::Access;
use super::probe::GroupProbe;
use super::sasl::Login;
use crate::config::{Choice, Fields, List, Parsed, Section};
use crate::observe::queue::{Polled, QueueProbe, QueueSettings};
use crate::observe::source::SourceVariant;
use crate::platform::tls::TlsSettings;
use std::io;

/// Reads a consumer group of Kafka.
pub const KAFKA: SourceVariant = SourceVariant {
    word: "kafka",
    about: "the lag of a consumer group of Apache Kafka",
    example: "{type: kafka, brokers: [\"kafka-1:9092\"], group: workers, topics: [orders]}",
    fields: |f| {
        let settings = settings(f);
        Polled::fields(f, settings)
    },
};

/// Most brokers, and most topics: more are not read by one group.
const MOST: usize = 100;
/// Longest name of a topic, as Kafka has it. Names of groups are held to it, too.
const MAX_NAME: usize = 249;

/// By the words of the consumers' own settings.
const BEGINNINGS: Choice<Begin> =
    Choice(&[("latest", Begin::Latest), ("earliest", Begin::Earliest)]);
const ISOLATION: Choice<bool> = Choice(&[("read_uncommitted", false), ("read_committed", true)]);

/// A consumer group, as it is configured.
#[derive(Debug)]
struct Group {
    subject: Subject,
    access: Access,
    begin: Begin,
}

fn settings(f: &mut Fields<'_>) -> Option<Group> {
    let about = "addresses of brokers that are asked first; the others are found by them";
    let brokers = f.required("brokers", about, List { of: Parsed(Address::parse), max: MOST });
    let group = f.required("group", "the consumer group (`group.id`)", Parsed(name));
    let about = "topics that the group reads";
    let topics = f.required("topics", about, List { of: Parsed(name), max: MOST });
    let about = "where consumers begin in a partition without a commit, as they have it";
    let begin = f.or("auto_offset_reset", about, BEGINNINGS, Begin::default());
    let about = "whether consumers wait for transactions to end, as they have it";
    let is_committed = f.or("isolation_level", about, ISOLATION, false);
    let about = "TLS, where the brokers ask for it; `{}` trusts whom the system trusts";
    let tls = f.optional("tls", about, Section(TlsSettings::fields));
    let about = "the user, where the brokers ask for one";
    let login = f.optional("sasl", about, Section(Login::fields));
    for field in ["tls", "sasl"] {
        if f.failed(field) {
            return None;
        }
    }
    let (brokers, topics) = (brokers?.value, topics?.value);
    for (field, is_empty) in [("brokers", brokers.is_empty()), ("topics", topics.is_empty())] {
        if is_empty {
            f.problem(f.given(field)?, format!("`{}` is empty", f.name(field)));
        }
    }
    let mut topics: Vec<_> = topics.into_iter().map(|given| given.value.into()).collect();
    topics.sort_unstable();
    topics.dedup();
    Some(Group {
        subject: Subject {
            brokers: brokers.into_iter().map(|given| given.value).collect(),
            group: group?.value,
            topics,
            is_committed,
        },
        access: Access { tls: tls.map(|given| given.value), login: login.map(|given| given.value) },
        begin,
    })
}

fn name(text: &str) -> Result<String, String> {
    match text.len() <= MAX_NAME {
        true => Ok(text.into()),
        false => Err(format!("is longer than {MAX_NAME} bytes")),
    }
}

impl QueueSettings for Group {
    fn describe(&self) -> String {
        let Subject { brokers, group, topics, .. } = &self.subject;
        let first = brokers.first().map(ToString::to_string).unwrap_or_default();
        format!("group `{group}` of Kafka on {}, at {first}", topics.join(", "))
    }

    fn note(&self) -> Option<String> {
        let login = self.access.login.as_ref();
        let is_seen = self.access.tls.is_none() && login.is_some_and(Login::shows_password);
        is_seen.then(|| "`sasl.password` goes over the line as it is; `tls` would hide it".into())
    }

    fn probe(&self) -> io::Result<Box<dyn QueueProbe>> {
        let cluster = Cluster::new(self.subject.clone(), self.access.clone());
        Ok(Box::new(GroupProbe { cluster, lag: Lag::new(self.begin) }))
    }
}
