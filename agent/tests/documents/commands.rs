//! Every command in the documents is one that works.
//!
//! What the agent is told on its command line is read by its own parser; what needs no board, no minutes and no
//! server of somebody else's is run beside an agent that knows an hour of samples, and so is each `curl`.

mod found;
#[path = "../run/http.rs"]
#[allow(dead_code)]
mod http;

use super::repository;
use agent::cli::Cli;
use clap::Parser;
use clap::error::ErrorKind;
use found::{commands, documents, words};
use http::{Agent, post};
use serde_json::json;
use std::fs;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

/// How commands of ours begin.
const OURS: [&str; 3] = ["agent ", "target/release/agent ", "curl "];
/// Where documents have the agent listen.
const ADDRESS: &str = "127.0.0.1:9184";
/// Subcommands that are run, not only read: what others do takes minutes or a board, or never ends.
const RUN: [&str; 4] = ["check ", "schema", "override ", "replay --journal journal"];
/// What is run by another test, or depends on the time of day.
const NOT_RUN: &str = "--at 14:30";

/// Runs `command` as it stands, but for the address, beside an agent of its own.
fn works(command: &str) {
    let agent = begin();
    let ours = format!("agent() {{ {} \"$@\"; }}", env!("CARGO_BIN_EXE_agent"));
    let script = command
        .replace("target/release/agent ", "agent ")
        .replace(ADDRESS, &agent.address.to_string())
        .replace("agent override ", "agent override --config scaleiq.yaml ")
        .replace("curl ", "curl --silent --show-error --fail-with-body ");
    let script = format!("{ours}\n{script}");
    let mut shell = Command::new("sh");
    // Everybody has a name, but for machines.
    shell.args(["-c", &script]).current_dir(agent.folder.path()).env("USER", "reader");
    let ran = shell.output().unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    assert!(ran.status.success(), "{command}: {}{}", text(&ran.stdout), text(&ran.stderr));
}

/// An hour of samples that ends now.
fn samples() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let sample = |k: u64| {
        json!({"time": now - 120 * (30 - k), "interval_s": 120, "logged_events": 3000, "processed_events": 3000,
               "unprocessed_events": 0, "avg_processing_ms": 73.6, "jobs_ready": 6, "jobs_starting": 0})
    };
    (0..30).map(|k| format!("{}\n", sample(k))).collect()
}

/// An agent that knows an hour, and in its folder what commands name: its configuration, samples in each form.
fn begin() -> Agent {
    let agent = Agent::start("listen: 127.0.0.1:0\njournal: {folder: journal}\n");
    let samples = samples();
    assert_eq!(post(&agent, "/ingest", &samples).0, 200);
    let put = |name: &str, text: &str| fs::write(agent.folder.path().join(name), text).unwrap();
    let config = "model: none\njournal: {folder: journal}\n";
    put("scaleiq.yaml", &format!("listen: {}\n{config}", agent.address));
    put("samples.jsonl", &samples);
    put("rows.json", &format!("[{}]", samples.trim().replace('\n', ",")));
    let rows = (0..30).map(|k| format!("2025-07-01 00:{:02}:00,3000\n", 2 * k));
    put("sample.csv", &format!("time,logged_events\n{}", rows.collect::<String>()));
    agent
}

#[test]
fn every_command_is_one_that_works() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("samples.jsonl"), "").unwrap();
    let (mut read, mut ran) = (0, 0);
    for path in documents(&repository(), "agent") {
        for (command, is_in_sentence) in commands(&fs::read_to_string(&path).unwrap(), &OURS) {
            if command.starts_with("curl ") {
                works(&command);
                ran += 1;
                continue;
            }
            let words = words(&command, "agent", folder.path());
            let parsed = Cli::try_parse_from(&words);
            // A sentence may name a command without all that it needs.
            let is_named = |error: &clap::Error| match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => true,
                ErrorKind::MissingRequiredArgument
                | ErrorKind::MissingSubcommand
                | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => is_in_sentence,
                _ => false,
            };
            if let Err(error) = &parsed {
                assert!(is_named(error), "{}: `{command}`: {error}", path.display());
            }
            read += 1;
            let line = words[1..].join(" ");
            if parsed.is_ok()
                && RUN.iter().any(|begin| line.starts_with(begin))
                && !line.contains(NOT_RUN)
            {
                works(&command);
                ran += 1;
            }
        }
    }
    assert!(read >= 20 && ran >= 15, "{read} read, {ran} run");
}
