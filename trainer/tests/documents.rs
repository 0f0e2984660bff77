//! Every command of the trainer in the documents is one that works: its own parser reads all of them, and what
//! takes no minutes is run, in a folder that has what they name.
#![cfg(unix)]

#[path = "../../agent/tests/documents/commands/found.rs"]
mod found;
mod process;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};
use found::{commands, documents, words};
use process::{Small, text, trainer};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use trainer::cli::Cli;

/// How its commands begin.
const OURS: [&str; 1] = ["trainer "];
/// Subcommands that are run, with small files: others train, or play for minutes.
const RUN: [&str; 6] = [
    "runs",
    "report runs/",
    "evaluate --data own.csv",
    "columns --data own.csv",
    "monitor --data",
    "sample-data --out",
];

/// A folder with a file of traffic under each name, and two runs of seconds.
fn begin() -> Small {
    let small = Small::new("");
    fs::copy(small.at("sample.csv"), small.at("own.csv")).unwrap();
    // Days are held against the week before them.
    works("trainer sample-data --rows 8000 --out recent.csv", &small.at(""));
    let config = fs::read_to_string(small.at("config.yaml")).unwrap();
    let quick = config
        .replace("log_every: 1}", "log_every: 1, quick: true}")
        .replace("steps: 300", "steps: 10");
    assert_ne!(quick, config);
    fs::write(small.at("quick.yaml"), quick).unwrap();
    let june = small.path("runs/june");
    let made = trainer(&[
        "train",
        "--forecast-only",
        "--config",
        &small.path("quick.yaml"),
        "--out",
        &june,
    ]);
    let log = text(&made.stderr);
    assert!(made.status.success() && log.contains("quick: "), "{log}");
    assert!(fs::read_to_string(small.at("runs/june/report.html")).unwrap().contains("quick: "));
    let copied = Command::new("cp").args(["-r", &june, &small.path("runs/july")]).status();
    assert!(copied.unwrap().success());
    small
}

/// Runs `command` in `folder`.
fn works(command: &str, folder: &Path) {
    let script = format!("trainer() {{ {} \"$@\"; }}\n{command}", env!("CARGO_BIN_EXE_trainer"));
    let ran = Command::new("sh").args(["-c", &script]).current_dir(folder).output().unwrap();
    // Whether a model still fits is an answer, and 3 one of them.
    let is_answer = ran.status.success()
        || command.starts_with("trainer monitor") && ran.status.code() == Some(3);
    assert!(is_answer, "{command}: {}{}", text(&ran.stdout), text(&ran.stderr));
}

#[test]
fn every_command_is_one_that_works() {
    let shell = tempfile::tempdir().unwrap();
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    // Two spaces more make a block of what the help ends with.
    let help = Cli::command().get_after_help().unwrap().to_string().replace('\n', "\n  ");
    let mut texts = vec![("trainer --help".to_string(), help)];
    for path in documents(repository, "trainer") {
        texts.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
    }
    let (mut read, mut to_run) = (0, BTreeSet::new());
    for (name, text) in texts {
        for (command, is_in_sentence) in commands(&text, &OURS) {
            // What a command does stands beside it, behind some spaces.
            let command = command.split("   ").next().unwrap_or_default().replace(" ...", "");
            let words = words(&command, "trainer", shell.path());
            if let Err(error) = Cli::try_parse_from(&words) {
                let names_it = match error.kind() {
                    ErrorKind::DisplayHelp => true,
                    ErrorKind::MissingRequiredArgument => is_in_sentence,
                    _ => false,
                };
                assert!(names_it, "{name}: `{command}`: {error}");
                continue;
            }
            read += 1;
            let line = words[1..].join(" ");
            // One that is followed by another, which takes minutes, or needs somebody's model, is read alone.
            let is_alone = !is_in_sentence && ["||", "--onnx"].iter().all(|w| !command.contains(w));
            if is_alone && RUN.iter().any(|begin| line.starts_with(begin)) {
                to_run.insert(command);
            }
        }
    }
    assert!(read >= 40 && to_run.len() >= 6, "{read} read, to run {to_run:?}");
    let small = begin();
    to_run.iter().for_each(|command| works(command, &small.at("")));
}
