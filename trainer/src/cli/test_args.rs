//! Which part of a file judges.

use super::values::{at_least_one, parse_share, parse_time};
use crate::data::TEST_STRIDE;
use crate::evaluate::test_series::TestPart;
use clap::Args;
use scaleiq_core::units::UnixSeconds;

/// The test part of a file, and how densely it is judged.
#[derive(Args, Clone, Copy, Debug)]
pub struct TestArgs {
    /// First row that judges: seconds since 1970 or RFC 3339, such as 2025-07-01T00:00:00Z
    #[arg(
        long,
        value_name = "TIME",
        value_parser = parse_time,
        allow_negative_numbers = true,
        conflicts_with = "test_fraction"
    )]
    pub from: Option<UnixSeconds>,
    /// Share of the rows, from the end, that judges
    #[arg(long, value_name = "SHARE", default_value_t = 0.2, value_parser = parse_share)]
    pub test_fraction: f64,
    /// Intervals from one origin to the next
    #[arg(long, value_name = "N", default_value_t = TEST_STRIDE, value_parser = at_least_one)]
    pub stride: usize,
}

impl TestArgs {
    /// The part that judges.
    #[must_use]
    pub fn part(&self) -> TestPart {
        self.from.map_or(TestPart::Last(self.test_fraction), TestPart::From)
    }
}
