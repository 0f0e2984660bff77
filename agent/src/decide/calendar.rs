//! What the user has planned, and the forecaster that is told of it.

use super::Fallible;
use scaleiq_core::forecast::{
    Ahead, Forecast, ForecastModel, ForecastPipeline, Forecaster, PLANS, Plan,
};
use scaleiq_core::interval::{Interval, IntervalLength};
use scaleiq_core::units::UnixSeconds;
use scaleiq_workload::Series;
use serde::{Deserialize, Serialize};

/// A holiday or a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// What it is: an index of [`scaleiq_core::forecast::PLAN_NAMES`].
    pub kind: usize,
    /// Its begin.
    pub from: UnixSeconds,
    /// Its end, after its begin.
    pub to: UnixSeconds,
    /// Its size; 1 is the usual one.
    pub size: f32,
}

/// What the user knows of the traffic: everything that is planned, and was, and its own seasons.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Calendar {
    /// The events in any order; they may overlap.
    pub events: Vec<Event>,
    /// Seasons beside day and week, in seconds; at most [`scaleiq_core::forecast::OWN_SEASONS`].
    pub seasons_s: Vec<u32>,
}

impl Calendar {
    /// What is planned for the interval of `length` that ends at `end`: of each kind the size of
    /// the event that covers the most of it.
    #[must_use]
    pub fn plan(&self, end: UnixSeconds, length: IntervalLength) -> Plan {
        let start = end.plus(-i64::from(length.seconds()));
        let covered = |event: &Event| event.to.min(end).since(event.from.max(start));
        std::array::from_fn(|kind| {
            let events = self.events.iter().filter(|event| event.kind == kind);
            let events = events.map(|event| (covered(event), event.size));
            let most = events
                .filter(|(seconds, _)| *seconds > 0)
                .max_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
            most.map_or(0.0, |(_, size)| size)
        })
    }

    /// What is planned for the interval that ends at `end` and for those after it.
    #[must_use]
    pub fn ahead(&self, end: UnixSeconds, length: IntervalLength) -> Ahead {
        let after = |step: usize| end.plus(step as i64 * i64::from(length.seconds()));
        std::array::from_fn(|step| self.plan(after(step), length))
    }
}

impl From<&Series> for Calendar {
    /// Rows of the same size that follow each other are one event.
    fn from(series: &Series) -> Self {
        let length_s = i64::from(series.length_s);
        let mut events: Vec<Event> = Vec::new();
        for kind in 0..PLANS {
            for (row, plan) in series.plans.iter().enumerate() {
                let (from, size) = (series.start.plus(row as i64 * length_s), plan[kind]);
                let to = from.plus(length_s);
                match events.last_mut() {
                    Some(last) if (last.kind, last.to, last.size) == (kind, from, size) => {
                        last.to = to;
                    }
                    _ if size > 0.0 => events.push(Event { kind, from, to, size }),
                    _ => {}
                }
            }
        }
        Self { events, ..Self::default() }
    }
}

/// A [`ForecastPipeline`] that is told before each interval what is planned.
#[derive(Clone, Debug)]
pub struct Informed<M> {
    pipeline: ForecastPipeline<M>,
    calendar: Calendar,
    length: IntervalLength,
}

impl<M: ForecastModel> Informed<M> {
    /// `pipeline`, which forecasts intervals of `length`, beside a calendar.
    #[must_use]
    pub fn new(
        mut pipeline: ForecastPipeline<M>,
        calendar: Calendar,
        length: IntervalLength,
    ) -> Self {
        pipeline.set_seasons(&calendar.seasons_s);
        Self { pipeline, calendar, length }
    }
}

impl<M: ForecastModel> Forecaster for Informed<M> {
    fn push(&mut self, interval: &Interval) -> Option<Forecast> {
        self.pipeline.set_planned(&self.calendar.ahead(interval.end, self.length));
        self.pipeline.push(interval)
    }

    fn pass(&mut self, interval: &Interval) {
        self.pipeline.set_planned(&self.calendar.ahead(interval.end, self.length));
        self.pipeline.pass(interval);
    }
}

impl<M: ForecastModel> Fallible for Informed<M> {
    fn failures(&self) -> u32 {
        self.pipeline.failures()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: IntervalLength = IntervalLength::TWO_MINUTES;

    fn event(kind: usize, from: i64, to: i64, size: f32) -> Event {
        Event { kind, from: UnixSeconds(from), to: UnixSeconds(to), size }
    }

    #[test]
    fn the_event_that_covers_the_most_counts() {
        let events = vec![
            event(1, 100, 160, 2.0),
            event(1, 160, 1000, 1.0),
            event(1, 500, 600, 3.0),
            event(0, 240, 360, 0.5),
        ];
        let calendar = Calendar { events, ..Calendar::default() };
        let plan = |end| calendar.plan(UnixSeconds(end), LENGTH);
        // 40 s of the second event against 20 s of the first; the third is within the second.
        assert_eq!([plan(120), plan(240), plan(360)], [[0.0, 2.0], [0.0, 1.0], [0.5, 1.0]]);
        assert_eq!([plan(600), plan(960), plan(1080)], [[0.0, 1.0], [0.0, 1.0], [0.0, 1.0]]);
        assert_eq!(plan(1200), [0.0, 0.0]);
        let ahead = calendar.ahead(UnixSeconds(240), LENGTH);
        assert_eq!((ahead[0], ahead[1], ahead[8]), (plan(240), plan(360), plan(1200)));
    }

    #[test]
    fn rows_become_events() {
        let text = "timestamp,value,campaign,holiday\n0,1,1,0\n60,1,1,\n120,1,2,yes\n180,1,0,yes\n\
                    240,,1,\n";
        let series = Series::from_reader("m.csv", text.as_bytes()).unwrap();
        let events = Calendar::from(&series).events;
        assert_eq!(
            events,
            [
                event(0, 120, 240, 1.0),
                event(1, 0, 120, 1.0),
                event(1, 120, 180, 2.0),
                event(1, 240, 300, 1.0),
            ]
        );
    }
}
