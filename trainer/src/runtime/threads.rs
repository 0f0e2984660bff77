//! Work on all cores: the one pool of threads, which is rayon's.
//!
//! Nothing that is computed depends on how many threads there are.

use anyhow::{Context as _, Result};
use pulp::Arch;
use rayon::prelude::*;

/// Sets the number of threads for the whole program. Call once, before anything runs in parallel;
/// without it there are as many as cores, or as `RAYON_NUM_THREADS` says.
///
/// # Errors
/// If the pool runs already or the system refuses the threads.
pub fn limit(threads: usize) -> Result<()> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build_global().with_context(|| format!("starting {threads} threads"))
}

/// What `map` makes of each of `items`, in their order.
pub fn in_parallel<T: Sync, R: Send>(items: &[T], map: impl Fn(&T) -> R + Sync + Send) -> Vec<R> {
    // One item at a time: each is work of seconds, and they differ in length.
    items.par_iter().with_max_len(1).map(map).collect()
}

/// As [`in_parallel`], with items that change.
pub fn on_all<T: Send, R: Send>(
    items: &mut [T],
    map: impl Fn(&mut T) -> R + Sync + Send,
) -> Vec<R> {
    items.par_iter_mut().with_max_len(1).map(map).collect()
}

/// Numbers that a thread changes at once: few enough that they stay near its core.
const CHUNK: usize = 1 << 14;

/// Changes numbers that belong together: one of each slice, which are as long.
pub fn for_each_four(
    [a, b, c, d]: [&mut [f32]; 4],
    change: impl Fn(&mut f32, &mut f32, &mut f32, &mut f32) + Sync + Send,
) {
    let [a, b, c, d] = [a, b, c, d].map(|numbers| numbers.par_chunks_mut(CHUNK));
    (a, b, c, d).into_par_iter().for_each(|(a, b, c, d)| {
        // In the widest vector instructions that the processor has.
        Arch::new().dispatch(|| {
            for (((a, b), c), d) in a.iter_mut().zip(b).zip(c).zip(d) {
                change(a, b, c, d);
            }
        });
    });
}

/// Does both at once.
pub fn both<A: Send, B: Send>(
    a: impl FnOnce() -> A + Send,
    b: impl FnOnce() -> B + Send,
) -> (A, B) {
    rayon::join(a, b)
}

/// Lets every thread do `work`, and returns when all have ended. They may wait for each other.
pub fn on_each(work: impl Fn() + Sync) {
    rayon::broadcast(|_| work());
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn items_keep_their_order() {
        let items: Vec<u64> = (0..100).collect();
        assert_eq!(in_parallel(&items, |item| item * item)[..4], [0, 1, 4, 9]);
        assert!(in_parallel(&[], |item: &u64| *item).is_empty());
        assert_eq!(both(|| 1, || "b"), (1, "b"));
    }

    #[test]
    fn each_thread_works_once() {
        let workers = AtomicUsize::new(0);
        on_each(|| {
            workers.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(workers.into_inner(), rayon::current_num_threads());
    }
}
