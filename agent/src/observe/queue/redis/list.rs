//! A Redis list that workers take events from.

use super::server::{Client, Server};
use crate::config::{Fields, Text};
use crate::observe::probe::Answer;
use crate::observe::queue::rising::Rising;
use crate::observe::queue::{Amount, Polled, QueueProbe, QueueReading, QueueSettings};
use crate::observe::source::SourceVariant;
use redis::pipe;
use std::io;

/// Chooses it.
pub const REDIS_LIST: SourceVariant = SourceVariant {
    word: "redis_list",
    about: "a Redis list, and counters that workers or producers keep beside it",
    example: "{type: redis_list, url: redis://127.0.0.1:6379, key: jobs, processed_key: jobs:done}",
    fields: |f| {
        let settings = List::fields(f);
        Polled::fields(f, settings)
    },
};

#[derive(Clone, Debug)]
struct List {
    server: Server,
    key: String,
    processing_key: Option<String>,
    processed_key: Option<String>,
    arrived_key: Option<String>,
}

impl List {
    fn fields(f: &mut Fields<'_>) -> Option<Self> {
        let server = Server::fields(f);
        let key = f.required("key", "key of the list", Text);
        let about = "key of a list to which workers move what they have taken (LMOVE, RPOPLPUSH)";
        let processing_key = f.optional("processing_key", about, Text);
        let about =
            "key of a counter that workers increment (INCR) with each event that is finished";
        let processed_key = f.optional("processed_key", about, Text);
        let about = "key of a counter that producers increment (INCR) with each event";
        let arrived_key = f.optional("arrived_key", about, Text);
        Some(Self {
            server: server?,
            key: key?.value,
            processing_key: processing_key.map(|given| given.value),
            processed_key: processed_key.map(|given| given.value),
            arrived_key: arrived_key.map(|given| given.value),
        })
    }
}

impl QueueSettings for List {
    fn describe(&self) -> String {
        format!("list {} in {}", self.key, self.server.describe())
    }

    fn note(&self) -> Option<String> {
        let is_counted = self.processed_key.is_some() || self.arrived_key.is_some();
        let note = "a list tells how much waits, and neither what arrives nor what is finished, without \
                    which nothing is decided: have workers count it in `processed_key`";
        (!is_counted).then(|| note.into())
    }

    fn probe(&self) -> io::Result<Box<dyn QueueProbe>> {
        self.server.check()?;
        let client = Client::new(self.server.clone());
        let [arrived, processed] = Default::default();
        Ok(Box::new(Probe { settings: self.clone(), client, arrived, processed }))
    }
}

struct Probe {
    settings: List,
    client: Client,
    arrived: Rising,
    processed: Rising,
}

impl QueueProbe for Probe {
    /// What waits, and what the keys that are configured tell. A list that is empty is
    /// none, for Redis: it has no events. A counter that is not there yet is missing.
    fn read(&mut self) -> Answer<'_, QueueReading> {
        Box::pin(async {
            let List { key, processing_key, processed_key, arrived_key, .. } = &self.settings;
            let mut all = pipe();
            all.cmd("LLEN").arg(key);
            if let Some(list) = processing_key {
                all.cmd("LLEN").arg(list);
            }
            for counter in [processed_key, arrived_key].into_iter().flatten() {
                all.cmd("GET").arg(counter);
            }
            let told: Vec<Option<f64>> = self.client.ask(&all).await?;
            let mut told = told.into_iter();
            let waiting = told.next().flatten();
            let mut next = |key: &Option<String>| key.as_ref().and_then(|_| told.next().flatten());
            let total = |rising: &mut Rising, told: Option<f64>| {
                told.map_or(Amount::Unknown, |total| rising.total(total, false))
            };
            let in_progress = next(processing_key);
            let processed = total(&mut self.processed, next(processed_key));
            let arrived = total(&mut self.arrived, next(arrived_key));
            Ok(QueueReading { arrived, processed, waiting, in_progress, ..QueueReading::default() })
        })
    }
}
