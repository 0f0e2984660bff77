//! What is known at the moment of a decision: the last sample, what was learned about workload and
//! pool, and what lies ahead.

mod budget;
mod nowcast;
mod pool;
mod rate;
mod throughput;
mod work;

pub use budget::LATE_SHARE;
pub use pool::PoolObserver;
pub use work::DEFAULT_WORK_MS;

use crate::forecast::{Forecast, HORIZONS, Q10, Q50, Q90, QUANTILES};
use crate::sample::{Reading, Sample};
use crate::settings::Settings;
use crate::units::{EventsPerSecond, Jobs, UnixSeconds};
use budget::{Beside, ErrorBudget};
use nowcast::{Nowcast, Observed};
use rate::Rate;
use throughput::ThroughputObserver;
use work::WorkObserver;

/// Seconds without anything to do after which a pool is idle, as KEDA's cool-down.
const IDLE_S: f32 = 300.0;
/// Events expected within lead time that keep a job.
const LEAST_EXPECTED: f32 = 0.5;
/// Room above what was seen and what is forecast for which a pool may be prepared,
const ROOM: f32 = 1.3;
/// ... and where changes are dear, since a pool that may not grow when it must has to be large before.
/// Both, and how long what was seen is remembered, were chosen on traffic of four traces (tweets of
/// Amazon and IBM, World Cup, NASA) before their last 21 days, at 40 jobs: remembered for 1, 3 and 7
/// days, rooms of 1.1, 1.3, 2 and 1.1, 1.5, 2, 2.5.
const DEAR_ROOM: f32 = 2.5;
/// What a forecast may raise while blind goes this far above the highest rate seen.
const SEEN_ROOM: f32 = 1.1;
/// Start-up times of up to this many SLAs can still answer a burst.
const FOLLOWED_SLAS: f32 = 3.0;
/// A wait up to this share of the SLA calls for no extra jobs of the simple rules.
const HARMLESS_WAIT: f32 = 0.25;
/// A shorter pause at a change is no reason to avoid changes, in seconds.
const SHORT_PAUSE_S: f32 = 2.0;
/// "Soon" reaches this many seconds beyond lead time.
const SOON_S: f32 = 360.0;
/// "Later" reaches this many seconds beyond lead time.
const LATER_S: f32 = 1200.0;
/// A forecast's shape beyond lead time is believed within these factors of the rate at lead time.
const SHAPE: (f32, f32) = (0.5, 2.0);
/// Seconds for which a number of jobs that was told before is missed. A field that never was there is not
/// one that has vanished: what has vanished may be an outage of its source, in which the pool may be hit
/// as well, so the number is held (promise S-4). What stays away for longer is not told any more, and to
/// hold on for days would cost more than to go by what was decided.
const MISSED_S: i64 = 3600;
/// Steps in which the backlog is projected to lead time.
const PROJECTION_STEPS: usize = 8;

