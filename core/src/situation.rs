//! What is known at the moment of a decision: the last sample, smoothed rates, and the forecast.

use crate::forecast::{Forecast, HORIZONS, Q10, Q50, Q90, Q99, QUANTILES};
use crate::sample::Sample;
use crate::settings::Settings;
use crate::units::{EventsPerSecond, Jobs, UnixSeconds};

/// Work per event assumed until one was observed, in milliseconds (the reference system's mean).
pub const DEFAULT_WORK_MS: f32 = 73.6;
/// Seconds over which the present arrival rate is smoothed.
const RATE_SMOOTHING_S: f32 = 60.0;
/// Seconds over which work per event is smoothed.
const WORK_SMOOTHING_S: f32 = 300.0;
/// Seconds after which the forecast's error at the present no longer corrects what lies ahead.
const CORRECTION_FADES_S: f32 = 900.0;
/// Seconds over which the share of late events is remembered.
const LATE_MEMORY_S: f32 = 86_400.0;

/// Everything a policy and the guard may look at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Situation {
    /// End of the last sample.
    pub at: UnixSeconds,
    /// Jobs that work.
    pub ready: Jobs,
    /// Jobs asked for and not up yet.
    pub starting: Jobs,
    /// Present arrival rate, smoothed over a minute.
    pub rate: EventsPerSecond,
    /// Work of one event on one job, in seconds.
    pub work_s: f32,
    /// Backlog in events.
    pub backlog_events: f32,
    /// Arrival rates at lead time, one per quantile; equal to `rate` without a forecast.
    pub lead_rates: [f32; QUANTILES.len()],
    /// `[horizon][q10, q50, q90]` arrival rates at [`HORIZONS`].
    pub horizon_rates: [[f32; 3]; HORIZONS.len()],
    /// Whether a forecast was there.
    pub has_forecast: bool,
    /// Share of the SLA's error budget (0.1 % late) that is left; negative once overspent.
    pub budget_left: f32,
}

impl Situation {
    /// Jobs that run or start.
    #[must_use]
    pub fn have(&self) -> Jobs {
        Jobs(self.ready.0.saturating_add(self.starting.0))
    }

    /// Jobs fully busy with `rate` events per second.
    #[must_use]
    pub fn need(&self, rate: f32) -> f32 {
        rate * self.work_s
    }

    /// Jobs required to serve the `quantile`-th rate at lead time and to work the backlog off.
    #[must_use]
    pub fn required(&self, quantile: usize, catch_up_s: f32) -> f32 {
        let rate = self.lead_rates.get(quantile).copied().unwrap_or(self.rate.0);
        self.need(rate) + self.backlog_events * self.work_s / catch_up_s.max(1.0)
    }

    /// Seconds that an event arriving now would wait.
    #[must_use]
    pub fn wait_s(&self) -> f32 {
        self.backlog_events * self.work_s / self.ready.as_f32().max(1.0)
    }
}

/// Why a sample does not give a situation to decide on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blind {
    /// No sample yet, or the last is older than `stale_after_s`.
    Stale,
    /// The last sample lacks arrivals, backlog or the number of jobs.
    Missing,
}

/// Keeps the smoothed present and answers with the [`Situation`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Observer {
    last: Option<Sample>,
    rate: Option<f32>,
    work_ms: Option<f32>,
    late_events: f32,
    all_events: f32,
}

impl Observer {
    /// Takes the next sample (times must ascend; the gatherer has checked).
    pub fn push(&mut self, sample: &Sample, sla_s: f32) {
        let span_s = sample.interval_s as f32;
        if let Some(arrivals) = sample.arrivals_events.known() {
            smooth(&mut self.rate, arrivals / span_s, span_s / RATE_SMOOTHING_S);
            self.count_late(sample, arrivals, span_s, sla_s);
        }
        if let Some(work_ms) = sample.work_ms.known()
            && work_ms > 0.0
        {
            smooth(&mut self.work_ms, work_ms, span_s / WORK_SMOOTHING_S);
        }
        self.last = Some(*sample);
    }

    /// Arrivals are counted late when the backlog that they join lasts longer than the SLA.
    fn count_late(&mut self, sample: &Sample, arrivals: f32, span_s: f32, sla_s: f32) {
        let keep = libm::expf(-span_s / LATE_MEMORY_S);
        self.late_events *= keep;
        self.all_events = self.all_events * keep + arrivals;
        if let (Some(backlog), Some(ready)) = (sample.backlog_events.known(), sample.jobs_ready) {
            let wait_s = backlog * self.work_s() / ready.as_f32().max(1.0);
            if wait_s > sla_s {
                self.late_events += arrivals;
            }
        }
    }

    fn work_s(&self) -> f32 {
        self.work_ms.unwrap_or(DEFAULT_WORK_MS) / 1000.0
    }

    /// The last sample taken.
    #[must_use]
    pub fn last(&self) -> Option<&Sample> {
        self.last.as_ref()
    }

    /// What is known at `now`.
    ///
    /// # Errors
    /// If the last sample is too old or lacks what a decision needs.
    pub fn situation(
        &self,
        now: UnixSeconds,
        forecast: Option<&Forecast>,
        settings: &Settings,
    ) -> Result<Situation, Blind> {
        let sample = self.last.ok_or(Blind::Stale)?;
        if now.since(sample.end) > i64::from(settings.stale_after_s) {
            return Err(Blind::Stale);
        }
        let (Some(_), Some(backlog_events), Some(ready), Some(rate)) = (
            sample.arrivals_events.known(),
            sample.backlog_events.known(),
            sample.jobs_ready,
            self.rate,
        ) else {
            return Err(Blind::Missing);
        };
        let at = sample.end;
        // A forecast made before a long hole in the data says nothing about now.
        let fresh = |f: &&Forecast| {
            at.since(f.origin) <= i64::from(settings.stale_after_s.max(2 * f.length.seconds()))
        };
        let forecast = forecast.filter(fresh);
        let ahead = |seconds: f32, quantile: usize| match forecast {
            Some(f) => {
                let then = at.plus(seconds as i64);
                let error = rate - f.rate(at, Q50).0;
                let fade = libm::expf(-seconds / CORRECTION_FADES_S);
                (f.rate(then, quantile).0 + error * fade).max(0.0)
            }
            None => rate,
        };
        let interval_s = settings.interval.seconds() as f32;
        Ok(Situation {
            at,
            ready,
            starting: sample.jobs_starting.unwrap_or_default(),
            rate: EventsPerSecond(rate),
            work_s: self.work_s(),
            backlog_events,
            lead_rates: core::array::from_fn(|q| ahead(settings.lead_s(), q)),
            horizon_rates: HORIZONS
                .map(|h| [Q10, Q50, Q90].map(|q| ahead(h as f32 * interval_s, q))),
            has_forecast: forecast.is_some(),
            budget_left: 1.0 - self.late_events / (0.001 * self.all_events).max(1.0),
        })
    }
}

/// Exponential smoothing; `weight` is the span over the time constant.
fn smooth(state: &mut Option<f32>, value: f32, weight: f32) {
    let keep = libm::expf(-weight);
    *state = Some(state.map_or(value, |old| old * keep + value * (1.0 - keep)));
}

/// The highest quantile of a situation's lead rates, by which the guard caps.
pub(crate) const CAP_QUANTILE: usize = Q99;
