//! Processes that `mpirun` started, over the system's MPI.

use super::Link;
use anyhow::{Context as _, Result};
use mpi::Count;
use mpi::datatype::PartitionMut;
use mpi::environment::Universe;
use mpi::topology::{Communicator as _, SimpleCommunicator};
use mpi::traits::{Collection as _, CommunicatorCollectives as _, Root as _};
use std::cell::RefCell;

/// The processes of a run. Messages that fail end all of them, which is MPI's own rule.
pub(super) struct World {
    rank: usize,
    size: usize,
    world: SimpleCommunicator,
    /// Parts from the others when it is dropped.
    universe: RefCell<Option<Universe>>,
}

impl World {
    /// Joins the others.
    ///
    /// # Errors
    /// If MPI was begun before.
    pub(super) fn join() -> Result<Self> {
        // Messages are sent by the thread that trains; what others of this process do is not MPI's concern.
        let begun = mpi::initialize_with_threading(mpi::Threading::Funneled);
        let (universe, _) = begun.context("MPI was begun twice")?;
        let world = universe.world();
        let (rank, size) = (world.rank() as usize, world.size() as usize);
        Ok(Self { rank, size, world, universe: RefCell::new(Some(universe)) })
    }
}

impl Link for World {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn exchange(&self, numbers: &[f32]) -> Vec<f32> {
        let mut came = vec![0.0; numbers.len()];
        self.world.all_to_all_into(numbers, &mut came[..]);
        came
    }

    fn gather(&self, numbers: &[f32]) -> Vec<f32> {
        let mut all = vec![0.0; numbers.len() * self.size];
        self.world.all_gather_into(numbers, &mut all[..]);
        all
    }

    fn gather_one(&self, number: f64) -> Vec<f64> {
        let mut all = vec![0.0; self.size];
        self.world.all_gather_into(&number, &mut all[..]);
        all
    }

    fn first_bytes(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        let first = self.world.process_at_rank(0);
        let mut length = bytes.len() as u64;
        first.broadcast_into(&mut length);
        bytes.resize(length as usize, 0);
        // Open MPI takes no empty message.
        if length > 0 {
            first.broadcast_into(&mut bytes[..]);
        }
        bytes
    }

    fn gather_bytes(&self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let (first, length) = (self.world.process_at_rank(0), bytes.count());
        if self.rank > 0 {
            first.gather_into(&length);
            first.gather_varcount_into(bytes);
            return Vec::new();
        }
        let mut lengths: Vec<Count> = vec![0; self.size];
        first.gather_into_root(&length, &mut lengths[..]);
        let after = |end: &mut Count, length: &Count| {
            *end += length;
            Some(*end - length)
        };
        let starts: Vec<Count> = lengths.iter().scan(0, after).collect();
        let mut all = vec![0; lengths.iter().sum::<Count>() as usize];
        let mut parts = PartitionMut::new(&mut all[..], &lengths[..], &starts[..]);
        first.gather_varcount_into_root(bytes, &mut parts);
        let part =
            |(start, length): (&Count, &Count)| all[*start as usize..][..*length as usize].to_vec();
        starts.iter().zip(&lengths).map(part).collect()
    }

    fn part(&self) {
        self.universe.take();
    }

    fn abort(&self, why: &str) {
        if self.universe.borrow().is_some() {
            eprintln!("{why}");
            self.world.abort(1);
        }
    }
}

impl Drop for World {
    /// A process that panics would wait for the others, and they for it.
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.abort(&format!("error: process {} panicked", self.rank));
        }
    }
}
