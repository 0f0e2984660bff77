//! What a forecast was made of, in words.

use crate::text::grouped;
use scaleiq_core::forecast::{Basis, ForecastSource, HORIZONS};
use scaleiq_core::interval::IntervalLength;

/// What a forecast was made of, at each horizon, of intervals of this length.
#[must_use]
pub(super) fn basis(basis: &Basis, length: IntervalLength) -> String {
    let source = basis.source.words();
    if basis.source == ForecastSource::Baseline {
        return source.into();
    }
    let list = |items: [String; HORIZONS.len()]| items.join(", ");
    let minutes = HORIZONS.map(|h| f64::from(length.seconds()) * h as f64 / 60.0);
    format!(
        "{source}; {} minutes ahead the network weighs {} % and moves the median by {} %",
        list(minutes.map(grouped)),
        list(basis.network_weight.map(|weight| format!("{:.0}", 100.0 * weight))),
        list(basis.network_effect.map(|effect| format!("{:+.1}", 100.0 * effect))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_horizon_is_told() {
        let [weight, effect] = [[0.43, 0.5, 1.0], [0.004, -0.012, 1.0]];
        let mixed =
            Basis { source: ForecastSource::Model, network_weight: weight, network_effect: effect };
        let length = IntervalLength::TWO_MINUTES;
        assert_eq!(
            basis(&mixed, length),
            "network and experts; 12, 24, 48 minutes ahead the network weighs 43, 50, 100 % and moves \
             the median by +0.4, -1.2, +100.0 %"
        );
        assert_eq!(basis(&Basis::default(), length), "experts alone");
    }
}
