//! Corrections of forecasts: a ridge regression of their errors, one law for each step, whose penalties are chosen
//! on later forecasts than those it is fit to.

use super::case::Case;
use super::features::known_of_step;
use crate::evaluate::baselines::Medians;
use crate::evaluate::regression::{Law, Moments, Products, Used};
use scaleiq_core::forecast::STEPS;
use std::iter::once;
use std::ops::Range;

/// Penalties, as shares of a predictor's variance.
const PENALTIES: [f64; 5] = [1e-2, 1e-1, 1.0, 1e1, 1e2];
/// Several columns at once are held down by so many times their own penalties.
const HELD_DOWN: [f64; 3] = [1.0, 1e1, 1e2];
/// The last of so many equal parts of the forecasts that teach chooses penalties.
const CHOOSING_PART: usize = 5;

/// The predictors of the control or of a column.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// Their places among all predictors.
    pub(super) places: Range<usize>,
    /// Whether they are of a column that is known in advance: then each step has its own.
    pub(super) is_known: bool,
}

impl Block {
    fn of_step(&self, step: usize) -> Vec<usize> {
        match self.is_known {
            true => known_of_step(step).map(|place| self.places.start + place).collect(),
            false => self.places.clone().collect(),
        }
    }
}

/// A forecast with what was known at its origin.
pub(super) struct Told<'a> {
    pub(super) case: &'a Case,
    /// All predictors.
    pub(super) predictors: Vec<f64>,
}

/// A block with its penalty.
#[derive(Clone, Debug)]
pub(super) struct Part {
    block: Block,
    penalty: f64,
}

/// Forecasts from which corrections are learned.
pub(super) struct Lesson<'a> {
    choosing: &'a [Told<'a>],
    /// Of the forecasts before those, and of all.
    before: Moments,
    all: Moments,
}

impl<'a> Lesson<'a> {
    /// `None` if too little is known to learn anything.
    pub(super) fn new(told: &'a [Told<'a>]) -> Option<Self> {
        let (early, choosing) = told.split_at(told.len() - told.len() / CHOOSING_PART);
        // What came after a forecast must lie before the first of those that choose.
        let first = choosing.first()?.case.row;
        let before = early.partition_point(|told| told.case.row + STEPS < first);
        Some(Self { choosing, before: moments(&early[..before])?, all: moments(told)? })
    }

    /// A block by itself, with the penalty that does best.
    pub(super) fn alone(&self, block: &Block) -> Option<Part> {
        let parts = PENALTIES.map(|penalty| vec![Part { block: block.clone(), penalty }]);
        self.best(parts)?.pop()
    }

    /// A block beside another part, with the penalty that does best; `None` if the part does best without it.
    pub(super) fn beside(&self, part: &Part, block: &Block) -> Option<Part> {
        let both = |penalty| vec![part.clone(), Part { block: block.clone(), penalty }];
        let best = self.best(once(vec![part.clone()]).chain(PENALTIES.map(both)))?;
        best.into_iter().nth(1)
    }

    /// Several parts beside another, all of them held down by as much as does best; none if the one does best
    /// without them.
    pub(super) fn all_beside(&self, part: &Part, others: &[Part]) -> Vec<Part> {
        let held_down = |times: f64| {
            let other = |other: &Part| Part { penalty: times * other.penalty, ..other.clone() };
            once(part.clone()).chain(others.iter().map(other)).collect()
        };
        let best = self.best(once(vec![part.clone()]).chain(HELD_DOWN.map(held_down)));
        best.unwrap_or_default().into_iter().skip(1).collect()
    }

    /// The parts that do best on the forecasts that choose; of equals the first.
    fn best(&self, candidates: impl IntoIterator<Item = Vec<Part>>) -> Option<Vec<Part>> {
        let wrong = |parts: &[Part]| -> Option<f64> {
            let correction = Correction::of(&self.before, parts)?;
            Some(self.choosing.iter().map(|told| told.case.wrong(&correction.apply(told))).sum())
        };
        let judged = candidates.into_iter().filter_map(|parts| Some((wrong(&parts)?, parts)));
        judged.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, parts)| parts)
    }

    /// The correction by some parts, from all forecasts that teach.
    pub(super) fn correction(&self, parts: &[Part]) -> Option<Correction> {
        Correction::of(&self.all, parts)
    }
}

fn moments(told: &[Told<'_>]) -> Option<Moments> {
    let mut products = Products::new(told.first()?.predictors.len(), STEPS);
    for Told { case, predictors } in told {
        if let Some(targets) = case.targets() {
            products.add(case.weight, predictors.iter().copied().chain(targets));
        }
    }
    products.finish()
}

/// What is added to the logarithm of a forecast, step by step.
pub(super) struct Correction(Vec<Law>);

impl Correction {
    fn of(moments: &Moments, parts: &[Part]) -> Option<Self> {
        let law = |step: usize| {
            let used = parts.iter().flat_map(|Part { block, penalty }| {
                let places = block.of_step(step).into_iter();
                places.map(|place| Used { place, penalty: *penalty })
            });
            moments.law(&used.collect::<Vec<_>>(), step..step + 1)
        };
        (0..STEPS).map(law).collect::<Option<_>>().map(Self)
    }

    /// A corrected forecast.
    pub(super) fn apply(&self, told: &Told<'_>) -> Medians {
        told.case.corrected(|step| self.0[step].says(0, &told.predictors))
    }
}
