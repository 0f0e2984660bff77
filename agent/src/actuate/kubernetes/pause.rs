//! Annotations by which people pause scaling.

use std::collections::BTreeMap;

/// Who writes them: KEDA's users, and ours.
const PREFIXES: [&str; 2] = ["scaleiq", "autoscaling.keda.sh"];

/// Returns the annotation that forbids to go from `have` to `jobs`.
pub(super) fn forbids(
    annotations: &BTreeMap<String, String>,
    have: i64,
    jobs: i64,
) -> Option<String> {
    let direction = if jobs < have { "paused-scale-in" } else { "paused-scale-out" };
    let names = PREFIXES
        .iter()
        .flat_map(|prefix| ["paused", direction].map(|word| format!("{prefix}/{word}")));
    // As KEDA reads them: anything but `false` pauses.
    let is_set = |name: &String| annotations.get(name).is_some_and(|value| value != "false");
    names.into_iter().find(is_set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_for_both_directions_or_for_one() {
        let forbidden = |name: &str, value: &str| {
            let annotations = BTreeMap::from([(name.to_string(), value.to_string())]);
            [(3, 5), (5, 3)].map(|(have, jobs)| forbids(&annotations, have, jobs).is_some())
        };
        assert_eq!(forbidden("autoscaling.keda.sh/paused", "true"), [true, true]);
        assert_eq!(forbidden("scaleiq/paused", ""), [true, true]);
        assert_eq!(forbidden("scaleiq/paused", "false"), [false, false]);
        assert_eq!(forbidden("scaleiq/paused-scale-in", "true"), [false, true]);
        assert_eq!(forbidden("autoscaling.keda.sh/paused-scale-out", "true"), [true, false]);
        assert_eq!(forbidden("another/paused", "true"), [false, false]);
    }
}
