//! What a plan is.

use crate::units::Jobs;

/// Between which sizes a pool fits a estimate, and the size it should change to if it does not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// Fewer jobs are too few.
    pub least: f32,
    /// A change goes here.
    pub goal: f32,
    /// But a pool that is too large keeps as many: they are needed before others could come.
    pub kept: f32,
    /// More jobs are too many.
    pub most: f32,
}

/// Whole jobs; a thousandth of a job is no reason for another one.
pub(super) fn whole(jobs: f32) -> Jobs {
    Jobs::ceil(jobs - 1e-3)
}