/// Everything a policy and the guard may look at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Situation {
    /// End of the last sample.
    pub at: UnixSeconds,
    /// Jobs in force: those decided last; until then, those that were seen to run or start. What is
    /// reported beyond them (the surge of a rollout, jobs that are about to stop) is not asked for.
    pub wanted: Jobs,
    /// Jobs of these that work: as reported or, where nobody tells, as they should by now.
    pub ready: Jobs,
    /// Jobs of these that do not work yet.
    pub starting: Jobs,
    /// Present arrival rate, smoothed over less than a minute.
    pub rate: EventsPerSecond,
    /// Work of one event on one job, in seconds.
    pub work_s: f32,
    /// Backlog in events, without what stays in it while jobs are idle.
    pub backlog_events: f32,
    /// Arrival rates at lead time, one per quantile of the forecast around the nowcast's median;
    /// equal to `rate` without a forecast.
    pub lead_rates: [f32; QUANTILES.len()],
    /// The rate at lead time that the pool should be prepared for: the margin that the SLA budget
    /// asks for above the median, or where the present trend leads.
    pub high_rate: f32,
    /// The highest median rate within a few minutes from lead time.
    pub soon_rate: f32,
    /// The highest median rate within the next twenty minutes or so.
    pub later_rate: f32,
    /// 0.9 quantile less median of the forecast at the end of that time.
    pub later_spread: f32,
    /// The median rate when a backlog that is worked off from lead time on should be gone.
    pub settled_rate: f32,
    /// `[horizon][q10, q50, q90]` arrival rates at [`HORIZONS`].
    pub horizon_rates: [[f32; 3]; HORIZONS.len()],
    /// The backlog at lead time if nothing is done now, in seconds of one job's work: if arrivals
    /// take the median path, and if they take that of `high_rate`.
    pub lead_backlog_s: [f32; 2],
    /// Usual errors of the nowcast between its median and `high_rate`.
    pub margin: f32,
    /// Mean seconds until a job works, as configured and observed.
    pub start_up_s: f32,
    /// Whether the readings have not changed at all for so long that they may be frozen.
    pub frozen: bool,
    /// Whether the pool worked far below its capacity although work was waiting: a poisoned
    /// partition, a downstream that is down. More jobs would not help.
    pub stalled: bool,
    /// Jobs beyond which the throughput does not grow, where that was seen.
    pub most_jobs: Option<Jobs>,
    /// Whether half of the jobs on their way were asked for long ago: more would not come up, either.
    pub overdue: bool,
    /// The rate that the 0.99 quantile of the forecast, or the highest one of about the last three days,
    /// can justify to be prepared for. It does not rest on the margin.
    pub most_rate: f32,
    /// Where the present trend leads at lead time.
    pub trend_rate: f32,
    /// Whether nothing arrives, nothing waits and nothing is forecast.
    pub idle: bool,
    /// Seconds for which the pool stands still when jobs come or go, as learned.
    pub pause_s: f32,
    /// Whether a forecast was there.
    pub has_forecast: bool,
    /// Share of the SLA's error budget (0.1 % late) that is left; negative once overspent.
    pub budget_left: f32,
}

impl Situation {
    /// Jobs in force: see [`Situation::wanted`].
    #[must_use]
    pub fn have(&self) -> Jobs {
        self.wanted
    }

    /// Jobs fully busy with `rate` events per second.
    #[must_use]
    pub fn need(&self, rate: f32) -> f32 {
        rate * self.work_s
    }

    /// Seconds in which what waits should be worked off, `least_s` at the least. Jobs that take much
    /// longer to start than events may wait cannot answer a burst in time: what it leaves is worked
    /// off over about as long as they took to come, instead of by a pool many times as large.
    #[must_use]
    pub fn catch_up_s(&self, least_s: f32, settings: &Settings) -> f32 {
        least_s.max(self.start_up_s - FOLLOWED_SLAS * settings.sla_s).max(1.0)
    }

    /// `jobs`, and those that work the backlog off within the catch-up time, beyond the part of it that is
    /// no danger to the SLA. While the pool is stalled a backlog is no reason for more jobs.
    #[must_use]
    pub fn with_backlog(&self, jobs: f32, settings: &Settings) -> f32 {
        let work_s = self.backlog_events * self.work_s;
        let harmless_s = HARMLESS_WAIT * settings.sla_s * self.ready.as_f32();
        let catch_up_s = self.catch_up_s(settings.catch_up_s, settings);
        let wanted = jobs + (work_s - harmless_s).max(0.0) / catch_up_s;
        if self.stalled { wanted.min(self.have().as_f32()).max(jobs) } else { wanted }
    }

    /// Whether a change costs a pause that is worth avoiding.
    #[must_use]
    pub fn changes_are_dear(&self) -> bool {
        is_dear(self.pause_s)
    }

