//! The demo's traffic: the built-in sample, scaled to a pool of some 40 jobs.

use scaleiq_core::units::{DAY_S, WEEK_S};
use scaleiq_workload::sim::{Load, LoadSettings, Scale, Series};
use scaleiq_workload::traffic::builtin::{SampleSpec, generate};
use std::sync::Arc;

/// History that is played fast before the demo begins: a week, so that every hour of it was seen
/// once, and the weekend after it. The sample begins on a Saturday, so the demo does on a Monday.
pub const WARM_UP_S: u32 = WEEK_S + 2 * DAY_S;
/// Days that the demo can last.
const LIVE_DAYS: u32 = 28;
/// Jobs that the peak keeps busy.
const PEAK_JOBS: f32 = 40.0;
/// Length of the sample's intervals.
const INTERVAL_S: u32 = 120;

/// The traffic of `seed`.
///
/// # Errors
/// If it cannot be made; it is built in, so that only a bug could do that.
pub fn load(seed: u64) -> anyhow::Result<Arc<Load>> {
    let rows = (WARM_UP_S + LIVE_DAYS * DAY_S) / INTERVAL_S;
    let sample = generate(&SampleSpec { seed, rows: rows as usize });
    let series = Series {
        start: sample.start,
        interval_s: sample.length_s,
        counts_events: &sample.arrivals_filled(),
    };
    let settings = LoadSettings { scale: Scale::PeakJobs(PEAK_JOBS), ..LoadSettings::default() };
    Ok(Arc::new(Load::from_series(&series, &settings, seed)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::replay::static_jobs;

    #[test]
    fn the_sample_fills_forty_jobs_at_its_peak() {
        let load = load(1).unwrap();
        assert_eq!(load.duration_s(), u64::from(WARM_UP_S + LIVE_DAYS * DAY_S));
        assert!((39..=41).contains(&static_jobs(&load).0));
    }
}
