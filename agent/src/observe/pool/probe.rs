//! What looks at a pool of jobs, and how it is configured.

use crate::config::{Fields, Variant};
use crate::observe::probe::Answer;
use scaleiq_core::units::Jobs;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Time between two looks, unless a probe knows better.
const EVERY: Duration = Duration::from_secs(5);

/// One look at a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolReading {
    /// Jobs that work. The surge of a rollout is none of them: a job that takes another's place counts
    /// once.
    pub ready: Jobs,
    /// Jobs that were asked for and are not up yet.
    pub starting: Jobs,
}

/// Looks at a pool, again and again. After an error it is asked again later.
pub trait PoolProbe: Send {
    /// Returns what is known now.
    fn read(&mut self) -> Answer<'_, PoolReading>;

    /// Returns the time between two looks: less where a look costs nothing.
    fn every(&self) -> Duration {
        EVERY
    }
}

/// A probe, as it is configured.
pub trait PoolSettings: fmt::Debug + Send + Sync + 'static {
    /// Returns what it is, for people, without secrets.
    fn describe(&self) -> String;

    /// Makes a probe, which connects when it is first asked. It is called within a tokio runtime.
    ///
    /// # Errors
    /// What of the settings cannot be used.
    fn probe(&self) -> std::io::Result<Box<dyn PoolProbe>>;
}

/// A kind of probe that a configuration may choose.
pub type PoolVariant = Variant<Arc<dyn PoolSettings>>;

/// The settings of `pool`: one of `variants`.
pub fn fields(
    f: &mut Fields<'_>,
    variants: &[&'static PoolVariant],
) -> Option<Arc<dyn PoolSettings>> {
    f.variant("what tells how many jobs there are", variants)
}
