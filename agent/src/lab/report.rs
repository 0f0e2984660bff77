//! Figures for people: the table of policies, and who decided.

use crate::lab::replay::{ForecastTally, Tally};
use crate::text::{grouped, saving, sla, word};
use scaleiq_core::forecast::ForecastSource;
use scaleiq_core::policy::NetworkRole;
use scaleiq_workload::sim::Score;
use scaleiq_workload::sim::faults::Verdict;
use serde::Serialize;
use std::fmt::Write as _;

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The policy's name.
    pub policy: String,
    /// How it did.
    #[serde(flatten)]
    pub score: Score,
}

/// Above this an ideal cost is that of no work at all, and nothing can be compared with it.
const MAX_RATIO: f64 = 1e6;

fn ratio(value: f64) -> String {
    if value < MAX_RATIO { format!("{value:.2}") } else { "-".into() }
}

/// Short, so that the table fits a terminal of 80 columns: the cost is over the ideal pool's, changes are a day's,
/// and the backlog is the largest.
const HEADINGS: [&str; 7] =
    ["policy", "SLA", "cost", "job-hours", "changes", "p99 wait", "backlog"];

/// The table of policies, one line each.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    let mut cells: Vec<[String; 7]> = vec![HEADINGS.map(String::from)];
    for Row { policy, score } in rows {
        cells.push([
            policy.clone(),
            sla(score.sla),
            ratio(score.cost_over_ideal),
            grouped(score.job_hours),
            grouped(score.actions_per_day),
            format!("{} s", score.p99_wait_s),
            grouped(score.max_backlog_events),
        ]);
    }
    aligned(&cells)
}

/// What each fault cost, one line each.
#[must_use]
pub fn faults(verdicts: &[Verdict]) -> String {
    let headings = ["fault", "times", "cost", "SLA points", "most asked", "recovered", "marks"];
    let mut cells: Vec<[String; 7]> = vec![headings.map(String::from)];
    for verdict in verdicts {
        cells.push([
            verdict.kind.name().into(),
            verdict.episodes.to_string(),
            format!("x {:.2}", verdict.cost_ratio),
            format!("{:+.3}", verdict.sla_points),
            format!("x {:.1}", verdict.max_asked),
            format!("{} of {}", verdict.recovered, verdict.ended),
            if verdict.passes() { "kept" } else { "missed" }.into(),
        ]);
    }
    aligned(&cells)
}

