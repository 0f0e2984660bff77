//! What each hour cost and kept.

use scaleiq_core::units::UnixSeconds;
use scaleiq_workload::sim::TickCost;
use serde::{Serialize, Serializer};

const HOUR_S: i64 = 3600;

/// Books of a policy, hour by hour from a certain moment on.
#[derive(Clone, Debug)]
pub struct Hours {
    begin: UnixSeconds,
    /// Events that began, late ones among them, and job-seconds paid.
    hours: Vec<[f64; 3]>,
}

impl Hours {
    /// Nothing is in them yet. What comes before `begin` is left out.
    #[must_use]
    pub fn new(begin: UnixSeconds) -> Self {
        Self { begin, hours: Vec::new() }
    }

    /// A tick that ends at `end` had this `cost`.
    pub fn add(&mut self, end: UnixSeconds, cost: &TickCost) {
        let into_s = end.since(self.begin) - 1;
        let Ok(hour) = usize::try_from(into_s.div_euclid(HOUR_S)) else { return };
        if hour >= self.hours.len() {
            self.hours.resize(hour + 1, [0.0; 3]);
        }
        let sums = &mut self.hours[hour];
        for (sum, value) in
            sums.iter_mut().zip([cost.begun_events, cost.late_events, cost.paid_job_s])
        {
            *sum += value;
        }
    }

    /// Late events in all.
    #[must_use]
    pub fn late_events(&self) -> f64 {
        self.hours.iter().map(|[_, late, _]| late).sum()
    }

    /// The hour with the most late events: its begin, and how many; `None` if no event was late.
    #[must_use]
    pub fn worst(&self) -> Option<(UnixSeconds, f64)> {
        let late = self.hours.iter().enumerate().map(|(hour, [_, late, _])| (hour, *late));
        let (hour, late) = late.max_by(|a, b| a.1.total_cmp(&b.1)).filter(|worst| worst.1 > 0.5)?;
        Some((self.begin.plus(hour as i64 * HOUR_S), late))
    }
}

impl Serialize for Hours {
    /// As lists: events, late events, job-hours.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let column = |k: usize, scale: f64| -> Vec<f64> {
            self.hours.iter().map(|hour| (hour[k] / scale).round() / 100.0).collect()
        };
        (column(0, 0.01), column(1, 0.01), column(2, 36.0)).serialize(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_booked_in_their_hour() {
        let mut hours = Hours::new(UnixSeconds(7200));
        let cost = |late_events| TickCost {
            begun_events: 10.0,
            late_events,
            paid_job_s: 1800.0,
            ..TickCost::default()
        };
        hours.add(UnixSeconds(7200), &cost(9.0));
        assert_eq!(hours.worst(), None);
        for (end, late) in [(7201, 0.0), (10_800, 1.0), (10_801, 4.0), (18_000, 2.0)] {
            hours.add(UnixSeconds(end), &cost(late));
        }
        assert_eq!(hours.late_events(), 7.0);
        assert_eq!(hours.worst(), Some((UnixSeconds(10_800), 4.0)));
        let json = serde_json::to_string(&hours).unwrap();
        assert_eq!(json, "[[20.0,10.0,10.0],[1.0,4.0,2.0],[1.0,0.5,0.5]]");
    }
}
