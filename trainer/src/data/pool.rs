//! What a pool makes of recorded arrivals: the columns that a live worker sends beside them.
//!
//! Files of traffic mostly hold arrivals alone, and a live worker tells what it processed, what waits,
//! what an event takes and how many jobs there are, too. A forecaster must be as good with them as it is
//! in the tables. So it is judged with them, too: a pool is played on the arrivals, under a rule that
//! people use, and its samples are gathered as those of a live worker are.

use super::recording::{Recording, peak};
use rand_core::Rng;
use scaleiq_core::history::FOUR_WEEKS;
use scaleiq_core::interval::{Gatherer, Interval, IntervalLength};
use scaleiq_core::units::JobLimits;
use scaleiq_workload::baselines::Baseline;
use scaleiq_workload::sim::{Load, LoadSettings, STEP_S, Scale, Simulator, Step, TICK_S, World};
use scaleiq_workload::traffic::random::{between, log_between};

/// Jobs that the peak keeps busy.
const PEAK_JOBS: (f64, f64) = (3.0, 60.0);
/// Most jobs, over those that the peak keeps busy.
const MAX_JOBS: f64 = 4.0;

/// `rows` with the columns of a pool that works on them. Their arrivals stay to the bit, and so do gaps;
/// columns that were recorded are kept.
#[must_use]
pub fn with_pool(rows: &[Interval], length: IntervalLength, rng: &mut impl Rng) -> Vec<Interval> {
    let recorded = rows.iter().any(|row| row.processed_events.is_some());
    let played = if recorded { None } else { play(rows, length, rng) };
    played.unwrap_or_else(|| rows.to_vec())
}

/// The rows as a pool of random size in a random world tells them, under a random rule; `None` where
/// there is nothing to do.
fn play(rows: &[Interval], length: IntervalLength, rng: &mut impl Rng) -> Option<Vec<Interval>> {
    let (load, most) = load(rows, length, rng)?;
    let world = World::named(pick(&World::NAMES, rng))?;
    let rules: Vec<Baseline> =
        Baseline::ALL.into_iter().filter(|baseline| !baseline.is_bound()).collect();
    let rule = pick(&rules, rng);
    let mut rule = rule.build(pick(rule.knobs(), rng), &load, world);
    let mut simulator =
        Simulator::new(&load, world, JobLimits::new(1, most).ok()?, TICK_S, rng.next_u64());
    let mut gatherer = Gatherer::new(length, FOUR_WEEKS as u32);
    let mut told = Vec::with_capacity(rows.len());
    while let Some(sample) = simulator.tick() {
        // Samples of a simulator ascend.
        let _ = gatherer.push(&sample, |interval, _| told.push(interval));
        simulator.set_jobs(rule.decide(&sample));
    }
    let mut told = told.into_iter().peekable();
    let row = |row: &Interval| {
        while told.next_if(|told| told.end < row.end).is_some() {}
        let columns = told.next_if(|told| told.end == row.end);
        let columns = columns.filter(|_| row.arrivals_events.is_some());
        let columns = columns.unwrap_or(Interval::missing(row.end));
        Interval { arrivals_events: row.arrivals_events, ..columns }
    };
    Some(rows.iter().map(row).collect())
}

/// The arrivals spread evenly over each interval, so that no step tells what follows it, with work and
/// speed that drift as in the simulator; and the most jobs that may run.
fn load(rows: &[Interval], length: IntervalLength, rng: &mut impl Rng) -> Option<(Load, u32)> {
    let length_s = length.seconds();
    // Where nothing was recorded the pool goes on as before.
    let recording = Recording::of(rows, length_s).without_gaps()?;
    let peak_per_s = f64::from(peak(recording.counts_events.clone())?) / f64::from(length_s);
    let peak_jobs = log_between(rng, PEAK_JOBS.0, PEAK_JOBS.1);
    if peak_per_s <= 0.0 {
        return None;
    }
    let settings = LoadSettings {
        scale: Scale::AsIs,
        work_ms: (1000.0 * peak_jobs / peak_per_s) as f32,
        ..LoadSettings::default()
    };
    let drifting = recording.load(&settings, rng.next_u64()).ok()?;
    let Recording { start, counts_events: counts, .. } = recording;
    let steps = drifting.steps().iter().enumerate().map(|(k, step)| {
        let row = (k as u64 * u64::from(STEP_S) / u64::from(length_s)) as usize;
        let rate_per_s = counts.get(row).map_or(0.0, |count| count / length_s as f32);
        Step { rate_per_s, arrivals_events: rate_per_s * STEP_S as f32, ..*step }
    });
    let load = Load::from_steps(start, steps.collect()).ok()?;
    Some((load, (MAX_JOBS * peak_jobs) as u32))
}

fn pick<T: Copy>(of: &[T], rng: &mut impl Rng) -> T {
    of[(between(rng, 0.0, of.len() as f64) as usize).min(of.len() - 1)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha8Rng;
    use rand_core::SeedableRng;
    use scaleiq_core::units::UnixSeconds;

    fn rows(n: usize) -> Vec<Interval> {
        let row = |k: usize| Interval {
            arrivals_events: (k % 50 != 7).then(|| 1000.0 + (k as f32 / 9.0).sin() * 900.0),
            ..Interval::missing(UnixSeconds(120 * (k as i64 + 1)))
        };
        (0..n).map(row).collect()
    }

    fn told(n: usize, seed: u64) -> Vec<Interval> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        play(&rows(n), IntervalLength::TWO_MINUTES, &mut rng).unwrap()
    }

    #[test]
    fn arrivals_stay_and_the_pool_works_them_off() {
        let told = told(2000, 3);
        assert!(told.iter().zip(rows(2000)).all(|(told, row)| {
            (told.end, told.arrivals_events) == (row.end, row.arrivals_events)
        }));
        let whole = |row: &&Interval| row.arrivals_events.is_some();
        assert!(told.iter().filter(whole).all(|row| row.processed_events.is_some()
            && row.backlog_events.is_some()
            && row.jobs_ready.is_some()));
        let sum = |of: fn(&Interval) -> Option<f32>| told.iter().filter_map(of).sum::<f32>();
        let done = sum(|row| row.processed_events) / sum(|row| row.arrivals_events);
        assert!((0.9..1.01).contains(&done), "{done}");
    }

    #[test]
    fn nothing_told_depends_on_what_follows() {
        // Scale and luck are drawn for the whole series: of one that ends as it began, both agree.
        let (short, long) = (told(1000, 5), told(1000, 5));
        assert_eq!(short, long);
        let mut changed = rows(1000);
        changed[900].arrivals_events = Some(500.0);
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let other = play(&changed, IntervalLength::TWO_MINUTES, &mut rng).unwrap();
        assert_eq!(other[..900], short[..900]);
        assert!(other[900..] != short[900..]);
    }

    #[test]
    fn what_was_recorded_is_kept() {
        let recorded: Vec<Interval> = rows(100)
            .into_iter()
            .map(|row| Interval { processed_events: Some(5.0), ..row })
            .collect();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        assert_eq!(with_pool(&recorded, IntervalLength::TWO_MINUTES, &mut rng), recorded);
    }
}