    /// Seconds that an event arriving now would wait.
    #[must_use]
    pub fn wait_s(&self) -> f32 {
        self.backlog_events * self.work_s / self.ready.as_f32().max(1.0)
    }

    /// Seconds for which the pool stands still while `jobs` come up one after the other: a pause for
    /// each, but no longer than from the first start to the last.
    #[must_use]
    pub fn standstill_s(&self, jobs: f32) -> f32 {
        standstill_s(jobs, self.pause_s, self.start_up_s)
    }
}

/// Start-up times differ by a factor of e to this power (standard deviation).
pub const START_SPREAD: f32 = 0.3;

fn standstill_s(jobs: f32, pause_s: f32, start_up_s: f32) -> f32 {
    if jobs < 1.5 {
        return if jobs < 0.5 { 0.0 } else { pause_s };
    }
    // Expected range of so many normal numbers (about 1.1 for two, 3.1 for ten, 5 for a hundred).
    let log = libm::logf(jobs);
    let range = 2.0 * libm::sqrtf(2.0 * log) * (1.0 - 0.35 / log.max(0.5)).max(0.45);
    (jobs * pause_s).min(pause_s + range * START_SPREAD * start_up_s)
}

/// Why a sample does not give a situation to decide on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blind {
    /// No sample yet, or the last is older than `stale_after_s`.
    Stale,
    /// The last sample lacks arrivals, backlog, or a number of jobs that was told within the hour.
    Missing,
}

fn is_dear(pause_s: f32) -> bool {
    pause_s > SHORT_PAUSE_S
}

/// Learns from each sample and answers with the [`Situation`].
#[derive(Clone, Debug, Default)]
pub struct Observer {
    /// Of the pool that is decided for.
    last: Option<Sample>,
    /// Of the pool that the samples came from.
    real: Option<Sample>,
    rate: Rate,
    nowcast: Nowcast,
    pool: PoolObserver,
    budget: ErrorBudget,
    work: WorkObserver,
    throughput: ThroughputObserver,
    /// When the number of jobs was told last.
    told_jobs: Option<UnixSeconds>,
    /// Seconds since anything arrived, waited or was worked on.
    idle_s: f32,
}

