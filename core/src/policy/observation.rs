//! What the Q-network reads, and what the policy remembers for it.

use crate::learned::learned;
use crate::units::Jobs;

/// Numbers in an observation.
pub const OBSERVATION: usize = 32;

/// An observation vector; every number is finite and within -5..=5.
pub type Observation = [f32; OBSERVATION];

/// What the policy remembers of its own decisions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Memory {
    /// Jobs decided last.
    pub last_wanted: Option<Jobs>,
    /// Jobs decided last on what was known, and not held.
    pub last_seen: Option<Jobs>,
    /// Decisions since the number last changed.
    pub since_change: u32,
}
learned!(Memory { last_wanted, last_seen, since_change });
