//! Metrics take note of what happens in the loop.

use super::Metrics;
use crate::workload::{Event, Subscriber};

impl Subscriber for Metrics {
    fn take(&self, event: Event<'_>) {
        match event {
            Event::Resumed(end) => self.resumed(end),
            Event::Taken(sample) => self.sample_taken(sample),
            Event::Refused(refusal) => self.sample_refused(refusal),
            Event::Warned(warning) => self.sample_warned(warning),
            Event::Sources(sources) => self.sources(sources),
            Event::Forecast(forecast) => self.forecast_made(forecast),
            Event::Decided { decision, failures } => self.decided(decision, failures),
            Event::DecidedIn(took) => self.decided_in(took),
            Event::Moment(snapshot) => snapshot.figures.iter().for_each(|f| self.figures(f)),
            Event::Device(health) => self.device(health),
            Event::Recorded { durable } => self.recorded(durable),
            Event::JournalSize(bytes) => self.journal_size(bytes),
            Event::Broken(promise) => self.broken(promise),
        }
    }
}
