//! How ours compare with what people use: over all cases, in each world, on each traffic.

use super::contender::Contender;
use super::paired::{Paired, beside_the_plan};
use super::{CaseResult, Run};
use crate::evaluate::policy::SLA;
use scaleiq_workload::baselines::Baseline;

/// Share of the cases in which one setting must keep the SLA to be taken for all of them.
pub const MAX_CASES: f64 = 0.95;

/// A baseline at the one knob that somebody would choose who may tune it once for all cases: the
/// cheapest that keeps the SLA in [`MAX_CASES`] of them, else the one that does so most often.
#[derive(Clone, Debug, PartialEq)]
pub struct Untuned {
    /// The baseline.
    pub policy: Contender,
    /// The knob.
    pub knob: f32,
    /// Share of the cases in which it keeps the SLA.
    pub share: f64,
    /// Geometric mean of its cost over the ideal.
    pub cost: f64,
}

impl Untuned {
    /// Whether it keeps the SLA often enough.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.share >= MAX_CASES
    }

    /// What is rather chosen: enough before not enough, then the cheaper, or the more punctual.
    fn rank(&self) -> (bool, f64, f64) {
        let lack = if self.is_enough() { 0.0 } else { -self.share };
        (!self.is_enough(), lack, self.cost)
    }

    fn better(self, other: Self) -> Self {
        let order = self.rank().partial_cmp(&other.rank());
        if order == Some(std::cmp::Ordering::Greater) { other } else { self }
    }
}

/// How one of ours, or the smallest static pool, did over the cases of a scope. Costs are geometric means of ratios, case by case;
/// `None` where there is nothing to compare with.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Who.
    pub policy: Contender,
    /// Share of the cases in which it keeps the SLA.
    pub share: f64,
    /// Its lowest SLA.
    pub lowest_sla: f64,
    /// Cost over the ideal.
    pub cost: f64,
    /// Cost over the best untuned baseline's.
    pub over_untuned: Option<f64>,
    /// Cost over that of the cheapest baseline and knob that keep the SLA in the very case.
    pub over_tuned: Option<f64>,
    /// The worst of these ratios, and its case's index.
    pub worst: Option<(f64, usize)>,
    /// Cost over that of the cheapest oracle that keeps the SLA in the very case.
    pub over_oracle: Option<f64>,
    /// Changes per day, the arithmetic mean.
    pub actions_per_day: f64,
    /// Changes over those of HPA at its default.
    pub over_hpa_actions: Option<f64>,
}

/// What a part of the cases says.
#[derive(Clone, Debug, PartialEq)]
pub struct Scope {
    /// What they have in common: `all`, a world or a traffic.
    pub name: String,
    /// Cases.
    pub cases: usize,
    /// Of them, those in which a baseline keeps the SLA at some knob.
    pub reached_by_baseline: usize,
    /// Of them, those in which anybody does: ours, the static pool and the oracle included.
    pub reached: usize,
    /// Baselines untuned, the best first. On a traffic it is what was chosen for all.
    pub untuned: Vec<Untuned>,
    /// Ours, and the smallest static pool of each case.
    pub standings: Vec<Standing>,
    /// Ours beside the plan, and beside the constants that would have been best.
    pub paired: Vec<Paired>,
}

/// Everything that is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// All cases, then each world, then each traffic; worlds and traffic only if there are several.
    pub scopes: Vec<Scope>,
    /// Cases that were not played by all (after Ctrl-C), which are in no scope.
    pub unfinished: usize,
}

impl Summary {
    /// Sums the cases up.
    #[must_use]
    pub fn of(cases: &[CaseResult]) -> Self {
        let whole: Vec<Numbered<'_>> =
            cases.iter().enumerate().filter(|(_, case)| case.missing == 0).collect();
        let mut scopes = Vec::new();
        if !whole.is_empty() {
            let all = untuned(&whole);
            scopes.push(scope("all", &whole, all.clone()));
            for world in parts(&whole, |case| case.case.world.into()) {
                let part = part(&whole, |case| case.case.world == world);
                let chosen = untuned(&part);
                scopes.push(scope(&world, &part, chosen));
            }
            for data in parts(&whole, |case| case.case.data.clone()) {
                let part = part(&whole, |case| case.case.data == data);
                scopes.push(scope(&data, &part, all.clone()));
            }
        }
        Self { scopes, unfinished: cases.len() - whole.len() }
    }
}

/// A case and its index among all.
type Numbered<'a> = (usize, &'a CaseResult);

fn part<'a>(cases: &[Numbered<'a>], keep: impl Fn(&CaseResult) -> bool) -> Vec<Numbered<'a>> {
    cases.iter().copied().filter(|(_, case)| keep(case)).collect()
}

