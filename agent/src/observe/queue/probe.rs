//! What looks at a queue, and how it is configured.

use super::reading::QueueReading;
use crate::observe::probe::Answer;
use scaleiq_core::sample::RawSample;
use scaleiq_core::units::UnixSeconds;
use std::fmt;

/// Looks at a queue, again and again. After an error it is asked again later: it connects anew by itself.
pub trait QueueProbe: Send {
    /// Returns what is known now. It may take a few seconds at most: the sampler gives up on it then, and
    /// drops the future.
    fn read(&mut self) -> Answer<'_, QueueReading>;

    /// Returns what is known of the time between two moments, oldest first, so that the first forecast
    /// need not wait for weeks; nothing where the system keeps no history.
    fn past(&mut self, from: UnixSeconds, to: UnixSeconds) -> Answer<'_, Vec<RawSample>> {
        let _ = (from, to);
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// A probe, as it is configured.
pub trait QueueSettings: fmt::Debug + Send + Sync + 'static {
    /// Returns what it is, for people, without secrets.
    fn describe(&self) -> String;

    /// Returns what is sound and may not be meant.
    fn note(&self) -> Option<String> {
        None
    }

    /// Makes a probe, which connects when it is first asked. It is called within a tokio runtime.
    ///
    /// # Errors
    /// What of the settings cannot be used, such as a certificate that is none.
    fn probe(&self) -> std::io::Result<Box<dyn QueueProbe>>;
}
