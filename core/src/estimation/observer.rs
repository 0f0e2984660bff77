//! Learns from each sample, and answers with the estimate.

use super::budget::{Beside, ErrorBudget};
use super::counted::{counted, waiting};
use super::estimate::{Estimate, HorizonRates, LeadBacklog, NoEstimate};
use super::nowcast::{Nowcast, Observed};
use super::path::{Path, is_fresh};
use super::pool::PoolObserver;
use super::projection::Start;
use super::rate::Rate;
use super::rebalance::is_costly;
use super::throughput::ThroughputObserver;
use super::work::WorkObserver;
use crate::forecast::{Forecast, HORIZONS, Q10, Q50, Q90};
use crate::learned::learned;
use crate::parameters::Parameters;
use crate::sample::{Reading, Sample};
use crate::settings::Settings;
use crate::units::{EventsPerSecond, Jobs, UnixSeconds};

/// Seconds without anything to do after which a pool is idle, as KEDA's cool-down.
const IDLE_S: f32 = 300.0;
/// Events expected within lead time that keep a job.
const MIN_EXPECTED: f32 = 0.5;
/// Seconds for which a number of jobs that was told before is missed. A field that never was there is not
/// one that has vanished: what has vanished may be an outage of its source, in which the pool may be hit
/// as well, so the number is held (promise S-4). What stays away for longer is not told any more, and to
/// hold on for days would cost more than to go by what was decided.
const MISSED_S: i64 = 3600;

/// Learns from each sample and answers with the [`Estimate`].
#[derive(Clone, Debug)]
pub struct Observer {
    /// Of the pool that is decided for, with the backlog that waits.
    last: Option<Sample>,
    /// The same as it was told.
    told: Option<Sample>,
    /// Of the pool that the samples came from, with what follows for it.
    counted: Option<Sample>,
    rate: Rate,
    nowcast: Nowcast,
    pool: PoolObserver,
    budget: ErrorBudget,
    work: WorkObserver,
    throughput: ThroughputObserver,
    /// Until then a pool that was found too small is so, whatever is decided.
    found_small: Option<UnixSeconds>,
    /// When the number of jobs was told last.
    told_jobs: Option<UnixSeconds>,
    /// Seconds since anything arrived, waited or was worked on.
    idle_s: f32,
}
learned!(Observer {
    last,
    told,
    counted,
    rate,
    nowcast,
    pool,
    budget,
    work,
    throughput,
    found_small,
    told_jobs,
    idle_s
});

impl Observer {
    /// An observer that has seen nothing.
    #[must_use]
    #[inline(always)] // made in its place: see `Controller::new`
    pub fn new(parameters: &Parameters) -> Self {
        Self {
            last: None,
            told: None,
            counted: None,
            rate: Rate::default(),
            nowcast: Nowcast::new(&parameters.nowcast),
            pool: PoolObserver::default(),
            budget: ErrorBudget::new(&parameters.budget),
            work: WorkObserver::default(),
            throughput: ThroughputObserver::default(),
            found_small: None,
            told_jobs: None,
            idle_s: 0.0,
        }
    }

