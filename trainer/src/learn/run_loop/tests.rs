use super::*;
use crate::runtime::frame::FORECASTER_CHECKPOINT;
use crate::runtime::stop::never;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Walks down from 10 by one a step, and up again from 3 on; each step has three parts.
#[derive(Clone, Debug, PartialEq)]
struct Walk {
    at: i64,
    kept: Option<i64>,
    schedule: Schedule,
}

impl Trainable for Walk {
    const CHECKPOINT: Kind = FORECASTER_CHECKPOINT;
    type Settings = usize;
    type State = (i64, Option<i64>);

    fn settings(&self) -> &usize {
        &self.schedule.steps
    }

    fn schedule(&self) -> Schedule {
        self.schedule
    }

    fn step(&mut self, done: usize, stop: Stop) -> Result<Option<StepReport>> {
        if (0..3).any(|_| stop()) {
            return Ok(None);
        }
        self.at += if done < 7 { -1 } else { 1 };
        Ok(Some(StepReport { figures: vec![("at", self.at as f64)], note: "walked".into() }))
    }

    fn evaluate(&self, stop: Stop) -> Option<(f64, StepReport)> {
        let told = StepReport { figures: vec![("score", self.at as f64)], note: "seen".into() };
        (!stop()).then_some((self.at as f64, told))
    }

    fn keep(&mut self) {
        self.kept = Some(self.at);
    }

    fn state(&self) -> Result<Self::State> {
        Ok((self.at, self.kept))
    }

    fn restore(&mut self, (at, kept): Self::State) -> Result<()> {
        (self.at, self.kept) = (at, kept);
        Ok(())
    }
}

const SCHEDULE: Schedule = Schedule {
    steps: 12,
    evaluate_every: 2,
    evaluate_first: false,
    patience: 0,
    checkpoint_every: 5,
    log_every: 3,
};

fn walk(schedule: Schedule) -> RunLoop<Walk> {
    RunLoop::new(Walk { at: 10, kept: None, schedule })
}

/// Runs until the end or a stop; gives the rows of the curves.
pub(crate) fn run<T: Trainable>(
    training: &mut RunLoop<T>,
    checkpoint: Option<&Path>,
    stop: Stop,
) -> (Outcome, Vec<(usize, Figure)>) {
    let mut rows = Vec::new();
    let mut record = |step: usize, figures: &[Figure]| {
        rows.extend(figures.iter().map(|figure| (step, *figure)));
        Ok(())
    };
    let around = &mut Surroundings {
        checkpoints: checkpoint.map(|last| Checkpoints { last, keep_best: 0 }),
        record: &mut record,
        pace: None,
        tick: &mut |_| (),
        stop,
    };
    (training.run(around).unwrap(), rows)
}

#[test]
fn the_best_is_kept_and_rows_come_when_due() {
    let mut walk = walk(SCHEDULE);
    let (outcome, rows) = run(&mut walk, None, &never);
    assert_eq!((outcome, walk.steps_done()), (Outcome::Finished, 12));
    // It is at 4 after six steps and after eight; only less is better.
    assert_eq!((walk.best(), walk.trained().kept), (Some(4.0), Some(4)));
    let steps = |name: &str| -> Vec<usize> {
        rows.iter().filter(|(_, figure)| figure.0 == name).map(|(step, _)| *step).collect()
    };
    assert_eq!((steps("at"), steps("score")), (vec![3, 6, 9, 12], vec![2, 4, 6, 8, 10, 12]));
}

#[test]
fn it_stops_early_when_nothing_gets_better() {
    let mut walk = walk(Schedule { patience: 2, ..SCHEDULE });
    assert_eq!(run(&mut walk, None, &never).0, Outcome::Finished);
    assert_eq!(walk.steps_done(), 10);
}

#[test]
fn what_it_began_with_can_stay_the_best() {
    let mut walk = walk(Schedule { evaluate_first: true, steps: 1, ..SCHEDULE });
    walk.trainable.at = -5;
    walk.trainable.schedule.steps = 0;
    run(&mut walk, None, &never);
    assert_eq!(walk.trained().kept, Some(-5));
}

