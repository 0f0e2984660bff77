//! When a fault comes, and how long it lasts.

/// When a fault comes and how long it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasts {
    /// Comes by chance, for one sample.
    OneSample,
    /// Comes by chance, for so many seconds on average: from half to one and a half times as long.
    Seconds(u32),
    /// Comes by chance and stays.
    ToTheEnd,
    /// Is there from the first moment on, for so many seconds.
    First(u32),
    /// Is there from the first moment on, and stays.
    Always,
}