    /// Takes the next sample (times must ascend; the gatherer has checked), and the forecast in
    /// force; `ordered` are the jobs decided last. They are obeyed in the pool that `sample` is of,
    /// which may be another than that of the `real` one: only real work can be learned from. What is late
    /// behind a sample that is `frozen` no margin could have prevented.
    pub fn push(
        &mut self,
        sample: &Sample,
        real: Option<&Sample>,
        frozen: bool,
        forecast: Option<&Forecast>,
        ordered: Option<Jobs>,
        settings: &Settings,
    ) {
        let span_s = sample.interval_s as f32;
        let obeyed = real.is_none();
        let before = self.counted;
        let (counted, unsure) = match real {
            Some(real) => (*real, Jobs(0)),
            None => {
                let assumed = ordered.and(self.pool.assumed());
                (counted(sample, before.as_ref(), assumed), self.unsure(sample, ordered))
            }
        };
        self.counted = Some(counted);
        let mut most = counted;
        if unsure > Jobs(0) {
            // They may be up sooner than is assumed: what they did is not the work of fewer.
            most.jobs_ready = counted.jobs_ready.max(ordered);
        }
        self.work.push(&most, before.as_ref(), unsure, obeyed.then_some(settings.sla_s));
        let (work_s, sure_s) = (self.work.work_s(), self.work.sure_s());
        self.told_jobs = sample.jobs_ready.map(|_| sample.end).or(self.told_jobs);
        if self.told_jobs.is_some_and(|at| sample.end.since(at) < MISSED_S) {
            self.pool.push(sample, self.last.as_ref(), sure_s, ordered);
        } else {
            let least = settings.limits.clamp(busy_jobs(sample, work_s));
            let (last, ordered) = (self.last.as_ref(), ordered.unwrap_or(least));
            self.pool.assume(sample, last, sure_s, ordered, settings.start_up_s);
        }
        let costly = is_costly(self.pool.pause_s());
        let (now, before) = if obeyed { (counted, before) } else { (*sample, self.told) };
        if let Some(before) = before.filter(|_| unsure == Jobs(0)) {
            self.throughput.push(&now, &before, sure_s, ordered, costly);
        }
        self.told = Some(*sample);
        let events = [sample.arrivals_events, sample.processed_events, sample.backlog_events];
        if events.iter().any(|reading| reading.known().is_some_and(|events| events > 0.0)) {
            self.idle_s = 0.0;
        } else if events.iter().all(|reading| reading.known().is_some()) {
            // What is missing is no zero: it does not count as idle.
            self.idle_s += span_s;
        }
        // From here on what is worked on does not wait.
        let working = sample.jobs_ready.or(self.pool.assumed()).unwrap_or_default();
        let working = if self.throughput.counts_work_in_progress() { working } else { Jobs(0) };
        let sample = &waiting(sample, working);
        if let Some(arrivals) = sample.arrivals_events.known() {
            let observed = arrivals / span_s;
            self.rate.push(sample.end, span_s, observed);
            let forecast = forecast.filter(|f| is_fresh(f, sample.end, settings));
            let lead_s = self.lead_s(settings);
            let is_first = self.last.is_none();
            if is_first && sample.jobs_ready.is_some_and(|jobs| jobs < busy_jobs(sample, work_s)) {
                self.found_small = Some(sample.end.plus(lead_s as i64));
            }
            let p = &settings.parameters.nowcast;
            let room = if costly { p.costly_room } else { p.room };
            let observed = Observed { end: sample.end, span_s, rate: observed };
            self.nowcast.push(observed, &self.rate, forecast, lead_s, room, p);
            let beside = Beside {
                mean_rate: self.rate.mean(),
                costly,
                missed: self.nowcast.missed(),
                overwhelmed: self.nowcast.is_overwhelmed(),
                woken: self.nowcast.is_woken(),
                // No margin is the answer to a pool that is too small since nobody knows what an event
                // takes, nor to one that was found so.
                helpless: frozen
                    || sure_s.is_none()
                    || self.found_small.is_some_and(|until| sample.end <= until)
                    || self.throughput.max_jobs(sample.end).is_some()
                    || self.pool.is_crashing()
                    || self.pool.is_overdue(sample.end, settings.start_up_s),
                lead_s,
                late_share: settings.objective.late_share(),
            };
            self.budget.push(
                sample,
                arrivals,
                settings.sla_s,
                &beside,
                &settings.parameters.budget,
            );
        }
        self.last = Some(*sample);
    }

    /// Jobs that are counted and may not have worked while `sample` was taken, since nobody tells of them.
    fn unsure(&self, sample: &Sample, ordered: Option<Jobs>) -> Jobs {
        match (sample.jobs_ready, self.pool.assumed(), ordered) {
            (None, Some(assumed), Some(ordered)) => {
                self.pool.unsure().max(Jobs(assumed.0.abs_diff(ordered.0)))
            }
            _ => Jobs(0),
        }
    }

    /// The work of an event on one job in seconds, if it was observed.
    #[must_use]
    pub fn work_s(&self) -> Option<f32> {
        self.work.known_s()
    }

    /// Whether stated work per event contradicts the throughput.
    #[must_use]
    pub fn doubts_work(&self) -> bool {
        self.work.is_doubted()
    }

    /// Whether a change costs a pause that is worth avoiding.
    #[must_use]
    pub fn changes_are_costly(&self) -> bool {
        is_costly(self.pool.pause_s())
    }

    /// Seconds until what is decided now takes effect.
    fn lead_s(&self, settings: &Settings) -> f32 {
        Settings::lead_s(self.pool.start_up_s(settings.start_up_s))
    }

    /// The last sample taken.
    #[must_use]
    pub fn last(&self) -> Option<&Sample> {
        self.last.as_ref()
    }

