//! The rates until lead time, and from then on.

use crate::forecast::{Forecast, Q50};
use crate::parameters::NowcastParams;
use crate::settings::Settings;
use crate::units::UnixSeconds;

/// A forecast made before a long hole in the data says nothing about now.
pub(super) fn is_fresh(forecast: &Forecast, now: UnixSeconds, settings: &Settings) -> bool {
    let oldest_s = settings.stale_after_s.max(2 * forecast.length.seconds());
    now.since(forecast.origin) <= i64::from(oldest_s)
}

/// The forecast, moved to the present rate and to the nowcast's median at lead time.
pub(super) struct Path<'a> {
    pub(super) forecast: Option<&'a Forecast>,
    pub(super) at: UnixSeconds,
    pub(super) lead_s: f32,
    /// The present rate.
    pub(super) level: f32,
    /// The nowcast's median at lead time.
    pub(super) median: f32,
    pub(super) nowcast: &'a NowcastParams,
}

impl Path<'_> {
    /// The highest median rate before lead time.
    pub(super) fn highest_until_lead(&self) -> f32 {
        (1..8).map(|k| self.until_lead(k as f32 / 8.0)).fold(0.0, f32::max)
    }

    /// The highest median rate within `seconds` after lead time.
    pub(super) fn highest(&self, seconds: f32) -> f32 {
        let parts = [1.0 / 3.0, 2.0 / 3.0, 1.0];
        parts.map(|part| self.median(part * seconds)).into_iter().fold(0.0, f32::max)
    }

    /// The median rate when `part` of the lead time has passed: the forecast, moved by what it is off now
    /// and at lead time.
    pub(super) fn until_lead(&self, part: f32) -> f32 {
        let said = |part: f32| match self.forecast {
            Some(f) => f.rate(self.at.plus((part * self.lead_s) as i64), Q50).0,
            None => 0.0,
        };
        let (off_now, off_then) = (self.level - said(0.0), self.median - said(1.0));
        (said(part) + off_now + part * (off_then - off_now)).max(0.0)
    }

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