/// Stopped at every single moment at which it asks, and resumed.
#[test]
fn a_run_stopped_anywhere_ends_as_an_unbroken_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut unbroken = walk(SCHEDULE);
    let (_, expected) = run(&mut unbroken, None, &never);
    for moment in 0..50 {
        let path = folder.path().join(format!("{moment}.ckpt"));
        let asked = AtomicUsize::new(0);
        let stop = || asked.fetch_add(1, Ordering::Relaxed) >= moment;
        let mut broken = walk(SCHEDULE);
        let (outcome, mut rows) = run(&mut broken, Some(&path), &stop);
        let mut resumed = RunLoop::load(walk(SCHEDULE).trainable, &path).unwrap();
        assert_eq!(resumed.steps_done(), broken.steps_done());
        rows.extend(run(&mut resumed, Some(&path), &never).1);
        assert_eq!(outcome == Outcome::Finished, asked.into_inner() <= moment, "{moment}");
        assert_eq!(resumed.trained(), unbroken.trained(), "{moment}");
        assert_eq!((&resumed.standing, &rows), (&unbroken.standing, &expected), "{moment}");
    }
}

#[test]
fn checkpoints_come_every_so_many_steps_and_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("walk.ckpt");
    let mut saved = Vec::new();
    let mut tick = |tick: Tick| {
        if path.exists() {
            std::fs::remove_file(&path).unwrap();
            saved.push(tick.steps - 1);
        }
    };
    let around = &mut Surroundings {
        checkpoints: Some(Checkpoints { last: &path, keep_best: 0 }),
        record: &mut |_, _| Ok(()),
        pace: None,
        tick: &mut tick,
        stop: &never,
    };
    walk(Schedule { evaluate_every: 0, ..SCHEDULE }).run(around).unwrap();
    assert_eq!((saved, path.exists()), (vec![5, 10], true));
}

#[test]
fn other_settings_are_refused_and_no_file_is_a_fresh_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("walk.ckpt");
    assert_eq!(RunLoop::resumed(walk(SCHEDULE).trainable, &path).unwrap().steps_done(), 0);
    walk(SCHEDULE).save(&path).unwrap();
    let other = walk(Schedule { steps: 13, ..SCHEDULE }).trainable;
    let error = RunLoop::resumed(other, &path).unwrap_err().to_string();
    assert!(error.contains("walk.ckpt was made with other settings"), "{error}");
}

/// Stopped and killed on the way, and set back to one of the best.
#[test]
fn the_best_checkpoints_lie_beside_the_last_and_the_run_goes_on_from_any() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("walk.ckpt");
    let run = |walk: &mut RunLoop<Walk>, stop: Stop| {
        let mut paces = Vec::new();
        let mut pace = |step, figures: &[Figure]| {
            paces.push((step, figures.to_vec()));
            Ok(())
        };
        let around = &mut Surroundings {
            checkpoints: Some(Checkpoints { last: &path, keep_best: 2 }),
            record: &mut |_, _| Ok(()),
            pace: Some(&mut pace),
            tick: &mut |_| (),
            stop,
        };
        walk.run(around).unwrap();
        paces
    };
    let names = || -> Vec<(usize, f32)> {
        kept(&path).unwrap().iter().map(|kept| (kept.steps, kept.score)).collect()
    };
    let mut whole = walk(SCHEDULE);
    let paces = run(&mut whole, &never);
    // At 8 it was as good as at 6, and worse after it.
    assert_eq!(names(), [(6, 4.0), (8, 4.0)]);
    let due: Vec<usize> = paces.iter().map(|(step, _)| *step).collect();
    assert_eq!(due, [3, 6, 9, 12]);
    for (name, value) in paces.iter().flat_map(|(_, figures)| figures) {
        assert!([STEPS_PER_SECOND, PEAK_MEMORY_MIB].contains(name) && *value > 0.0, "{name}");
    }

    let best = kept(&path).unwrap().remove(0);
    std::fs::copy(&best.path, &path).unwrap();
    let mut again = RunLoop::load(walk(SCHEDULE).trainable, &path).unwrap();
    assert_eq!((again.steps_done(), again.best()), (6, Some(4.0)));
    // What was kept of later steps is not there until they are taken again.
    run(&mut again.clone(), &|| true);
    assert_eq!(names(), [(6, 4.0)]);
    run(&mut again, &never);
    assert_eq!((again.trained(), names()), (whole.trained(), vec![(6, 4.0), (8, 4.0)]));
}
