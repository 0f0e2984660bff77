//! What carries orders out, and how it is configured.

use super::order::Order;
use crate::config::{Fields, Secret, Variant};
use crate::observe::pool::PoolSettings;
use crate::platform::stop::Stop;
use scaleiq_core::units::Jobs;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

/// Carries orders out, one at a time. The same order may come again (promise J-2), and one with a lower
/// identifier than the last is older.
pub trait Actuator: fmt::Debug + Send {
    /// Carries `order` out.
    ///
    /// # Errors
    /// Why it was not carried out, or not for certain: it comes again.
    fn apply<'a>(&'a mut self, order: &'a Order) -> Applying<'a>;

    /// Whether it takes every decision, also one that changes nothing.
    fn takes_all(&self) -> bool {
        false
    }

    /// The agent ends: waits a moment for what is still on its way.
    fn finish(&mut self) {}
}

/// An order that is being carried out.
pub type Applying<'a> = Pin<Box<dyn Future<Output = io::Result<Outcome>> + Send + 'a>>;

/// What became of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is carried out.
    Done,
    /// It would have been, and nothing was changed.
    Withheld,
    /// It is on its way, and what becomes of it is reported later. It may have taken the place of one
    /// before it.
    Sent {
        /// Whether it has.
        superseded: bool,
    },
}

/// What an actuator is given to work with.
pub struct Tools<'a> {
    /// What it must pass on to nobody.
    pub secret: Option<&'a Secret>,
    /// Fewest jobs that there may be: a pool of which nothing is known begins with so many.
    pub fewest: Jobs,
    /// Tells when the agent is to end.
    pub stop: Stop,
    /// Takes what became of orders that were only sent.
    pub report: Report,
}

/// Takes an order and what became of it.
pub type Report = Box<dyn Fn(&Order, &io::Result<()>) + Send>;

/// An actuator, as it is configured.
pub trait ActuatorSettings: fmt::Debug + Send + Sync {
    /// What it is, for people.
    fn describe(&self) -> String;

    /// Whether what it needs is there.
    ///
    /// # Errors
    /// What is not, naming the field.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// What tells how many jobs there are, where the actuator knows that by itself.
    fn pool(&self) -> Option<Arc<dyn PoolSettings>> {
        None
    }

    /// Makes it ready.
    ///
    /// # Errors
    /// If the system refuses what it needs.
    fn build(&self, tools: Tools<'_>) -> io::Result<Box<dyn Actuator>>;
}

/// A kind of actuator that a configuration may choose.
pub type ActuatorVariant = Variant<Arc<dyn ActuatorSettings>>;

/// The settings of `actuator`: one of `variants`.
pub fn fields(
    f: &mut Fields<'_>,
    variants: &[&'static ActuatorVariant],
) -> Option<Arc<dyn ActuatorSettings>> {
    f.variant("what carries decisions out", variants)
}
