//! The trainer as a process, and a small run for it.
#![allow(dead_code)] // Each test takes what it needs.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Runs it to its end.
pub(crate) fn trainer(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trainer")).args(arguments).output().unwrap()
}

/// Starts it.
pub(crate) fn start(arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Sends it a signal, such as `-INT`.
pub(crate) fn signal(child: &Child, signal: &str) {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

/// What it printed.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Waits until a file holds `what`.
pub(crate) fn wait_for(file: &std::path::Path, what: &str) {
    let begin = Instant::now();
    while !fs::read_to_string(file).is_ok_and(|text| text.contains(what)) {
        assert!(begin.elapsed() < Duration::from_secs(300), "{} never held {what}", file.display());
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A folder with a small file of traffic and settings of a network that learns it within seconds.
pub(crate) struct Small {
    folder: TempDir,
}

impl Small {
    /// The folder; `more` goes on with the settings.
    pub(crate) fn new(more: &str) -> Self {
        let small = Self { folder: tempfile::tempdir().unwrap() };
        let data = small.path("sample.csv");
        let made = trainer(&["sample-data", "--rows", "3000", "--out", &data]);
        assert!(made.status.success(), "{}", text(&made.stderr));
        let forecaster = "{d_model: 16, n_heads: 2, n_layers: 1, d_ff: 16, dropout: 0.1, batch_size: 8, steps: 300}";
        let training = "{device: cpu, evaluate_every: 20, checkpoint_every: 7, log_every: 1}";
        let data = format!("{{path: {data}, synthetic_series: 0}}");
        let config =
            format!("data: {data}\nforecaster: {forecaster}\ntraining: {training}\n{more}\n");
        fs::write(small.path("config.yaml"), config).unwrap();
        small
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> String {
        self.at(name).to_str().unwrap().to_string()
    }

    /// The same as a path.
    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The settings' file.
    pub(crate) fn config(&self) -> String {
        self.path("config.yaml")
    }
}
