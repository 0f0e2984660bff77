//! Forecasts of whole loads, kept on disk: making them is most of the work of a bench.
//!
//! A file ([`FORECASTS`]) holds for each interval 24 x 9 quantiles as little-endian `f32`, all NaN
//! where there is no forecast. Its name is a hash of the network and of the intervals, so another
//! load, scale or model is another file.

use crate::data::workload::{LENGTH, forecast_all};
use crate::runtime::files::write_atomic;
use crate::runtime::frame::{FORECASTS, open, seal};
use crate::runtime::stop::never;
use scaleiq_core::engine::NativeForecaster;
use scaleiq_core::forecast::{Forecast, ForecastSource, QUANTILES, QuantileGrid, STEPS};
use scaleiq_core::interval::Interval;
use scaleiq_core::model::sha256_hex;
use std::path::PathBuf;

const RECORD: usize = STEPS * QUANTILES.len() * size_of::<f32>();
/// Intervals that are forecast anew to see that this program still forecasts as the cache says.
const CHECKED: usize = 256;

/// A network, and where its forecasts are kept.
pub struct ForecastCache {
    network: NativeForecaster<'static>,
    network_hash: String,
    folder: Option<PathBuf>,
}

impl ForecastCache {
    /// Forecasts of `network`, whose file has this hash, kept in `folder` if there is one.
    #[must_use]
    pub fn new(
        network: NativeForecaster<'static>,
        network_hash: String,
        folder: Option<PathBuf>,
    ) -> Self {
        Self { network, network_hash, folder }
    }

    /// The forecast from the end of each interval. What cannot be read is made anew; what cannot be
    /// kept is told to `note`.
    pub fn forecast(&self, intervals: &[Interval], note: &dyn Fn(&str)) -> Vec<Option<Forecast>> {
        let Some(folder) = &self.folder else {
            return forecast_all(&self.network, intervals, &never);
        };
        let path = folder.join(format!("{}.forecasts", self.key(intervals)));
        let kept = std::fs::read(&path).ok().and_then(|bytes| decode(&bytes, intervals));
        if let Some(all) = kept.filter(|all| self.reproduces(intervals, all)) {
            return all;
        }
        let all = forecast_all(&self.network, intervals, &never);
        if let Err(error) = write_atomic(&path, &encode(&all)) {
            note(&format!("note: forecasts are not kept: {error}"));
        }
        all
    }

    fn key(&self, intervals: &[Interval]) -> String {
        let mut bytes = self.network_hash.clone().into_bytes();
        for interval in intervals {
            bytes.extend(interval.end.0.to_le_bytes());
            for value in [interval.arrivals_events, interval.work_ms] {
                bytes.extend(value.map_or(u32::MAX, f32::to_bits).to_le_bytes());
            }
        }
        sha256_hex(&bytes)
    }

    fn reproduces(&self, intervals: &[Interval], kept: &[Option<Forecast>]) -> bool {
        let grid = |forecast: &Option<Forecast>| forecast.as_ref().map(|f| f.events);
        let first = intervals.get(..CHECKED).unwrap_or(intervals);
        let anew = forecast_all(&self.network, first, &never);
        anew.iter().zip(kept).all(|(anew, kept)| grid(anew) == grid(kept))
    }
}

fn encode(all: &[Option<Forecast>]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(RECORD * all.len());
    for forecast in all {
        let nothing: QuantileGrid = [[f32::NAN; QUANTILES.len()]; STEPS];
        let grid = forecast.as_ref().map_or(nothing, |f| f.events);
        bytes.extend(grid.as_flattened().iter().flat_map(|value| value.to_le_bytes()));
    }
    seal(FORECASTS, &bytes)
}

/// What a file holds; `None` if it is damaged or speaks of other intervals.
fn decode(bytes: &[u8], intervals: &[Interval]) -> Option<Vec<Option<Forecast>>> {
    let records = open(FORECASTS, bytes).ok()?;
    if records.len() != RECORD * intervals.len() {
        return None;
    }
    let forecast = |(record, interval): (&[u8], &Interval)| {
        let mut grid: QuantileGrid = [[0.0; QUANTILES.len()]; STEPS];
        let (values, _) = record.as_chunks();
        for (place, value) in grid.as_flattened_mut().iter_mut().zip(values) {
            *place = f32::from_le_bytes(*value);
        }
        // A grid of NaN is no forecast, and comes back as none.
        Forecast::new(interval.end, LENGTH, grid, ForecastSource::Model).ok()
    };
    Some(records.chunks_exact(RECORD).zip(intervals).map(forecast).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use scaleiq_core::model::Bundle;
    use scaleiq_core::units::UnixSeconds;
    use std::cell::RefCell;

    fn intervals() -> Vec<Interval> {
        let interval = |k: i64| Interval {
            arrivals_events: (k >= 3).then_some(100.0 + k as f32),
            ..Interval::missing(UnixSeconds(120 * (k + 1)))
        };
        (0..40).map(interval).collect()
    }

    fn grids(all: &[Option<Forecast>]) -> Vec<Option<QuantileGrid>> {
        all.iter().map(|forecast| forecast.as_ref().map(|f| f.events)).collect()
    }

    #[test]
    fn what_is_kept_is_what_was_forecast_and_damage_is_mended() {
        let folder = tempfile::tempdir().unwrap();
        let network = Bundle::shipped_native().unwrap().forecaster().clone();
        let cache = ForecastCache::new(network, "hash".into(), Some(folder.path().into()));
        let silent = |note: &str| panic!("{note}");
        let made = cache.forecast(&intervals(), &silent);
        assert!(made[2].is_none() && made[3].is_some());
        let path = folder.path().join(format!("{}.forecasts", cache.key(&intervals())));
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(open(FORECASTS, &bytes).unwrap().len(), 40 * RECORD);
        assert_eq!(grids(&decode(&bytes, &intervals()).unwrap()), grids(&made));
        assert_eq!(grids(&cache.forecast(&intervals(), &silent)), grids(&made));

        for damaged in
            [&bytes[..bytes.len() - 1], b"", &[&bytes[..1000], b"x", &bytes[1001..]].concat()]
        {
            std::fs::write(&path, damaged).unwrap();
            assert_eq!(grids(&cache.forecast(&intervals(), &silent)), grids(&made));
            assert_eq!(std::fs::read(&path).unwrap(), bytes);
        }
        // Sound in itself, but not what this program forecasts.
        let mut other = made.clone();
        other[20] = other[21].clone();
        std::fs::write(&path, encode(&other)).unwrap();
        assert_eq!(grids(&cache.forecast(&intervals(), &silent)), grids(&made));
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_told() {
        let network = Bundle::shipped_native().unwrap().forecaster().clone();
        let nowhere = PathBuf::from("/no/such/folder");
        let cache = ForecastCache::new(network, "hash".into(), Some(nowhere));
        let told = RefCell::new(String::new());
        cache.forecast(&intervals(), &|note| told.borrow_mut().push_str(note));
        assert!(told.borrow().starts_with("note: forecasts are not kept"), "{}", told.borrow());
    }
}
