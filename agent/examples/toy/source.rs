//! A toy source: arrivals that go up and down with the hour, one sample each second.

use agent::config::Number;
use agent::observe::source::{Delivery, SourceVariant};
use agent::observe::{Reported, Source};
use agent::platform::supervise::Condition;
use scaleiq_core::sample::RawSample;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// `source: {type: waves}`: its word, what people are told of it, an example, and its settings. From these
/// the reader, the JSON schema and the suggestions for mistyped names follow.
pub(super) const WAVES: SourceVariant = SourceVariant {
    word: "waves",
    about: "made-up arrivals that go up and down with the hour",
    example: "{type: waves, peak_per_s: 50}",
    fields: |f| {
        let about = "most events a second";
        let peak_per_s = f.or("peak_per_s", about, Number(0.0..=1e6), 100.0);
        Some(Arc::new(Waves { peak_per_s }))
    },
};

#[derive(Debug)]
struct Waves {
    peak_per_s: f32,
}

impl Source for Waves {
    fn describe(&self) -> String {
        format!("made-up arrivals, up to {} a second", self.peak_per_s)
    }

    fn run(&self, to: &Delivery<'_>) -> io::Result<String> {
        to.lifecycle.set(Condition::Running);
        loop {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(io::Error::other)?;
            let time = now.as_secs_f64().floor();
            let share = 0.5 - 0.5 * (time / 3600.0 * std::f64::consts::TAU).cos();
            let sample = RawSample {
                time,
                interval_s: 1.0,
                logged_events: Some(f64::from(self.peak_per_s) * share),
                unprocessed_events: Some(0.0),
                avg_processing_ms: Some(100.0),
                jobs_ready: Some(5.0),
                jobs_starting: Some(0.0),
                ..RawSample::default()
            };
            let told = sample.gate().map(|gated| Reported::from(gated.sample));
            let told = told.map_err(|error| io::Error::other(format!("{error:?}")))?;
            if to.inlet.ingest(vec![told]).is_err() {
                return Ok("the agent is stopping".into());
            }
            thread::sleep(Duration::from_secs(1));
        }
    }
}
