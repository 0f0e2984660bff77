//! What is known without waiting for a sample: the hour, how each part is, and what people want.

use crate::decide::limits::{LimitsInForce, Override};
use crate::serve::health::{Part, Watch};
use scaleiq_core::units::UnixSeconds;
use serde::Serialize;

/// The present, as the page is told; nothing of it in a simulation.
#[derive(Debug, Default, Serialize)]
pub(super) struct Present {
    now: Option<UnixSeconds>,
    /// Whether samples are posted.
    takes_samples: bool,
    /// How each part of the agent is.
    health: Vec<Part>,
    limits: Option<LimitsInForce>,
    overrides: Vec<Override>,
}

impl Present {
    /// What `watch` sees.
    pub(super) fn of(watch: &Watch) -> Self {
        let (view, now) = (watch.control.view(), watch.control.now());
        Self {
            now: Some(now),
            takes_samples: watch.takes_samples,
            health: watch.parts(),
            limits: Some(view.limits.clone()),
            overrides: view.overrides.at(now).cloned().collect(),
        }
    }
}
