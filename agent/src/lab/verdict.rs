//! What a backtest comes to, in two sentences: against the cheapest rule that keeps the objective.

use super::report::Row;
use crate::text::{grouped, saving, sla};
use scaleiq_core::units::Objective;
use serde::Serialize;

/// What it comes to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// Whether ScaleIQ kept the objective.
    pub keeps: bool,
    /// The rule that it is held against.
    pub against: String,
    /// Share of that rule's job-hours that ScaleIQ saves; negative if it takes more.
    pub saving: f64,
    /// All of that in words.
    pub words: String,
}

/// Judges ScaleIQ, the first of `rows`, for events that should begin within `sla_s`. A rule that nobody can
/// have is none to be held against: `is_real` tells.
#[must_use]
pub fn judge(rows: &[Row], sla_s: u32, is_real: impl Fn(&Row) -> bool) -> Option<Verdict> {
    let (ours, others) = rows.split_first()?;
    let objective = f64::from(Objective::DEFAULT.percent()) / 100.0;
    let keeps = |row: &&Row| row.score.sla >= objective;
    let real = || others.iter().filter(|row| is_real(row));
    let cheapest =
        real().filter(keeps).min_by(|a, b| a.score.job_hours.total_cmp(&b.score.job_hours));
    let best = || real().max_by(|a, b| a.score.sla.total_cmp(&b.score.sla));
    let rival = cheapest.or_else(best)?;
    let saved = saving(ours.score.job_hours, rival.score.job_hours);
    let percent = Objective::DEFAULT.percent();
    let who = match cheapest {
        Some(_) => format!("{}, the cheapest rule that keeps {percent} %", rival.policy),
        None => format!("{}, the best of rules of which none keeps {percent} %", rival.policy),
    };
    let verb = if saved >= 0.0 { "less" } else { "more" };
    let missed = if keeps(&ours) { String::new() } else { format!(", and so misses {percent} %") };
    let words = format!(
        "ScaleIQ begins {} of all events within {sla_s} s{missed} (99 % within {} s), and pays {:.0} % {verb} than \
         {who}: {} against {} job-hours, for {} within {sla_s} s (99 % within {} s).",
        sla(ours.score.sla),
        ours.score.p99_wait_s,
        100.0 * saved.abs(),
        grouped(ours.score.job_hours),
        grouped(rival.score.job_hours),
        sla(rival.score.sla),
        rival.score.p99_wait_s,
    );
    Some(Verdict { keeps: keeps(&ours), against: rival.policy.clone(), saving: saved, words })
}

#[cfg(test)]
mod tests {
    use super::*;
    use scaleiq_workload::sim::Score;

    fn row(policy: &str, sla: f64, job_hours: f64) -> Row {
        let score = Score { sla, job_hours, p99_wait_s: 5, ..Score::default() };
        Row { policy: policy.into(), score }
    }

    #[test]
    fn it_is_held_against_the_cheapest_rule_that_keeps_the_objective() {
        let rows = [
            row("ScaleIQ", 0.9995, 90.0),
            row("static", 1.0, 200.0),
            row("HPA", 0.9992, 100.0),
            row("KEDA", 0.95, 40.0),
            row("future", 1.0, 60.0),
        ];
        let verdict = judge(&rows, 60, |row| row.policy != "future").unwrap();
        assert_eq!((verdict.against.as_str(), verdict.keeps), ("HPA", true));
        assert!(
            verdict.words.contains("pays 10 % less than HPA, the cheapest rule"),
            "{verdict:?}"
        );
        assert!(verdict.words.contains("90 against 100 job-hours"), "{verdict:?}");
    }

    #[test]
    fn where_nothing_keeps_it_that_is_said() {
        let rows = [row("ScaleIQ", 0.99, 120.0), row("HPA", 0.98, 100.0), row("KEDA", 0.97, 90.0)];
        let verdict = judge(&rows, 60, |_| true).unwrap();
        assert!(!verdict.keeps && verdict.against == "HPA", "{verdict:?}");
        assert!(verdict.words.contains("misses 99.9 %") && verdict.words.contains("20 % more"));
        assert!(verdict.words.contains("none keeps 99.9 %"), "{verdict:?}");
    }
}
