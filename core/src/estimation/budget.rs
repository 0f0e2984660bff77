//! What lateness the SLA allows, and the margin that keeps to it.
//!
//! A margin that is right for one workload is far too costly for another. So it is steered by what it
//! is for: each late event widens it, and each event in time narrows it a little, until the share of
//! late events is what was aimed at (the integral controller of adaptive conformal inference; Gibbs
//! and Candes 2021, on the outcome itself instead of on a quantile).

use super::rate::weight;
use crate::learned::learned;
use crate::parameters::BudgetParams;
use crate::sample::Sample;
use crate::units::{DAY_S, UnixSeconds};
use crate::window::Window;

/// Buckets of the window in which arrivals can still be in time.
const BUCKETS: usize = 17;

/// Counts late events and steers the margin by them.
#[derive(Clone, Debug)]
pub(super) struct ErrorBudget {
    arrivals: Window<BUCKETS>,
    late_events: f32,
    all_events: f32,
    log_margin: f32,
    excused_until: Option<UnixSeconds>,
    began: bool,
    was_costly: bool,
}
learned!(ErrorBudget {
    arrivals,
    late_events,
    all_events,
    log_margin,
    excused_until,
    began,
    was_costly
});

/// What is known beside a sample.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beside {
    /// Mean arrival rate of the last day, in events per second.
    pub(super) mean_rate: f32,
    /// Whether changes stop the pool.
    pub(super) costly: bool,
    /// Usual errors by which the nowcast fell short of late.
    pub(super) missed: f32,
    /// Whether more came than anything could have justified to be prepared for.
    pub(super) overwhelmed: bool,
    /// Whether traffic came back at once after there was next to none.
    pub(super) woken: bool,
    /// Whether the pool cannot do what is wanted of it: jobs crash, do not come up, or do no more work.
    pub(super) helpless: bool,
    /// Seconds until what is decided takes effect.
    pub(super) lead_s: f32,
    /// Share of events that may be late.
    pub(super) late_share: f32,
}

impl ErrorBudget {
    /// A budget of which nothing is spent yet.
    #[inline(always)] // made in its place: see `Controller::new`
    pub(super) fn new(p: &BudgetParams) -> Self {
        Self {
            arrivals: Window::default(),
            late_events: 0.0,
            all_events: 0.0,
            log_margin: libm::logf(p.first_margin),
            excused_until: None,
            began: false,
            was_costly: false,
        }
    }

    /// Takes a sample with its arrivals, and what is known beside it.
    pub(super) fn push(
        &mut self,
        sample: &Sample,
        arrivals: f32,
        sla_s: f32,
        beside: &Beside,
        p: &BudgetParams,
    ) {
        self.begin(sla_s, beside, p);
        let span_s = sample.interval_s as f32;
        let window_s = libm::ceilf(sla_s) as u32;
        self.arrivals.add(sample.end, sample.interval_s, arrivals, window_s);
        let late = self.late_in(sample, sla_s);
        let keep = 1.0 - weight(span_s, DAY_S as f32);
        self.late_events = self.late_events * keep + late;
        self.all_events = self.all_events * keep + arrivals;
        let usual = beside.mean_rate.max(p.min_usual * arrivals / span_s).max(1e-9) * span_s;
        // A sample that is late altogether counts once, however long its backlog was.
        let spent = (late / usual).min(1.0) / beside.late_share;
        let (widens_a_day, narrows_a_day) = if beside.costly {
            (p.costly_widens_a_day, p.costly_narrows_a_day)
        } else {
            (p.widens_a_day, p.narrows_a_day)
        };
        let widens = widens_a_day * spent * span_s / DAY_S as f32;
        let widens = if self.is_excused(sample.end, late, sla_s, beside, p) {
            0.0
        } else if beside.costly {
            widens
        } else {
            // What was late although less came than was prepared for, no margin would have prevented;
            // and no more is needed than what was missed.
            widens.min((libm::logf(beside.missed.max(1.0)) - self.log_margin).max(0.0))
        };
        let narrows = narrows_a_day * span_s / DAY_S as f32;
        self.log_margin = (self.log_margin + widens - narrows)
            .max(libm::logf(p.min_margin))
            .min(libm::logf(p.max_margin));
    }