/// Cells in columns, the first one to the left and the others to the right.
fn aligned<const N: usize>(cells: &[[String; N]]) -> String {
    let width = |column: usize| {
        let of = |row: &[String; N]| row.get(column).map_or(0, |cell| cell.chars().count());
        cells.iter().map(of).max().unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let mut out = String::new();
    for row in cells {
        for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
            // Writing to a string cannot fail.
            let _ = match column {
                0 => write!(out, "{cell:<width$}"),
                _ => write!(out, "  {cell:>width$}"),
            };
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    out
}

/// What ScaleIQ (`ours`) costs against `other`, in a sentence.
#[must_use]
pub fn comparison(ours: &Score, other: &Score, other_name: &str) -> String {
    let saved = saving(ours.job_hours, other.job_hours);
    let verb = if saved >= 0.0 { "fewer" } else { "more" };
    format!(
        "ScaleIQ paid {:.0} % {verb} job-hours than {other_name} ({} against {}), \
         SLA {} against {}.",
        100.0 * saved.abs(),
        grouped(ours.job_hours),
        grouped(other.job_hours),
        sla(ours.sla),
        sla(other.sla),
    )
}

/// Who decided and why, and what the networks had in it, in some lines.
#[must_use]
pub fn decided(tally: &Tally) -> String {
    let total: u64 = tally.stages.iter().map(|s| s.1).sum();
    format!(
        "decisions  {} in all\n  by stage  {}\n  by reason {}\n  forecast  {}\n  network   {}\n",
        grouped(total as f64),
        shares(&tally.stages, total),
        shares(&tally.reasons, total),
        forecast_with(&tally.forecasts, total),
        network(tally, total),
    )
}

/// What forecasts were made of. Demo and backtest forecast in intervals of two minutes.
fn forecast_with(tally: &ForecastTally, total: u64) -> String {
    let with = |source: ForecastSource| {
        let n = tally.sources.iter().find(|(known, _)| *known == source).map_or(0, |(_, n)| *n);
        (n > 0).then(|| format!("{} {}", source.words(), percent(n, total)))
    };
    let sources = [ForecastSource::Model, ForecastSource::Baseline].into_iter().filter_map(with);
    let sources: Vec<String> = sources.collect();
    match tally.network_weight {
        _ if sources.is_empty() => "none".into(),
        0.0 => sources.join(", "),
        weight => format!(
            "{}; 12 minutes ahead the network weighs {:.0} % and moves the median by {:.1} %",
            sources.join(", "),
            100.0 * weight,
            100.0 * tally.network_effect
        ),
    }
}

/// What the Q-network did.
fn network(tally: &Tally, total: u64) -> String {
    let role = tally.network_role;
    let asked = match role {
        NetworkRole::CanAct => {
            format!(": its last word is in force in {}", percent(tally.network_asked, total))
        }
        NetworkRole::Absent | NetworkRole::CannotAct => String::new(),
    };
    format!("{}{asked}", role.sentence())
}

fn percent(part: u64, total: u64) -> String {
    format!("{:.1} %", 100.0 * part as f64 / total.max(1) as f64)
}

fn shares<T: Serialize>(counts: &[(T, u64)], total: u64) -> String {
    let mut counts: Vec<(String, u64)> = counts.iter().map(|(k, n)| (word(k), *n)).collect();
    counts.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let parts: Vec<String> =
        counts.iter().map(|(k, n)| format!("{k} {}", percent(*n, total))).collect();
    if parts.is_empty() { "none".into() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scaleiq_core::policy::Stage;

    fn score(sla: f64, job_hours: f64) -> Score {
        Score { sla, job_hours, cost_over_ideal: 1.4, p99_wait_s: 5, ..Score::default() }
    }

    #[test]
    fn the_table_is_aligned() {
        let rows = [
            Row { policy: "ScaleIQ".into(), score: score(0.9995, 4321.0) },
            Row { policy: "static pool of 40".into(), score: score(1.0, 9600.0) },
        ];
        let table = table(&rows);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|l| l.chars().count() == lines[0].chars().count()), "{table}");
        assert!(lines[1].contains("99.950 %") && lines[1].contains("4,321"));
    }

    #[test]
    fn savings_and_losses_are_told_apart() {
        let text = comparison(&score(0.9995, 50.0), &score(1.0, 100.0), "HPA");
        assert!(text.contains("50 % fewer job-hours than HPA"), "{text}");
        let text = comparison(&score(0.9995, 150.0), &score(1.0, 100.0), "HPA");
        assert!(text.contains("50 % more"), "{text}");
    }

    #[test]
    fn shares_are_sorted() {
        let tally = Tally {
            stages: vec![(Stage::Reactive, 1), (Stage::QuantileRule, 3)],
            ..Tally::default()
        };
        assert!(decided(&tally).contains("quantile rule 75.0 %, reactive 25.0 %"));
    }

    #[test]
    fn what_the_networks_are_worth_is_told() {
        let forecasts = ForecastTally {
            sources: vec![(ForecastSource::Baseline, 1), (ForecastSource::Model, 3)],
            network_weight: 0.426,
            network_effect: 0.0123,
        };
        let tally = Tally {
            stages: vec![(Stage::Network, 1), (Stage::Plan, 3)],
            network_role: NetworkRole::CanAct,
            network_asked: 3,
            forecasts,
            ..Tally::default()
        };
        let text = decided(&tally);
        for part in [
            "plan 75.0 %, network 25.0 %",
            "network and experts 75.0 %, experts alone 25.0 %; 12 minutes ahead the network weighs \
             43 % and moves the median by 1.2 %",
            "the Q-network may move the plan: its last word is in force in 75.0 %",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        let idle = Tally { network_role: NetworkRole::CannotAct, ..tally };
        assert!(decided(&idle).contains("is not asked"));
    }
}
