//! The rates from lead time on.

use crate::forecast::{Forecast, Q50};
use crate::parameters::NowcastParams;
use crate::settings::Settings;
use crate::units::UnixSeconds;

/// A forecast made before a long hole in the data says nothing about now.
pub(super) fn is_fresh(forecast: &Forecast, now: UnixSeconds, settings: &Settings) -> bool {
    let oldest_s = settings.stale_after_s.max(2 * forecast.length.seconds());
    now.since(forecast.origin) <= i64::from(oldest_s)
}

/// Rates from lead time on: the forecast, moved to the nowcast's median.
pub(super) struct Path<'a> {
    pub(super) forecast: Option<&'a Forecast>,
    pub(super) at: UnixSeconds,
    pub(super) lead_s: f32,
    pub(super) median: f32,
    pub(super) nowcast: &'a NowcastParams,
}

impl Path<'_> {
    /// The rate `seconds` after lead time.
    pub(super) fn rate(&self, seconds: f32, quantile: usize) -> f32 {
        let Some(forecast) = self.forecast else { return self.median };
        let rate =
            |seconds: f32, q| forecast.rate(self.at.plus((self.lead_s + seconds) as i64), q).0;
        let spread = rate(seconds, quantile) - rate(seconds, Q50);
        (self.median(seconds) + spread).max(0.0)
    }

    /// The median rate `seconds` after lead time: the forecast's shape from the nowcast's level.
    pub(super) fn median(&self, seconds: f32) -> f32 {
        let Some(forecast) = self.forecast else { return self.median };
        let rate =
            |seconds: f32| forecast.rate(self.at.plus((self.lead_s + seconds) as i64), Q50).0;
        let shape = rate(seconds) / rate(0.0).max(1e-9);
        self.median * shape.max(self.nowcast.min_shape).min(self.nowcast.max_shape)
    }
}