    /// What is known at `now`; `ordered` are the jobs decided last.
    ///
    /// # Errors
    /// If the last sample is too old (or of the future) or lacks what a decision needs.
    pub fn estimate(
        &self,
        now: UnixSeconds,
        forecast: Option<&Forecast>,
        ordered: Option<Jobs>,
        settings: &Settings,
    ) -> Result<Estimate, NoEstimate> {
        let sample = self.last.as_ref().ok_or(NoEstimate::Stale)?;
        if now.since(sample.end).abs() > i64::from(settings.stale_after_s) {
            return Err(NoEstimate::Stale);
        }
        let (Some(_), Some(backlog_events), Some(reported), Some(level)) = (
            sample.arrivals_events.known(),
            sample.backlog_events.known(),
            sample.jobs_ready.or(self.pool.assumed()),
            self.rate.level(),
        ) else {
            return Err(NoEstimate::Missing);
        };
        let at = sample.end;
        let starting = sample.jobs_starting.unwrap_or_default();
        let wanted = ordered.unwrap_or(Jobs(reported.0.saturating_add(starting.0)));
        let ready = reported.min(wanted);
        let backlog_events = (backlog_events - self.throughput.stuck_events()).max(0.0);
        let forecast = forecast.filter(|f| is_fresh(f, at, settings));
        let lead_s = self.lead_s(settings);
        let ahead = self.nowcast.ahead();
        let margin = self.budget.margin();
        let nowcast = &settings.parameters.nowcast;
        let path = Path { forecast, at, lead_s, level, median: ahead.median, nowcast };
        let high_rate = (ahead.median + margin * ahead.error).min(ahead.most).max(ahead.trend);
        let soon_rate = path.highest(nowcast.soon_s).max(level).max(ahead.median);
        let interval_s = settings.interval.seconds() as f32;
        let work_s = self.work.work_s();
        let backlog_s = backlog_events * work_s;
        let start_up_s = self.pool.start_up_s(settings.start_up_s);
        let start = Start {
            at,
            ready,
            pool: &self.pool,
            start_up_s,
            coming_late: nowcast.coming_late,
            backlog_s,
        };
        let median_s = start.project(|part| path.until_lead(part) * work_s);
        let raised = high_rate - ahead.median;
        let high_s = start.project(|part| (path.until_lead(part) + part * raised) * work_s);
        Ok(Estimate {
            at,
            sample_s: sample.interval_s as f32,
            wanted,
            ready,
            starting: Jobs(wanted.0 - ready.0),
            rate: EventsPerSecond(level),
            work_s,
            backlog_events,
            lead_rates: core::array::from_fn(|q| path.rate(0.0, q)),
            high_rate,
            soon_rate,
            later_rate: path.highest(nowcast.later_s).max(soon_rate),
            later_spread: path.rate(nowcast.later_s, Q90) - path.rate(nowcast.later_s, Q50),
            settled_rate: path.median(settings.catch_up_s),
            horizon_rates: HORIZONS.map(|h| {
                let at = |q| path.rate(h as f32 * interval_s - lead_s, q);
                HorizonRates { q10: at(Q10), q50: at(Q50), q90: at(Q90) }
            }),
            until_lead_rate: path.highest_until_lead(),
            after_lead_rate: path.highest(nowcast.stragglers * start_up_s).max(ahead.median),
            lead_backlog: LeadBacklog { median_s, high_s },
            margin,
            start_up_s,
            frozen: false,
            stalled: self.pool.is_stalled(),
            max_jobs: self.throughput.max_jobs(at),
            overdue: self.pool.is_overdue(at, settings.start_up_s),
            max_rate: ahead.most,
            trend_rate: ahead.trend,
            idle: self.idle_s >= IDLE_S && self.expects_nothing(&path, lead_s),
            pause_s: self.pool.pause_s(),
            has_forecast: forecast.is_some(),
            budget_left: self.budget.left(settings.objective.late_share()),
        })
    }

    /// Jobs for the forecast's 0.9 quantile between `now` and lead time; 0 without a fresh forecast, and
    /// while jobs that were asked for do not come up.
    #[must_use]
    pub fn foreseen(
        &self,
        now: UnixSeconds,
        forecast: Option<&Forecast>,
        settings: &Settings,
    ) -> Jobs {
        let forecast = forecast.filter(|f| is_fresh(f, now, settings));
        let Some(forecast) = forecast.filter(|_| !self.pool.is_overdue(now, settings.start_up_s))
        else {
            return Jobs(0);
        };
        let lead_s = self.lead_s(settings);
        let rate = |part: f32| forecast.rate(now.plus((part * lead_s) as i64), Q90).0;
        let rate = rate(0.0)
            .max(rate(1.0))
            .min(settings.parameters.nowcast.seen_room * self.rate.highest());
        Jobs::ceil(rate * self.work.work_s())
    }

    /// Whether fewer events are forecast for the time until a job is up, and for soon after it, than
    /// would be worth one.
    fn expects_nothing(&self, path: &Path<'_>, lead_s: f32) -> bool {
        [0.0, 0.5 * path.nowcast.soon_s, path.nowcast.soon_s]
            .iter()
            .all(|s| path.median(*s) * lead_s < MIN_EXPECTED)
    }
}

/// Jobs that the events of a sample kept busy: so many there must have been.
fn busy_jobs(sample: &Sample, work_s: f32) -> Jobs {
    let events = [sample.arrivals_events, sample.processed_events];
    let events = events.into_iter().filter_map(Reading::known).fold(0.0, f32::max);
    Jobs::ceil(events * work_s / sample.interval_s as f32)
}
