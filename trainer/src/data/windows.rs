//! Training windows: the network's inputs at many moments of a series, and what followed.
//!
//! Inputs come from the same [`ForecastPipeline`] that the agent runs, fed interval by interval, so
//! nothing in them looks ahead and nothing can differ between training and serving.

use super::Mask;
use super::dates::RandomDates;
use crate::model::forecaster::Batch;
use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use scaleiq_core::forecast::{
    CALENDAR, CHANNELS, CONTEXT, ForecastModel, ForecastPipeline, LEVELS, ModelInput, QUANTILES,
    SLOT_WIDTH, SLOTS, STEPS, Scale, WINDOW,
};
use scaleiq_core::interval::{Interval, IntervalLength};
use scaleiq_core::units::UnixSeconds;

const RECENT: usize = LEVELS * CHANNELS * WINDOW;
const SEASONS: usize = SLOTS * SLOT_WIDTH;
const CALENDARS: usize = STEPS * CALENDAR;
const WIDTH: usize = RECENT + SEASONS + CALENDARS + CONTEXT;

/// A part of a series by time: rows `from..to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    /// Where it begins.
    pub from: usize,
    /// Where it ends; what follows a window's origin must lie before it.
    pub to: usize,
}

/// Windows in one flat array.
#[derive(Clone, Debug, Default)]
pub struct WindowSet {
    inputs: Vec<f32>,
    /// Swings from the anchor; NaN where the truth is missing.
    targets: Vec<f32>,
    scales: Vec<Scale>,
    origins: Vec<usize>,
}

/// No network: only inputs are wanted.
#[derive(Clone, Copy, Debug)]
struct Unasked;

impl ForecastModel for Unasked {
    type Error = std::convert::Infallible;
    fn infer(&mut self, _: &ModelInput) -> Result<[f32; STEPS * QUANTILES.len()], Self::Error> {
        Ok([0.0; STEPS * QUANTILES.len()])
    }
}

/// Windows of `intervals` whose origin lies in `split`, every `stride` intervals. Windows with
/// nothing known ahead are left out.
#[must_use]
pub fn windows(
    intervals: &[Interval],
    length: IntervalLength,
    split: Split,
    stride: usize,
) -> WindowSet {
    let Split { from, to } = split;
    let mut pipeline = ForecastPipeline::new(length, Unasked);
    let mut set = WindowSet::default();
    for (origin, interval) in intervals[..to.min(intervals.len())].iter().enumerate() {
        pipeline.remember(interval);
        if origin < from || (origin - from) % stride.max(1) != 0 || origin + STEPS >= to {
            continue;
        }
        if let Some(input) = pipeline.input() {
            let ahead = &intervals[origin + 1..=origin + STEPS];
            set.push(&input, ahead, origin);
        }
    }
    set
}

impl WindowSet {
    fn push(&mut self, input: &ModelInput, ahead: &[Interval], origin: usize) {
        let truth = ahead.iter().map(|i| i.arrivals_events);
        if truth.clone().all(|t| t.is_none()) {
            return;
        }
        self.push_input(input);
        let relative =
            |t: Option<f32>| t.map_or(f32::NAN, |v| input.scale.relative(v).clamp(-8.0, 8.0));
        self.targets.extend(truth.map(relative));
        self.scales.push(input.scale);
        self.origins.push(origin);
    }

    fn push_input(&mut self, input: &ModelInput) {
        self.inputs.extend_from_slice(input.recent.as_flattened().as_flattened());
        self.inputs.extend_from_slice(input.seasons.as_flattened());
        self.inputs.extend_from_slice(input.calendar.as_flattened());
        self.inputs.extend_from_slice(&input.context);
    }

    /// These windows as a network behind `mask` sees them.
    #[must_use]
    pub fn masked(&self, mask: Mask) -> Self {
        let mut masked = Self { inputs: Vec::with_capacity(self.inputs.len()), ..self.clone() };
        for k in 0..self.len() {
            let mut input = self.input(k);
            mask.apply(&mut input);
            masked.push_input(&input);
        }
        masked
    }

    /// The same windows at random dates; see `RandomDates`.
    #[must_use]
    pub fn at_random_dates(mut self, seed: u64) -> Self {
        let (dates, mut rng) = (RandomDates::new(), ChaCha8Rng::seed_from_u64(seed));
        for window in self.inputs.chunks_exact_mut(WIDTH) {
            dates.draw(&mut window[WIDTH - CONTEXT..], &mut rng);
        }
        self
    }

    /// Appends the windows of another series.
    pub fn extend(&mut self, other: WindowSet) {
        self.inputs.extend(other.inputs);
        self.targets.extend(other.targets);
        self.scales.extend(other.scales);
        self.origins.extend(other.origins);
    }

