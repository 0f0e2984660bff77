//! Writes a journal.

use super::JournalError;
use super::folder::{self, Limits, io_error};
use super::record::{
    Carried, Chain, Digest, FORMAT, Header, LimitsRecord, Record, Recorded, Run, bytes,
};
use super::walk::advance;
use crate::decide::limits::LimitsInForce;
use scaleiq_core::decision::Decision;
use scaleiq_core::sample::Sample;
use scaleiq_core::units::UnixSeconds;
use scaleiq_workload::journal::frame;
use std::fmt;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Records that wait are written without a decision once they are so many bytes.
const WRITE_BYTES: usize = 1 << 16;
/// Records that cannot be written are kept up to so many bytes (promise C-3).
const KEEP_BYTES: usize = 1 << 20;

/// What the present file is written to.
pub trait Medium: Write + Send {
    /// Makes durable what was written.
    ///
    /// # Errors
    /// If that failed.
    fn sync(&mut self) -> io::Result<()>;

    /// Drops everything from byte `length` on; writing goes on there.
    ///
    /// # Errors
    /// If that failed.
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

impl Medium for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)?;
        self.seek(SeekFrom::Start(length)).map(|_| ())
    }
}

/// An open journal. Whatever fails, what was made durable before stays readable, and what could not
/// be written is tried again with the next decision.
pub struct Journal {
    folder: PathBuf,
    limits: Limits,
    /// Held as long as the journal is open.
    _lock: File,
    run: Run,
    number: u32,
    medium: Box<dyn Medium>,
    /// Bytes of the present file that are durable.
    length: u64,
    /// Something may be behind them.
    dirty: bool,
    /// Frames that are not yet durable.
    waiting: Vec<u8>,
    /// The hash of the inputs, those that wait included.
    chain: Chain,
    /// The same without them.
    durable_chain: Chain,
    /// Bytes in all files.
    size: u64,
    /// Limits in force that are not those configured.
    in_force: Option<LimitsRecord>,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { folder, number, length, .. } = self;
        write!(f, "Journal({}, file {number}, {length} bytes)", folder.display())
    }
}

impl Journal {
    /// A journal that begins with a new file, in which the state of `run` begins.
    pub(super) fn begin(
        folder: &Path,
        limits: Limits,
        lock: File,
        run: Run,
        before: Digest,
    ) -> Result<Self, JournalError> {
        let number = run.root;
        let (file, length, chain) = start(folder, number, &run, before)?;
        Self::at(folder, limits, lock, run, (number, file, length, chain))
    }

    /// A journal that goes on behind the `length` bytes of file `number`, of which `chain` is the
    /// hash. What follows them is cut off.
    pub(super) fn go_on(
        folder: &Path,
        limits: Limits,
        lock: File,
        run: Run,
        (number, length, chain): (u32, u64, Chain),
    ) -> Result<Self, JournalError> {
        let path = folder::path(folder, number);
        let mut file = File::options().write(true).open(&path).map_err(io_error(&path))?;
        file.cut(length).map_err(io_error(&path))?;
        let mut journal =
            Self::at(folder, limits, lock, run.clone(), (number, file, length, chain))?;
        journal.put(&Record::Run(run))?;
        Ok(journal)
    }

    /// A journal that writes at the end of file `number`, whose length and hash are known.
    fn at(
        folder: &Path,
        limits: Limits,
        lock: File,
        run: Run,
        (number, file, length, chain): (u32, File, u64, Chain),
    ) -> Result<Self, JournalError> {
        Ok(Self {
            folder: folder.into(),
            limits,
            _lock: lock,
            run,
            number,
            medium: Box::new(file),
            length,
            dirty: false,
            waiting: Vec::new(),
            durable_chain: chain.clone(),
            chain,
            size: folder::prune(folder, limits)?,
            in_force: None,
        })
    }

    /// Writes to `medium` instead of the present file from now on, as a test of what happens when
    /// writing fails.
    #[must_use]
    pub fn with_medium(mut self, medium: Box<dyn Medium>) -> Self {
        self.medium = medium;
        self
    }

    /// Bytes in all files, without those that wait.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Records a sample. It is durable with the next decision.
    ///
    /// # Errors
    /// If many samples waited and could not be written.
    pub fn sample(&mut self, sample: &Sample) -> Result<(), JournalError> {
        self.make_room()?;
        self.put(&Record::Sample(*sample))?;
        if self.waiting.len() >= WRITE_BYTES { self.commit() } else { Ok(()) }
    }