impl Observer {
    /// Takes the next sample (times must ascend; the gatherer has checked), and the forecast in
    /// force; `ordered` are the jobs decided last. They are obeyed in the pool that `sample` is of,
    /// which may be another than that of the `real` one: only real work can be learned from.
    pub fn push(
        &mut self,
        sample: &Sample,
        real: Option<&Sample>,
        forecast: Option<&Forecast>,
        ordered: Option<Jobs>,
        settings: &Settings,
    ) {
        let span_s = sample.interval_s as f32;
        let obeyed = real.is_none();
        let real = real.unwrap_or(sample);
        self.work.push(real, self.real.as_ref(), obeyed);
        self.real = Some(*real);
        let work_s = self.work.work_s();
        self.told_jobs = sample.jobs_ready.map(|_| sample.end).or(self.told_jobs);
        if self.told_jobs.is_some_and(|at| sample.end.since(at) < MISSED_S) {
            self.pool.push(sample, self.last.as_ref(), work_s, ordered);
        } else {
            let least = settings.limits.clamp(busy_jobs(sample, work_s));
            let (last, ordered) = (self.last.as_ref(), ordered.unwrap_or(least));
            self.pool.assume(sample, last, work_s, ordered, settings.start_up_s);
        }
        let dear = is_dear(self.pool.pause_s());
        if let Some(last) = &self.last {
            self.throughput.push(sample, last, work_s, ordered, dear);
        }
        if let Some(arrivals) = sample.arrivals_events.known() {
            let observed = arrivals / span_s;
            self.rate.push(sample.end, span_s, observed);
            let forecast = forecast.filter(|f| is_fresh(f, sample.end, settings));
            let lead_s = self.lead_s(settings);
            let room = if dear { DEAR_ROOM } else { ROOM };
            let observed = Observed { end: sample.end, span_s, rate: observed };
            self.nowcast.push(observed, &self.rate, forecast, lead_s, room);
            let beside = Beside {
                mean_rate: self.rate.mean(),
                dear,
                missed: self.nowcast.missed(),
                overwhelmed: self.nowcast.is_overwhelmed(),
                woken: self.nowcast.is_woken(),
                helpless: self.throughput.most_jobs(sample.end).is_some()
                    || self.pool.is_crashing()
                    || self.pool.is_overdue(sample.end, settings.start_up_s),
                lead_s,
            };
            self.budget.push(sample, arrivals, settings.sla_s, &beside);
        }
        let events = [sample.arrivals_events, sample.processed_events, sample.backlog_events];
        if events.iter().any(|reading| reading.known().is_some_and(|events| events > 0.0)) {
            self.idle_s = 0.0;
        } else if events.iter().all(|reading| reading.known().is_some()) {
            // What is missing is no zero: it does not count as idle.
            self.idle_s += span_s;
        }
        self.last = Some(*sample);
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
    pub fn changes_are_dear(&self) -> bool {
        is_dear(self.pool.pause_s())
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
    pub fn situation(
        &self,
        now: UnixSeconds,
        forecast: Option<&Forecast>,
        ordered: Option<Jobs>,
        settings: &Settings,
    ) -> Result<Situation, Blind> {
        let sample = self.last.as_ref().ok_or(Blind::Stale)?;
        if now.since(sample.end).abs() > i64::from(settings.stale_after_s) {
            return Err(Blind::Stale);
        }
        let (Some(_), Some(backlog_events), Some(reported), Some(level)) = (
            sample.arrivals_events.known(),
            sample.backlog_events.known(),
            sample.jobs_ready.or(self.pool.assumed()),
            self.rate.level(),
        ) else {
            return Err(Blind::Missing);
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
        let path = Path { forecast, at, lead_s, median: ahead.median };
        let high_rate = (ahead.median + margin * ahead.error).min(ahead.most).max(ahead.trend);
        let highest = |seconds: f32| {
            [1.0 / 3.0, 2.0 / 3.0, 1.0].map(|part| path.median(part * seconds)).into_iter()
        };
        let soon_rate = highest(SOON_S).fold(level.max(ahead.median), f32::max);
        let interval_s = settings.interval.seconds() as f32;
        let work_s = self.work.work_s();
        let backlog_s = backlog_events * work_s;
        let project = |rate: f32| {
            self.project(at, ready, backlog_s, [level * work_s, rate * work_s], settings)
        };
        Ok(Situation {
            at,
            wanted,
            ready,
            starting: Jobs(wanted.0 - ready.0),
            rate: EventsPerSecond(level),
            work_s,
            backlog_events,
            lead_rates: core::array::from_fn(|q| path.rate(0.0, q)),
            high_rate,
            soon_rate,
            later_rate: highest(LATER_S).fold(soon_rate, f32::max),
            later_spread: path.rate(LATER_S, Q90) - path.rate(LATER_S, Q50),
            settled_rate: path.median(settings.catch_up_s),
            horizon_rates: HORIZONS
                .map(|h| [Q10, Q50, Q90].map(|q| path.rate(h as f32 * interval_s - lead_s, q))),
            lead_backlog_s: [project(ahead.median), project(high_rate)],
            margin,
            start_up_s: self.pool.start_up_s(settings.start_up_s),
            frozen: false,
            stalled: self.pool.is_stalled(),
            most_jobs: self.throughput.most_jobs(at),
            overdue: self.pool.is_overdue(at, settings.start_up_s),
            most_rate: ahead.most,
            trend_rate: ahead.trend,
            idle: self.idle_s >= IDLE_S && self.expects_nothing(&path, lead_s),
            pause_s: self.pool.pause_s(),
            has_forecast: forecast.is_some(),
            budget_left: self.budget.left(),
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
        let rate = rate(0.0).max(rate(1.0)).min(SEEN_ROOM * self.rate.highest());
        Jobs::ceil(rate * self.work.work_s())
    }

    /// Whether fewer events are forecast for the time until a job is up, and for soon after it, than
    /// would be worth one.
    fn expects_nothing(&self, path: &Path<'_>, lead_s: f32) -> bool {
        [0.0, 0.5 * SOON_S, SOON_S].iter().all(|s| path.median(*s) * lead_s < LEAST_EXPECTED)
    }

    /// The backlog at lead time, in seconds of one job's work, if the need goes from `need[0]` now in
    /// a line to `need[1]` then, and nothing is done but what is on its way.
    fn project(
        &self,
        now: UnixSeconds,
        ready: Jobs,
        backlog_s: f32,
        need: [f32; 2],
        settings: &Settings,
    ) -> f32 {
        let lead_s = self.lead_s(settings);
        let start_up_s = self.pool.start_up_s(settings.start_up_s);
        let coming = || self.pool.coming(now, 1.1 * start_up_s);
        let step_s = lead_s / PROJECTION_STEPS as f32;
        let mut backlog_s = backlog_s;
        for step in 0..PROJECTION_STEPS {
            let at_s = (step as f32 + 0.5) * step_s;
            let need = need[0] + (need[1] - need[0]) * at_s / lead_s;
            // A job that is late already comes any moment.
            let up = coming().filter(|c| c.in_s.max(10.0) < at_s).map(|c| c.jobs);
            let jobs = ready.as_f32() + up.sum::<f32>();
            backlog_s = (backlog_s + (need - jobs) * step_s).max(0.0);
        }
        let pause_s = self.pool.pause_s();
        let still_s: f32 = coming().map(|c| standstill_s(c.jobs, pause_s, start_up_s)).sum();
        backlog_s + still_s.min(lead_s) * ready.as_f32()
    }
}

/// Jobs that the events of a sample kept busy: so many there must have been.
fn busy_jobs(sample: &Sample, work_s: f32) -> Jobs {
    let events = [sample.arrivals_events, sample.processed_events];
    let events = events.into_iter().filter_map(Reading::known).fold(0.0, f32::max);
    Jobs::ceil(events * work_s / sample.interval_s as f32)
}

/// A forecast made before a long hole in the data says nothing about now.
fn is_fresh(forecast: &Forecast, now: UnixSeconds, settings: &Settings) -> bool {
    let oldest_s = settings.stale_after_s.max(2 * forecast.length.seconds());
    now.since(forecast.origin) <= i64::from(oldest_s)
}

/// Rates from lead time on: the forecast, moved to the nowcast's median.
struct Path<'a> {
    forecast: Option<&'a Forecast>,
    at: UnixSeconds,
    lead_s: f32,
    median: f32,
}

impl Path<'_> {
    /// The rate `seconds` after lead time.
    fn rate(&self, seconds: f32, quantile: usize) -> f32 {
        let Some(forecast) = self.forecast else { return self.median };
        let rate =
            |seconds: f32, q| forecast.rate(self.at.plus((self.lead_s + seconds) as i64), q).0;
        let spread = rate(seconds, quantile) - rate(seconds, Q50);
        (self.median(seconds) + spread).max(0.0)
    }

    /// The median rate `seconds` after lead time: the forecast's shape from the nowcast's level.
    fn median(&self, seconds: f32) -> f32 {
        let Some(forecast) = self.forecast else { return self.median };
        let rate =
            |seconds: f32| forecast.rate(self.at.plus((self.lead_s + seconds) as i64), Q50).0;
        let shape = rate(seconds) / rate(0.0).max(1e-9);
        self.median * shape.clamp(SHAPE.0, SHAPE.1)
    }
}

#[cfg(test)]
mod tests;
