//! The demo's traffic: the built-in sample, scaled to a pool of some 40 jobs.

use scaleiq_core::sim::{Load, LoadSettings, Series};
use scaleiq_core::units::{DAY_S, UnixSeconds, WEEK_S};
use std::sync::Arc;

/// History that is played fast before the demo begins: a week, so that every hour of it was seen
/// once, and a day to tell a habit from chance.
pub const WARM_UP_S: u32 = WEEK_S + DAY_S;
/// Days that the demo can last.
const LIVE_DAYS: u32 = 28;

/// The traffic of `seed`.
///
/// # Errors
/// If it cannot be made; it is built in, so that only a bug could do that.
pub fn load(seed: u64) -> anyhow::Result<Arc<Load>> {
    let n = (WARM_UP_S / DAY_S + LIVE_DAYS) as usize * 720;
    let counts: Vec<f32> = (0..n)
        .map(|k| {
            let h = (k % 720) as f32 / 30.0;
            let week = if (k / 720) % 7 >= 5 { 0.33 } else { 1.0 };
            let burst = if k % 1913 < 9 { 1.8 } else { 1.0 };
            week * burst * (3800.0 + 2000.0 * ((h - 2.0) / 24.0 * 6.2832).cos())
        })
        .collect();
    let series =
        Series { start: UnixSeconds(1_748_217_600), interval_s: 120, counts_events: &counts };
    Ok(Arc::new(Load::from_series(&series, &LoadSettings::default(), seed)?))
}
