//! The traffic that a journal holds.

use super::frame::{Fault, Frames};
use super::{FORMAT, SAMPLE, numbers, path};
use crate::{DataError, Series};
use scaleiq_core::interval::{Gatherer, Interval, IntervalLength};
use scaleiq_core::sample::Sample;
use scaleiq_core::units::{DAY_S, UnixSeconds};
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

/// A hole that is longer is not filled: what lies before it is left out.
const LONGEST_HOLE_S: u32 = 28 * DAY_S;

impl Series {
    /// Reads the samples that an agent has recorded in `folder`, gathered to intervals of `length_s` seconds
    /// as it gathers them itself; none is two minutes, or as long as most samples are. The agent may go on
    /// writing. A file that is damaged is read up to there, and that is noted, as is what else was left out.
    ///
    /// # Errors
    /// If the folder or a file cannot be read, is no journal or one of another format, or has no sample.
    pub fn read_journal(folder: &Path, length_s: Option<u32>) -> Result<Self, DataError> {
        let named = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => DataError::NotFound { file: folder.display().to_string() },
            _ => DataError::Unreadable { file: folder.display().to_string(), source },
        };
        let mut recorded = Recorded::default();
        for number in numbers(folder).map_err(named)? {
            recorded.read(&path(folder, number))?;
        }
        let Recorded { samples, mut notes } = recorded;
        let no_samples = || DataError::NoSamples { folder: folder.display().to_string() };
        let length = length_s.unwrap_or_else(|| usual(&samples));
        let length = IntervalLength::new(length).map_err(|_| no_samples())?;
        let rows = gather(&samples, length, &mut notes);
        let first = rows.first().ok_or_else(no_samples)?;
        let start = first.end.plus(-i64::from(length.seconds()));
        Ok(Self { start, length_s: length.seconds(), rows, notes, ..Self::default() })
    }
}

/// What the files hold.
#[derive(Default)]
struct Recorded {
    samples: Vec<Sample>,
    notes: Vec<String>,
}

impl Recorded {
    /// Takes the samples of one file.
    fn read(&mut self, path: &Path) -> Result<(), DataError> {
        let name = || path.display().to_string();
        let unreadable = |source| DataError::Unreadable { file: name(), source };
        let file = File::open(path).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        let mut frames = Frames::new(BufReader::with_capacity(1 << 16, file), length);
        loop {
            let offset = frames.offset();
            let damage = match frames.next() {
                Ok(None) => return Ok(()),
                Ok(Some([0, found, ..])) if offset == 0 && *found != FORMAT => {
                    return Err(DataError::JournalFormat {
                        file: name(),
                        found: *found,
                        reads: FORMAT,
                    });
                }
                Ok(Some([SAMPLE, sample @ ..])) if offset > 0 => match postcard::from_bytes(sample)
                {
                    Ok(sample) => {
                        self.samples.push(sample);
                        continue;
                    }
                    Err(_) => "it is no record",
                },
                Ok(Some([first, ..])) if (*first == 0) == (offset == 0) => continue,
                Ok(Some(_)) => "there is no header, or one too many",
                Err(Fault::Damaged(what)) => what,
                // It is being written, or was when something stopped.
                Err(Fault::Torn) => "the record is cut off",
                Err(Fault::Io(source)) => return Err(unreadable(source)),
            };
            self.notes.push(format!("{}, byte {offset}: {damage}; read up to there", name()));
            return Ok(());
        }
    }
}

/// Two minutes, or where most samples are longer, the length that holds one of these.
fn usual(samples: &[Sample]) -> u32 {
    let mut lengths: Vec<u32> = samples.iter().map(|sample| sample.interval_s).collect();
    lengths.sort_unstable();
    let median = lengths.get(lengths.len() / 2).copied().unwrap_or(0);
    let least = median.max(IntervalLength::TWO_MINUTES.seconds());
    (least..=DAY_S).find(|length| IntervalLength::new(*length).is_ok()).unwrap_or(DAY_S)
}

