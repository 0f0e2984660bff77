//! What to try next, what to give up, and what mattered: TPE, pruning and fANOVA of the crate `optimizer`.
//!
//! A proposal follows from the study's seed, the trial's number and what was tried before.

use super::history::{Ending, History, Trial, Values};
use crate::config::{PrunerChoice, Setting, Space};
use anyhow::{Context as _, Result};
use optimizer::Study;
use optimizer::distribution::{
    CategoricalDistribution, Distribution, FloatDistribution, IntDistribution,
};
use optimizer::param::ParamValue;
use optimizer::parameter::{CategoricalParam, FloatParam, IntParam, ParamId, Parameter as _};
use optimizer::pruner::{MedianPruner, Pruner, SuccessiveHalvingPruner};
use optimizer::sampler::tpe::TpeSampler;
use optimizer::sampler::{CompletedTrial, Sampler as _};
use optimizer::storage::MemoryStorage;
use optimizer::{Direction, TrialState};

/// Trials at random before the sampler trusts what it has seen.
const RANDOM_TRIALS: usize = 8;
/// Trials that must have come as far before one is given up for being worse.
const FEWEST_TO_PRUNE: usize = 4;
/// Of so many trials one goes on at each step of halving.
const HALVING: u64 = 3;

/// A setting that is searched.
#[derive(Debug)]
pub struct Dimension {
    /// Which.
    pub setting: &'static Setting,
    /// What of it.
    pub space: Space,
    id: ParamId,
}

impl Dimension {
    /// The setting with what of it is searched.
    #[must_use]
    pub fn new(setting: &'static Setting, space: Space) -> Self {
        // The crate hands out identities with its parameters alone.
        let id = match &space {
            Space::Choices { choices } => CategoricalParam::new(choices.clone()).id(),
            Space::Range { low, high, .. } if setting.is_whole() => {
                IntParam::new(*low as i64, *high as i64).id()
            }
            Space::Range { low, high, .. } => FloatParam::new(*low, *high).id(),
        };
        Self { setting, space, id }
    }

    fn distribution(&self) -> Distribution {
        match self.space {
            Space::Choices { ref choices } => {
                Distribution::Categorical(CategoricalDistribution { n_choices: choices.len() })
            }
            Space::Range { low, high, log: log_scale } if self.setting.is_whole() => {
                let (low, high) = (low as i64, high as i64);
                Distribution::Int(IntDistribution { low, high, log_scale, step: None })
            }
            Space::Range { low, high, log: log_scale } => {
                Distribution::Float(FloatDistribution { low, high, log_scale, step: None })
            }
        }
    }

    fn value(&self, chosen: &ParamValue) -> Option<f64> {
        match (chosen, &self.space) {
            (ParamValue::Categorical(place), Space::Choices { choices }) => {
                choices.get(*place).copied()
            }
            (ParamValue::Float(value), _) => Some(*value),
            (ParamValue::Int(value), _) => Some(*value as f64),
            _ => None,
        }
    }

    /// The reverse; `None` if the value lies outside what is searched.
    fn chosen(&self, value: f64) -> Option<ParamValue> {
        match &self.space {
            Space::Choices { choices } => {
                Some(ParamValue::Categorical(choices.iter().position(|c| *c == value)?))
            }
            Space::Range { low, high, .. } if !(*low..=*high).contains(&value) => None,
            Space::Range { .. } if self.setting.is_whole() => Some(ParamValue::Int(value as i64)),
            Space::Range { .. } => Some(ParamValue::Float(value)),
        }
    }
}

/// What trial `id` tries, given what came of those before. `again` counts proposals that could not be.
///
/// # Errors
/// If the sampler fails.
pub fn propose(
    dimensions: &[Dimension],
    history: &History,
    seed: u64,
    id: u64,
    again: u64,
) -> Result<Values> {
    let sampler = TpeSampler::builder()
        .n_startup_trials(RANDOM_TRIALS)
        .seed(seed ^ (again << 32))
        .build()
        .context("the sampler")?;
    let told: Vec<CompletedTrial> =
        history.trials.iter().filter_map(|trial| completed(dimensions, trial)).collect();
    let value = |dimension: &Dimension| {
        let chosen = sampler.sample(&dimension.distribution(), id, &told);
        Some((dimension.setting.key().to_string(), dimension.value(&chosen)?))
    };
    dimensions.iter().map(value).collect::<Option<Values>>().context("the sampler's value")
}

/// Whether to give `trial` up after its last report; trials have `steps` steps, evaluated every
/// `evaluate_every`.
#[must_use]
pub fn should_prune(
    pruner: PrunerChoice,
    history: &History,
    trial: &Trial,
    steps: u64,
    evaluate_every: u64,
) -> bool {
    let Some((step, _)) = trial.reports.last() else { return false };
    let others: Vec<CompletedTrial> =
        history.trials.iter().filter_map(|trial| completed(&[], trial)).collect();
    let ask = |pruner: &dyn Pruner| pruner.should_prune(trial.id, *step, &trial.reports, &others);
    match pruner {
        PrunerChoice::None => false,
        PrunerChoice::Median => {
            let pruner = MedianPruner::new(Direction::Minimize);
            ask(&pruner.n_warmup_steps(steps / 10).n_min_trials(FEWEST_TO_PRUNE))
        }
        PrunerChoice::Halving => ask(&SuccessiveHalvingPruner::new()
            .min_resource(evaluate_every.max(1))
            .max_resource(steps)
            .reduction_factor(HALVING)
            .direction(Direction::Minimize)),
    }
}

