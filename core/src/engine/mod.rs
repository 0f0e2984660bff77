//! The int8 engine: runs the shipped networks without `std` and without an allocator.
//!
//! Weights stay where the [`Pack`] lies (flash on a microcontroller); all scratch is on the stack and
//! sized at compile time. Dense layers multiply u8 activations by s8 weights into exact i32 sums;
//! everything else is f32 in a fixed order of operations, without fused multiply-add, so that the
//! same inputs give the same bits on every machine (promise C-1).
//!
//! ```text
//! f32 --quantise (scale a power of two, zero point 128)--> u8 --x s8 weights--> i32
//!     --x factor per output, + bias--> f32
//! ```
//!
//! Operators are those that the two networks need and no more. Sources: Jacob 2018 (integer
//! inference, arXiv:1712.05877), Vaswani 2017 (attention), Ba 2016 (layer normalisation),
//! Hendrycks 2016 (GELU), Wang 2016 (dueling networks).

mod attention;
mod dense;
mod float;
mod forecaster;
mod instructions;
mod pack;
mod part;
mod probe;
mod q_network;
mod shape;
#[cfg(all(feature = "simd", target_arch = "x86_64"))]
mod simd;
mod weights;

pub use attention::Attention;
pub use dense::Dense;
pub use float::{Floats, Norm, quantise};
pub use forecaster::NativeForecaster;
pub use instructions::Instructions;
pub use pack::{MAGIC, PACK_VERSION, Pack, PackError};
pub use part::Part;
pub use probe::{Probe, Site};
pub use q_network::{NativeQNetwork, QNetworkPack};
pub use shape::{
    HEAD_STEPS, KERNELS, MAX_BLOCKS, MAX_INNER, MAX_LAYERS, MAX_WIDTH, PATCH, REACH, RECENT_TOKENS,
    TOKENS,
};
pub use weights::{Block, FeedForward, ForecasterPack};

#[cfg(test)]
mod tests;
