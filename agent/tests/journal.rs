//! The journal beside a simulated pool: what was recorded is made again, whatever happens to it.

use agent::cli::{self, Cli, Command};
use agent::decide::{self, Brain, Calendar, Engine, ModelChoice, ModelId};
use agent::journal::{
    Checked, Journal, JournalConfig, Limits, Medium, Resumed, Summary, Terms, Unknown, Verdict,
    resume, verify,
};
use agent::lab::replay;
use clap::Parser;
use scaleiq_core::decision::Decision;
use scaleiq_core::policy::Stage;
use scaleiq_core::sample::{Reading, Sample};
use scaleiq_core::settings::Settings;
use scaleiq_core::units::{JobLimits, UnixSeconds};
use scaleiq_workload::sim::{Load, Simulator, Step, World};
use std::fs;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const LARGE: Limits = Limits { file_bytes: 1 << 30, files: 1000 };

fn settings() -> Settings {
    replay::settings(World::queue(), JobLimits::new(1, 60).unwrap(), &ModelChoice::None)
}

/// Traffic with a rhythm of an hour and noise, so that decisions change.
fn load(hours: usize) -> Arc<Load> {
    let step = |k: usize| {
        let phase = (k % 720) as f32 / 720.0 * std::f32::consts::TAU;
        let noise = ((k / 24 * 7919) % 101) as f32;
        let rate_per_s = 150.0 + 80.0 * phase.sin() + noise;
        Step { rate_per_s, arrivals_events: 5.0 * rate_per_s, work_s: 0.1, speed: 1.0 }
    };
    Arc::new(
        Load::from_steps(UnixSeconds(1_700_000_000), (0..hours * 720).map(step).collect()).unwrap(),
    )
}

/// A pool under an agent with a journal.
struct Plant {
    simulator: Simulator<Arc<Load>>,
    obeys: bool,
    decisions: Vec<Decision>,
}

impl Plant {
    fn new(hours: usize) -> Self {
        let limits = settings().limits;
        let simulator = Simulator::new(load(hours), World::queue(), limits, replay::TICK_S, 1);
        Self { simulator, obeys: true, decisions: Vec::new() }
    }

    /// Plays so many ticks; whether each decision became durable.
    fn play(&mut self, ticks: usize, brain: &mut dyn Brain, journal: &mut Journal) -> Vec<bool> {
        let tick = |_| {
            let sample = self.simulator.tick().expect("the load is long enough");
            brain.observe(&sample).unwrap();
            let _ = journal.sample(&sample);
            let decision = brain.decide(sample.end.plus(1));
            let (_, done) = journal.decision(&decision);
            if self.obeys {
                self.simulator.set_jobs(decision.jobs);
            }
            self.decisions.push(decision);
            done.is_ok()
        };
        (0..ticks).map(tick).collect()
    }
}

fn terms(choice: &ModelChoice, settings: Settings) -> Terms {
    let model = decide::open(choice, Engine::default(), settings, Calendar::default()).unwrap().1;
    Terms::new(model, settings, Calendar::default(), false)
}

fn resumed(folder: &Path, limits: Limits, choice: &ModelChoice, settings: Settings) -> Resumed {
    let config = JournalConfig { folder: folder.into(), limits };
    let open = || Ok(decide::open(choice, Engine::default(), settings, Calendar::default())?.0);
    resume(&config, terms(choice, settings), open).unwrap()
}

/// A run without networks.
fn rules(folder: &Path, limits: Limits) -> Resumed {
    resumed(folder, limits, &ModelChoice::None, settings())
}

fn open(terms: &Terms) -> anyhow::Result<Option<Box<dyn Brain>>> {
    let choice = match terms.model.sha256 {
        Some(_) => ModelChoice::Shipped,
        None => ModelChoice::None,
    };
    let planned = terms.planned.clone();
    Ok(Some(decide::open(&choice, Engine::default(), terms.settings, planned)?.0))
}

fn verified(folder: &Path) -> (Summary, Vec<Verdict>) {
    let mut verdicts = Vec::new();
    let note = |checked: &Checked<'_>| {
        verdicts.push(checked.verdict);
        ControlFlow::Continue(())
    };
    (verify(folder, open, note).unwrap(), verdicts)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "journal"))
        .collect();
    files.sort();
    files
}