    /// Number of windows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.scales.len()
    }

    /// Whether there is no window.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.scales.is_empty()
    }

    /// How window `k`'s numbers are read as events.
    #[must_use]
    pub fn scale(&self, k: usize) -> Scale {
        self.scales[k]
    }

    /// Row of window `k`'s origin in its series.
    #[must_use]
    pub fn origin(&self, k: usize) -> usize {
        self.origins[k]
    }

    /// What followed window `k`, relative; NaN where missing.
    #[must_use]
    pub fn target(&self, k: usize) -> &[f32] {
        &self.targets[k * STEPS..(k + 1) * STEPS]
    }

    /// Mean and standard deviation of each context number: the scaler. Deviations of numbers that
    /// never change are 1.
    #[must_use]
    pub fn context_scaler(&self) -> Vec<[f32; 2]> {
        let n = self.len().max(1) as f64;
        let context = |k: usize, c: usize| f64::from(self.inputs[(k + 1) * WIDTH - CONTEXT + c]);
        (0..CONTEXT)
            .map(|c| {
                let mean = (0..self.len()).map(|k| context(k, c)).sum::<f64>() / n;
                let square = |k| (context(k, c) - mean).powi(2);
                let deviation = ((0..self.len()).map(square).sum::<f64>() / n).sqrt();
                [mean as f32, if deviation > 1e-4 { deviation as f32 } else { 1.0 }]
            })
            .collect()
    }

    /// The windows `picked` as a batch, and their targets `[B, STEPS]`.
    #[must_use]
    pub fn batch(&self, picked: &[usize], device: &Device) -> (Batch, Tensor<2>) {
        let b = picked.len();
        let part = |from: usize, width: usize| {
            let mut values = Vec::with_capacity(b * width);
            for &k in picked {
                let start = k * WIDTH + from;
                values.extend_from_slice(&self.inputs[start..start + width]);
            }
            values
        };
        let seasons = RECENT;
        let calendar = RECENT + SEASONS;
        let context = calendar + CALENDARS;
        let data = |values, shape: &[usize]| TensorData::new(values, shape.to_vec());
        let batch = Batch {
            recent: Tensor::from_data(
                data(part(0, RECENT), &[b, LEVELS, CHANNELS, WINDOW]),
                device,
            ),
            seasons: Tensor::from_data(
                data(part(seasons, SEASONS), &[b, SLOTS, SLOT_WIDTH]),
                device,
            ),
            calendar: Tensor::from_data(
                data(part(calendar, CALENDARS), &[b, STEPS, CALENDAR]),
                device,
            ),
            context: Tensor::from_data(data(part(context, CONTEXT), &[b, CONTEXT]), device),
        };
        let targets: Vec<f32> = picked.iter().flat_map(|&k| self.target(k)).copied().collect();
        (batch, Tensor::from_data(data(targets, &[b, STEPS]), device))
    }

    /// Numbers of what followed the windows `picked` that are known.
    #[must_use]
    pub fn known(&self, picked: &[usize]) -> usize {
        picked.iter().flat_map(|&k| self.target(k)).filter(|target| !target.is_nan()).count()
    }

    /// Window `k` as the input that the agent's engines take.
    #[must_use]
    pub fn input(&self, k: usize) -> ModelInput {
        let mut numbers = self.inputs[k * WIDTH..(k + 1) * WIDTH].iter().copied();
        let mut next = || numbers.next().unwrap_or(0.0);
        let mut input = ModelInput {
            recent: [[[0.0; WINDOW]; CHANNELS]; LEVELS],
            seasons: [[0.0; SLOT_WIDTH]; SLOTS],
            calendar: [[0.0; CALENDAR]; STEPS],
            context: [0.0; CONTEXT],
            scale: self.scales[k],
        };
        input.recent.as_flattened_mut().as_flattened_mut().fill_with(&mut next);
        input.seasons.as_flattened_mut().fill_with(&mut next);
        input.calendar.as_flattened_mut().fill_with(&mut next);
        input.context.fill_with(&mut next);
        input
    }
}

/// A tiny fixed set (two days of a sine at 10-minute intervals) on which devices are compared.
#[must_use]
pub fn probe_windows() -> WindowSet {
    let length_s = 600;
    let interval = |k: i64| Interval {
        arrivals_events: Some(100.0 + 50.0 * (k as f32 / 23.0).sin()),
        ..Interval::missing(UnixSeconds(length_s * (k + 1)))
    };
    let series: Vec<_> = (0..288).map(interval).collect();
    // 600 s divides a day.
    let length = IntervalLength::new(length_s as u32).unwrap_or(IntervalLength::TWO_MINUTES);
    windows(&series, length, Split { from: 144, to: 288 }, 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(n: usize) -> Vec<Interval> {
        (0..n)
            .map(|k| Interval {
                arrivals_events: (k % 97 != 5).then(|| 100.0 + (k as f32 / 9.0).sin() * 50.0),
                ..Interval::missing(UnixSeconds(120 * (k as i64 + 1)))
            })
            .collect()
    }

    #[test]
    fn parts_do_not_overlap_in_time() {
        let series = series(1000);
        let length = IntervalLength::TWO_MINUTES;
        let train = windows(&series, length, Split { from: 0, to: 700 }, 1);
        let test = windows(&series, length, Split { from: 700, to: 1000 }, 1);
        let last = (0..train.len()).map(|k| train.origin(k)).max().unwrap();
        let first = (0..test.len()).map(|k| test.origin(k)).min().unwrap();
        assert!(last + STEPS < 700 && first >= 700);
        assert_eq!(test.len(), 300 - STEPS);
    }

    #[test]
    fn a_window_keeps_input_and_truth() {
        let series = series(400);
        let set = windows(&series, IntervalLength::TWO_MINUTES, Split { from: 0, to: 400 }, 7);
        let k = set.len() - 1;
        let truth = series[set.origin(k) + 3].arrivals_events.unwrap();
        let read = set.scale(k).events(set.target(k)[2]);
        assert!((read - truth).abs() < 0.01 * truth, "{read} {truth}");
        let (batch, _) = set.batch(&[0, k], &Device::flex());
        let context = batch.context.to_data().try_to_vec::<f32>().unwrap();
        assert_eq!(context[CONTEXT..], set.input(k).context);
    }
}