    /// The margin of a workload that is not known yet, as soon as it is known what starts take and do.
    fn begin(&mut self, sla_s: f32, beside: &Beside, p: &BudgetParams) {
        if !core::mem::replace(&mut self.began, true) {
            let slas = (beside.lead_s / sla_s.max(1.0)).max(1.0).min(p.answered_slas.max(1.0));
            self.log_margin += p.first_margin_grows * libm::logf(slas);
        }
        if beside.costly && !core::mem::replace(&mut self.was_costly, true) {
            self.log_margin += libm::logf(p.costly_first_margin);
        }
    }

    /// Whether what is late is so by a burst for which no margin could have prepared the pool: until the
    /// jobs that it called for are up, and have worked off what has gathered.
    fn is_excused(
        &mut self,
        now: UnixSeconds,
        late: f32,
        sla_s: f32,
        beside: &Beside,
        p: &BudgetParams,
    ) -> bool {
        let excused = self.excused_until.is_some_and(|until| now <= until);
        let burst = beside.overwhelmed && beside.lead_s > p.answered_slas * sla_s;
        // Where changes are costly a wide margin softens even what it cannot prevent: without, 8 instead of
        // 10 of 16 cases of development traffic kept their SLA.
        let overwhelmed = !beside.costly && (beside.woken || burst);
        if beside.helpless || overwhelmed {
            self.excused_until = Some(now.plus((beside.lead_s + p.excused_slas * sla_s) as i64));
        } else if excused && late > 0.0 {
            self.excused_until = self.excused_until.map(|until| until.max(now.plus(sla_s as i64)));
        }
        excused || beside.helpless || overwhelmed
    }

    /// First come, first served: what was worked on is late if more waits than has arrived within
    /// the SLA.
    fn late_in(&self, sample: &Sample, sla_s: f32) -> f32 {
        let since = UnixSeconds(sample.end.0.saturating_sub(sla_s as i64));
        let in_time = self.arrivals.sum_since(since);
        match (sample.backlog_events.known(), sample.processed_events.known()) {
            (Some(backlog), Some(done)) if backlog > in_time && in_time > 0.0 => done,
            _ => 0.0,
        }
    }

    /// Usual errors of the nowcast by which the pool is prepared for more than the median.
    pub(super) fn margin(&self) -> f32 {
        libm::expf(self.log_margin)
    }

