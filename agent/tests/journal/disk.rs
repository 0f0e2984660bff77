//! Disks that are small, and disks that are full.

use super::*;

#[test]
fn the_disk_is_bounded_and_what_is_gone_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { file_bytes: 40_000, files: 4 };
    let mut plant = Plant::new(24);
    let mut run = rules(folder.path(), limits);
    plant.play(1500, run.decider.as_mut(), &mut run.journal);
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
    plant.play(40, run.decider.as_mut(), &mut run.journal);
    let (summary, verdicts) = verified(folder.path());
    assert_eq!((summary.same, summary.differing), (40, 0));
    assert!(verdicts.ends_with(&[Verdict::Same; 40]));
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
fn on_a_disk(folder: &Path) -> (Box<dyn Decider>, Journal, Arc<AtomicBool>) {
    let Resumed { decider, mut journal, .. } = rules(folder, LARGE);
    let full = Arc::new(AtomicBool::new(false));
    let path = files(folder).pop().unwrap();
    let mut file = fs::File::options().write(true).open(&path).unwrap();
    Medium::cut(&mut file, path.metadata().unwrap().len()).unwrap();
    let disk = Disk { file, full: full.clone() };
    journal = journal.with_medium(Box::new(disk));
    (decider, journal, full)
}

#[test]
fn a_full_disk_stops_nothing_and_what_waited_is_written_later() {
    let folder = tempfile::tempdir().unwrap();
    let (mut decider, mut journal, full) = on_a_disk(folder.path());
    let mut plant = Plant::new(3);
    let mut durable = Vec::new();
    for is_full in [false, true, false] {
        full.store(is_full, Ordering::Relaxed);
        durable.extend(plant.play(100, decider.as_mut(), &mut journal));
    }
    assert!(durable.iter().enumerate().all(|(k, d)| *d != (100..200).contains(&k)));
    assert_eq!(verified(folder.path()).0.same, 300);

    // A crash while it is full leaves what was durable.
    full.store(true, Ordering::Relaxed);
    plant.play(5, decider.as_mut(), &mut journal);
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
    let (mut decider, mut journal, full) = on_a_disk(folder.path());
    let mut plant = Plant::new(200);
    plant.play(10, decider.as_mut(), &mut journal);
    full.store(true, Ordering::Relaxed);
    plant.play(ticks, decider.as_mut(), &mut journal);
    full.store(false, Ordering::Relaxed);
    plant.play(10, decider.as_mut(), &mut journal);
    let size = journal.size();
    assert!(size < 1_200_000, "{size}");
    drop(journal);
    let (summary, verdicts) = verified(folder.path());
    assert_eq!((summary.same, summary.differing), (10, 0));
    assert_eq!(verdicts.last(), Some(&Verdict::Unknown(Unknown::InputsLost)));

    // The next run can be made again.
    let mut run = rules(folder.path(), LARGE);
    plant.play(10, run.decider.as_mut(), &mut run.journal);
    let (summary, verdicts) = verified(folder.path());
    assert_eq!((summary.same, summary.differing), (20, 0));
    assert!(verdicts.ends_with(&[Verdict::Same; 10]));
}
