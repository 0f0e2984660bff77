//! Counts that must not come back: one interval that reads a hundred times the truth would return a
//! day and a week later by way of the seasons.
//!
//! Bounded influence at once (a count may exceed what was seen by a factor), and none once the next
//! interval contradicts it: a lone count far above both its neighbours is replaced by their mean. What
//! was as high at the same time of another day is a habit and no ghost.

use crate::history::ModelHistory;

/// A count may be this many times the highest of late, or of the same time on another day.
const GROWTH: f32 = 5.0;
/// ... and so many events more.
const GROWTH_EVENTS: f32 = 20.0;
/// Intervals that count as "of late".
const LATE: usize = 30;
/// Days back that are asked for a habit.
const DAYS: [usize; 2] = [1, 7];

/// The part of `events`, the count that follows `history`, that is believed at once.
pub(super) fn believed(history: &ModelHistory, events: f32, steps_per_day: usize) -> f32 {
    let late = (0..LATE).filter_map(|age| history.arrivals_ago(age)).reduce(f32::max);
    // The first count of all is all there is.
    let Some(late) = late else { return events };
    let habit = habit(history, 0, steps_per_day);
    events.min(GROWTH * late.max(habit) + GROWTH_EVENTS)
}

/// What should stand in place of the last count of `history` now that `events` follow it, if it was a
/// ghost.
pub(super) fn mended(history: &ModelHistory, events: f32, steps_per_day: usize) -> Option<f32> {
    let (last, before) = (history.arrivals_ago(0)?, history.arrivals_ago(1)?);
    let beside = events.max(before).max(habit(history, 1, steps_per_day));
    // What was cut off at once is just at the limit: half of it is far enough above.
    let is_ghost = last > 0.5 * GROWTH * beside + GROWTH_EVENTS;
    is_ghost.then_some(0.5 * (before + events))
}

/// The highest count around the same time on another day, `ago` intervals before the coming one.
fn habit(history: &ModelHistory, ago: usize, steps_per_day: usize) -> f32 {
    let around = DAYS.into_iter().flat_map(|days| {
        let back = days * steps_per_day + ago;
        (back.saturating_sub(2)..=back).filter_map(|age| history.arrivals_ago(age))
    });
    around.fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::Interval;
    use crate::units::UnixSeconds;
    use std::vec::Vec;

    const DAY: usize = 720;

    /// What is remembered of `counts`.
    fn remember(counts: impl IntoIterator<Item = f32>) -> ModelHistory {
        let mut history = ModelHistory::default();
        for events in counts {
            if let Some(mean) = mended(&history, events, DAY) {
                history.amend_last(mean);
            }
            let events = believed(&history, events, DAY);
            let end = UnixSeconds(0);
            history.push(&Interval { arrivals_events: Some(events), ..Interval::missing(end) });
        }
        history
    }

    #[test]
    fn a_lone_count_is_forgotten() {
        let counts = (0..100).map(|k| if k == 60 { 100_000.0 } else { 1000.0 });
        let history = remember(counts);
        let all: Vec<f32> = (0..100).filter_map(|age| history.arrivals_ago(age)).collect();
        assert!(all.iter().all(|events| (events / 1000.0 - 1.0).abs() < 0.01), "{all:?}");
    }

    #[test]
    fn a_step_is_believed_within_some_intervals() {
        let history = remember((0..60).map(|k| if k < 50 { 100.0 } else { 10_000.0 }));
        assert_eq!(history.arrivals_ago(0), Some(10_000.0));
        assert_eq!(history.arrivals_ago(6), Some(10_000.0));
    }

    #[test]
    fn what_comes_every_day_is_a_habit() {
        let counts = (0..4 * DAY).map(|k| if k % DAY == 300 { 30_000.0 } else { 1000.0 });
        let daily = remember(counts.clone());
        // The first one is taken for a ghost; a burst of three intervals a day is not.
        let burst =
            remember((0..2 * DAY).map(|k| if k % DAY / 3 == 100 { 30_000.0 } else { 1000.0 }));
        assert!(burst.arrivals_ago(2 * DAY - 302 - 1).unwrap() > 20_000.0);
        assert!(burst.arrivals_ago(DAY - 300 - 1).unwrap() > 29_000.0);
        assert!(daily.arrivals_ago(DAY - 300 - 1).is_some());
    }

    #[test]
    fn the_end_of_a_silence_is_no_ghost() {
        let history = remember((0..60).map(|k| if k < 50 { 0.0 } else { 500.0 }));
        assert_eq!(history.arrivals_ago(0), Some(500.0));
        assert_eq!(history.arrivals_ago(5), Some(500.0));
    }
}
