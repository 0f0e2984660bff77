//! Ours beside the plan, case by case: whether a difference is more than chance.
//!
//! Job-hours of the same case are divided, so an ideal near zero weighs nothing. Cases of one recording go
//! together, whatever their seed, scale and world: its bursts are the same. So standard errors are clustered by
//! recording (Liang and Zeger 1986, with the correction for few clusters).

use super::contender::Contender;
use super::{CaseResult, Run};
use crate::evaluate::policy::{SLA, penalised};
use std::collections::BTreeMap;

/// A mean and its standard error, if there is more than one recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    /// The mean over cases.
    pub mean: f64,
    /// Its standard error.
    pub error: Option<f64>,
}

/// One policy over the plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paired {
    /// Who.
    pub policy: Contender,
    /// At which knob: the one that would have been best on these very cases.
    pub knob: Option<f32>,
    /// Logarithm of its job-hours over the plan's.
    pub log_ratio: Mean,
    /// The median of the ratios.
    pub median: f64,
    /// Its SLA less the plan's.
    pub sla: Mean,
    /// Cases in which it keeps the SLA and the plan does not.
    pub won: usize,
    /// Cases in which the plan keeps it alone.
    pub lost: usize,
    /// Mean share of the decisions that a network moved, if it is one.
    pub moved: Option<f64>,
}

/// All that can be put beside the plan, in the order of the tables.
#[must_use]
pub fn beside_the_plan(cases: &[&CaseResult]) -> Vec<Paired> {
    let once = [Contender::Dqn, Contender::QuantileRule, Contender::Reactive];
    let alone = once.into_iter().filter_map(|policy| paired(policy, None, cases));
    let best = |policy: Contender| {
        let knobs = policy.knobs().iter().map(|knob| Some(*knob));
        let priced = knobs.filter_map(|knob| Some((price(policy, knob, cases)?, knob)));
        let (_, knob) = priced.min_by(|a, b| a.0.total_cmp(&b.0))?;
        paired(policy, knob, cases)
    };
    alone.chain(Contender::CONSTANTS.into_iter().filter_map(best)).collect()
}

/// The sum of the logarithms of a policy's [`penalised`] costs; `None` if it has not played all cases.
fn price(policy: Contender, knob: Option<f32>, cases: &[&CaseResult]) -> Option<f64> {
    let logs = cases.iter().map(|case| Some(penalised(&case.at(policy, knob)?.score).ln()));
    Some(logs.collect::<Option<Vec<_>>>()?.iter().sum())
}

fn paired(policy: Contender, knob: Option<f32>, cases: &[&CaseResult]) -> Option<Paired> {
    let pairs: Vec<(&str, &Run, &Run)> = cases
        .iter()
        .map(|case| {
            let plan = case.at(Contender::Planner, None)?;
            Some((case.case.data.as_str(), case.at(policy, knob)?, plan))
        })
        .collect::<Option<_>>()?;
    let figures = |figure: &dyn Fn(&Run, &Run) -> f64| {
        let named = pairs.iter().map(|(data, run, plan)| (*data, figure(run, plan)));
        named.collect::<Vec<(&str, f64)>>()
    };
    let log_ratios = figures(&|run, plan| (run.score.job_hours / plan.score.job_hours).ln());
    let mut sorted: Vec<f64> = log_ratios.iter().map(|(_, log)| log.exp()).collect();
    sorted.sort_by(f64::total_cmp);
    let keeps = |run: &Run| run.score.sla >= SLA;
    let alone = |a: bool, b: bool| a && !b;
    let moved: Option<f64> = pairs.iter().map(|(_, run, _)| run.moved).sum();
    Some(Paired {
        policy,
        knob,
        median: *sorted.get(sorted.len() / 2)?,
        log_ratio: clustered(&log_ratios)?,
        sla: clustered(&figures(&|run, plan| run.score.sla - plan.score.sla))?,
        won: pairs.iter().filter(|(_, run, plan)| alone(keeps(run), keeps(plan))).count(),
        lost: pairs.iter().filter(|(_, run, plan)| alone(keeps(plan), keeps(run))).count(),
        moved: moved.map(|sum| sum / pairs.len() as f64),
    })
}

