//! Parts that may fail and have something to fall back to.

use scaleiq_core::policy::{Dqn, Planner, ValueModel};

/// A part that may fail and has something to fall back to.
pub trait Fallible {
    /// How often it fell back.
    fn failures(&self) -> u32;
}

impl<Q: ValueModel> Fallible for Dqn<Q> {
    fn failures(&self) -> u32 {
        Dqn::failures(self)
    }
}

impl Fallible for Planner {
    fn failures(&self) -> u32 {
        0
    }
}
