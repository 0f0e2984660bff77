//! Ctrl-C: the first one asks training to save and stop, the second one ends the program.

use std::sync::atomic::{AtomicBool, Ordering};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Exit status of a program that was ended by Ctrl-C.
pub const EXIT_STATUS: i32 = 130;

/// Begins to listen. Call once, from `main`.
///
/// # Errors
/// If the system refuses the handler or there is one already.
pub fn listen() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| {
        if REQUESTED.swap(true, Ordering::SeqCst) {
            std::process::exit(EXIT_STATUS);
        }
        eprintln!("\nstopping after this step; Ctrl-C again to stop at once, without saving");
    })
}

/// Whether to save and stop. Training loops ask once a step.
#[must_use]
pub fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}
