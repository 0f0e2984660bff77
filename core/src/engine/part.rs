//! The parts of a pack, by which what is not sound is named.

/// A part of a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Part {
    Sizes,
    Convolution,
    Season,
    Context,
    Positions,
    Block,
    Query,
    Copy,
    Decoder,
    Heads,
    QNetwork,
}
