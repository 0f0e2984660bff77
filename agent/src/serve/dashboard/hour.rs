//! How many events were late in the last hour, and what that does to the budget of late ones.

use crate::decide::figures::PoolFigures;
use serde::Serialize;
use std::collections::VecDeque;

/// Seconds that are looked back on,
const SPAN_S: i64 = 3600;
/// in steps of a minute.
const STEP_S: i64 = 60;

/// Events and late ones of about the last hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct LastHour {
    /// Seconds that it covers: less than an hour after a start.
    pub(crate) observed_s: i64,
    /// Events on which work began.
    pub(crate) events: f64,
    /// Those that had waited longer than the SLA.
    pub(crate) late_events: f64,
    /// Share that was in time; `None` if there was none.
    pub(crate) sla_ratio: Option<f64>,
}

/// What is left of the events that may be late.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Budget {
    /// Share of the last week's allowance that is left; negative once it is overspent.
    pub(crate) left_ratio: f64,
    /// How many times faster than allowed the last hour spent it; 1 is just right.
    pub(crate) burn_rate: Option<f64>,
}

impl Budget {
    /// Of a pool with these figures, of whose events `objective_percent` should be in time; `None` where
    /// all should be, or none was seen.
    pub(crate) fn new(week: &PoolFigures, hour: &LastHour, objective_percent: f32) -> Option<Self> {
        let allowed = 1.0 - f64::from(objective_percent) / 100.0;
        let spent = |sla: f64| (1.0 - sla) / allowed;
        let week = week.sla_ratio.filter(|_| allowed > 0.0)?;
        Some(Self { left_ratio: 1.0 - spent(week), burn_rate: hour.sla_ratio.map(spent) })
    }
}

/// Totals of the last hour, minute by minute: when, events, late ones.
#[derive(Clone, Debug, Default)]
pub(super) struct Minutes(VecDeque<(i64, f64, f64)>);

impl Minutes {
    /// The totals of a pool at the moment `at`.
    pub(super) fn push(&mut self, at: i64, figures: &PoolFigures) {
        let (events, late) = (figures.totals.events, figures.totals.late_events);
        // Another pool, or one that is counted anew.
        if self.0.back().is_some_and(|last| events < last.1 || late < last.2) {
            self.0.clear();
        }
        // The newest always counts; those before it are a minute apart.
        let n = self.0.len();
        if n >= 2 && self.0[n - 1].0 - self.0[n - 2].0 < STEP_S {
            self.0.pop_back();
        }
        self.0.push_back((at, events, late));
        let is_past = |(begin, ..): &(i64, f64, f64)| *begin < at - SPAN_S - STEP_S;
        while self.0.front().is_some_and(is_past) {
            self.0.pop_front();
        }
    }

    /// The last hour.
    pub(super) fn last_hour(&self) -> LastHour {
        let (Some(first), Some(last)) = (self.0.front(), self.0.back()) else {
            return LastHour::default();
        };
        let (events, late_events) = (last.1 - first.1, last.2 - first.2);
        LastHour {
            observed_s: last.0 - first.0,
            events: events.round(),
            late_events: late_events.round(),
            sla_ratio: (events > 0.0).then(|| (1.0 - late_events / events).clamp(0.0, 1.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::figures::Pool;

    fn figures(events: f64, late_events: f64) -> PoolFigures {
        let mut figures = PoolFigures::unknown(Pool::Real);
        (figures.totals.events, figures.totals.late_events) = (events, late_events);
        figures
    }

    #[test]
    fn an_hour_is_looked_back_on() {
        let mut minutes = Minutes::default();
        assert_eq!(minutes.last_hour().sla_ratio, None);
        for k in 0..2000 {
            // A hundred events every 5 s, of which ten are late from second 5000 on.
            let late = (k - 1000).max(0) as f64 * 10.0;
            minutes.push(k * 5, &figures(k as f64 * 100.0, late));
        }
        assert!(minutes.0.len() <= 64);
        let hour = minutes.last_hour();
        assert!((hour.observed_s - SPAN_S).abs() <= 2 * STEP_S, "{hour:?}");
        assert!((hour.sla_ratio.unwrap() - 0.9).abs() < 1e-9, "{hour:?}");
        minutes.push(10_005, &figures(5.0, 0.0));
        assert_eq!(minutes.last_hour().events, 0.0, "counted anew");
        minutes.push(90_000, &figures(50.0, 0.0));
        assert_eq!(minutes.last_hour().sla_ratio, None, "what came in a gap is not of this hour");
    }

    #[test]
    fn a_budget_is_what_may_be_late() {
        let week = PoolFigures { sla_ratio: Some(0.9995), ..figures(1.0, 0.0) };
        let hour = LastHour { sla_ratio: Some(0.997), ..LastHour::default() };
        let budget = Budget::new(&week, &hour, 99.9).unwrap();
        assert!((budget.left_ratio - 0.5).abs() < 1e-3, "{budget:?}");
        assert!((budget.burn_rate.unwrap() - 3.0).abs() < 1e-2);
        assert_eq!(Budget::new(&week, &hour, 100.0), None);
    }
}