/// Each name once, in the order in which they come; none if that is the whole.
fn parts(cases: &[Numbered<'_>], name: impl Fn(&CaseResult) -> String) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (_, case) in cases {
        let name = name(case);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.len() == 1 {
        names.clear();
    }
    names
}

/// Each baseline with a knob at the one that is chosen for all of `cases`, the best first.
fn untuned(cases: &[Numbered<'_>]) -> Vec<Untuned> {
    let baselines = Baseline::ALL.into_iter().filter(|baseline| !baseline.is_bound());
    let mut chosen: Vec<Untuned> = baselines
        .filter_map(|baseline| {
            let policy = Contender::Baseline(baseline);
            let at = |knob: &f32| {
                let runs = cases.iter().map(|(_, case)| case.at(policy, Some(*knob)));
                let runs: Vec<&Run> = runs.collect::<Option<_>>()?;
                Some(Untuned {
                    policy,
                    knob: *knob,
                    share: share(&runs),
                    cost: geometric_mean(runs.iter().map(|run| run.score.cost_over_ideal))?,
                })
            };
            baseline.knobs().iter().filter_map(at).reduce(Untuned::better)
        })
        .collect();
    chosen.sort_by(|a, b| a.rank().partial_cmp(&b.rank()).unwrap_or(std::cmp::Ordering::Equal));
    chosen
}

fn scope(name: &str, cases: &[Numbered<'_>], untuned: Vec<Untuned>) -> Scope {
    let reached = |who: fn(Contender) -> bool| {
        cases.iter().filter(|(_, case)| cheapest(case, who).is_some()).count()
    };
    let standings = Contender::OURS.into_iter().chain([Contender::Static]);
    Scope {
        name: name.into(),
        cases: cases.len(),
        reached_by_baseline: reached(Contender::is_baseline),
        reached: reached(|_| true),
        standings: standings
            .filter_map(|policy| standing(policy, cases, untuned.first()))
            .collect(),
        paired: beside_the_plan(&cases.iter().map(|(_, case)| *case).collect::<Vec<_>>()),
        untuned,
    }
}

/// The cheapest run of a case that keeps the SLA, among policies that `who` names.
fn cheapest(case: &CaseResult, who: impl Fn(Contender) -> bool) -> Option<&Run> {
    let good = case.runs.iter().filter(|run| who(run.policy) && run.score.sla >= SLA);
    good.min_by(|a, b| a.score.cost_over_ideal.total_cmp(&b.score.cost_over_ideal))
}

fn standing(
    policy: Contender,
    cases: &[Numbered<'_>],
    untuned: Option<&Untuned>,
) -> Option<Standing> {
    let runs: Vec<&Run> =
        cases.iter().map(|(_, case)| case.of(policy).next()).collect::<Option<_>>()?;
    // Of ours over another's, in each case in which there is another; with the case's index.
    let ratios = |figure: fn(&Run) -> f64, other: &dyn Fn(&CaseResult) -> Option<Run>| {
        let ratio = |((index, case), run): (&Numbered<'_>, &&Run)| {
            Some((figure(run) / figure(&other(case)?), *index))
        };
        cases.iter().zip(&runs).filter_map(ratio).collect::<Vec<(f64, usize)>>()
    };
    let mean = |ratios: &[(f64, usize)]| geometric_mean(ratios.iter().map(|(ratio, _)| *ratio));
    let cost = |run: &Run| run.score.cost_over_ideal;
    let tuned = ratios(cost, &|case| cheapest(case, Contender::is_baseline).copied());
    let bound = Contender::Baseline(Baseline::Oracle);
    let oracle = ratios(cost, &|case| cheapest(case, |policy| policy == bound).copied());
    let untuned = ratios(cost, &|case| {
        let chosen = untuned?;
        case.at(chosen.policy, Some(chosen.knob)).copied()
    });
    let default = Some(Baseline::Hpa.default_knob());
    // Somebody who never changes anything still counts as one change in the whole time.
    let actions = |run: &Run| run.score.actions_per_day.max(0.1);
    let hpa =
        ratios(actions, &|case| case.at(Contender::Baseline(Baseline::Hpa), default).copied());
    Some(Standing {
        policy,
        share: share(&runs),
        lowest_sla: runs.iter().map(|run| run.score.sla).fold(1.0, f64::min),
        cost: geometric_mean(runs.iter().map(|run| cost(run)))?,
        over_untuned: mean(&untuned),
        over_tuned: mean(&tuned),
        worst: tuned.iter().copied().max_by(|a, b| a.0.total_cmp(&b.0)),
        over_oracle: mean(&oracle),
        actions_per_day: runs.iter().map(|run| run.score.actions_per_day).sum::<f64>()
            / runs.len() as f64,
        over_hpa_actions: mean(&hpa),
    })
}

/// Share of the runs that keep the SLA.
fn share(runs: &[&Run]) -> f64 {
    let good = runs.iter().filter(|run| run.score.sla >= SLA).count();
    good as f64 / runs.len().max(1) as f64
}

fn geometric_mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) =
        values.fold((0.0, 0u32), |(sum, count), value| (sum + value.ln(), count + 1));
    (count > 0).then(|| (sum / f64::from(count)).exp())
}

#[cfg(test)]
pub(super) mod tests;
