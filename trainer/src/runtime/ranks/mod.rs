//! The processes of one run, or ranks, as MPI calls them.
//!
//! What several processes compute is what one would: each takes its share of a batch, and sums are taken in
//! the order of ranks, so that all of them come to the same numbers, to the bit.

#[cfg(feature = "mpi")]
mod mpi;

use anyhow::{Context as _, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::env;
use std::ops::Range;

/// How the processes of a run reach each other. All of them call the same functions in the same order.
pub trait Link {
    /// Number of this process, from 0.
    fn rank(&self) -> usize;
    /// How many there are.
    fn size(&self) -> usize;
    /// Cuts `numbers` into as many equal parts as there are processes and sends each process its part; gives
    /// the parts that came, by rank.
    fn exchange(&self, numbers: &[f32]) -> Vec<f32>;
    /// Gives the numbers of all processes, by rank; each brings as many.
    fn gather(&self, numbers: &[f32]) -> Vec<f32>;
    /// Gives a number of each process, by rank.
    fn gather_one(&self, number: f64) -> Vec<f64>;
    /// Gives the bytes of the first process.
    fn first_bytes(&self, bytes: Vec<u8>) -> Vec<u8>;
    /// Gives the first process the bytes of all, by rank, however many each brings; the others get nothing.
    fn gather_bytes(&self, bytes: &[u8]) -> Vec<Vec<u8>>;
    /// Leaves the others, once all of them do.
    fn part(&self);
    /// Tells why and ends all processes, if they have not parted.
    fn abort(&self, why: &str);
}

/// This process among those of its run; by default the only one.
#[derive(Clone, Copy, Default)]
pub struct Ranks<'a>(Option<&'a dyn Link>);

impl<'a> Ranks<'a> {
    /// Those that `link` reaches.
    #[must_use]
    pub fn of(link: Option<&'a dyn Link>) -> Self {
        Self(link)
    }

    /// How many there are.
    #[must_use]
    pub fn size(self) -> usize {
        self.0.map_or(1, Link::size)
    }

    /// Whether this is the one that keeps the run's folder and talks to people.
    #[must_use]
    pub fn is_first(self) -> bool {
        self.0.is_none_or(|link| link.rank() == 0)
    }

    /// The part of `items` things that is this process's: all parts are as long, but for one.
    #[must_use]
    pub fn share(self, items: usize) -> Range<usize> {
        let (rank, size) = self.0.map_or((0, 1), |link| (link.rank(), link.size()));
        items * rank / size..items * (rank + 1) / size
    }

    /// Whether it is so in any process.
    #[must_use]
    pub fn any(self, here: bool) -> bool {
        self.0.map_or(here, |link| link.gather_one(here.into()).iter().any(|there| *there > 0.0))
    }

    /// The sum of a number over all processes, in the order of ranks.
    #[must_use]
    pub fn total(self, number: f64) -> f64 {
        self.0.map_or(number, |link| link.gather_one(number).iter().sum())
    }

    /// Makes each number the sum of what all processes have there, in the order of ranks. Each process adds
    /// up one part of them: so many processes send no more than few.
    #[must_use]
    pub fn sum(self, mut numbers: Vec<f32>) -> Vec<f32> {
        let Some(link) = self.0 else { return numbers };
        let (count, part) = (numbers.len(), numbers.len().div_ceil(link.size()).max(1));
        numbers.resize(part * link.size(), 0.0);
        let theirs = link.exchange(&numbers);
        let mut sums = vec![0.0; part];
        for of_one in theirs.chunks_exact(part) {
            sums.iter_mut().zip(of_one).for_each(|(sum, number)| *sum += number);
        }
        let mut sums = link.gather(&sums);
        sums.truncate(count);
        sums
    }

    /// What the first process has.
    pub fn first_bytes(self, bytes: Vec<u8>) -> Vec<u8> {
        match self.0 {
            Some(link) => link.first_bytes(bytes),
            None => bytes,
        }
    }

    /// Tells the others a value, for which they wait by [`Self::receive`]. The first process alone does it.
    ///
    /// # Errors
    /// If it cannot be encoded.
    pub fn broadcast(self, value: &impl Serialize) -> Result<()> {
        if let Some(link) = self.0 {
            link.first_bytes(encode(value)?);
        }
        Ok(())
    }

    /// Waits for what the first process tells.
    ///
    /// # Errors
    /// If it is something else.
    pub fn receive<T: DeserializeOwned>(self) -> Result<T> {
        decode(&self.first_bytes(Vec::new()))
    }

    /// Brings the first process what all have, by rank; the others get nothing.
    ///
    /// # Errors
    /// If it cannot be encoded, or another process brings something else.
    pub fn gather<T: Serialize + DeserializeOwned>(self, mine: T) -> Result<Vec<T>> {
        let Some(link) = self.0 else { return Ok(vec![mine]) };
        link.gather_bytes(&encode(&mine)?).iter().map(|bytes| decode(bytes)).collect()
    }

    /// Leaves the others, once all of them do; each is alone then.
    pub fn part(self) {
        if let Some(link) = self.0 {
            link.part();
        }
    }

    /// What becomes of a process's result: an error ends all of them, since the others may be waiting for
    /// this one.
    ///
    /// # Errors
    /// If it is one and there are no others.
    pub fn fate<T>(self, result: Result<T>) -> Result<T> {
        if let (Some(link), Err(error)) = (self.0, &result) {
            let who =
                if self.is_first() { String::new() } else { format!("process {}: ", link.rank()) };
            link.abort(&format!("error: {who}{error:#}"));
        }
        result
    }
}

fn encode(value: &impl Serialize) -> Result<Vec<u8>> {
    postcard::to_stdvec(value).context("encoding a message to the other processes")
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let value = postcard::from_bytes(bytes);
    value.context(
        "another process sent what this one does not know: start the same program everywhere",
    )
}

/// What MPI's starters tell each process: how many there are; its number on its machine; how many are there.
const STARTERS: [[&str; 3]; 2] = [
    ["OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE"],
    ["PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS"],
];

fn told(which: usize) -> Option<usize> {
    STARTERS.iter().find_map(|names| env::var(names[which]).ok()?.parse().ok())
}

/// Processes of the run, as `mpirun` tells; `None` where it did not start this one.
#[must_use]
pub fn started() -> Option<usize> {
    told(0)
}

/// Number of this process among those of the run on this machine, and how many these are.
#[must_use]
pub fn on_this_machine() -> (usize, usize) {
    (told(1).unwrap_or(0), told(2).unwrap_or(1).max(1))
}

/// What a trainer needs that shall run in several processes.
pub const REMEDY: &str =
    "build it with `--features mpi` (Debian: libopenmpi-dev openmpi-bin libclang-dev)";

/// Whether this program can run in several processes.
pub const AVAILABLE: bool = cfg!(feature = "mpi");

/// Joins the other processes, if `mpirun` started this one.
///
/// # Errors
/// If the program was built without MPI, or that cannot be used.
pub fn join() -> Result<Option<Box<dyn Link>>> {
    match started() {
        None => Ok(None),
        Some(size) => link(size).map(Some),
    }
}

#[cfg(feature = "mpi")]
fn link(_size: usize) -> Result<Box<dyn Link>> {
    Ok(Box::new(mpi::World::join()?))
}

#[cfg(not(feature = "mpi"))]
fn link(size: usize) -> Result<Box<dyn Link>> {
    anyhow::bail!(
        "mpirun started {size} of this, and this trainer is one that runs alone: {REMEDY}"
    )
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod threads;
