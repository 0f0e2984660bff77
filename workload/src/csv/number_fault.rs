//! What is wrong with a cell that should hold a number.

/// What is wrong with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumberFault {
    NotANumber,
    Negative,
    Infinite,
    TooLarge,
    /// Another unit than above.
    UnitChanges,
    /// Rounded to a few digits and a letter: `4.18 K`.
    Formatted,
    /// Something else than a count; what.
    NoCount(&'static str),
}
