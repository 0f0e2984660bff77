//! The rules that people use today, to compare with. Each is written from the public documentation
//! of its product and has one knob: what its users turn to trade cost for punctuality. Beside each
//! rule stand the knob that is documented or usual, and the values worth a try, cheapest first.
//!
//! All but [`StaticRule`] are listed in [`Baseline`]. A rule that cannot see (a sample was lost) leaves
//! the pool as it is.

mod baseline;
mod ds2;
mod hpa;
mod lag;
mod oracle;
mod rule;
mod seasonal;
mod stabiliser;
mod trend;

pub use baseline::Baseline;
pub use ds2::Ds2Rule;
pub use hpa::HpaRule;
pub use lag::LagRule;
pub use oracle::OracleRule;
pub use rule::{ScalingRule, StaticRule};
pub use seasonal::SeasonalRule;
pub use trend::TrendRule;

#[cfg(test)]
mod tests;