#[test]
fn thousands_of_decisions_are_made_again_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { file_bytes: 300_000, files: 1000 };
    let mut plant = Plant::new(48);
    // One agent that never stops, and one that is restarted now and then.
    let mut steady = open(&terms(&ModelChoice::Shipped, settings())).unwrap().unwrap();
    let mut alone = Plant::new(48);
    for ticks in [1, 1799, 2000, 1700] {
        let mut run = resumed(folder.path(), limits, &ModelChoice::Shipped, settings());
        assert_eq!(run.past.as_ref().map_or(0, |p| p.samples), plant.decisions.len() as u64);
        let durable = plant.play(ticks, run.brain.as_mut(), &mut run.journal);
        assert!(durable.iter().all(|d| *d));
        for _ in 0..ticks {
            let sample = alone.simulator.tick().unwrap();
            steady.observe(&sample).unwrap();
            let decision = steady.decide(sample.end.plus(1));
            alone.simulator.set_jobs(decision.jobs);
            alone.decisions.push(decision);
        }
    }
    assert!(plant.decisions == alone.decisions, "a restart changes nothing");
    assert!(files(folder.path()).len() > 3);
    let jobs: std::collections::BTreeSet<_> = plant.decisions.iter().map(|d| d.jobs.0).collect();
    assert!(jobs.len() > 10, "{jobs:?}");
    let (summary, _) = verified(folder.path());
    let expected = Summary { samples: 5500, decisions: 5500, same: 5500, differing: 0, torn: None };
    assert_eq!(summary, expected);
}

#[test]
fn the_disk_is_bounded_and_what_is_gone_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { file_bytes: 40_000, files: 4 };
    let mut plant = Plant::new(24);
    let mut run = rules(folder.path(), limits);
    plant.play(1500, run.brain.as_mut(), &mut run.journal);
    let size: u64 = files(folder.path()).iter().map(|f| f.metadata().unwrap().len()).sum();
    assert_eq!((files(folder.path()).len(), size), (4, run.journal.size()));
    assert!(size < 4 * 41_000, "{size}");
    let (summary, verdicts) = verified(folder.path());
    assert!(summary.decisions < 1500 && summary.same == 0);
    assert!(verdicts.iter().all(|v| *v == Verdict::Unknown(Unknown::InputsDeleted)));

    // The next run starts from what is left, and can be made again.
    drop(run);
    let mut run = rules(folder.path(), limits);
    assert!(run.past.is_some());
    plant.play(40, run.brain.as_mut(), &mut run.journal);
    let (summary, verdicts) = verified(folder.path());
    assert_eq!((summary.same, summary.differing), (40, 0));
    assert!(verdicts.ends_with(&[Verdict::Same; 40]));
}

#[test]
fn a_torn_end_is_cut_off_and_nothing_before_it_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut plant = Plant::new(2);
    let mut run = rules(folder.path(), LARGE);
    plant.play(30, run.brain.as_mut(), &mut run.journal);
    drop(run);
    let file = files(folder.path()).remove(0);
    let whole = fs::read(&file).unwrap();
    for cut in [1, 7, 11, 12, 13, 60, 100] {
        fs::write(&file, &whole[..whole.len() - cut]).unwrap();
        let before = verified(folder.path()).0;
        assert!(before.torn.is_some() && before.same == 29, "{before:?}");
        let run = rules(folder.path(), LARGE);
        assert_eq!(run.past.unwrap().decisions, 29);
        drop(run.journal);
        assert!(verified(folder.path()).0.torn.is_none());
    }
}

#[test]
fn a_flipped_bit_is_told_with_file_and_byte() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { file_bytes: 20_000, files: 100 };
    let mut plant = Plant::new(6);
    let mut run = rules(folder.path(), limits);
    plant.play(400, run.brain.as_mut(), &mut run.journal);
    drop(run);
    let all = files(folder.path());
    assert!(all.len() >= 3);
    let flip = |file: &Path, at: usize| {
        let mut bytes = fs::read(file).unwrap();
        bytes[at] ^= 4;
        fs::write(file, bytes).unwrap();
    };
    flip(&all[0], 10_000);
    let error = verify(folder.path(), open, |_| ControlFlow::Continue(())).unwrap_err().to_string();
    assert!(error.contains("00000001.journal, byte "), "{error}");
    let (_, rest) = error.split_once("byte ").unwrap();
    let offset: usize = rest.split(':').next().unwrap().parse().unwrap();
    assert!((9_700..=10_000).contains(&offset), "{error}");

    // The agent starts all the same, from the files behind the damage.
    let mut run = rules(folder.path(), limits);
    let samples = run.past.as_ref().unwrap().samples;
    assert!((1..400).contains(&samples), "{samples}");
    plant.play(10, run.brain.as_mut(), &mut run.journal);
    drop(run);
    fs::remove_file(&all[0]).unwrap();
    let (summary, verdicts) = verified(folder.path());
    assert!(summary.same == 10 && verdicts.ends_with(&[Verdict::Same; 10]), "{summary:?}");

    // Damage in the last file leaves nothing to build on that is certain.
    let last = files(folder.path()).pop().unwrap();
    flip(&last, 300);
    let run = rules(folder.path(), limits);
    assert_eq!(run.past, None);
    assert!(last.exists() && files(folder.path()).len() > all.len() - 1);
}

