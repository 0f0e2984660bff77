//! What a worker may not send, and what says nothing about the next hour, hidden from training windows.
//!
//! A live worker sends all columns, some of them, or arrivals alone. One network has to serve them all, so
//! it is trained on windows from which columns are missing at random, as dropout of whole inputs (Neverova
//! et al. 2016). And in files of weeks or months the date names the rows: it is drawn at random, so that
//! nothing can be learned from it by heart.

use rand_core::Rng;
use scaleiq_core::features::SPECS;
use scaleiq_data::random::{between, chance};
use std::f64::consts::TAU;

/// How often arrivals come alone.
const ALONE: f64 = 0.35;
/// How often each other column is missing where they do not.
const MISSING: f64 = 0.15;

/// Columns beside arrivals, by what is made of them.
const COLUMNS: usize = 5;

/// Whether a feature is made of each column: processed, backlog, queued, work, jobs.
fn made_of(feature: &str) -> [bool; COLUMNS] {
    let [processed, backlog] = ["processed", "backlog"].map(|column| feature.starts_with(column));
    match feature {
        "queue_pressure" => [false, true, false, false, false],
        "processing_efficiency" | "in_out_ratio" => [true, false, false, false, false],
        "queue_utilisation" => [false, true, true, false, false],
        "load" | "capacity" => [false, false, false, true, true],
        "backlog_s" => [false, true, false, true, true],
        "work_ms" | "work_change" => [false, false, false, true, false],
        _ => [processed, backlog, false, false, false],
    }
}

/// Hides columns of a window's context, and its date.
#[derive(Clone, Debug)]
pub(super) struct Hiding {
    made_of: Vec<[bool; COLUMNS]>,
    /// Where day of the month and month stand, each a sine and a cosine.
    dates: Vec<usize>,
}

impl Hiding {
    pub(super) fn new() -> Self {
        let place = |name| SPECS.iter().position(|spec| spec.name == name);
        Self {
            made_of: SPECS.iter().map(|spec| made_of(spec.name)).collect(),
            dates: ["day_of_month_sin", "month_sin"].into_iter().filter_map(place).collect(),
        }
    }

    /// Hides what `rng` says; what is hidden reads 0, as what is missing does.
    pub(super) fn hide(&self, context: &mut [f32], rng: &mut impl Rng) {
        let alone = chance(rng, ALONE);
        let missing: [bool; COLUMNS] = std::array::from_fn(|_| alone || chance(rng, MISSING));
        for (value, made_of) in context.iter_mut().zip(&self.made_of) {
            if made_of.iter().zip(&missing).any(|(needed, missing)| *needed && *missing) {
                *value = 0.0;
            }
        }
        for place in &self.dates {
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
    fn arrivals_stay_and_columns_go_together() {
        let hiding = Hiding::new();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let place = |name: &str| SPECS.iter().position(|spec| spec.name == name).unwrap();
        let (mut alone, mut whole) = (0, 0);
        for _ in 0..1000 {
            let mut context = [1.0f32; CONTEXT];
            hiding.hide(&mut context, &mut rng);
            let of = |name| context[place(name)] != 0.0;
            for name in ["arrivals", "arrivals_lag_72", "arrivals_season_day", "hour_sin"] {
                assert_eq!(context[place(name)], 1.0);
            }
            assert_eq!(of("processed_mean_6"), of("processed_max_72"));
            assert!(of("work_ms") || !of("load"));
            let date = [context[place("month_sin")], context[place("month_cos")]];
            assert!(date.iter().all(|x| x.abs() < 0.7) && date != [1.0, 1.0]);
            let columns = ["processed", "backlog", "queue_utilisation", "work_ms", "load"];
            alone += u32::from(columns.iter().all(|name| !of(name)));
            whole += u32::from(columns.iter().all(|name| of(name)));
        }
        assert!((300..450).contains(&alone) && (200..400).contains(&whole), "{alone} {whole}");
    }
}
