//! Whether the model has seen the history that it is judged on.

use scaleiq_workload::Series;
use scaleiq_workload::traffic::builtin::{SampleSpec, generate};
use std::collections::BTreeMap;

/// What cards call the built-in sample.
const BUILT_IN: &str = "built-in sample";
/// Rows that are the same by chance are fewer than half.
const SAME_SHARE: f64 = 0.5;

/// Returns whether a model that was trained on `data` (names with fingerprints) has seen `series`, in a sentence;
/// `None` where no networks were trained.
#[must_use]
pub fn seen(data: &BTreeMap<String, String>, series: &Series) -> Option<String> {
    if data.is_empty() {
        return None;
    }
    let print = series.fingerprint();
    let same = data.iter().find(|(_, known)| **known == print).map(|(name, _)| name.as_str());
    let part = || (data.contains_key(BUILT_IN) && is_built_in(series)).then_some(BUILT_IN);
    Some(match same.or_else(part) {
        Some(name) => format!(
            "Seen before: the model was trained on the first four fifths of this history ({name}), so traffic of \
             your own is the better judge."
        ),
        None => format!(
            "New to the model, unless it is a part or another export of one of the {} histories that it was \
             trained on.",
            data.len()
        ),
    })
}

/// Whether most rows are those of the built-in sample.
fn is_built_in(series: &Series) -> bool {
    let known = generate(&SampleSpec::default());
    let arrivals: BTreeMap<_, _> =
        known.rows.iter().map(|row| (row.end, row.arrivals_events)).collect();
    let is_same = |end, events: Option<f32>| {
        let there = arrivals.get(&end).copied().flatten();
        // Files hold rounded numbers.
        there.zip(events).is_some_and(|(there, events)| (there - events).abs() <= 0.5)
    };
    let same = series.rows.iter().filter(|row| is_same(row.end, row.arrivals_events)).count();
    same as f64 >= SAME_SHARE * series.rows.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_that_was_learned_is_known_as_a_whole_and_the_sample_in_part() {
        let whole = generate(&SampleSpec::default());
        let part = Series { rows: whole.rows[..20_000].to_vec(), ..whole.clone() };
        let mut strange = part.clone();
        strange.rows.iter_mut().for_each(|row| row.arrivals_events = Some(7.5));
        let told = |name: &str, print: &str, series: &Series| {
            seen(&BTreeMap::from([(name.into(), print.into())]), series).unwrap()
        };
        assert!(told("mine.csv", &part.fingerprint(), &part).contains("(mine.csv)"));
        assert!(told(BUILT_IN, "0", &part).starts_with("Seen before"));
        assert!(told(BUILT_IN, "0", &strange).starts_with("New to the model"));
        assert!(told("other.csv", "0", &part).starts_with("New to the model"));
        assert_eq!(seen(&BTreeMap::new(), &part), None);
    }
}
