//! Dates drawn at random in training windows.
//!
//! In files of weeks or months the date names the rows, and a network learns them by heart: of the features
//! that it is told, those of the date must say nothing.

use rand_core::Rng;
use scaleiq_core::features::SPECS;
use scaleiq_workload::traffic::random::between;
use std::f64::consts::TAU;

/// Draws dates.
#[derive(Clone, Debug)]
pub(super) struct RandomDates {
    /// Where day of the month and month stand in the context, each a sine and a cosine.
    places: Vec<usize>,
}

impl RandomDates {
    pub(super) fn new() -> Self {
        let place = |name| SPECS.iter().position(|spec| spec.name == name);
        Self { places: ["day_of_month_sin", "month_sin"].into_iter().filter_map(place).collect() }
    }

    /// Puts another date into a window's context.
    pub(super) fn draw(&self, context: &mut [f32], rng: &mut impl Rng) {
        for place in &self.places {
            let angle = between(rng, 0.0, TAU);
            if let Some(pair) = context.get_mut(*place..place + 2) {
                // Compressed as every number of the context is.
                let [sine, cosine] =
                    [angle.sin(), angle.cos()].map(|x| x.abs().ln_1p().copysign(x));
                pair.copy_from_slice(&[sine as f32, cosine as f32]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha8Rng;
    use rand_core::SeedableRng;
    use scaleiq_core::forecast::CONTEXT;

    #[test]
    fn only_the_date_changes() {
        let (dates, mut rng) = (RandomDates::new(), ChaCha8Rng::seed_from_u64(1));
        let before = [2.0f32; CONTEXT];
        let mut context = before;
        dates.draw(&mut context, &mut rng);
        let changed = |k: &usize| context[*k] != before[*k];
        let names: Vec<_> = (0..CONTEXT).filter(changed).map(|k| SPECS[k].name).collect();
        assert_eq!(names, ["day_of_month_sin", "day_of_month_cos", "month_sin", "month_cos"]);
        assert!(context.iter().all(|x| x.abs() < 0.7 || *x == 2.0));
    }
}
