//! What takes longer on the line than a sample may wait: a thread does it, and gives the line back.

use super::fault::Fault;
use super::link::Link;
use scaleiq_core::sample::Sample;
use scaleiq_core::wire::Status;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use tokio::runtime::Runtime;
use tokio_serial::SerialStream;

/// What is to be done.
#[derive(Debug)]
pub(super) enum Errand {
    /// Fetches what the device has learned from so many samples.
    Fetch(u64),
    /// Brings that back, and then the samples that the device took after it was fetched.
    Restore(Vec<u8>, Vec<Sample>),
}

/// What was done.
#[derive(Debug)]
pub(super) enum Outcome {
    /// All that the device had learned.
    Fetched(Vec<u8>),
    /// How the device is with what it had learned.
    Restored(Box<Status>),
    /// It was stopped.
    Stopped,
}

/// The line, and what was done on it.
type Back = (Link<SerialStream>, Result<Outcome, Fault>);

/// An errand under way. Dropped, it is stopped, and the line closed.
#[derive(Debug)]
pub(super) struct UnderWay {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Back>>,
}

impl UnderWay {
    /// Begins `errand` on `link`, which `runtime` knows.
    pub(super) fn begin(
        errand: Errand,
        mut link: Link<SerialStream>,
        runtime: Arc<Runtime>,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let goes_on = || !stopped.load(Ordering::Relaxed);
            let done = runtime.block_on(run(&mut link, errand, &goes_on));
            (link, done)
        });
        Self { stop, thread: Some(thread) }
    }

    /// Whether it is done: then [`UnderWay::end`] waits for nothing.
    pub(super) fn is_over(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Stops it, if it is not over: the line, and what was done.
    ///
    /// # Errors
    /// If the thread that did it failed.
    pub(super) fn end(mut self) -> Result<Back, Fault> {
        self.stop.store(true, Ordering::Relaxed);
        let ended = self.thread.take().and_then(|thread| thread.join().ok());
        ended.ok_or(Fault::Senseless("the thread that asked it failed"))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn run(
    link: &mut Link<SerialStream>,
    errand: Errand,
    goes_on: &impl Fn() -> bool,
) -> Result<Outcome, Fault> {
    let done = match errand {
        Errand::Fetch(epoch) => link.learned(epoch, goes_on).await?.map(Outcome::Fetched),
        Errand::Restore(learned, since) => {
            link.restore(&learned, &since, goes_on).await?.map(Box::new).map(Outcome::Restored)
        }
    };
    Ok(done.unwrap_or(Outcome::Stopped))
}