#[test]
fn other_settings_begin_anew_and_another_model_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut plant = Plant::new(2);
    let other = Settings { sla_s: 30.0, ..settings() };
    for (choice, settings, decisions) in [
        (ModelChoice::None, settings(), None),
        (ModelChoice::None, settings(), Some(20)),
        (ModelChoice::None, other, None),
        (ModelChoice::Shipped, other, Some(20)),
        (ModelChoice::Shipped, other, Some(40)),
        (ModelChoice::None, other, Some(60)),
        (ModelChoice::None, settings(), None),
    ] {
        let mut run = resumed(folder.path(), LARGE, &choice, settings);
        assert_eq!(run.past.map(|past| past.decisions), decisions);
        plant.play(20, run.brain.as_mut(), &mut run.journal);
    }
    assert_eq!(files(folder.path()).len(), 3);
    let (summary, _) = verified(folder.path());
    assert_eq!((summary.same, summary.decisions), (140, 140));
    // Without the other model its decisions are passed over.
    let at_hand = |terms: &Terms| match terms.model == ModelId::none() {
        true => open(terms),
        false => Ok(None),
    };
    let mut passed = 0;
    let summary = verify(folder.path(), at_hand, |checked| {
        passed += u32::from(checked.verdict == Verdict::Unknown(Unknown::OtherModel));
        ControlFlow::Continue(())
    });
    assert_eq!((summary.unwrap().same, passed), (100, 40));
}

#[test]
fn a_model_that_fails_for_a_night_costs_nothing_that_was_learned() {
    let folder = tempfile::tempdir().unwrap();
    let mut plant = Plant::new(13);
    for (choice, ticks) in
        [(ModelChoice::Shipped, 900), (ModelChoice::None, 300), (ModelChoice::Shipped, 299)]
    {
        let mut run = resumed(folder.path(), LARGE, &choice, settings());
        if let Some(last) = plant.decisions.last() {
            // What is in force stands for a window, whatever this model would have decided.
            let first = run.brain.decide(last.at.plus(1));
            run.journal.decision(&first).1.unwrap();
            assert!(first.jobs >= last.jobs, "{first:?}, {last:?}");
            assert!(run.brain.forecast().is_some_and(|forecast| forecast.makeup.is_some()));
        }
        plant.play(ticks, run.brain.as_mut(), &mut run.journal);
    }
    let (summary, _) = verified(folder.path());
    assert_eq!((summary.same, summary.differing), (1501, 0));
    assert_eq!(files(folder.path()).len(), 1);
}

#[test]
fn what_a_device_decided_is_kept_and_not_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let config = JournalConfig { folder: folder.path().into(), limits: LARGE };
    let begin = |pack: u32| {
        let model = ModelId::device("/dev/ttyACM0", pack);
        let choice = ModelChoice::None;
        let open =
            || Ok(decide::open(&choice, Engine::default(), settings(), Calendar::default())?.0);
        resume(&config, Terms::new(model, settings(), Calendar::default(), false), open).unwrap()
    };
    // In the place of the device: it decides otherwise than what stands in for it.
    let mut device = open(&terms(&ModelChoice::Shipped, settings())).unwrap().unwrap();
    let mut plant = Plant::new(2);
    // With another pack the run goes on, since what learned was what stands in.
    for (pack, past) in [(1, None), (1, Some(50)), (2, Some(100))] {
        let mut run = begin(pack);
        assert_eq!(run.past.map(|past| past.samples), past);
        if let Some(last) = plant.decisions.last() {
            let blind = run.brain.decide(last.at.plus(1000));
            assert!(blind.stage == Stage::Hold && blind.jobs >= last.jobs, "{blind:?}, {last:?}");
        }
        plant.play(50, device.as_mut(), &mut run.journal);
    }
    let args = ["agent", "replay", "--journal", folder.path().to_str().unwrap()];
    let Some(Command::Replay(args)) = Cli::try_parse_from(args).unwrap().command else {
        panic!("another command")
    };
    let error = cli::replay::run(&args).unwrap_err().to_string();
    assert!(
        error.contains("outside this program, by device /dev/ttyACM0, pack 00000001"),
        "{error}"
    );
    let mut verdicts = Vec::new();
    let summary = verify(
        folder.path(),
        |_| Ok(None),
        |checked| {
            verdicts.push(checked.verdict);
            ControlFlow::Continue(())
        },
    );
    let summary = summary.unwrap();
    assert_eq!((summary.decisions, summary.same, summary.differing), (150, 0, 0));
    assert!(verdicts.iter().all(|v| *v == Verdict::Unknown(Unknown::Device)));
}

