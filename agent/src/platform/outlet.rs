//! Values on their way to a stream that may block, such as a pipe that nobody reads.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// A bounded queue before a thread that writes; cheap to clone. When it is full, the oldest value
/// makes room for the newest, so whoever sends never waits.
#[derive(Debug)]
pub struct Outlet<T>(Arc<Shared<T>>);

impl<T> Clone for Outlet<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

#[derive(Debug)]
struct Shared<T> {
    capacity: usize,
    state: Mutex<State<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<T> {
    waiting: VecDeque<T>,
    /// A value was taken out and is being written.
    writing: bool,
    /// Values dropped since the last one was taken out.
    dropped: u64,
}

impl<T: Send + 'static> Outlet<T> {
    /// Starts the thread `name`, which lives as long as the process and hands each value to `write`,
    /// with the number of those that were dropped since the one before. Up to `capacity` wait.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(
        name: &str,
        capacity: usize,
        mut write: impl FnMut(T, u64) + Send + 'static,
    ) -> io::Result<Self> {
        let state = State { waiting: VecDeque::new(), writing: false, dropped: 0 };
        let shared = Shared { capacity, state: Mutex::new(state), changed: Condvar::new() };
        let outlet = Self(Arc::new(shared));
        let shared = outlet.0.clone();
        thread::Builder::new().name(name.into()).spawn(move || {
            loop {
                let (value, dropped) = shared.take();
                write(value, dropped);
                shared.lock().writing = false;
                shared.changed.notify_all();
            }
        })?;
        Ok(outlet)
    }

    /// Queues a value; true if the oldest one was dropped to make room.
    pub fn send(&self, value: T) -> bool {
        let mut state = self.0.lock();
        let full = state.waiting.len() >= self.0.capacity;
        if full {
            state.waiting.pop_front();
            state.dropped += 1;
        }
        state.waiting.push_back(value);
        self.0.changed.notify_all();
        full
    }

    /// Waits up to `limit` until everything is written; true if it is.
    pub fn flush(&self, limit: Duration) -> bool {
        let state = self.0.lock();
        let busy = |state: &mut State<T>| state.writing || !state.waiting.is_empty();
        let waited = self.0.changed.wait_timeout_while(state, limit, busy);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a value.
    fn take(&self) -> (T, u64) {
        let mut state = self.lock();
        loop {
            if let Some(value) = state.waiting.pop_front() {
                state.writing = true;
                return (value, std::mem::take(&mut state.dropped));
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{channel, sync_channel};

    #[test]
    fn a_blocked_writer_blocks_nobody_and_the_newest_win() {
        let (leave, allowed) = sync_channel::<()>(0);
        let (written, values) = channel();
        let write = move |value: u32, dropped| {
            if allowed.recv().is_ok() {
                written.send((value, dropped)).unwrap();
            }
        };
        let outlet = Outlet::start("test", 2, write).unwrap();
        assert!(!outlet.send(1));
        // The rest waits behind the first, which is being written.
        while !outlet.0.lock().writing {
            thread::yield_now();
        }
        assert_eq!([2, 3, 4, 5].map(|n| outlet.send(n)), [false, false, true, true]);
        assert!(!outlet.flush(Duration::ZERO));
        for expected in [(1, 0), (4, 2), (5, 0)] {
            leave.send(()).unwrap();
            assert_eq!(values.recv().unwrap(), expected);
        }
        assert!(outlet.flush(Duration::from_secs(30)));
    }
}
