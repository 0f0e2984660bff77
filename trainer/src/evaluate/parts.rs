//! What the parts of a forecaster do alone: the network without experts, the experts without a
//! network.

use super::forecasts::{Course, Origin, rolling_alone, rolling_planned};
use scaleiq_core::forecast::{
    Baseline, ForecastModel, ForecastPipeline, ModelInput, NoModel, Plan,
};
use scaleiq_core::interval::{Interval, IntervalLength};

/// What `network` forecasts by itself. Where it fails the baseline stands in, as in the agent.
pub fn network_alone<M: ForecastModel>(
    mut network: M,
    length: IntervalLength,
    intervals: &[Interval],
    course: Course,
    tick: impl FnMut(usize) -> bool,
) -> Vec<Origin> {
    let forecast = |input: &ModelInput| match network.infer(input) {
        Ok(changes) if changes.iter().all(|c| c.is_finite()) => input.scale.grid(&changes),
        _ => Baseline::quantiles(input),
    };
    rolling_alone(length, intervals, course, forecast, tick)
}

/// What the experts forecast by themselves, knowing what is planned.
pub fn experts_alone(
    length: IntervalLength,
    intervals: &[Interval],
    plans: &[Plan],
    course: Course,
    tick: impl FnMut(usize) -> bool,
) -> Vec<Origin> {
    rolling_planned(ForecastPipeline::new(length, NoModel), intervals, plans, course, tick)
}