#[test]
fn shadow_mode_is_made_again_and_becomes_active_mode() {
    let folder = tempfile::tempdir().unwrap();
    let config = JournalConfig { folder: folder.path().into(), limits: LARGE };
    let begin = |shadow: bool| {
        let terms = Terms { shadow, ..terms(&ModelChoice::None, settings()) };
        resume(&config, terms.clone(), || Ok(open(&terms)?.unwrap())).unwrap()
    };
    let mut plant = Plant::new(12);
    let mut before = None;
    for ticks in [400, 500] {
        let mut run = begin(true);
        // What was seen of both pools is known again after a restart.
        assert_eq!(before, run.past.as_ref().map(|_| run.brain.figures()));
        plant.obeys = false;
        plant.play(ticks, run.brain.as_mut(), &mut run.journal);
        before = Some(run.brain.figures());
    }
    let runs = plant.simulator.jobs_ready();
    let shadow = plant.decisions.last().unwrap().jobs;
    assert!(shadow.0.abs_diff(runs.0) > 3, "{shadow} {runs}");
    // Now it is obeyed: by the pool that runs, and not by the one that was thought of.
    let mut run = begin(false);
    plant.obeys = true;
    plant.play(200, run.brain.as_mut(), &mut run.journal);
    assert_eq!(plant.decisions[900].have, runs);
    drop(run);
    let mut run = begin(true);
    plant.obeys = false;
    plant.play(100, run.brain.as_mut(), &mut run.journal);
    let (summary, _) = verified(folder.path());
    assert_eq!((summary.same, summary.differing), (1200, 0));
}

#[test]
fn what_was_tampered_with_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let mut plant = Plant::new(2);
    let mut run = rules(folder.path(), LARGE);
    plant.play(20, run.brain.as_mut(), &mut run.journal);
    let mut other = plant.decisions[19].clone();
    (other.at, other.jobs.0) = (other.at.plus(1), other.jobs.0 + 1);
    let (_, done) = run.journal.decision(&other);
    done.unwrap();
    let (summary, verdicts) = verified(folder.path());
    assert_eq!((summary.same, summary.differing), (20, 1));
    assert_eq!(verdicts.last(), Some(&Verdict::Differs));
}

