//! How well what comes is known to the policies: what a forecast is worth to a plan is told by runs with
//! a better and a worse one.

use super::cache::ForecastCache;
use crate::data::workload::forecast_all;
use crate::runtime::stop::never;
use clap::ValueEnum;
use scaleiq_core::forecast::{Forecast, NoModel};
use scaleiq_core::interval::Interval;

/// Whose forecasts the policies are given. Only the first two can be had in this world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Foresight {
    /// Network and experts: what is shipped
    #[default]
    Model,
    /// The experts alone
    Experts,
    /// What is shipped, halfway to what comes: every quantile errs by half
    HalfError,
    /// What comes, without a band
    Perfect,
}

impl Foresight {
    /// Forecasts from the end of each interval; those of the model are kept in `cache`.
    #[must_use]
    pub fn forecast(
        self,
        cache: &ForecastCache,
        intervals: &[Interval],
        note: &dyn Fn(&str),
    ) -> Vec<Option<Forecast>> {
        match self {
            Self::Model => cache.forecast(intervals, note),
            Self::Experts => forecast_all(&NoModel, intervals, &never),
            Self::HalfError => erring(0.5, cache.forecast(intervals, note), intervals),
            Self::Perfect => erring(0.0, cache.forecast(intervals, note), intervals),
        }
    }
}

/// `forecasts` with `share` of their errors. Where the load has ended they stay as they are.
fn erring(
    share: f32,
    mut forecasts: Vec<Option<Forecast>>,
    intervals: &[Interval],
) -> Vec<Option<Forecast>> {
    for (now, forecast) in forecasts.iter_mut().enumerate() {
        let steps = forecast.iter_mut().flat_map(|f| &mut f.events);
        for (quantiles, coming) in steps.zip(intervals.iter().skip(now + 1)) {
            let Some(truth) = coming.arrivals_events else { continue };
            for quantile in quantiles {
                *quantile = truth + share * (*quantile - truth);
            }
        }
    }
    forecasts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::benchmark::grid::settings_at;
    use crate::benchmark::simulated_run::SimulatedRun;
    use crate::data::recording::Recording;
    use crate::data::workload::tests::persistence;
    use crate::data::workload::{LENGTH, Workload};
    use scaleiq_core::forecast::{ForecastSource, Q50, QUANTILES, STEPS};
    use scaleiq_core::model::Bundle;
    use scaleiq_core::parameters::Parameters;
    use scaleiq_core::settings::Base;
    use scaleiq_core::units::{JobLimits, UnixSeconds};
    use scaleiq_workload::sim::World;

    #[test]
    fn a_peak_that_is_known_is_kept_where_jobs_take_minutes() {
        // Eight minutes of three times the traffic, every three hours.
        let counts = (0..2160).map(|k| if k % 90 < 4 { 3000.0 } else { 1000.0 }).collect();
        let recording =
            Recording { start: UnixSeconds(1_000_020), interval_s: 120, counts_events: counts };
        let mut known = |intervals: &[Interval]| erring(0.0, persistence(intervals), intervals);
        let workload =
            Workload::new("peaks", &recording, &settings_at(20.0), 1, &mut known).unwrap();
        let bundle = Bundle::shipped_native().unwrap();
        let run = SimulatedRun {
            workload: &workload,
            world: World::node(),
            limits: JobLimits::new(1, 200).unwrap(),
            seed: 1,
            warm_s: 86_400,
            policy: &bundle.policy(),
            base: Base::Required,
            parameters: Parameters::DEFAULT,
        };
        let score = run.plan();
        assert!(score.sla > 0.99, "{score:?}");
    }

    #[test]
    fn errors_are_halved_and_gone_and_the_end_is_left_as_forecast() {
        let interval = |k: u16| Interval {
            arrivals_events: Some(f32::from(k)),
            ..Interval::missing(UnixSeconds(120 * i64::from(k)))
        };
        let intervals: Vec<Interval> = (0..30).map(interval).collect();
        let band: [f32; QUANTILES.len()] = std::array::from_fn(|q| 100.0 + q as f32);
        let grid = [band; STEPS];
        let same = |i: &Interval| Forecast::new(i.end, LENGTH, grid, ForecastSource::Model).ok();
        let at = |share: f32, now: usize, step: usize| {
            let made = erring(share, intervals.iter().map(same).collect(), &intervals);
            made[now].as_ref().unwrap().events[step]
        };
        // Interval 8 brings 8 events.
        assert_eq!((at(0.0, 5, 2)[Q50], at(0.5, 5, 2)[Q50]), (8.0, (8.0 + band[Q50]) / 2.0));
        assert_eq!(at(0.0, 5, 2)[0], at(0.0, 5, 2)[QUANTILES.len() - 1]);
        assert_eq!(at(0.5, 5, 2)[QUANTILES.len() - 1] - at(0.5, 5, 2)[0], 4.0);
        assert_eq!(at(0.0, 29, 0), band);
    }
}
