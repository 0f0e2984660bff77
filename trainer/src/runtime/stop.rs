//! Stopping: the first Ctrl-C asks all that runs to save and end, the second one ends the program. A
//! terminal that closes (SIGHUP) ends nothing.

#[cfg(unix)]
use super::ranks;
use std::sync::atomic::{AtomicBool, Ordering};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Exit status of a program that was ended by Ctrl-C.
pub const EXIT_STATUS: i32 = 130;

/// Says whether to stop. Whatever takes long asks it often, also within a step, and leaves things as
/// if it had not begun that step.
pub type Stop<'a> = &'a (dyn Fn() -> bool + Sync);

/// Begins to listen. Call once, from `main`, before there are other threads.
///
/// # Errors
/// If the system refuses the handler or there is one already.
pub fn listen() -> Result<(), ctrlc::Error> {
    outlive_hangups();
    #[cfg(unix)]
    heed_mpirun();
    ctrlc::set_handler(|| {
        if REQUESTED.swap(true, Ordering::SeqCst) {
            std::process::exit(EXIT_STATUS);
        }
        eprintln!("\nsaving and stopping; Ctrl-C again to stop at once, without saving");
    })
}

/// Holds SIGHUP back for good: training goes on for hours, and who started it may log out. All threads
/// to come inherit that.
#[cfg(unix)]
fn outlive_hangups() {
    use nix::sys::signal::{SigSet, Signal};
    let hangup = SigSet::from_iter([Signal::SIGHUP]);
    if let Err(error) = hangup.thread_block() {
        eprintln!("warning: a terminal that closes ends this: {error}");
    }
}

/// Ctrl-C at `mpirun` kills what it started; SIGUSR1, which it hands on, is the way to save first.
#[cfg(unix)]
fn heed_mpirun() {
    use nix::sys::signal::{SigSet, Signal};
    if ranks::started().is_none() {
        return;
    }
    let signal = SigSet::from_iter([Signal::SIGUSR1]);
    if signal.thread_block().is_ok() {
        std::thread::spawn(move || {
            if signal.wait().is_ok() {
                REQUESTED.store(true, Ordering::SeqCst);
            }
        });
    }
}

#[cfg(not(unix))]
fn outlive_hangups() {}

/// Whether Ctrl-C was pressed: the [`Stop`] of the command line.
#[must_use]
pub fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

/// Never stops.
#[must_use]
pub fn never() -> bool {
    false
}