/// A disk that is full from time to time, with what was written left half.
struct Disk {
    file: fs::File,
    full: Arc<AtomicBool>,
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.full.load(Ordering::Relaxed) {
            self.file.write_all(&bytes[..bytes.len() / 2])?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Medium for Disk {
    fn sync(&mut self) -> io::Result<()> {
        Medium::sync(&mut self.file)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        Medium::cut(&mut self.file, length)
    }
}

/// A run on a disk that is full while the flag is up.
fn on_a_disk(folder: &Path) -> (Box<dyn Brain>, Journal, Arc<AtomicBool>) {
    let Resumed { brain, mut journal, .. } = rules(folder, LARGE);
    let full = Arc::new(AtomicBool::new(false));
    let path = files(folder).pop().unwrap();
    let mut file = fs::File::options().write(true).open(&path).unwrap();
    Medium::cut(&mut file, path.metadata().unwrap().len()).unwrap();
    let disk = Disk { file, full: full.clone() };
    journal = journal.with_medium(Box::new(disk));
    (brain, journal, full)
}

#[test]
fn a_full_disk_stops_nothing_and_what_waited_is_written_later() {
    let folder = tempfile::tempdir().unwrap();
    let (mut brain, mut journal, full) = on_a_disk(folder.path());
    let mut plant = Plant::new(3);
    let mut durable = Vec::new();
    for is_full in [false, true, false] {
        full.store(is_full, Ordering::Relaxed);
        durable.extend(plant.play(100, brain.as_mut(), &mut journal));
    }
    assert!(durable.iter().enumerate().all(|(k, d)| *d != (100..200).contains(&k)));
    assert_eq!(verified(folder.path()).0.same, 300);

    // A crash while it is full leaves what was durable.
    full.store(true, Ordering::Relaxed);
    plant.play(5, brain.as_mut(), &mut journal);
    drop(journal);
    assert!(rules(folder.path(), LARGE).past.unwrap().decisions >= 300);
}

#[test]
fn a_disk_that_stays_full_costs_records_but_no_memory() {
    // What is given up begins now with a sample, now with a decision.
    for ticks in [9000, 20_000] {
        stays_full(ticks);
    }
}

fn stays_full(ticks: usize) {
    let folder = tempfile::tempdir().unwrap();
    let (mut brain, mut journal, full) = on_a_disk(folder.path());
    let mut plant = Plant::new(200);
    plant.play(10, brain.as_mut(), &mut journal);
    full.store(true, Ordering::Relaxed);
    plant.play(ticks, brain.as_mut(), &mut journal);
    full.store(false, Ordering::Relaxed);
    plant.play(10, brain.as_mut(), &mut journal);
    let size = journal.size();
    assert!(size < 1_200_000, "{size}");
    drop(journal);
    let (summary, verdicts) = verified(folder.path());
    assert_eq!((summary.same, summary.differing), (10, 0));
    assert_eq!(verdicts.last(), Some(&Verdict::Unknown(Unknown::InputsLost)));

    // The next run can be made again.
    let mut run = rules(folder.path(), LARGE);
    plant.play(10, run.brain.as_mut(), &mut run.journal);
    let (summary, verdicts) = verified(folder.path());
    assert_eq!((summary.same, summary.differing), (20, 0));
    assert!(verdicts.ends_with(&[Verdict::Same; 10]));
}

/// The jobs that `decide` wants at each of so many ticks, given the tick's number and its sample.
fn jobs(ticks: usize, mut decide: impl FnMut(usize, Sample) -> Decision) -> Vec<f64> {
    let mut plant = Plant::new(ticks / 120 + 1);
    let mut step = |k| {
        let sample = plant.simulator.tick().unwrap();
        let jobs = decide(k, sample).jobs;
        plant.simulator.set_jobs(jobs);
        f64::from(jobs.0)
    };
    (0..ticks).map(&mut step).collect()
}

#[test]
fn one_wrapped_counter_is_forgotten_and_does_not_come_back_with_the_journal() {
    let (fault, day) = (360, 2880);
    let ticks = fault + day + 120;
    let mut steady = open(&terms(&ModelChoice::Shipped, settings())).unwrap().unwrap();
    let clean = jobs(ticks, |_, sample| {
        steady.observe(&sample).unwrap();
        steady.decide(sample.end.plus(1))
    });

    let folder = tempfile::tempdir().unwrap();
    let start = || resumed(folder.path(), LARGE, &ModelChoice::Shipped, settings());
    let mut run = Some(start());
    let wrapped = jobs(ticks, |k, mut sample| {
        if [fault + 1, fault + day - 30].contains(&k) {
            // Each journal is for one agent at a time.
            drop(run.take());
        }
        let run = run.get_or_insert_with(start);
        if k == fault {
            // The difference of two readings of a counter of 32 bits that began anew.
            sample.arrivals_events = Reading::Known(4_294_966_296.0);
        }
        run.brain.observe(&sample).unwrap();
        run.journal.sample(&sample).unwrap();
        let decision = run.brain.decide(sample.end.plus(1));
        run.journal.decision(&decision).1.unwrap();
        decision
    });
    // From ten minutes behind it on, and a day later, over the second restart.
    for (name, from) in [("after it", fault + 20), ("a day later", fault + day - 40)] {
        let sum = |jobs: &[f64]| jobs[from..from + 120].iter().sum::<f64>();
        let (cost, expected) = (sum(&wrapped), sum(&clean));
        assert!(cost <= 1.1 * expected, "{name}: {cost} job ticks instead of {expected}");
    }
}
