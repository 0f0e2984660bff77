//! What the loop makes known as it goes: metrics, the page and whoever else subscribes take note.

use super::Snapshot;
use crate::decide::Health;
use crate::decide::limits::LimitsInForce;
use crate::journal::Carried;
use crate::observe::{Refusal, SourceStatus, Warning};
use scaleiq_core::decision::Decision;
use scaleiq_core::forecast::Forecast;
use scaleiq_core::invariant::Promise;
use scaleiq_core::sample::Sample;
use scaleiq_core::units::UnixSeconds;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Something that happened in the loop.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// The journal ends with a sample that ended then.
    Resumed(UnixSeconds),
    /// A sample was taken.
    Taken(&'a Sample),
    /// A sample, or what should have been one, was refused.
    Refused(Refusal),
    /// Something of a sample was not taken as it was told.
    Warned(&'a Warning),
    /// These are all the senders there are.
    Sources(&'a [SourceStatus]),
    /// A forecast was made.
    Forecast(&'a Forecast),
    /// A decision was made that says something new.
    Decided {
        /// The decision.
        decision: &'a Decision,
        /// How often forecaster and policy had to do without their networks, in all.
        failures: [u32; 2],
    },
    /// A sample and the decision on it took so long.
    DecidedIn(Duration),
    /// One moment, with the decision made in it.
    Moment(&'a Snapshot),
    /// How the device fares that decides.
    Device(Health),
    /// An order was carried out, or failed.
    Carried(&'a Carried),
    /// Other limits are in force.
    Limits(&'a LimitsInForce),
    /// The journal was written, or could not be.
    Recorded {
        /// Whether what was to be recorded is durable.
        durable: bool,
    },
    /// The journal has so many bytes.
    JournalSize(u64),
    /// A promise was seen to be broken.
    Broken(Promise),
}

/// Takes note of events. It is called in the loop, so it must not wait for anything.
pub trait Subscriber: Send + Sync {
    /// Something happened.
    fn take(&self, event: Event<'_>);
}

/// All who take note; cheap to clone.
#[derive(Clone, Default)]
pub struct Audience(Arc<[Box<dyn Subscriber>]>);

impl Audience {
    /// These subscribe, in this order.
    #[must_use]
    pub fn new(subscribers: Vec<Box<dyn Subscriber>>) -> Self {
        Self(subscribers.into())
    }

    /// Tells all of them.
    pub(super) fn tell(&self, event: Event<'_>) {
        self.0.iter().for_each(|subscriber| subscriber.take(event));
    }
}

impl fmt::Debug for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Audience({})", self.0.len())
    }
}
