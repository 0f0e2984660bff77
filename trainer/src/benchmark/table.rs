//! A bench as text: the table on stdout, `runs.csv` and `summary.csv`.

use super::paired::{Mean, Paired};
use super::summary::{Scope, Standing, Summary, Untuned};
use super::{CaseResult, Run};
use anyhow::{Result, anyhow};
use std::fmt::Write as _;

/// Titles of the columns of a standing, as in [`standing`].
pub const STANDING: [&str; 10] = [
    "policy",
    "SLA kept",
    "lowest SLA",
    "cost",
    "/untuned",
    "/tuned",
    "worst",
    "/oracle",
    "actions/day",
    "/HPA's",
];

/// Titles of the columns beside the plan, as in [`paired`].
pub const PAIRED: [&str; 7] =
    ["beside the plan", "job-hours", "median", "SLA, points", "won", "lost", "moved"];

/// What the columns mean.
pub const LEGEND: &str = "\
SLA kept: share of the cases with at least 99.9 % of the events in time. cost: over the ideal pool's.
/untuned: over the best baseline at one knob for all cases. /tuned, worst: over the cheapest baseline and knob
that keep the SLA in the very case. /oracle: over the cheapest oracle that does. /HPA's: changes over
those of HPA at 0.7. static: the smallest pool that will do in the very case. Costs and ratios are
geometric means. Beside the plan: job-hours over the plan's and SLA less the plan's, case by case, each with its
standard error, clustered by recording; won, lost: cases that keep the SLA where the plan does not, and the
other way round; moved: share of the decisions that the network moved. The constants are those that would have
been best on these cases.";

/// The cells of a standing, in the order of [`STANDING`].
#[must_use]
pub fn standing(s: &Standing) -> [String; 10] {
    [
        s.policy.name().into(),
        percent(s.share, 1),
        percent(s.lowest_sla, 3),
        ratio(Some(s.cost)),
        ratio(s.over_untuned),
        ratio(s.over_tuned),
        ratio(s.worst.map(|worst| worst.0)),
        ratio(s.over_oracle),
        format!("{:.1}", s.actions_per_day),
        ratio(s.over_hpa_actions),
    ]
}

/// The cells of a policy beside the plan, in the order of [`PAIRED`].
#[must_use]
pub fn paired(p: &Paired) -> [String; 7] {
    let with_error = |Mean { mean, error }: Mean, scale: f64| {
        let error = error.map_or_else(String::new, |e| format!(" ±{:.3}", scale * e));
        format!("{:.3}{error}", scale * mean)
    };
    let ratio = p.log_ratio.mean.exp();
    let error = p.log_ratio.error.map(|error| ratio * error);
    [
        p.knob.map_or_else(|| p.policy.name().into(), |k| format!("{} {k}", p.policy.name())),
        with_error(Mean { mean: ratio, error }, 1.0),
        format!("{:.3}", p.median),
        with_error(p.sla, 100.0),
        p.won.to_string(),
        p.lost.to_string(),
        p.moved.map_or_else(|| "–".into(), |moved| percent(moved, 1)),
    ]
}

/// The table on stdout.
#[must_use]
pub fn table(summary: &Summary, cases: &[CaseResult]) -> String {
    let mut text = String::new();
    for scope in &summary.scopes {
        let _ = writeln!(text, "\n{}", heading(scope));
        aligned(&mut text, STANDING, &scope.standings.iter().map(standing).collect::<Vec<_>>());
        if !scope.paired.is_empty() {
            aligned(&mut text, PAIRED, &scope.paired.iter().map(paired).collect::<Vec<_>>());
        }
        if let Some(best) = scope.untuned.first() {
            let _ = writeln!(text, "best baseline at one knob: {}", untuned(best));
        }
        let worst = scope.standings.first().and_then(|s| Some((s, worst(s, cases)?)));
        if let Some((standing, worst)) = worst {
            let _ = writeln!(text, "worst of {}: {worst}", standing.policy.name());
        }
    }
    if summary.unfinished > 0 {
        let _ =
            writeln!(text, "\nnot finished, and in no figure above: {} cases", summary.unfinished);
    }
    let _ = writeln!(text, "\n{LEGEND}");
    text
}

/// What a scope is about, on one line.
#[must_use]
pub fn heading(scope: &Scope) -> String {
    let Scope { name, cases, reached_by_baseline, reached, .. } = scope;
    format!(
        "{name}: {cases} cases; some baseline and knob keep the SLA in {reached_by_baseline}, any policy \
         in {reached}"
    )
}

/// An untuned baseline, in a few words.
#[must_use]
pub fn untuned(u: &Untuned) -> String {
    let short = if u.is_enough() { "" } else { ", not enough" };
    let (name, knob) = (u.policy.name(), u.knob);
    format!("{name} {knob} ({} kept{short}, cost {:.3})", percent(u.share, 1), u.cost)
}

/// Where a policy compared worst with a tuned baseline, in a few words.
#[must_use]
pub fn worst(standing: &Standing, cases: &[CaseResult]) -> Option<String> {
    let (ratio, index) = standing.worst?;
    let case = &cases.get(index)?.case;
    let (data, peak, world, seed) = (&case.data, case.peak_jobs, case.world, case.seed);
    Some(format!("{ratio:.3} on {data}, {peak} jobs, {world}, seed {seed}"))
}

