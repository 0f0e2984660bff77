//! What a Q-network can do to the plan.

/// Multipliers that a policy may choose from, ascending, within 0.5..=2.0; finer near 1, where a
/// steady pool is tuned.
pub const MULTIPLIERS: [f32; ACTIONS] = [0.5, 0.75, 0.87, 0.94, 1.0, 1.07, 1.2, 1.5, 2.0];
/// Number of actions.
pub const ACTIONS: usize = 9;
/// The action that multiplies by 1.
pub const NEUTRAL: usize = 4;
