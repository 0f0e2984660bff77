//! Progress of a stage: a bar on a terminal, a line now and then elsewhere.

use indicatif::{ProgressBar, ProgressStyle};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Time between lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(15);

/// Progress of one stage.
pub struct Progress {
    stage: &'static str,
    bar: ProgressBar,
    total: u64,
    began: Instant,
    /// When and where it began, to tell the time left of a resumed stage.
    first: u64,
    last_line: Option<Instant>,
}

impl Progress {
    /// Begins a stage of `total` steps of which `done` are done already.
    #[must_use]
    pub fn begin(stage: &'static str, total: u64, done: u64) -> Self {
        let bar = ProgressBar::new(total);
        let style =
            "{prefix:>12.bold} {bar:24.cyan} {percent:>3} % {elapsed:>4}, {eta} left  {msg}";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style.progress_chars("━━╌"));
        }
        bar.set_prefix(stage);
        bar.set_position(done);
        bar.reset_eta();
        Self { stage, bar, total, began: Instant::now(), first: done, last_line: None }
    }

    /// `done` steps are done; `message` says how well.
    pub fn set(&mut self, done: u64, message: impl FnOnce() -> String) {
        if !self.bar.is_hidden() {
            self.bar.set_position(done);
            self.bar.set_message(message());
            return;
        }
        let now = Instant::now();
        if self.last_line.is_none_or(|last| now - last >= LINE_EVERY) {
            self.last_line = Some(now);
            let left =
                self.seconds_left(done).map_or(String::new(), |s| format!(", {s:.0} s left"));
            let share = 100 * done / self.total.max(1);
            let message = message();
            let message = if message.is_empty() { message } else { format!("; {message}") };
            eprintln!("{}: {share} %{left}{message}", self.stage);
        }
    }

    /// Prints a line without disturbing the bar.
    pub fn say(&self, line: &str) {
        self.bar.suspend(|| eprintln!("{line}"));
    }

    /// Ends the stage; the last line stays.
    pub fn end(self, message: &str) {
        let seconds = self.began.elapsed().as_secs_f64();
        self.bar.finish_and_clear();
        eprintln!("{}: done in {seconds:.1} s; {message}", self.stage);
    }

    fn seconds_left(&self, done: u64) -> Option<f64> {
        let here = done.checked_sub(self.first).filter(|n| *n > 0)?;
        let left = self.total.saturating_sub(done);
        Some(self.began.elapsed().as_secs_f64() / here as f64 * left as f64)
    }
}

/// Progress that several threads add to, in units of work.
pub struct SharedProgress(Mutex<(Progress, u64)>);

impl SharedProgress {
    /// Begins a stage of `total` units.
    #[must_use]
    pub fn begin(stage: &'static str, total: u64) -> Self {
        Self(Mutex::new((Progress::begin(stage, total, 0), 0)))
    }

    /// `more` units are done.
    pub fn add(&self, more: u64) {
        self.add_with(more, String::new);
    }

    /// The same with a message.
    pub fn add_with(&self, more: u64, message: impl FnOnce() -> String) {
        let (progress, done) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *done += more;
        progress.set(*done, message);
    }

    /// Ends the stage; the last line stays.
    pub fn end(self, message: &str) {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner).0.end(message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_counts_from_where_the_stage_was_resumed() {
        let mut p = Progress::begin("test", 100, 90);
        p.began = Instant::now() - Duration::from_secs(5);
        assert_eq!(p.seconds_left(90), None);
        let left = p.seconds_left(95).unwrap();
        assert!((left - 5.0).abs() < 0.5, "{left}");
        p.set(95, || "loss 0.1".into());
        p.end("loss 0.1");
    }
}
