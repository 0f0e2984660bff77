//! Real traffic made into that of another workload, so that one trace teaches more than itself.

use crate::traffic::random::{between, chance, log_between, normal};
use rand_core::Rng;
use scaleiq_core::interval::{Interval, IntervalLength};
use scaleiq_core::units::WEEK_S;

/// Thinning leaves at least this many events per interval in the mean.
const FEWEST_EVENTS: f64 = 3.0;

/// `rows` at another time of the week, with fewer events (whose noise is larger then), and in half
/// of the cases with an outage of up to six hours. Gaps stay where they are.
#[must_use]
pub fn augmented(rows: &[Interval], length: IntervalLength, rng: &mut impl Rng) -> Vec<Interval> {
    let length_s = u64::from(length.seconds());
    let shift_s = (rng.next_u64() % (u64::from(WEEK_S) / length_s) * length_s) as i64;
    let share = share_kept(rows, rng);
    let outage = if chance(rng, 0.5) { outage(rows.len(), length_s, rng) } else { 0..0 };
    let augmentation = |(k, row): (usize, &Interval)| Interval {
        end: row.end.plus(shift_s),
        arrivals_events: row
            .arrivals_events
            .map(|events| if outage.contains(&k) { 0.0 } else { thinned(events, share, rng) }),
        ..*row
    };
    rows.iter().enumerate().map(augmentation).collect()
}

fn outage(rows: usize, length_s: u64, rng: &mut impl Rng) -> std::ops::Range<usize> {
    let from = (rng.next_u64() % rows.max(1) as u64) as usize;
    let seconds = 3600.0 * log_between(rng, 0.2, 6.0);
    from..from + 1 + (seconds / length_s as f64) as usize
}

/// Share of the events to keep.
fn share_kept(rows: &[Interval], rng: &mut impl Rng) -> f64 {
    let known: Vec<f64> = rows.iter().filter_map(|r| r.arrivals_events.map(f64::from)).collect();
    let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
    let least = FEWEST_EVENTS / mean.max(FEWEST_EVENTS);
    if chance(rng, 0.5) { log_between(rng, least, 1.0) } else { between(rng, least.max(0.5), 1.0) }
}

/// A count of which each event is kept with probability `share`: binomial, by its normal
/// approximation.
fn thinned(events: f32, share: f64, rng: &mut impl Rng) -> f32 {
    let events = f64::from(events);
    let deviation = (events * share * (1.0 - share)).max(0.0).sqrt();
    (share * events + deviation * normal(rng)).round().clamp(0.0, events.ceil()) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::random::stream;
    use scaleiq_core::units::UnixSeconds;

    #[test]
    fn grid_and_gaps_stay_and_events_only_become_fewer() {
        let row = |k: i64| Interval {
            arrivals_events: (k % 50 != 7).then_some(1000.0),
            ..Interval::missing(UnixSeconds(300 * (k + 1)))
        };
        let rows: Vec<_> = (0..2000).map(row).collect();
        let length = IntervalLength::new(300).unwrap();
        let mut outages = 0;
        for seed in 0..8 {
            let other = augmented(&rows, length, &mut stream(seed, 1));
            assert_eq!(other.len(), rows.len());
            assert_eq!((other[0].end.0 - rows[0].end.0) % 300, 0);
            assert!(other.windows(2).all(|pair| pair[1].end.0 - pair[0].end.0 == 300));
            for (a, b) in other.iter().zip(&rows) {
                assert_eq!(a.arrivals_events.is_some(), b.arrivals_events.is_some());
                assert!((0.0..=1000.0).contains(&a.arrivals_events.unwrap_or(0.0)));
            }
            outages += usize::from(other.iter().any(|row| row.arrivals_events == Some(0.0)));
            assert_eq!(other, augmented(&rows, length, &mut stream(seed, 1)));
        }
        assert!((1..8).contains(&outages), "{outages}");
    }
}