/// The share of the loss's variance that each setting accounts for alone (fANOVA, Hutter et al. 2014),
/// the largest first; empty while too few trials have ended.
#[must_use]
pub fn importance(dimensions: &[Dimension], history: &History) -> Vec<(String, f64)> {
    let scored = history.trials.iter().filter(|trial| trial.score().is_some());
    let told = scored.filter_map(|trial| completed(dimensions, trial)).collect();
    let storage = MemoryStorage::<f64>::with_trials(told);
    let study: Study<f64> = Study::builder().minimize().storage(storage).build();
    study.fanova().map_or_else(|_| Vec::new(), |result| result.main_effects)
}

/// A trial in the crate's words. Values outside what is searched (the first trial's may be) are left out,
/// and with them the trial, unless it has none of `dimensions`. One that diverged is as bad as the worst.
fn completed(dimensions: &[Dimension], trial: &Trial) -> Option<CompletedTrial> {
    let (end, loss) = trial.end?;
    let last = trial.reports.last().map(|(_, loss)| *loss);
    let (state, value) = match end {
        Ending::Complete => (TrialState::Complete, loss?),
        Ending::Pruned => (TrialState::Pruned, last?),
        Ending::Diverged => (TrialState::Pruned, f64::MAX),
    };
    let params = dimensions.iter().map(|dimension| {
        let value = trial.values.get(dimension.setting.key())?;
        Some((dimension.id, dimension.chosen(*value)?))
    });
    let mut told = CompletedTrial::with_intermediate_values(
        trial.id,
        params.collect::<Option<_>>()?,
        dimensions.iter().map(|d| (d.id, d.distribution())).collect(),
        dimensions.iter().map(|d| (d.id, d.setting.key().into())).collect(),
        value,
        trial.reports.clone(),
        Default::default(),
    );
    told.state = state;
    Some(told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::HpoConfig;
    use crate::search::history::Entry;

    fn dimensions() -> Vec<Dimension> {
        let searched = HpoConfig::default().searched();
        searched.into_iter().map(|(setting, space)| Dimension::new(setting, space)).collect()
    }

    /// Thirty trials whose loss is the distance of the learning rate from 0.001, in factors of e.
    fn played() -> History {
        let (dimensions, mut history) = (dimensions(), History::default());
        for id in 0..30 {
            let values = propose(&dimensions, &history, 7, id, 0).unwrap();
            let loss = (values["learning_rate"] / 1e-3).ln().abs();
            history.apply(Entry::Trial { id, values }).unwrap();
            history.apply(Entry::Report { id, step: 100, loss }).unwrap();
            let end = Ending::Complete;
            history.apply(Entry::End { id, end, loss: Some(loss), seconds: 0.0 }).unwrap();
        }
        history
    }

    #[test]
    fn later_trials_are_better_and_what_mattered_is_told() {
        let history = played();
        let mean = |trials: &[Trial]| {
            trials.iter().filter_map(Trial::score).sum::<f64>() / trials.len() as f64
        };
        let (first, last) = (mean(&history.trials[..8]), mean(&history.trials[20..]));
        assert!(last < 0.7 * first, "{last} against {first}");
        assert!(history.best().unwrap().score().unwrap() < 0.2);
        let importance = importance(&dimensions(), &history);
        assert_eq!(importance[0].0, "learning_rate");
        assert!(importance[0].1 > 3.0 * importance[1].1, "{importance:?}");
    }

    #[test]
    fn a_proposal_follows_from_what_was_tried() {
        let history = played();
        let propose = |again| propose(&dimensions(), &history, 7, 30, again).unwrap();
        assert_eq!(propose(0), propose(0));
        assert_ne!(propose(0), propose(1));
        for (setting, space) in HpoConfig::default().searched() {
            let value = propose(0)[setting.key()];
            let inside = match &space {
                Space::Range { low, high, .. } => (*low..=*high).contains(&value),
                Space::Choices { choices } => choices.contains(&value),
            };
            assert!(inside && setting.allows(value), "{}: {value}", setting.key());
        }
    }

    #[test]
    fn a_trial_that_is_behind_is_given_up() {
        let mut history = played();
        for (id, loss) in [(30, 9.0), (31, 0.0)] {
            history.apply(Entry::Trial { id, values: Values::new() }).unwrap();
            history.apply(Entry::Report { id, step: 100, loss }).unwrap();
        }
        let gives_up = |pruner, id: usize, steps| {
            should_prune(pruner, &history, &history.trials[id], steps, 100)
        };
        for pruner in [PrunerChoice::Median, PrunerChoice::Halving] {
            assert!(gives_up(pruner, 30, 900) && !gives_up(pruner, 31, 900), "{pruner:?}");
            assert!(!gives_up(pruner, 30, 5000) || pruner == PrunerChoice::Halving, "too early");
        }
        assert!(!gives_up(PrunerChoice::None, 30, 900));
    }
}
