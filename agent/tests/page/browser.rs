//! Chromium, driven by playwright-core: a page that is looked at and clicked as a person would.

use super::machine::{cannot_run, require};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

/// What lies beside the packages that npm fetches.
const FILES: [(&str, &str); 3] = [
    ("package.json", include_str!("package.json")),
    ("package-lock.json", include_str!("package-lock.json")),
    ("drive.mjs", include_str!("drive.mjs")),
];

/// A browser with one page, which ends with the test.
pub(crate) struct Browser {
    child: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Browser {
    /// `None` if Chromium, Node.js or the packages are not there, which is said.
    pub(crate) fn find() -> Option<Self> {
        let chromium = require("chromium", "chromium")?;
        let node = require("node", "nodejs")?;
        let mut child = Command::new(node)
            .arg(packages()?.join("drive.mjs"))
            .arg(chromium)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Some(Self { commands: child.stdin.take(), answers, child })
    }

    /// Opens `url` in a window that is so many pixels wide, in the colours of `scheme`; a file with the network off,
    /// and what it asks for is a fault.
    pub(crate) fn open_as(&mut self, url: &str, width: u32, scheme: &str) {
        self.ask(&json!(["open", url, width, scheme]));
    }

    /// Opens `url` as most people do.
    pub(crate) fn open(&mut self, url: &str) {
        self.open_as(url, 1400, "light");
    }

    /// Does what `command` says, which gives nothing back.
    pub(crate) fn act<const N: usize>(&mut self, command: [&str; N]) {
        self.ask(&json!(command.as_slice()));
    }

    /// The answer to `command`, a text; none is an empty one.
    pub(crate) fn read<const N: usize>(&mut self, command: [&str; N]) -> String {
        self.ask(&json!(command.as_slice())).as_str().unwrap_or_default().to_owned()
    }

    /// The text of the element at `selector`.
    pub(crate) fn text(&mut self, selector: &str) -> String {
        self.read(["text", selector])
    }

    /// How many elements `selector` finds.
    pub(crate) fn count(&mut self, selector: &str) -> u64 {
        self.ask(&json!(["count", selector])).as_u64().unwrap()
    }

    /// Drags over the element at `selector`, from one share of its width to another.
    pub(crate) fn drag(&mut self, selector: &str, from: f64, to: f64) {
        self.ask(&json!(["drag", selector, from, to]));
    }

    /// How often the page has asked the agent what is new.
    pub(crate) fn polls(&mut self) -> u64 {
        self.ask(&json!(["polls"])).as_u64().unwrap()
    }

    /// Whether the page is wider than its window.
    pub(crate) fn overflows(&mut self) -> bool {
        self.ask(&json!(["overflows"])).as_bool().unwrap()
    }

    /// What axe-core finds wrong with the page as it is now, and what its scripts complained about.
    pub(crate) fn faults(&mut self) -> Vec<String> {
        let mut faults: Vec<String> =
            serde_json::from_value(self.ask(&json!(["violations"]))).unwrap();
        faults.extend(serde_json::from_value::<Vec<String>>(self.ask(&json!(["errors"]))).unwrap());
        faults
    }

    fn ask(&mut self, command: &Value) -> Value {
        writeln!(self.commands.as_ref().unwrap(), "{command}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let answer: Value =
            serde_json::from_str(&line).unwrap_or_else(|_| panic!("{command}: {line}"));
        assert!(answer.get("error").is_none(), "{command}: {}", answer["error"]);
        answer["is"].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Its input ends, and so does it.
        self.commands = None;
        let _ = self.child.wait();
    }
}

/// The folder with the packages and the driver; fetched once.
fn packages() -> Option<&'static Path> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOLDER.get_or_init(fetch).as_deref()
}

fn fetch() -> Option<PathBuf> {
    let npm = require("npm", "npm")?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
    fs::create_dir_all(&folder).unwrap();
    let is_there = |(name, text): &(&str, &str)| {
        fs::read_to_string(folder.join(name)).is_ok_and(|there| there == *text)
    };
    let is_fetched = FILES.iter().take(2).all(is_there)
        && folder.join("node_modules/.package-lock.json").is_file();
    for (name, text) in FILES {
        fs::write(folder.join(name), text).unwrap();
    }
    if is_fetched {
        return Some(folder);
    }
    let fetched =
        Command::new(npm).args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder).output();
    let fetched = fetched.unwrap();
    if !fetched.status.success() {
        cannot_run(&format!("npm ci: {}", String::from_utf8_lossy(&fetched.stderr)));
        return None;
    }
    Some(folder)
}
