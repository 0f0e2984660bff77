//! The estimate that a decision rests on.

use super::rebalance::{is_costly, standstill_s};
use crate::forecast::{HORIZONS, QUANTILES};
use crate::settings::Settings;
use crate::units::{EventsPerSecond, Jobs, UnixSeconds};

/// Everything a policy and the guard may look at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// End of the last sample.
    pub at: UnixSeconds,
    /// Its length in seconds: the next one is expected so long after it.
    pub sample_s: f32,
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
    /// The highest median rate before lead time.
    pub until_lead_rate: f32,
    /// The highest median rate from lead time until nearly all jobs are up that are asked for now.
    pub after_lead_rate: f32,
    /// The median rate when a backlog that is worked off from lead time on should be gone.
    pub settled_rate: f32,
    /// Arrival rates at each of [`HORIZONS`].
    pub horizon_rates: [HorizonRates; HORIZONS.len()],
    /// The backlog at lead time if nothing is done now.
    pub lead_backlog: LeadBacklog,
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
    pub max_jobs: Option<Jobs>,
    /// Whether half of the jobs on their way were asked for long ago: more would not come up, either.
    pub overdue: bool,
    /// The rate that the 0.99 quantile of the forecast, or the highest one of about the last three days,
    /// can justify to be prepared for. It does not rest on the margin.
    pub max_rate: f32,
    /// Where the present trend leads at lead time.
    pub trend_rate: f32,
    /// Whether nothing arrives, nothing waits and nothing is forecast.
    pub idle: bool,
    /// Seconds for which the pool stands still when jobs come or go, as learned.
    pub pause_s: f32,
    /// Whether a forecast was there.
    pub has_forecast: bool,
    /// Share of the SLA's error budget ([`Settings::objective`]) that is left; negative once overspent.
    pub budget_left: f32,
}

/// Quantiles of the arrival rate at one horizon, in events per second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HorizonRates {
    /// The 0.1 quantile.
    pub q10: f32,
    /// The median.
    pub q50: f32,
    /// The 0.9 quantile.
    pub q90: f32,
}

impl HorizonRates {
    /// The quantiles, ascending: as [`crate::decision::Outlook`] writes them.
    #[must_use]
    pub fn ascending(self) -> [f32; 3] {
        [self.q10, self.q50, self.q90]
    }
}

/// A backlog, in seconds of one job's work.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LeadBacklog {
    /// If arrivals take the median path.
    pub median_s: f32,
    /// If arrivals take the path of [`Estimate::high_rate`].
    pub high_s: f32,
}

impl Estimate {
    /// Jobs in force: see [`Estimate::wanted`].
    #[must_use]
    pub fn current_jobs(&self) -> Jobs {
        self.wanted
    }

    /// Jobs fully busy with `rate` events per second.
    #[must_use]
    pub fn offered_load(&self, rate: f32) -> f32 {
        rate * self.work_s
    }

    /// Seconds in which what waits should be worked off, `min_s` at the least. Jobs that take much
    /// longer to start than events may wait cannot answer a burst in time: what it leaves is worked
    /// off over about as long as they took to come, instead of by a pool many times as large.
    #[must_use]
    pub fn catch_up_s(&self, min_s: f32, settings: &Settings) -> f32 {
        min_s
            .max(self.start_up_s - settings.parameters.guard.followed_slas * settings.sla_s)
            .max(1.0)
    }

    /// `jobs`, and those that work the backlog off within the catch-up time, beyond the part of it that is
    /// no danger to the SLA. While the pool is stalled a backlog is no reason for more jobs.
    #[must_use]
    pub fn with_backlog(&self, jobs: f32, settings: &Settings) -> f32 {
        let work_s = self.backlog_events * self.work_s;
        let harmless_s =
            settings.parameters.guard.harmless_wait * settings.sla_s * self.ready.as_f32();
        let catch_up_s = self.catch_up_s(settings.catch_up_s, settings);
        let wanted = jobs + (work_s - harmless_s).max(0.0) / catch_up_s;
        if self.stalled { wanted.min(self.current_jobs().as_f32()).max(jobs) } else { wanted }
    }

    /// Whether a change costs a pause that is worth avoiding.
    #[must_use]
    pub fn changes_are_costly(&self) -> bool {
        is_costly(self.pause_s)
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

/// Why a sample does not give a estimate to decide on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoEstimate {
    /// No sample yet, or the last is older than `stale_after_s`.
    Stale,
    /// The last sample lacks arrivals, backlog, or a number of jobs that was told within the hour.
    Missing,
    /// The next sample should have come a while ago.
    Late,
}
