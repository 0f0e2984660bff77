//! What a device is asked, and which answers can be meant.

use super::fault::Fault;
use super::link::Link;
use scaleiq_core::decision::Decision;
use scaleiq_core::sample::Sample;
use scaleiq_core::settings::Settings;
use scaleiq_core::units::UnixSeconds;
use scaleiq_core::wire::{Config, Message, Status};
use tokio::io::{AsyncRead, AsyncWrite};

impl<S: AsyncRead + AsyncWrite + Unpin> Link<S> {
    /// How the device is.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn status(&mut self) -> Result<Status, Fault> {
        self.ask(&Message::Ask, status).await
    }

    /// Gives the device its settings, and waits for as long as it restarts if that is what the
    /// settings take: how it is then.
    ///
    /// # Errors
    /// If it does not answer or refuses.
    pub async fn configure(&mut self, settings: &Settings) -> Result<Status, Fault> {
        self.ask(&Message::Configure(Config::from(settings)), status).await?;
        self.status().await
    }

    /// What the device decides on `sample`.
    ///
    /// # Errors
    /// If it does not answer or refuses.
    pub async fn sample(&mut self, sample: &Sample) -> Result<Decision, Fault> {
        self.ask(&Message::Sample(*sample), |answer| decision(answer, sample.end)).await
    }

    /// What the device decides for `now`, when its last decision is not to stand.
    ///
    /// # Errors
    /// If it does not answer or refuses.
    pub async fn time(&mut self, now: UnixSeconds) -> Result<Decision, Fault> {
        self.ask(&Message::Time(now), |answer| decision(answer, now)).await
    }
}

/// An answer that is a status.
pub(super) fn status(answer: Message) -> Option<Status> {
    match answer {
        Message::Status(status) => Some(status),
        _ => None,
    }
}

/// An answer that is the decision for `at`.
fn decision(answer: Message, at: UnixSeconds) -> Option<Decision> {
    match answer {
        Message::Decision(decision) if decision.at == at => Some(decision),
        _ => None,
    }
}