/// The samples as intervals without a hole.
fn gather(samples: &[Sample], length: IntervalLength, notes: &mut Vec<String>) -> Vec<Interval> {
    let length_s = i64::from(length.seconds());
    let mut gatherer = Gatherer::new(length, LONGEST_HOLE_S / length.seconds());
    let mut rows: Vec<Interval> = Vec::new();
    let (mut late, mut before) = (0, None);
    for sample in samples {
        let taken = gatherer.push(sample, |interval, _| {
            if let Some(last) = rows.last().map(|row| row.end)
                && last.plus(length_s) != interval.end
            {
                before = Some(interval.end);
                rows.clear();
            }
            rows.push(interval);
        });
        late += u64::from(taken.is_err());
    }
    if let Some(UnixSeconds(end)) = before {
        notes.push(format!(
            "nothing was recorded for more than {} days before {end} (seconds since 1970): what lies \
             before that is left out",
            LONGEST_HOLE_S / DAY_S
        ));
    }
    if late > 0 {
        notes
            .push(format!("{late} samples do not end after the one before them, and are left out"));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::super::frame::put;
    use super::*;
    use scaleiq_core::sample::RawSample;
    use std::fs;

    const HEADER: [u8; 3] = [0, FORMAT, 7];
    const DECISION: [u8; 2] = [3, 9];

    fn sample(time: i64, events: f64) -> Vec<u8> {
        let raw = RawSample {
            time: time as f64,
            interval_s: 60.0,
            logged_events: Some(events),
            ..RawSample::default()
        };
        let sample = raw.gate().unwrap().sample;
        postcard::to_extend(&sample, vec![SAMPLE]).unwrap()
    }

    fn file<'a>(records: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
        let mut bytes = Vec::new();
        records.into_iter().for_each(|record| put(&mut bytes, record).unwrap());
        bytes
    }

    #[test]
    fn samples_are_gathered_over_files_and_what_is_lost_is_a_gap() {
        let folder = tempfile::tempdir().unwrap();
        let minutes: Vec<Vec<u8>> =
            (1..=10).filter(|k| *k != 5 && *k != 6).map(|k| sample(60 * k, 10.0)).collect();
        let (first, second) = minutes.split_at(3);
        for (number, half) in [(3, first), (4, second)] {
            let records = half.iter().flat_map(|sample| [&sample[..], &DECISION[..]]);
            let bytes = file([&HEADER[..]].into_iter().chain(records));
            fs::write(path(folder.path(), number), bytes).unwrap();
        }
        let series = Series::read_journal(folder.path(), None).unwrap();
        assert_eq!((series.start, series.length_s), (UnixSeconds(0), 120));
        let arrivals: Vec<_> = series.rows.iter().map(|row| row.arrivals_events).collect();
        assert_eq!(arrivals, [Some(20.0), Some(20.0), None, Some(20.0), Some(20.0)]);
        assert_eq!(series.notes, [""; 0]);
        let finer = Series::read_journal(folder.path(), Some(60)).unwrap();
        assert_eq!((finer.rows.len(), finer.rows[0].arrivals_events), (10, Some(10.0)));
    }

    #[test]
    fn damage_costs_the_rest_of_a_file_and_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let minutes: Vec<Vec<u8>> = (1..=6).map(|k| sample(60 * k, 10.0)).collect();
        let of = |from: usize| {
            let records = minutes[from..from + 3].iter().map(|sample| &sample[..]);
            file([&HEADER[..]].into_iter().chain(records))
        };
        let mut damaged = of(0);
        let end = damaged.len();
        damaged[end - 20] ^= 1;
        fs::write(path(folder.path(), 1), &damaged).unwrap();
        fs::write(path(folder.path(), 2), of(3)).unwrap();
        let series = Series::read_journal(folder.path(), Some(60)).unwrap();
        let known = series.rows.iter().filter(|row| row.arrivals_events.is_some()).count();
        assert!(known < 6 && series.rows.last().unwrap().arrivals_events == Some(10.0));
        let [note] = &series.notes[..] else { panic!("{:?}", series.notes) };
        assert!(note.contains("00000001.journal, byte ") && note.contains("read up to there"));
    }

    #[test]
    fn what_is_no_journal_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = |folder: &Path| Series::read_journal(folder, None).unwrap_err().to_string();
        assert!(error(&folder.path().join("none")).contains("none: "));
        assert!(error(folder.path()).contains("no samples in this folder"));
        fs::write(path(folder.path(), 1), file([&[0, 9, 1][..]])).unwrap();
        assert!(error(folder.path()).contains("format 9, this program reads 1"));
    }

    #[test]
    fn a_clock_that_jumped_costs_what_lies_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let far = 60 * i64::from(DAY_S);
        let times = [60, 120, 60, far + 60, far + 120, far + 180];
        let samples = times.map(|time| sample(time, 5.0));
        let records = samples.iter().map(|sample| &sample[..]);
        fs::write(path(folder.path(), 1), file([&HEADER[..]].into_iter().chain(records))).unwrap();
        let series = Series::read_journal(folder.path(), Some(60)).unwrap();
        assert_eq!((series.start, series.rows.len()), (UnixSeconds(far), 3));
        assert!(series.notes[0].contains("more than 28 days"), "{:?}", series.notes);
        assert!(series.notes[1].starts_with("1 samples do not end after"), "{:?}", series.notes);
    }
}
