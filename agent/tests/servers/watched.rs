//! A source as the agent runs it, and all that it told.

use agent::app::{Components, Config};
use agent::observe::source::Delivery;
use agent::observe::{Closed, Ingested, Inlet, Refusal, Reported};
use agent::platform::supervise::{Condition, Lifecycle, supervise};
use scaleiq_core::sample::Reading;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Longest wait for anything.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Collects samples.
#[derive(Clone, Default)]
struct Collector {
    told: Arc<Mutex<Vec<Reported>>>,
    is_closed: Arc<AtomicBool>,
}

impl Inlet for Collector {
    fn ingest(&self, samples: Vec<Reported>) -> Result<Ingested, Closed> {
        // The loop's own inlet blocks until a sample is decided on, which a runtime does not allow.
        assert!(tokio::runtime::Handle::try_current().is_err(), "delivered within a runtime");
        self.told.lock().unwrap().extend(samples);
        Ok(Ingested::default())
    }

    fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed)
    }

    fn unread(&self, refusal: Refusal) {
        panic!("{refusal:?}");
    }
}

/// A source that runs until it is dropped.
pub(crate) struct Watched {
    collector: Collector,
    lifecycle: Lifecycle,
}

impl Watched {
    /// Starts the source of this section, such as `{type: nats, ...}`; files in it are absolute.
    pub(crate) fn start(section: &str) -> Self {
        let text = format!("source: {section}\n");
        let config = Config::parse(&text, Path::new(""), |_| None, &Components::default());
        let mut config = config.unwrap_or_else(|problems| panic!("{problems}"));
        let source = config.workloads.remove(0).source;
        let (collector, lifecycle) = (Collector::default(), Lifecycle::default());
        let watched = Self { collector: collector.clone(), lifecycle: lifecycle.clone() };
        let told = lifecycle.clone();
        let run = move || {
            let inlet = &collector;
            let to = Delivery { inlet, interval_s: 120, last_end: None, lifecycle: &told };
            source.run(&to)
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        thread::spawn(move || runtime.block_on(supervise("source", lifecycle, run)));
        watched
    }

    /// All samples so far.
    pub(crate) fn told(&self) -> Vec<Reported> {
        self.collector.told.lock().unwrap().clone()
    }

    /// How the source is.
    pub(crate) fn condition(&self) -> Condition {
        self.lifecycle.condition()
    }

    /// How often it had no answer of this kind.
    pub(crate) fn failures(&self, kind: &str) -> u64 {
        self.lifecycle.failures().get(kind).copied().unwrap_or(0)
    }

    /// Waits until it has looked, or looks again.
    pub(crate) fn wait_until_running(&self) {
        self.until(|| self.condition().is_running());
    }

    /// Waits until it says, with these words, why there is no answer.
    pub(crate) fn wait_until_waiting(&self, words: &str) {
        self.until(|| matches!(self.condition(), Condition::Waiting(why) if why.contains(words)));
    }

    /// Waits until the samples satisfy `done`, and returns them.
    pub(crate) fn wait_for(&self, done: impl Fn(&[Reported]) -> bool) -> Vec<Reported> {
        let mut told = Vec::new();
        self.until(|| {
            told = self.told();
            done(&told)
        });
        told
    }

    /// Waits for so many samples more.
    pub(crate) fn wait_for_more(&self, samples: usize) -> Vec<Reported> {
        let wanted = self.told().len() + samples;
        self.wait_for(|told| told.len() >= wanted)
    }
}

impl Watched {
    fn until(&self, mut done: impl FnMut() -> bool) {
        let begin = Instant::now();
        while !done() {
            let (condition, events) = (self.condition(), events(&self.told()));
            assert!(begin.elapsed() < TIME_LIMIT, "it did not happen: {condition}, {events:?}");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.collector.is_closed.store(true, Ordering::Relaxed);
    }
}

/// Events that arrived, that were finished, and that were in the system at the end, as far as samples know.
pub(crate) fn events(told: &[Reported]) -> (f32, f32, Option<f32>) {
    let sum = |of: fn(&Reported) -> Reading| told.iter().filter_map(|t| of(t).known()).sum();
    (
        sum(|told| told.sample.arrivals_events),
        sum(|told| told.sample.processed_events),
        told.last().and_then(|told| told.sample.backlog_events.known()),
    )
}
