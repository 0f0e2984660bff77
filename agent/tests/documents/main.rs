//! What the documents show is what the commands print.
//!
//! In README.md and in the heads of examples a line that begins with `$ ` is a command, and what stands
//! below it in its block is what it prints. Each is run in a folder of its document's own, and compared
//! line by line; with `SCALEIQ_REWRITE=1` the document is written anew instead. Commands that need a
//! server beside them (`curl`) and figures that take minutes stand without the `$`, with their command in
//! the text.

#[cfg(all(unix, feature = "http"))]
mod commands;
mod fixture;
mod session;

use session::{Document, Session};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Set to 1, documents are written anew instead of compared: see CONTRIBUTING.md.
const REWRITE: &str = "SCALEIQ_REWRITE";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// What `command` prints in `folder`, on both of its outputs, as a terminal shows it.
fn output(command: &str, folder: &Path) -> String {
    let path = folder.join("output");
    let file = std::fs::File::create(&path).unwrap();
    let words: Vec<&str> = command.split_whitespace().collect();
    let mut program = match words.split_first() {
        Some((&"agent", arguments)) => {
            let mut program = Command::new(env!("CARGO_BIN_EXE_agent"));
            program.args(arguments);
            program
        }
        // What takes a release build here would take one in each test; both print the same.
        Some((&"cargo", arguments)) => {
            let (verb, arguments) = arguments.split_first().expect("cargo needs a verb");
            let mut program = Command::new(env!("CARGO"));
            program.args([verb, "--quiet", "--locked", "--manifest-path"]);
            program.arg(repository().join("Cargo.toml"));
            program.args(arguments.iter().filter(|argument| **argument != "--release"));
            program
        }
        _ => panic!("`$ {command}`: only `agent` and `cargo` are run here; leave out the `$`"),
    };
    let status = program
        .current_dir(folder)
        .stdout(file.try_clone().unwrap())
        .stderr(file)
        .status()
        .unwrap_or_else(|error| panic!("{command}: {error}"));
    let printed = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(status.success(), "{command}: {status}\n{printed}");
    printed
}

/// Holds a document to what its commands print, or writes it anew.
fn hold(name: &str) {
    let path = repository().join(name);
    let document = Document::read(&std::fs::read_to_string(&path).unwrap());
    assert!(!document.sessions.is_empty(), "{name} shows no command");
    let folder = tempfile::tempdir().unwrap();
    fixture::journal(&folder.path().join("journal"));
    let printed = document.sessions.iter().map(|s: &Session| output(&s.command, folder.path()));
    let anew = document.with(&printed.collect::<Vec<_>>());
    if std::env::var_os(REWRITE).is_some_and(|value| value == "1") {
        std::fs::write(&path, &anew).unwrap();
        return;
    }
    let lines = document.text.lines().zip(anew.lines()).enumerate();
    let first =
        lines.filter(|(_, (shown, prints))| shown != prints).map(|(k, both)| (k + 1, both)).next();
    assert!(
        document.text == anew,
        "{name} no longer shows what its commands print; first difference, by line: {first:?}\n\
         If that is meant, {REWRITE}=1 writes it anew: see CONTRIBUTING.md."
    );
}

#[test]
fn the_readme_shows_what_its_commands_print() {
    hold("README.md");
}

#[test]
fn examples_print_what_their_heads_show() {
    for example in ["decide", "own_forecaster", "own_policy"] {
        hold(&format!("core/examples/{example}.rs"));
    }
    hold("workload/examples/backtest.rs");
}
