//! What is read of a column at an origin. Of the past nothing after the origin is; of a column that is known in
//! advance, nothing after the last step that is forecast.

use scaleiq_core::forecast::STEPS;

/// Rows before an origin whose values are read one by one: what leads arrivals may do so by any of them.
const LAGS: [usize; 9] = [1, 2, 3, 4, 6, 8, 12, 16, 24];
/// Features of the past.
pub(super) const PAST: usize = LAGS.len() + 5;
/// Rows before a step that are read of what is known in advance: a mail brings its visitors within the hour.
const BEFORE: [usize; 5] = [0, 1, 2, 4, 8];
const REACH: usize = BEFORE[BEFORE.len() - 1];
/// Features of what is known in advance: its rows from before the first step to the last one, and the rows of the
/// steps a day before.
pub(super) const KNOWN: usize = REACH + STEPS + STEPS;

/// A column, row by row.
pub(super) struct Column {
    /// The last value known, on a scale on which what multiplies becomes what adds.
    values: Vec<f64>,
    is_missing: Vec<bool>,
    /// Sums of all values before a row.
    sums: Vec<f64>,
    day: usize,
    hour: usize,
}

impl Column {
    /// A column of which the rows before `end` set the scale; `day` is rows in a day. `None` if it has one value
    /// before `end`, or none.
    pub(super) fn new(values: &[Option<f64>], end: usize, day: usize) -> Option<Self> {
        let known = || values.iter().take(end).flatten();
        let first = known().next()?;
        if known().all(|value| value == first) {
            return None;
        }
        let mean = |of: &dyn Fn(f64) -> f64| {
            known().map(|value| of(*value)).sum::<f64>() / known().count() as f64
        };
        let unit = mean(&f64::abs);
        let scaled = |value: f64| (value / unit).asinh();
        let mut last = mean(&scaled);
        let is_missing = values.iter().map(Option::is_none).collect();
        let carried = values.iter().map(|value| {
            last = value.map_or(last, scaled);
            last
        });
        let values: Vec<f64> = carried.collect();
        let mut sum = 0.0;
        let mut sums = vec![0.0];
        sums.extend(values.iter().map(|value| {
            sum += value;
            sum
        }));
        Some(Self { values, is_missing, sums, day, hour: (day / 24).max(1) })
    }

    /// What is known of the past at `origin`.
    pub(super) fn past(&self, origin: usize) -> [f64; PAST] {
        let Self { day, hour, .. } = *self;
        let now = self.values[origin];
        let recent = self.mean(origin, hour);
        let usual = self.mean(origin, day);
        let yesterday = origin.checked_sub(day).map_or(usual, |row| self.mean(row, hour));
        let mut features = [0.0; PAST];
        features[..5].copy_from_slice(&[
            now - usual,
            recent - usual,
            recent - yesterday,
            now - self.values[origin.saturating_sub(hour)],
            f64::from(u8::from(self.is_missing[origin])),
        ]);
        for (feature, lag) in features[5..].iter_mut().zip(LAGS) {
            *feature = now - self.values[origin.saturating_sub(lag)];
        }
        features
    }

    /// What is known in advance at `origin`, as differences from the day before it.
    pub(super) fn known(&self, origin: usize) -> impl Iterator<Item = f64> {
        let usual = self.mean(origin, self.day);
        let last = self.values.len() - 1;
        let at = move |row: usize| self.values[row.min(last)] - usual;
        let ahead =
            (origin + 1..=origin + STEPS + REACH).map(move |row| at(row.saturating_sub(REACH)));
        let day = self.day;
        let before = (origin + 1..=origin + STEPS).map(move |row| at(row.saturating_sub(day)));
        ahead.chain(before)
    }

    /// The mean of `rows` rows up to one.
    fn mean(&self, last: usize, rows: usize) -> f64 {
        let from = (last + 1).saturating_sub(rows);
        (self.sums[last + 1] - self.sums[from]) / (last + 1 - from) as f64
    }
}

/// The places among [`KNOWN`] that speak of a step, from 0 on.
pub(super) fn known_of_step(step: usize) -> impl Iterator<Item = usize> {
    let before = BEFORE.into_iter().rev().map(move |rows| step + REACH - rows);
    before.chain(std::iter::once(REACH + STEPS + step))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: usize = 96;

    fn values(rows: usize) -> Vec<Option<f64>> {
        (0..rows).map(|k| (k % 11 != 4).then(|| 20.0 + (k * 37 % 101) as f64)).collect()
    }

    fn column(values: &[Option<f64>]) -> Column {
        Column::new(values, 300, DAY).unwrap()
    }

    #[test]
    fn nothing_looks_ahead() {
        let whole = values(600);
        let origin = 400;
        let changed = |from: usize| {
            let mut other = whole.clone();
            other[from..].iter_mut().enumerate().for_each(|(k, v)| *v = Some(5e4 + k as f64));
            column(&other)
        };
        let usual = column(&whole);
        let other = changed(origin + 1);
        for row in [301, origin - 1, origin] {
            assert_eq!(usual.past(row), other.past(row), "{row}");
        }
        assert_ne!(usual.past(origin + 1), other.past(origin + 1));
        let other = changed(origin + STEPS + 1);
        assert!(usual.known(origin).eq(other.known(origin)));
        assert!(!usual.known(origin + 1).eq(other.known(origin + 1)));
    }

    #[test]
    fn a_step_reads_its_own_rows_of_what_is_known() {
        let mut plan = vec![Some(0.0); 600];
        plan[100] = Some(1.0);
        plan[405] = Some(1.0);
        plan[420 - DAY] = Some(1.0);
        let column = column(&plan);
        let known: Vec<f64> = column.known(400).collect();
        assert_eq!(known.len(), KNOWN);
        let of = |step: usize| known_of_step(step).map(|at| known[at]).collect::<Vec<_>>();
        let usual = *known.last().unwrap();
        let is_set = |step: usize| -> Vec<bool> {
            of(step).iter().map(|value| *value > usual + 0.5).collect()
        };
        // Row 405 is step 5, which is number 4 from 0.
        assert_eq!(is_set(4), [false, false, false, false, true, false]);
        assert_eq!(is_set(8), [false, true, false, false, false, false]);
        assert_eq!(is_set(3), [false; 6]);
        assert_eq!(is_set(19), [false, false, false, false, false, true]);
        for step in 0..STEPS {
            assert!(known_of_step(step).is_sorted());
            assert!(known_of_step(step).all(|at| at < KNOWN));
        }
    }

    #[test]
    fn what_never_changes_before_the_test_part_is_no_column() {
        let mut same = vec![Some(3.0); 600];
        same[301] = Some(4.0);
        assert!(Column::new(&same, 300, DAY).is_none());
        assert!(Column::new(&[None; 600], 300, DAY).is_none());
    }

    #[test]
    fn gaps_keep_the_last_value_and_say_so() {
        let mut gap = values(600);
        gap[400] = Some(50.0);
        gap[401..404].fill(None);
        let column = column(&gap);
        assert_eq!(column.past(400)[4], 0.0);
        let past = column.past(403);
        assert_eq!((past[4], past[5], past[7]), (1.0, 0.0, 0.0), "{past:?}");
    }
}
