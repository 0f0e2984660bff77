//! Threads in the place of processes, for tests.

use super::{Link, Ranks};
use std::sync::{Barrier, Mutex};

/// One of them.
struct Threads<'a> {
    rank: usize,
    board: &'a Mutex<Vec<Vec<f32>>>,
    barrier: &'a Barrier,
}

impl Threads<'_> {
    /// What all of them put on the board, by rank.
    fn put(&self, numbers: &[f32]) -> Vec<Vec<f32>> {
        self.board.lock().unwrap()[self.rank] = numbers.to_vec();
        self.barrier.wait();
        let all = self.board.lock().unwrap().clone();
        self.barrier.wait();
        all
    }

    fn put_bytes(&self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let numbers: Vec<f32> = bytes.iter().map(|byte| (*byte).into()).collect();
        let all = self.put(&numbers).into_iter();
        all.map(|numbers| numbers.into_iter().map(|number| number as u8).collect()).collect()
    }
}

impl Link for Threads<'_> {
    fn rank(&self) -> usize {
        self.rank
    }
    fn size(&self) -> usize {
        self.board.lock().unwrap().len()
    }
    fn exchange(&self, numbers: &[f32]) -> Vec<f32> {
        let part = numbers.len() / self.size();
        let mine = self.rank * part..(self.rank + 1) * part;
        self.put(numbers).iter().flat_map(|all| all[mine.clone()].to_vec()).collect()
    }
    fn gather(&self, numbers: &[f32]) -> Vec<f32> {
        self.put(numbers).concat()
    }
    fn gather_one(&self, number: f64) -> Vec<f64> {
        self.gather(&[number as f32]).into_iter().map(f64::from).collect()
    }
    fn first_bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        self.put_bytes(&bytes).swap_remove(0)
    }
    fn gather_bytes(&self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let all = self.put_bytes(bytes);
        if self.rank == 0 { all } else { Vec::new() }
    }
    fn part(&self) {}
    fn abort(&self, _: &str) {
        unreachable!("nothing fails here")
    }
}

/// What each of `size` does.
pub(crate) fn each<T: Send>(size: usize, work: impl Fn(Ranks) -> T + Sync) -> Vec<T> {
    let (board, barrier) = (&Mutex::new(vec![Vec::new(); size]), &Barrier::new(size));
    let work = &work;
    std::thread::scope(|scope| {
        let begin =
            |rank| scope.spawn(move || work(Ranks::of(Some(&Threads { rank, board, barrier }))));
        let begun: Vec<_> = (0..size).map(begin).collect();
        begun.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}