    /// Share of the last day's allowance, `late_share` of the events, that is left; negative once
    /// overspent.
    pub(super) fn left(&self, late_share: f32) -> f32 {
        1.0 - self.late_events / (late_share * self.all_events).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::RawSample;

    const PARAMS: BudgetParams = BudgetParams::DEFAULT;
    const BESIDE: Beside = Beside {
        mean_rate: 10.0,
        costly: false,
        missed: 40.0,
        overwhelmed: false,
        woken: false,
        helpless: false,
        lead_s: 75.0,
        late_share: 0.001,
    };

    fn push(budget: &mut ErrorBudget, k: u32, backlog: f64) {
        push_beside(budget, k, backlog, &BESIDE);
    }

    fn push_beside(budget: &mut ErrorBudget, k: u32, backlog: f64, beside: &Beside) {
        let raw = RawSample {
            time: f64::from(30 * k),
            interval_s: 30.0,
            logged_events: Some(300.0),
            processed_events: Some(300.0),
            unprocessed_events: Some(backlog),
            ..RawSample::default()
        };
        budget.push(&raw.gate().unwrap().sample, 300.0, 60.0, beside, &PARAMS);
    }

    #[test]
    fn the_first_margin_is_wider_the_later_jobs_come_and_where_they_stop_others() {
        let first = |beside: &Beside| {
            let mut budget = ErrorBudget::new(&PARAMS);
            (1..3).for_each(|k| push_beside(&mut budget, k, 0.0, beside));
            budget.margin()
        };
        let soon = first(&Beside { lead_s: 30.0, ..BESIDE });
        assert!((soon - PARAMS.first_margin).abs() < 0.01, "{soon}");
        let [late, later, last] =
            [180.0, 240.0, 3600.0].map(|lead_s| first(&Beside { lead_s, ..BESIDE }));
        assert!((late / soon - 3f32.powf(PARAMS.first_margin_grows)).abs() < 0.01, "{late}");
        assert!(later > late && last == later, "{late} {later} {last}");
        let costly = first(&Beside { lead_s: 30.0, costly: true, ..BESIDE });
        assert!((costly / soon - PARAMS.costly_first_margin).abs() < 0.01, "{costly}");
    }

    #[test]
    fn a_calm_workload_earns_a_narrow_margin() {
        let mut budget = ErrorBudget::new(&PARAMS);
        (1..2880 * 30).for_each(|k| push(&mut budget, k, 500.0));
        assert!((budget.margin() - PARAMS.min_margin).abs() < 1e-3);
        assert_eq!(budget.left(BESIDE.late_share), 1.0);
    }

    #[test]
    fn late_events_are_seen_in_the_backlog_and_widen_it() {
        let mut budget = ErrorBudget::new(&PARAMS);
        (1..2880).for_each(|k| push(&mut budget, k, 590.0));
        let before = budget.margin();
        // 600 events arrive in a minute: with more than that waiting, somebody is late.
        (2880..2884).for_each(|k| push(&mut budget, k, 700.0));
        assert!(budget.margin() > 1.5 * before, "{} {before}", budget.margin());
        assert!(budget.left(BESIDE.late_share) < 0.0);
        let wide = budget.margin();
        (2884..2880 * 3).for_each(|k| push(&mut budget, k, 0.0));
        assert!(budget.margin() < 0.9 * wide);
    }

    #[test]
    fn a_looser_objective_spends_less_and_widens_less() {
        let after = |late_share: f32| {
            let mut budget = ErrorBudget::new(&PARAMS);
            (1..2880).for_each(|k| push(&mut budget, k, 590.0));
            let beside = Beside { late_share, ..BESIDE };
            (2880..2882).for_each(|k| push_beside(&mut budget, k, 700.0, &beside));
            (budget.margin(), budget.left(late_share))
        };
        let [(strict, strict_left), (loose, loose_left)] = [0.001, 0.05].map(after);
        assert!(loose < strict && strict_left < 0.0 && loose_left > 0.9);
    }

    #[test]
    fn what_no_margin_prevents_does_not_widen_it() {
        let late = |beside: Beside| {
            let mut budget = ErrorBudget::new(&PARAMS);
            (1..100).for_each(|k| push_beside(&mut budget, k, 0.0, &beside));
            let before = budget.margin();
            (100..140).for_each(|k| push_beside(&mut budget, k, 5000.0, &beside));
            (before, budget.margin())
        };
        let widened = |beside: Beside| {
            let (before, after) = late(beside);
            after / before
        };
        assert!(widened(BESIDE) > 2.0);
        // A burst beyond all that was seen or forecast, where jobs come up late; and less than what was
        // prepared for.
        let steep = Beside { overwhelmed: true, lead_s: 900.0, ..BESIDE };
        assert!(widened(steep) <= 1.0);
        assert!(widened(Beside { missed: 2.0, ..BESIDE }) <= 1.0);
        // Traffic that is back from nothing.
        assert!(widened(Beside { woken: true, ..BESIDE }) <= 1.0);
        // A pool that cannot do what is wanted of it, even where changes are costly.
        assert!(widened(Beside { helpless: true, costly: true, ..BESIDE }) <= 1.0);
        assert!(widened(Beside { costly: true, ..BESIDE }) > 2.0);
        // No wider than what was missed.
        assert!(late(Beside { missed: 9.0, ..BESIDE }).1 < 9.1);
    }

    #[test]
    fn a_wide_margin_comes_back_within_days() {
        let mut budget = ErrorBudget::new(&PARAMS);
        (1..200).for_each(|k| push(&mut budget, k, 5000.0));
        assert!((budget.margin() - PARAMS.max_margin).abs() < 0.1);
        (200..200 + 6 * 2880).for_each(|k| push(&mut budget, k, 0.0));
        assert!(budget.margin() < 0.5 * PARAMS.max_margin);
    }
}
