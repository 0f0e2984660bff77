//! The grid of a forecast: which steps, and which quantiles of each.

/// Intervals forecast.
pub const STEPS: usize = 24;
/// Horizons (in intervals) at which forecasts are reported and scored: 12, 24 and 48 minutes at
/// 2-minute intervals.
pub const HORIZONS: [usize; 3] = [6, 12, 24];
/// Quantile levels, ascending.
pub const QUANTILES: [f32; 9] = [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99];
/// Index of the 0.1 quantile in [`QUANTILES`].
pub const Q10: usize = 1;
/// Index of the lower quartile in [`QUANTILES`].
pub const Q25: usize = 2;
/// Index of the median in [`QUANTILES`].
pub const Q50: usize = 3;
/// Index of the upper quartile in [`QUANTILES`].
pub const Q75: usize = 4;
/// Index of the 0.9 quantile in [`QUANTILES`].
pub const Q90: usize = 5;
/// Index of the 0.99 quantile in [`QUANTILES`].
pub const Q99: usize = 8;

/// Quantiles in events per interval: `[step][quantile]`.
pub type QuantileGrid = [[f32; QUANTILES.len()]; STEPS];
