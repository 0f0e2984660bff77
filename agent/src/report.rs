//! Figures for people: the table of policies, and numbers in a form that reads well.

use crate::replay::Tally;
use scaleiq_core::sim::Score;
use scaleiq_core::sim::faults::Verdict;
use serde::Serialize;
use std::fmt::Write as _;
use std::io::Write as _;

/// Prints a line to stdout. A reader that went away (`agent ... | head`) is no error.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

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

const HEADINGS: [&str; 7] =
    ["policy", "SLA", "cost/ideal", "job-hours", "actions/day", "p99 wait", "max backlog"];

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
            format!("x {:.1}", verdict.most_asked),
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

/// Who decided and why, in two lines.
#[must_use]
pub fn decided(tally: &Tally) -> String {
    let total: u64 = tally.stages.iter().map(|s| s.1).sum();
    format!(
        "decisions  {} in all\n  by stage  {}\n  by reason {}\n",
        grouped(total as f64),
        shares(&tally.stages, total),
        shares(&tally.reasons, total)
    )
}

fn shares<T: Serialize>(counts: &[(T, u64)], total: u64) -> String {
    let mut counts: Vec<(String, u64)> = counts.iter().map(|(k, n)| (word(k), *n)).collect();
    counts.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let share = |n: u64| 100.0 * n as f64 / total.max(1) as f64;
    let parts: Vec<String> =
        counts.iter().map(|(k, n)| format!("{k} {:.1} %", share(*n))).collect();
    if parts.is_empty() { "none".into() } else { parts.join(", ") }
}

/// The word that stands for an enum's value in JSON, with spaces.
pub fn word<T: Serialize>(value: &T) -> String {
    let json = serde_json::to_value(value).ok();
    let word = json.as_ref().and_then(|v| v.as_str()).unwrap_or("unknown");
    word.replace('_', " ")
}

/// The share of `other`'s cost that `ours` saves; negative if it costs more.
#[must_use]
pub fn saving(ours: f64, other: f64) -> f64 {
    if other > 0.0 { 1.0 - ours / other } else { 0.0 }
}

/// An SLA in percent, never rounded up to a full 100 %.
#[must_use]
pub fn sla(share: f64) -> String {
    let percent = (share * 1e5).floor() / 1e3;
    format!("{percent:.3} %")
}

/// A number with thin groups of thousands; one decimal place below 100.
#[must_use]
pub fn grouped(value: f64) -> String {
    if value.abs() < 100.0 {
        let text = format!("{value:.1}");
        return text.strip_suffix(".0").map_or(text.clone(), String::from);
    }
    let digits = format!("{value:.0}");
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits.as_str()), |d| ("-", d));
    let mut out = String::from(sign);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use scaleiq_core::policy::Stage;

    fn score(sla: f64, job_hours: f64) -> Score {
        Score { sla, job_hours, cost_over_ideal: 1.4, p99_wait_s: 5, ..Score::default() }
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(grouped(1_234_567.4), "1,234,567");
        assert_eq!(grouped(-1234.0), "-1,234");
        assert_eq!([grouped(12.34), grouped(7.0), grouped(0.0)], ["12.3", "7", "0"]);
        assert_eq!(sla(0.999_996), "99.999 %");
        assert_eq!(sla(1.0), "100.000 %");
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
}
