//! How far the interval lies from the last 72, in standard deviations.

use super::series::{LONGEST, SeriesNow, enough};
use super::spec::{FeatureSpec, Unit, WarmUp, spec};

/// From this many standard deviations on a value is called an anomaly, as in the reference.
const THRESHOLD: f64 = 2.5;

/// The window includes the value itself, as in the reference: one value among `n` cannot lie
/// further than `(n - 1) / sqrt(n)` off. If all are equal none of them is off: 0.
fn z(series: &SeriesNow) -> f64 {
    let off = series.value - series.w72.mean;
    if series.w72.std == 0.0 && !off.is_nan() { 0.0 } else { off / series.w72.std }
}

fn flag(series: &SeriesNow) -> f64 {
    let z = z(series);
    if z.is_nan() { f64::NAN } else { f64::from(u8::from(libm::fabs(z) > THRESHOLD)) }
}

const AFTER: WarmUp = WarmUp::Intervals(enough(LONGEST));

macro_rules! anomaly_specs {
    ($($x:ident),*) => {
        [$(
            spec(concat!(stringify!($x), "_z"), Unit::ZScore,
                concat!("(", stringify!($x), " - ", stringify!($x), "_mean_72) / ",
                    stringify!($x), "_std_72; 0 if all are equal"),
                AFTER, |now| z(&now.$x)),
            spec(concat!(stringify!($x), "_anomaly"), Unit::Flag,
                concat!("abs(", stringify!($x), "_z) > 2.5"), AFTER, |now| flag(&now.$x)),
        )*]
    };
}

pub(super) const FEATURES: &[FeatureSpec] = &anomaly_specs!(arrivals, processed, backlog);
