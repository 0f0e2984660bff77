use super::*;
use std::sync::{Barrier, Mutex};

/// Threads in the place of processes.
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
        let numbers: Vec<f32> = bytes.into_iter().map(f32::from).collect();
        self.put(&numbers)[0].iter().map(|number| *number as u8).collect()
    }
    fn part(&self) {}
    fn abort(&self, _: &str) {
        unreachable!("nothing fails here")
    }
}

/// What each of `size` does.
fn each<T: Send>(size: usize, work: impl Fn(Ranks) -> T + Sync) -> Vec<T> {
    let (board, barrier) = (&Mutex::new(vec![Vec::new(); size]), &Barrier::new(size));
    let work = &work;
    std::thread::scope(|scope| {
        let begin =
            |rank| scope.spawn(move || work(Ranks::of(Some(&Threads { rank, board, barrier }))));
        let begun: Vec<_> = (0..size).map(begin).collect();
        begun.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn all_have_the_same_sums_in_the_order_of_ranks() {
    for size in [1, 2, 3, 5] {
        // Seven numbers do not divide among these; in another order the first sum would be another.
        let mine = |rank: usize| -> Vec<f32> {
            (0..7).map(|k| 1e7 / (rank + 1) as f32 + 0.3 * k as f32).collect()
        };
        let sums = each(size, |ranks| ranks.sum(mine(ranks.share(size).start)));
        let expected: Vec<f32> =
            (0..7).map(|k| (0..size).fold(0.0, |sum, rank| sum + mine(rank)[k])).collect();
        sums.iter().for_each(|sum| assert_eq!(*sum, expected, "{size}"));
    }
}

#[test]
fn shares_are_all_there_is() {
    let shares = each(3, |ranks| ranks.share(10));
    assert_eq!(shares, [0..3, 3..6, 6..10]);
    assert_eq!(each(4, |ranks| ranks.share(2).len()).iter().sum::<usize>(), 2);
    assert_eq!(Ranks::default().share(10), 0..10);
}

#[test]
fn what_one_knows_all_know() {
    assert_eq!(each(3, |ranks| ranks.any(ranks.share(3).start == 1)), [true; 3]);
    assert_eq!(each(3, |ranks| ranks.any(false)), [false; 3]);
    assert_eq!(each(2, |ranks| ranks.total(ranks.share(2).end as f64)), [3.0; 2]);
    let told =
        each(2, |ranks| ranks.first_bytes(if ranks.is_first() { vec![7, 8] } else { vec![] }));
    assert_eq!(told, [[7, 8], [7, 8]]);
}