    /// Records that other limits are in force from `at` on, and who wanted that. It is durable with the
    /// next decision.
    ///
    /// # Errors
    /// If many records waited and could not be written.
    pub fn limits(
        &mut self,
        at: UnixSeconds,
        in_force: &LimitsInForce,
    ) -> Result<(), JournalError> {
        let (limits, why) = (in_force.limits, in_force.why.clone());
        self.in_force = Some(LimitsRecord { at, min: limits.min(), max: limits.max(), why });
        self.make_room()?;
        self.put_limits()
    }

    /// Records what became of an order. It is durable with the next decision.
    ///
    /// # Errors
    /// If many records waited and could not be written.
    pub fn carried(&mut self, carried: &Carried) -> Result<(), JournalError> {
        self.make_room()?;
        self.put(&Record::Carried(carried.clone()))
    }

    /// Puts down what limits are in force, for who reads from here on.
    fn put_limits(&mut self) -> Result<(), JournalError> {
        match self.in_force.clone() {
            Some(limits) => self.put(&Record::Limits(limits)),
            None => Ok(()),
        }
    }

    /// Records a decision and makes it durable with everything before it (promise J-1). Gives the
    /// hash of what it followed from.
    ///
    /// # Errors
    /// If it is not durable, or there can be no next file.
    pub fn decision(&mut self, decision: &Decision) -> (Digest, Result<(), JournalError>) {
        let room = self.make_room();
        let inputs = self.chain.clone().ask(decision.at);
        let recorded = bytes(decision).map_err(io::Error::other).map_err(self.failed());
        let done = room.and(recorded).and_then(|decision_bytes| {
            self.put(&Record::Decision(Recorded {
                at: decision.at,
                inputs,
                decision: decision_bytes,
            }))?;
            self.commit()
        });
        (inputs, done)
    }

    fn failed(&self) -> impl FnOnce(io::Error) -> JournalError + use<> {
        let path = folder::path(&self.folder, self.number);
        |source| JournalError::Io { path, source }
    }

    /// Gives up what waits if it has become too much, and notes that it is missing.
    fn make_room(&mut self) -> Result<(), JournalError> {
        if self.waiting.len() <= KEEP_BYTES {
            return Ok(());
        }
        self.waiting.clear();
        self.chain = self.durable_chain.clone();
        self.put(&Record::Gap)?;
        self.put_limits()
    }

    /// Puts a record among those that wait.
    fn put(&mut self, record: &Record) -> Result<(), JournalError> {
        let payload = bytes(record).map_err(io::Error::other).map_err(self.failed())?;
        frame::put(&mut self.waiting, &payload).map_err(self.failed())?;
        advance(&mut self.chain, &payload, record);
        Ok(())
    }

    /// Makes durable what waits, and begins the next file if this one is full.
    fn commit(&mut self) -> Result<(), JournalError> {
        self.write().map_err(self.failed())?;
        if self.length < self.limits.file_bytes {
            return Ok(());
        }
        let number = self.number + 1;
        let (file, length, chain) = start(&self.folder, number, &self.run, self.chain.digest())?;
        self.medium = Box::new(file);
        self.number = number;
        self.length = length;
        self.durable_chain = chain.clone();
        self.chain = chain;
        self.size = folder::prune(&self.folder, self.limits)?;
        self.put_limits()
    }

    fn write(&mut self) -> io::Result<()> {
        if self.dirty {
            self.medium.cut(self.length)?;
        }
        self.dirty = true;
        self.medium.write_all(&self.waiting)?;
        self.medium.sync()?;
        // What is written to a file that was deleted is gone with the process.
        if !folder::path(&self.folder, self.number).exists() {
            let what = "it was deleted while it was written: restart the agent to begin another";
            return Err(io::Error::new(io::ErrorKind::NotFound, what));
        }
        self.dirty = false;
        let written = self.waiting.len() as u64;
        self.length += written;
        self.size += written;
        self.waiting.clear();
        self.durable_chain = self.chain.clone();
        Ok(())
    }
}

/// A new file with its header: the file, its length, and the hash begun anew.
fn start(
    folder: &Path,
    number: u32,
    run: &Run,
    before: Digest,
) -> Result<(File, u64, Chain), JournalError> {
    let path = folder::path(folder, number);
    let failed = |error: io::Error| io_error(&path)(error);
    let header = Header { number, before, run: run.clone() };
    let payload = bytes(&Record::Header(FORMAT, header)).map_err(io::Error::other);
    let payload = payload.map_err(failed)?;
    let mut frame = Vec::new();
    frame::put(&mut frame, &payload).map_err(failed)?;
    let file = folder::create(folder, number, &frame).map_err(failed)?;
    let mut chain = Chain::default();
    chain.push(&payload);
    Ok((file, frame.len() as u64, chain))
}
