//! The forecaster's topology, and the sizes that the engine has room for.
//!
//! The one home of both: the trainer's network is built of the same numbers.

use crate::forecast::{LEVELS, SLOTS, STEPS, WINDOW};

/// Kernel sizes of the multi-scale convolution.
pub const KERNELS: [usize; 3] = [3, 5, 7];
/// Past points that a convolution sees: the longest kernel. All kernels are one product over this many
/// points, the shorter ones with zeros.
pub const REACH: usize = KERNELS[2];
/// Points per patch.
pub const PATCH: usize = 4;
/// Tokens from the recent window.
pub const RECENT_TOKENS: usize = LEVELS * WINDOW / PATCH;
/// Tokens that the encoder sees: recent window, seasons, context.
pub const TOKENS: usize = RECENT_TOKENS + SLOTS + 1;
/// First step of each head, and the end.
pub const HEAD_STEPS: [usize; 4] = [0, 6, 12, STEPS];

/// Widest token; networks may be narrower. The `edge` preset's width.
pub const MAX_WIDTH: usize = 64;
/// Widest inner layer or row of inputs.
pub const MAX_INNER: usize = 192;
/// Most encoder blocks.
pub const MAX_BLOCKS: usize = 4;
/// Most layers in a part of the Q-network.
pub const MAX_LAYERS: usize = 4;
