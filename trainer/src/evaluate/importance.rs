//! Which inputs a network lives on: by how much it is more wrong when one of them is exchanged between moments
//! (permutation importance, Breiman 2001). Inputs that tell the same share their worth.

use crate::data::WindowSet;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};
use scaleiq_core::features;
use scaleiq_core::forecast::{ForecastModel, ModelInput, Q50, QUANTILES, STEPS};
use serde::{Deserialize, Serialize};

/// Windows that are asked, at most: evenly over all.
const WINDOWS: usize = 128;
/// Seed of the exchange.
const SEED: u64 = 1;

/// An input, and what it is worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Importance {
    /// The input's name.
    pub input: String,
    /// Share by which the absolute error of the medians grows without it; 0.1 is 10 %. Below 0 it does harm.
    pub worth: f64,
}

/// Puts a piece of an input from one moment into another.
type Put = Box<dyn Fn(&ModelInput, &mut ModelInput)>;

/// A piece of an input.
struct Part {
    name: String,
    put: Put,
}

/// The worth of each input of `network` on `windows`, the most first. Empty where no window can be judged.
///
/// # Errors
/// If the network fails.
pub fn importance<M: ForecastModel>(
    network: &mut M,
    windows: &WindowSet,
) -> Result<Vec<Importance>, M::Error> {
    let step = windows.len().div_ceil(WINDOWS).max(1);
    let places: Vec<usize> = (0..windows.len()).step_by(step).collect();
    let inputs: Vec<ModelInput> = places.iter().map(|k| windows.input(*k)).collect();
    let mut error = |part: Option<(&Part, &[usize])>| -> Result<f64, M::Error> {
        let mut sum = 0.0;
        for (k, (input, place)) in inputs.iter().zip(&places).enumerate() {
            let mut input = input.clone();
            if let Some((part, others)) = part {
                (part.put)(&inputs[others[k]], &mut input);
            }
            sum += wrong(&network.infer(&input)?, windows, *place);
        }
        Ok(sum)
    };
    let usual = error(None)?;
    if usual <= 0.0 {
        return Ok(Vec::new());
    }
    let others = exchanged(inputs.len());
    let mut all = Vec::new();
    for part in parts() {
        // What is the same at all moments, such as a column that is not there, says nothing.
        if inputs.iter().zip(&others).all(|(input, other)| {
            let mut changed = input.clone();
            (part.put)(&inputs[*other], &mut changed);
            changed == *input
        }) {
            continue;
        }
        let worth = error(Some((&part, &others)))? / usual - 1.0;
        all.push(Importance { input: part.name, worth });
    }
    all.sort_by(|a, b| b.worth.total_cmp(&a.worth));
    Ok(all)
}

/// What a network is told, piece by piece.
fn parts() -> Vec<Part> {
    let part = |name: &str, put: Put| Part { name: name.into(), put };
    let levels = ["the last 32 intervals", "32 means of 5 intervals", "32 means of 30 intervals"];
    let mut parts: Vec<Part> = Vec::new();
    for (level, name) in levels.into_iter().enumerate() {
        parts.push(part(name, Box::new(move |from, to| to.recent[level] = from.recent[level])));
    }
    // The first seven seasons are days, the others weeks.
    for (name, slots) in [("what followed 1 to 7 days ago", 0..7), ("2 to 4 weeks ago", 7..10)] {
        let put = move |from: &ModelInput, to: &mut ModelInput| {
            to.seasons[slots.clone()].copy_from_slice(&from.seasons[slots.clone()]);
        };
        parts.push(part(name, Box::new(put)));
    }
    parts.push(part(
        "the clock of the steps ahead",
        Box::new(|from, to| to.calendar = from.calendar),
    ));
    for (place, spec) in features::SPECS.iter().enumerate() {
        let put = move |from: &ModelInput, to: &mut ModelInput| {
            to.context[place] = from.context[place];
        };
        parts.push(part(spec.name, Box::new(put)));
    }
    parts
}

/// For each place another one, in one circle through all of them in an order by chance.
fn exchanged(count: usize) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut others: Vec<usize> = (0..count).collect();
    // Sattolo's algorithm: nothing stays where it was.
    for k in (1..count).rev() {
        others.swap(k, (rng.next_u64() % k as u64) as usize);
    }
    others
}

/// Absolute error of the medians in events, over the steps whose truth is known.
fn wrong(answer: &[f32; STEPS * QUANTILES.len()], windows: &WindowSet, place: usize) -> f64 {
    let scale = windows.scale(place);
    let steps = windows.target(place).iter().zip(answer.chunks_exact(QUANTILES.len()));
    let known = steps.filter(|(truth, _)| !truth.is_nan());
    known.map(|(truth, step)| f64::from(scale.events(*truth) - scale.events(step[Q50])).abs()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::probe_windows;
    use std::convert::Infallible;

    /// Says that what came last goes on, and looks at nothing else.
    struct Persistence;

    impl ForecastModel for Persistence {
        type Error = Infallible;
        fn infer(
            &mut self,
            input: &ModelInput,
        ) -> Result<[f32; STEPS * QUANTILES.len()], Infallible> {
            let last = input.recent[0][0].last().copied().unwrap_or(0.0);
            Ok([last; STEPS * QUANTILES.len()])
        }
    }

    #[test]
    fn what_a_network_looks_at_is_worth_something_and_the_rest_nothing() {
        let all = importance(&mut Persistence, &probe_windows()).unwrap();
        assert_eq!(all[0].input, "the last 32 intervals");
        assert!(all[0].worth > 0.0, "{all:?}");
        assert!(all[1..].iter().all(|other| other.worth == 0.0), "{all:?}");
        // What never changes is not named: there is no backlog in these.
        assert!(all.iter().all(|other| !other.input.starts_with("backlog")), "{all:?}");
        assert_eq!(importance(&mut Persistence, &WindowSet::default()).unwrap(), []);
    }

    #[test]
    fn nothing_is_exchanged_with_itself() {
        for count in [2, 3, 50] {
            let others = exchanged(count);
            assert!(others.iter().enumerate().all(|(k, other)| k != *other));
            let mut sorted = others.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..count).collect::<Vec<_>>());
        }
    }
}
