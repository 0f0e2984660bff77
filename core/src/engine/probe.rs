//! A look at what the engine quantises.

use super::dense::Dense;

/// A quantiser, by its place in the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Site {
    Convolution,
    Patch,
    Season,
    Context,
    BlockTokens(usize),
    BlockMixed(usize),
    BlockInner(usize),
    BlockOuter(usize),
    Calendar,
    States,
    SeasonTokens,
    Tokens,
    Mixed,
    DecoderInner,
    DecoderOuter,
    Head(usize),
}

/// Looks at what the engine quantises, and may replace it: for comparing engines quantiser by
/// quantiser. A network that decides is run with `()`, which looks at nothing.
pub trait Probe {
    /// Quantised rows at `site` as `layer` reads them, [`Dense::stride`] bytes each; `first` is the
    /// index of the first.
    fn quantised(&mut self, _site: Site, _first: usize, _rows: &mut [u8], _layer: &Dense) {}
}

impl Probe for () {}
