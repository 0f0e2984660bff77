//! What is chance: the same history with other bursts, start-up times and crashes.

use crate::lab::report::Row;
use serde::Serialize;

/// Between which figures a policy was with several seeds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// The policy's name.
    pub policy: String,
    /// Lowest and highest share of events in time,
    pub sla: [f64; 2],
    /// and job-hours.
    pub job_hours: [f64; 2],
}

/// The spreads of policies over runs of the same policies.
#[must_use]
pub fn spreads(runs: &[Vec<Row>]) -> Vec<Spread> {
    let Some(first) = runs.first() else { return Vec::new() };
    let range = |policy: &str, value: fn(&Row) -> f64| {
        let rows = runs.iter().flatten().filter(|row| row.policy == policy);
        rows.map(value)
            .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], v| [low.min(v), high.max(v)])
    };
    let spread = |row: &Row| Spread {
        policy: row.policy.clone(),
        sla: range(&row.policy, |row| row.score.sla),
        job_hours: range(&row.policy, |row| row.score.job_hours),
    };
    first.iter().map(spread).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use scaleiq_workload::sim::Score;

    #[test]
    fn a_spread_is_that_of_the_same_policy() {
        let run = |hours: [f64; 2]| {
            let row = |(policy, job_hours): (&str, f64)| Row {
                policy: policy.into(),
                score: Score { job_hours, sla: 1.0 - job_hours / 16.0, ..Score::default() },
            };
            [("a", hours[0]), ("b", hours[1])].map(row).to_vec()
        };
        let spreads = spreads(&[run([1.0, 9.0]), run([3.0, 7.0])]);
        assert_eq!(spreads[0].job_hours, [1.0, 3.0]);
        assert_eq!(spreads[1].sla, [0.4375, 0.5625]);
    }
}
