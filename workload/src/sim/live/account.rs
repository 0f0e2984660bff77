//! What a pool did: within a week, and in all.

use super::days::Days;
use super::queue::Queue;
use crate::sim::tally::{Score, Tally};
use scaleiq_core::units::UnixSeconds;

/// Share of the time in which the number of jobs may be unknown before the cost is.
const UNKNOWN_SHARE: f64 = 0.01;

/// Sums since the beginning, for counters.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// Events on which work began.
    pub events: f64,
    /// Those of them that had waited longer than the SLA.
    pub late_events: f64,
    /// Job-seconds paid, as far as the number of jobs is known.
    pub job_s: f64,
    /// Changes of the number of jobs.
    pub actions: u64,
}

/// How a pool did in the last week.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Standing {
    /// Seconds that were observed.
    pub observed_s: f64,
    /// The score; its costs are those of the time in which the number of jobs was known.
    pub score: Score,
    /// Wait that half of the events did not exceed, in seconds.
    pub p50_wait_s: u32,
    /// Whether the number of jobs is known, but for 1 % of the time.
    pub knows_jobs: bool,
}

#[derive(Clone, Debug, Default)]
struct Day {
    tally: Tally,
    observed_s: f64,
    jobs_unknown_s: f64,
}

/// A pool's books.
#[derive(Clone, Debug)]
pub(super) struct Account {
    sla_s: f64,
    days: Days<Day>,
    totals: Totals,
}

impl Account {
    pub(super) fn new(sla_s: f32) -> Self {
        Self { sla_s: f64::from(sla_s), days: Days::default(), totals: Totals::default() }
    }

    /// Forgets everything.
    pub(super) fn restart(&mut self) {
        (self.days, self.totals) = (Days::default(), Totals::default());
    }

    /// `seconds` were observed up to `at`, in which so many jobs were paid for, work of `ideal_job_s`
    /// arrived, and at whose end so many events wait.
    pub(super) fn observed(
        &mut self,
        at: UnixSeconds,
        seconds: f64,
        jobs: Option<f64>,
        ideal_job_s: f64,
        backlog_events: f64,
    ) {
        let day = self.days.at(at);
        day.observed_s += seconds;
        match jobs {
            Some(jobs) => {
                day.tally.paid_job_s += jobs * seconds;
                self.totals.job_s += jobs * seconds;
            }
            None => day.jobs_unknown_s += seconds,
        }
        day.tally.ideal_job_s += ideal_job_s;
        day.tally.max_backlog_events = day.tally.max_backlog_events.max(backlog_events);
    }

    /// Work began on events that had waited.
    pub(super) fn began(&mut self, at: UnixSeconds, waited_s: f64, events: f64) {
        self.totals.late_events += self.days.at(at).tally.waits.add(waited_s, events, self.sla_s);
        self.totals.events += events;
    }

    /// The number of jobs was changed.
    pub(super) fn acted(&mut self, at: UnixSeconds) {
        self.days.at(at).tally.actions += 1;
        self.totals.actions += 1;
    }

    pub(super) fn totals(&self) -> Totals {
        self.totals
    }

    /// How it stands. What waits in `queue` counts with the wait that it has so far.
    pub(super) fn standing(&self, queue: &Queue) -> Standing {
        let mut all = Day::default();
        for day in self.days.iter() {
            all.tally.merge(&day.tally);
            all.observed_s += day.observed_s;
            all.jobs_unknown_s += day.jobs_unknown_s;
        }
        queue.waiting(|waited_s, events| {
            all.tally.waits.add(waited_s, events, self.sla_s);
        });
        Standing {
            observed_s: all.observed_s,
            score: all.tally.score(all.observed_s.max(1.0)),
            p50_wait_s: all.tally.waits.quantile_s(0.5),
            knows_jobs: all.jobs_unknown_s <= UNKNOWN_SHARE * all.observed_s,
        }
    }
}