/// The mean of figures that go together where their names are the same.
fn clustered(figures: &[(&str, f64)]) -> Option<Mean> {
    let count = figures.len() as f64;
    let mean = figures.iter().map(|(_, x)| x).sum::<f64>() / count;
    let mut clusters = BTreeMap::<&str, f64>::new();
    for (name, x) in figures {
        *clusters.entry(name).or_default() += x - mean;
    }
    let groups = clusters.len() as f64;
    let square = clusters.values().map(|sum| sum * sum).sum::<f64>() * groups / (groups - 1.0);
    let error = (clusters.len() > 1).then(|| square.sqrt() / count);
    (!figures.is_empty()).then_some(Mean { mean, error })
}

#[cfg(test)]
mod tests {
    use super::super::Case;
    use super::*;
    use scaleiq_workload::sim::Score;

    /// Eight recordings with two seeds each; the plan costs 2 job-hours.
    fn cases(dqn: impl Fn(usize) -> (f64, f64)) -> Vec<CaseResult> {
        let run = |policy, knob, (sla, job_hours): (f64, f64)| Run {
            policy,
            knob,
            score: Score { sla, job_hours, cost_over_ideal: job_hours, ..Score::default() },
            moved: (policy == Contender::Dqn).then_some(0.25),
        };
        let case = |k: usize| {
            let mut runs = vec![
                run(Contender::Dqn, None, dqn(k / 2)),
                run(Contender::Planner, None, (1.0, 2.0)),
            ];
            let caps = Contender::MarginCap.knobs();
            runs.extend(caps.iter().map(|cap| {
                let short = f64::from((15.0 - cap).max(0.0)) * 1e-3;
                run(Contender::MarginCap, Some(*cap), (1.0 - short, 1.0 + f64::from(*cap) / 25.0))
            }));
            let case = Case {
                data: format!("r{}", k / 2),
                peak_jobs: 8.0,
                world: "slow",
                seed: k as u64 % 2,
            };
            CaseResult { case, runs, missing: 0, tracks: Vec::new() }
        };
        (0..16).map(case).collect()
    }

    fn dqn(cases: &[CaseResult]) -> Paired {
        let all: Vec<&CaseResult> = cases.iter().collect();
        beside_the_plan(&all)[0]
    }

    /// Whether it is cheaper by more than two standard errors.
    fn leads(paired: &Paired) -> bool {
        let Mean { mean, error } = paired.log_ratio;
        error.is_some_and(|error| mean + 2.0 * error < 0.0)
    }

    #[test]
    fn a_lead_in_all_recordings_is_no_luck_and_one_in_a_single_one_is() {
        let lead = dqn(&cases(|k| (1.0, 1.8 + 0.02 * k as f64)));
        assert!(leads(&lead) && (lead.median - 0.94).abs() < 1e-9, "{lead:?}");
        let luck = dqn(&cases(|k| (1.0, if k == 3 { 0.2 } else { 2.0 })));
        assert!(luck.log_ratio.mean < -0.2 && !leads(&luck), "{luck:?}");
        let late = dqn(&cases(|k| (if k == 3 { 0.99 } else { 1.0 }, 1.8)));
        assert!(late.lost == 2 && late.won == 0 && late.sla.mean < 0.0, "{late:?}");
        assert_eq!(late.moved, Some(0.25));
    }

    #[test]
    fn seeds_of_one_recording_are_one_witness() {
        let mut one = cases(|k| (1.0, 1.8 + 0.02 * k as f64));
        one.truncate(2);
        let one = dqn(&one);
        assert!(one.log_ratio.error.is_none() && !leads(&one));
        // As if each seed were a recording of its own, the error of eight would be smaller.
        let doubled = [("a", 1.0), ("a", 1.0), ("b", 0.0), ("b", 0.0)];
        let apart = [("a", 1.0), ("b", 1.0), ("c", 0.0), ("d", 0.0)];
        let error = |figures| clustered(figures).unwrap().error.unwrap();
        assert!(error(&doubled) > 1.2 * error(&apart));
    }

    #[test]
    fn constants_are_those_that_would_have_been_best() {
        let cases = cases(|_| (1.0, 2.0));
        let all: Vec<&CaseResult> = cases.iter().collect();
        let cap = beside_the_plan(&all)[1];
        // At 4 and 8 more is late than the saving is worth.
        assert_eq!((cap.policy, cap.knob, cap.moved), (Contender::MarginCap, Some(15.0), None));
    }
}
