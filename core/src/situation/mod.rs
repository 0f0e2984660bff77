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
/// A wait up to this share of the SLA calls for no extra jobs: a pause at a change leaves such a
/// backlog, and jobs started for it would cause the next pause.
const HARMLESS_WAIT: f32 = 0.25;
/// A pool that stands still for more than this share of a sample is stalled.
const STALLED_SHARE: f32 = 0.3;
/// Weight of the last change in the pause that a change is expected to cost.
const PAUSE_WEIGHT: f32 = 0.1;
/// Where changes are dear, a backlog may take this many times longer: fewer jobs have to start.
const PATIENCE: f32 = 3.0;
/// A shorter pause at a change is no reason to avoid changes, in seconds.
const SHORT_PAUSE_S: f32 = 2.0;
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
    /// Whether the pool worked far below its capacity although work was waiting: a rebalance, a
    /// poisoned partition, a downstream that is down. More jobs would not help, and their start
    /// would be the next rebalance.
    pub stalled: bool,
    /// Seconds for which the pool stands still when jobs come or go, as learned.
    pub pause_s: f32,
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
    pub fn required(&self, quantile: usize, settings: &Settings) -> f32 {
        let rate = self.lead_rates.get(quantile).copied().unwrap_or(self.rate.0);
        self.with_backlog(self.need(rate), settings.catch_up_s, settings)
    }

    /// `jobs`, and those that work the backlog off within `catch_up_s`, beyond the part of it that is
    /// no danger to the SLA. While the pool is stalled, or while jobs start whose start will cost a
    /// pause, a backlog is no reason for more than there are: the answer to it is on its way.
    #[must_use]
    pub fn with_backlog(&self, jobs: f32, catch_up_s: f32, settings: &Settings) -> f32 {
        let work_s = self.backlog_events * self.work_s;
        let harmless_s = HARMLESS_WAIT * settings.sla_s * self.ready.as_f32();
        let patience = if self.changes_are_dear() { PATIENCE } else { 1.0 };
        let wanted = jobs + (work_s - harmless_s).max(0.0) / (patience * catch_up_s).max(1.0);
        if self.stalled || (self.starting.0 > 0 && self.changes_are_dear()) {
            wanted.min(self.have().as_f32()).max(jobs)
        } else {
            wanted
        }
    }

    /// Whether a change costs a pause that is worth avoiding.
    #[must_use]
    pub fn changes_are_dear(&self) -> bool {
        self.pause_s > SHORT_PAUSE_S
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
    stalled: bool,
    pause_s: Option<f32>,
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
        let idle_s = self.idle_s(sample);
        self.stalled = idle_s.is_some_and(|idle| idle > STALLED_SHARE * span_s);
        if let Some(idle_s) = idle_s {
            self.learn_pause(sample, idle_s);
        }
        self.last = Some(*sample);
    }

    /// Seconds of the sample in which the pool stood still, judged by what it left undone; `None`
    /// where that cannot be told.
    fn idle_s(&self, sample: &Sample) -> Option<f32> {
        let before = self.last.as_ref()?;
        let span_s = sample.interval_s as f32;
        let ready = before.jobs_ready?.min(sample.jobs_ready?).as_f32();
        let could = ready * span_s / self.work_s();
        let (waiting, arrivals) = (before.backlog_events.known()?, sample.arrivals_events.known()?);
        if waiting + arrivals > could {
            // Busy throughout, or stalled.
            let done = sample.processed_events.known()?;
            return Some((span_s * (1.0 - done / could.max(1.0))).clamp(0.0, span_s));
        }
        if waiting * self.work_s() > ready || arrivals <= 0.0 {
            return None;
        }
        // A pause of p seconds leaves a backlog that grows to rate x p and drains at what is spare:
        // its area over time is rate p^2 / 2 / (1 - utilisation).
        let (rate, spare) = (arrivals / span_s, 1.0 - arrivals / could);
        let area = sample.queued_events.known()? * span_s;
        Some(libm::sqrtf(2.0 * area * spare / rate).min(span_s))
    }

    /// What a change of the pool costs is learned from the samples in which jobs came or went.
    fn learn_pause(&mut self, sample: &Sample, idle_s: f32) {
        let before = self.last.as_ref().and_then(|before| before.jobs_ready);
        if before.is_some() && sample.jobs_ready.is_some() && before != sample.jobs_ready {
            let pause_s = self.pause_s.unwrap_or(idle_s);
            self.pause_s = Some(pause_s + PAUSE_WEIGHT * (idle_s - pause_s));
        }
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
            stalled: self.stalled,
            pause_s: self.pause_s.unwrap_or(0.0),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::tests::{settings, situation};
    use crate::sample::RawSample;

    /// A 30 s sample of a pool that is offered 100 events/s of 0.1 s.
    fn sample(k: u32, ready: u32, processed: f64, backlog: f64, queued: f64) -> Sample {
        RawSample {
            time: f64::from(30 * k),
            interval_s: 30.0,
            logged_events: Some(3000.0),
            processed_events: Some(processed),
            unprocessed_events: Some(backlog),
            queued_events: Some(queued),
            avg_processing_ms: Some(100.0),
            jobs_ready: Some(f64::from(ready)),
            jobs_starting: Some(0.0),
        }
        .gate()
        .unwrap()
    }

    fn situation_after(samples: &[Sample]) -> Situation {
        let mut observer = Observer::default();
        samples.iter().for_each(|sample| observer.push(sample, 60.0));
        let last = samples.last().unwrap();
        observer.situation(last.end, None, &settings()).unwrap()
    }

    #[test]
    fn the_pause_of_a_change_is_learned_from_the_backlog_that_it_leaves() {
        // 8 s at 100/s leave 800 events, which 5 spare jobs drain in 16 s: mean backlog 320.
        let calm = |k| sample(k, 15, 3000.0, 0.0, 0.0);
        let after = [calm(1), calm(2), sample(3, 16, 3000.0, 0.0, 320.0)];
        let learned = situation_after(&after).pause_s;
        assert!((learned - 8.0).abs() < 0.5, "{learned}");
        assert!(situation_after(&after).changes_are_dear());
        assert_eq!(situation_after(&[calm(1), calm(2)]).pause_s, 0.0);
        assert_eq!(situation_after(&[calm(1), sample(2, 16, 3000.0, 0.0, 0.0)]).pause_s, 0.0);
    }

    #[test]
    fn a_stalled_pool_gets_no_more_jobs_for_its_backlog() {
        let busy = [sample(1, 10, 2900.0, 3000.0, 2000.0), sample(2, 10, 2950.0, 9000.0, 6000.0)];
        let stuck = [busy[0], sample(2, 10, 600.0, 9000.0, 6000.0)];
        let (busy, stuck) = (situation_after(&busy), situation_after(&stuck));
        assert!(!busy.stalled && stuck.stalled);
        let required = |s: &Situation| s.required(Q50, &settings());
        assert!(required(&busy) > 20.0, "{}", required(&busy));
        assert_eq!(required(&stuck), 10.0);
    }

    #[test]
    fn a_harmless_wait_calls_for_no_jobs() {
        let required = |backlog| situation(10, 100.0, backlog).required(Q50, &settings());
        assert_eq!(required(1500.0), required(0.0));
        assert!((required(2100.0) - required(0.0) - 1.0).abs() < 1e-4);
    }
}
