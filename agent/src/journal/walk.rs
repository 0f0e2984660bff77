//! Reads records across files.

use super::JournalError;
use super::folder::{io_error, path};
use super::record::{Chain, Digest, FORMAT, Header, Record};
use scaleiq_workload::journal::frame::{Fault, Frames};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// Where a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Number of the file.
    pub number: u32,
    /// Byte at which the record begins.
    pub offset: u64,
}

/// A record, where it is, and the hash of the inputs up to it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) place: Place,
    pub(super) record: Record,
    /// Computed from what was read, for decisions.
    pub(super) inputs: Option<Digest>,
}

/// One file as it is read.
type Open = (u32, Frames<BufReader<File>>);

/// The records of some files, in order.
#[derive(Debug)]
pub(super) struct Walk {
    folder: PathBuf,
    numbers: std::vec::IntoIter<u32>,
    open: Option<Open>,
    chain: Chain,
    ended: Option<(u32, Digest)>,
    torn: Option<Place>,
}

impl Walk {
    /// Over the files of these numbers.
    pub(super) fn new(folder: &Path, numbers: Vec<u32>) -> Self {
        Self {
            folder: folder.into(),
            numbers: numbers.into_iter(),
            open: None,
            chain: Chain::default(),
            ended: None,
            torn: None,
        }
    }

    /// The end of the last file's last whole record, if a torn one follows.
    pub(super) fn torn(&self) -> Option<Place> {
        self.torn
    }

    /// The number of the file before the present one, and the hash of its inputs.
    pub(super) fn ended(&self) -> Option<(u32, Digest)> {
        self.ended
    }

    /// The hash of the present file's inputs so far.
    pub(super) fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The number of the file that is being read.
    pub(super) fn number(&self) -> Option<u32> {
        self.open.as_ref().map(|(number, _)| *number)
    }

    /// The next record; `None` at the end, and before a torn record at the end of the last file.
    pub(super) fn next(&mut self) -> Result<Option<Entry>, JournalError> {
        loop {
            let Some((number, frames)) = &mut self.open else {
                let Some(number) = self.numbers.next() else { return Ok(None) };
                self.open = Some((number, open(&path(&self.folder, number))?));
                continue;
            };
            let place = Place { number: *number, offset: frames.offset() };
            let path = path(&self.folder, place.number);
            let damaged =
                |what| JournalError::Damaged { path: path.clone(), offset: place.offset, what };
            match frames.next() {
                Ok(Some(payload)) => {
                    let record = decode(payload, place, &path, damaged)?;
                    let inputs = advance(&mut self.chain, payload, &record);
                    return Ok(Some(Entry { place, record, inputs }));
                }
                Ok(None) if place.offset == 0 => return Err(damaged("it is empty")),
                // The last file stays open: its number is asked for.
                Ok(None) if self.numbers.len() == 0 => return Ok(None),
                Ok(None) => {
                    self.ended = Some((place.number, self.chain.digest()));
                    self.open = None;
                }
                Err(Fault::Torn) if self.numbers.len() == 0 && place.offset > 0 => {
                    self.torn = Some(place);
                    return Ok(None);
                }
                Err(Fault::Torn) => return Err(damaged("the record is cut off")),
                Err(Fault::Damaged(what)) => return Err(damaged(what)),
                Err(Fault::Io(source)) => return Err(io_error(&path)(source)),
            }
        }
    }
}

fn open(path: &Path) -> Result<Frames<BufReader<File>>, JournalError> {
    let file = File::open(path).map_err(io_error(path))?;
    let length = file.metadata().map_err(io_error(path))?.len();
    Ok(Frames::new(BufReader::with_capacity(1 << 16, file), length))
}

/// A payload as a record that may stand at its place.
fn decode(
    payload: &[u8],
    place: Place,
    path: &Path,
    damaged: impl Fn(&'static str) -> JournalError,
) -> Result<Record, JournalError> {
    let first = place.offset == 0;
    if let (true, [0, found, ..]) = (first, payload)
        && *found != FORMAT
    {
        return Err(JournalError::Format { path: path.into(), found: *found });
    }
    let record = Record::read(payload).map_err(|_| damaged("it is no record"))?;
    match &record {
        Record::Header(_, Header { number, .. }) if first && *number == place.number => Ok(record),
        Record::Header(..) => Err(damaged("the header is that of another file")),
        _ if first => Err(damaged("there is no header")),
        _ => Ok(record),
    }
}

/// Takes a record into the hash; for a decision, the hash of what it followed from.
pub(super) fn advance(chain: &mut Chain, payload: &[u8], record: &Record) -> Option<Digest> {
    match record {
        Record::Decision(recorded) => return Some(chain.ask(recorded.at)),
        Record::Header(..) => *chain = Chain::default(),
        // It is no input.
        Record::Carried(_) => return None,
        Record::Run(_) | Record::Sample(_) | Record::Gap | Record::Limits(_) => {}
    }
    chain.push(payload);
    None
}
