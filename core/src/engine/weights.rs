//! The forecaster's weights, and the check that lets the engine run them without further ones.

use super::attention::{Attention, Heads};
use super::dense::Dense;
use super::float::{Floats, Norm};
use super::part::Part;
use super::shape::{HEAD_STEPS, MAX_BLOCKS, MAX_INNER, MAX_WIDTH, PATCH, REACH, TOKENS};
use crate::forecast::{CALENDAR, CHANNELS, CONTEXT, QUANTILES, SLOT_WIDTH, STEPS};
use heapless::Vec;
use serde::{Deserialize, Serialize};

/// Linear, GELU, linear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FeedForward<'a> {
    /// Widens.
    #[serde(borrow)]
    pub inner: Dense<'a>,
    /// Narrows.
    pub outer: Dense<'a>,
}

impl FeedForward<'_> {
    fn has_width(&self, width: usize) -> bool {
        let inner = usize::from(self.inner.outputs);
        self.inner.has_shape(width, inner) && self.outer.has_shape(inner, width)
    }
}

/// A pre-norm Transformer block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Block<'a> {
    /// Before the attention.
    #[serde(borrow)]
    pub norm_1: Norm<'a>,
    /// Over the tokens.
    pub attention: Attention<'a>,
    /// Before the feed-forward part.
    pub norm_2: Norm<'a>,
    /// Token by token.
    pub feed_forward: FeedForward<'a>,
}

/// The forecaster's weights, where they lie.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ForecasterPack<'a> {
    /// Numbers of a token.
    pub width: u16,
    /// Attention heads; divides `width`.
    pub heads: u16,
    /// The three causal convolutions side by side: `[REACH][CHANNELS]` points to their channels.
    #[serde(borrow)]
    pub convolution: Dense<'a>,
    /// [`PATCH`] points of all channels to a token.
    pub patch: Dense<'a>,
    /// A past season to a token.
    pub season: Dense<'a>,
    /// Means of the context.
    pub mean: Floats<'a>,
    /// One over the context's standard deviations.
    pub inverse_deviation: Floats<'a>,
    /// The context to a token.
    pub context: Dense<'a>,
    /// `[TOKENS][width]`.
    pub positions: Floats<'a>,
    /// The encoder.
    pub blocks: Vec<Block<'a>, MAX_BLOCKS>,
    /// After the last block.
    pub norm: Norm<'a>,
    /// A future step's calendar to its query.
    pub query: Dense<'a>,
    /// `[STEPS][width]`.
    pub steps: Floats<'a>,
    /// Of the seasonal copy attention.
    pub copy_query: Dense<'a>,
    /// Of the seasonal copy attention.
    pub copy_key: Dense<'a>,
    /// The score of "no season" per head, for networks that have it.
    pub null_scores: Option<Floats<'a>>,
    /// What each head's copy counts.
    pub copy_gain: Floats<'a>,
    /// Of the steps over the tokens.
    pub attention: Attention<'a>,
    /// Before the decoder.
    pub decoder_norm: Norm<'a>,
    /// Step by step.
    pub decoder: FeedForward<'a>,
    /// A head for the steps from each of [`HEAD_STEPS`] on: median and increments away from it.
    pub outputs: [Dense<'a>; HEAD_STEPS.len() - 1],
}

impl ForecasterPack<'_> {
    /// Checks every size, length and number; what it passes can be run without further checks.
    ///
    /// # Errors
    /// Names the first part that is not sound.
    pub(super) fn check(&self) -> Result<(), Part> {
        let good = |sound: bool, part: Part| if sound { Ok(()) } else { Err(part) };
        let (width, heads) = (usize::from(self.width), usize::from(self.heads));
        let divides = heads > 0 && width.is_multiple_of(heads);
        // A token's quantised row takes `width` bytes then, without padding.
        let whole = width.is_multiple_of(4) && (4..=MAX_WIDTH).contains(&width);
        good(divides && whole, Part::Sizes)?;
        let channels = usize::from(self.convolution.outputs);
        good(PATCH * channels <= MAX_INNER, Part::Sizes)?;
        good(self.convolution.has_shape(REACH * CHANNELS, channels), Part::Convolution)?;
        good(self.patch.has_shape(PATCH * channels, width), Part::Convolution)?;
        good(self.season.has_shape(SLOT_WIDTH, width), Part::Season)?;
        good(self.mean.has_len(CONTEXT) && self.inverse_deviation.has_len(CONTEXT), Part::Context)?;
        good(self.context.has_shape(CONTEXT, width), Part::Context)?;
        good(self.positions.has_len(TOKENS * width), Part::Positions)?;
        for block in &self.blocks {
            let attention = &block.attention;
            let shared = attention.query.scale == attention.key.scale;
            good(block.norm_1.has_width(width) && block.norm_2.has_width(width), Part::Block)?;
            good(
                attention.has_width(width) && shared && block.feed_forward.has_width(width),
                Part::Block,
            )?;
        }
        good(self.norm.has_width(width), Part::Block)?;
        good(
            self.query.has_shape(CALENDAR, width) && self.steps.has_len(STEPS * width),
            Part::Query,
        )?;
        let copied =
            self.copy_query.has_shape(width, width) && self.copy_key.has_shape(width, width);
        let shared = self.copy_query.scale == self.attention.query.scale;
        good(copied && shared && self.copy_gain.has_len(heads), Part::Copy)?;
        good(self.null_scores.is_none_or(|null| null.has_len(heads)), Part::Copy)?;
        good(self.attention.has_width(width), Part::Decoder)?;
        good(self.decoder_norm.has_width(width) && self.decoder.has_width(width), Part::Decoder)?;
        good(self.outputs.iter().all(|head| head.has_shape(width, QUANTILES.len())), Part::Heads)
    }

    pub(super) fn split(&self) -> Heads {
        let count = usize::from(self.heads);
        Heads { count, width: usize::from(self.width) / count.max(1) }
    }
}
