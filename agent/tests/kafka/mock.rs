//! librdkafka's mock cluster, driven by a script in Python.

use crate::servers::{cannot_run, require};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A cluster of brokers on ports of this machine, which ends with the test.
pub(crate) struct Mock {
    /// Their addresses.
    pub(crate) brokers: Vec<String>,
    child: Child,
    // Closed before the child is waited for: it ends with its input.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Mock {
    /// Starts so many brokers; `None` if the package is not installed, which is said.
    pub(crate) fn start(brokers: usize) -> Option<Self> {
        Self::spawn(&brokers.to_string())
    }

    /// Clients of a broker that runs already; it knows no faults.
    pub(crate) fn beside(broker: &str) -> Option<Self> {
        Self::spawn(broker)
    }

    fn spawn(argument: &str) -> Option<Self> {
        let python = require("python3", "python3")?;
        let has_package = Command::new(&python)
            .args(["-c", "import confluent_kafka"])
            .stderr(Stdio::null())
            .status();
        if !has_package.is_ok_and(|status| status.success()) {
            let remedy = "python3 -m pip install confluent-kafka";
            cannot_run(&format!("confluent-kafka is not installed ({remedy})"));
            return None;
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kafka/mock.py");
        let mut child = Command::new(python)
            .arg(script)
            .arg(argument)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let brokers = line.trim().split(',').map(str::to_owned).collect();
        Some(Self { brokers, child, input, output })
    }

    /// Has the cluster do something, and waits until it is done.
    pub(crate) fn tell(&mut self, command: &str) {
        writeln!(self.input.as_mut().unwrap(), "{command}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        assert_eq!(line, "ok\n", "{command}");
    }

    /// Produces events, and waits until they are delivered.
    pub(crate) fn produce(&mut self, topic: &str, partition: u32, events: u32) {
        self.tell(&format!("produce {topic} {partition} {events}"));
    }

    /// Commits an offset, and waits until it is.
    pub(crate) fn commit(&mut self, group: &str, topic: &str, partition: u32, offset: u32) {
        self.tell(&format!("commit {group} {topic} {partition} {offset}"));
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