/// `runs.csv`: one row for each run.
///
/// # Errors
/// Only if a name is no text.
pub fn runs_csv(cases: &[CaseResult]) -> Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record([
        "data",
        "peak_jobs",
        "world",
        "seed",
        "policy",
        "knob",
        "sla",
        "cost",
        "job_hours",
        "actions_per_day",
        "p99_wait_s",
        "max_backlog",
        "moved",
    ])?;
    for CaseResult { case, runs, .. } in cases {
        for Run { policy, knob, score, moved } in runs {
            csv.write_record([
                case.data.clone(),
                case.peak_jobs.to_string(),
                case.world.to_string(),
                case.seed.to_string(),
                policy.name().to_string(),
                knob.map_or_else(String::new, |knob| knob.to_string()),
                format!("{:.6}", score.sla),
                format!("{:.5}", score.cost_over_ideal),
                format!("{:.3}", score.job_hours),
                format!("{:.2}", score.actions_per_day),
                score.p99_wait_s.to_string(),
                format!("{:.0}", score.max_backlog_events),
                moved.map_or_else(String::new, |moved| format!("{moved:.4}")),
            ])?;
        }
    }
    finished(csv)
}

/// `summary.csv`: one row for each scope and standing. What is not defined is empty.
///
/// # Errors
/// Only if a name is no text.
pub fn summary_csv(summary: &Summary) -> Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record([
        "scope",
        "cases",
        "reached_by_baseline",
        "reached",
        "policy",
        "sla_kept",
        "lowest_sla",
        "cost",
        "untuned_baseline",
        "untuned_knob",
        "untuned_kept",
        "over_untuned",
        "over_tuned",
        "worst",
        "over_oracle",
        "actions_per_day",
        "over_hpa_actions",
    ])?;
    let number = |value: Option<f64>| value.map_or_else(String::new, |v| format!("{v:.5}"));
    for scope in &summary.scopes {
        let best = scope.untuned.first();
        for s in &scope.standings {
            csv.write_record([
                scope.name.clone(),
                scope.cases.to_string(),
                scope.reached_by_baseline.to_string(),
                scope.reached.to_string(),
                s.policy.name().to_string(),
                number(Some(s.share)),
                number(Some(s.lowest_sla)),
                number(Some(s.cost)),
                best.map_or_else(String::new, |best| best.policy.name().into()),
                best.map_or_else(String::new, |best| best.knob.to_string()),
                number(best.map(|best| best.share)),
                number(s.over_untuned),
                number(s.over_tuned),
                number(s.worst.map(|worst| worst.0)),
                number(s.over_oracle),
                number(Some(s.actions_per_day)),
                number(s.over_hpa_actions),
            ])?;
        }
    }
    finished(csv)
}

fn finished(csv: csv::Writer<Vec<u8>>) -> Result<Vec<u8>> {
    csv.into_inner().map_err(|error| anyhow!("{error}"))
}

/// Rows under titles, the first column to the left and the others to the right.
fn aligned<const N: usize>(text: &mut String, titles: [&str; N], rows: &[[String; N]]) {
    let titles = titles.map(String::from);
    let all = || std::iter::once(&titles).chain(rows);
    let widths: [usize; N] =
        std::array::from_fn(|k| all().map(|row| row[k].chars().count()).max().unwrap_or(0));
    for row in all() {
        for (k, (cell, width)) in row.iter().zip(widths).enumerate() {
            // Writing to a string does not fail.
            let _ = match k {
                0 => write!(text, "{cell:<width$}"),
                _ => write!(text, "  {cell:>width$}"),
            };
        }
        text.push('\n');
    }
}

/// Never rounded up to the SLA, nor to all.
fn percent(share: f64, digits: i32) -> String {
    let unit = 10f64.powi(digits);
    // The crumb keeps what is exact, such as 99.9 %, from falling below itself.
    format!("{:.*} %", digits as usize, (100.0 * share * unit + 1e-6).floor() / unit)
}

fn ratio(value: Option<f64>) -> String {
    value.map_or_else(|| "–".into(), |value| format!("{value:.3}"))
}

#[cfg(test)]
mod tests {
    use super::super::summary::tests::made_up;
    use super::*;
    use crate::evaluate::policy::SLA;

    #[test]
    fn the_table_says_what_is_compared() {
        let cases = made_up();
        let text = table(&Summary::of(&cases), &cases);
        let first: String = text.lines().take(7).map(|line| format!("{line}\n")).collect();
        insta::assert_snapshot!(first, @r"

        all: 2 cases; some baseline and knob keep the SLA in 2, any policy in 2
        policy  SLA kept  lowest SLA   cost  /untuned  /tuned  worst  /oracle  actions/day  /HPA's
        dqn       50.0 %    99.500 %  1.414     0.707   0.894  1.000    1.286        100.0   1.000
        static   100.0 %   100.000 %  4.000     2.000   2.530  3.200    3.636        100.0   1.000
        best baseline at one knob: hpa 0.5 (100.0 % kept, cost 2.000)
        worst of dqn: 1.000 on calm, 40 jobs, queue, seed 1
        ");
    }

    #[test]
    fn shares_are_not_rounded_up() {
        assert_eq!([percent(SLA, 3), percent(0.998_999_9, 3)], ["99.900 %", "99.899 %"]);
        assert_eq!(percent(0.999_99, 1), "99.9 %");
    }

    #[test]
    fn csv_holds_every_run() {
        let cases = made_up();
        let runs = String::from_utf8(runs_csv(&cases).unwrap()).unwrap();
        assert_eq!(runs.lines().count(), 1 + 2 * 19);
        assert!(runs.contains("rough,40,queue,1,dqn,,0.995000,1.60000,"), "{runs}");
        let summary = String::from_utf8(summary_csv(&Summary::of(&cases)).unwrap()).unwrap();
        assert_eq!(summary.lines().count(), 1 + 6);
        assert!(summary.lines().nth(1).is_some_and(|line| line.starts_with("all,2,2,2,dqn,0.5")));
    }
}
