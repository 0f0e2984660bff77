//! Keeps drivers quiet: some write to stderr what is no concern of a user (Mesa's Vulkan driver, two lines
//! about `XDG_RUNTIME_DIR` wherever there is no desktop, each time that adapters are listed or one is opened).

/// Does `work`; what is written to stderr meanwhile is lost. Nothing else may be at work.
#[cfg(unix)]
pub(super) fn muted<T>(work: impl FnOnce() -> T) -> T {
    use nix::unistd::{dup, dup2_stderr};
    let nowhere = std::fs::OpenOptions::new().write(true).open("/dev/null");
    let (Ok(kept), Ok(nowhere)) = (dup(std::io::stderr()), nowhere) else { return work() };
    if dup2_stderr(&nowhere).is_err() {
        return work();
    }
    let done = work();
    // Without it every later message would be lost, so this is worth a panic's exit.
    dup2_stderr(&kept).expect("stderr is given back");
    done
}

/// Does `work`.
#[cfg(not(unix))]
pub(super) fn muted<T>(work: impl FnOnce() -> T) -> T {
    work()
}
