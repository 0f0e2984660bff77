//! A program of the user's: how it is configured, and what it may see.

use crate::config::{Fields, Given, List, Secret, Text};
use std::env;
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Variables that begin so are the agent's own, and passed on only if they are meant for the program.
const OWN_PREFIX: &[u8] = b"SCALEIQ_";

/// The kind of the field `command`.
const WORDS: List<Text> = List { of: Text, max: usize::MAX };

/// The field `command`: a program and its arguments, at least one word.
pub(super) fn field(f: &mut Fields<'_>, about: &'static str) -> Option<Vec<String>> {
    let command = f.required("command", about, WORDS);
    words(f, about, command?)
}

/// The same, which may be left out.
#[cfg(unix)]
pub(super) fn field_or(
    f: &mut Fields<'_>,
    about: &'static str,
    default: &[&str],
) -> Option<Vec<String>> {
    match f.optional("command", about, WORDS) {
        Some(command) => words(f, about, command),
        None => Some(default.iter().map(|word| (*word).into()).collect()),
    }
}

fn words(f: &Fields<'_>, about: &str, command: Given<Vec<Given<String>>>) -> Option<Vec<String>> {
    if command.value.is_empty() {
        f.problem(command.place, format!("`{}` is empty: {about}", f.name("command")));
    }
    Some(command.value.into_iter().map(|word| word.value).collect())
}

/// Whether a program can be found as the system would.
///
/// # Errors
/// If it is not there.
pub(super) fn check(program: &str) -> Result<(), String> {
    let is_there = match program.contains('/') {
        true => Path::new(program).is_file(),
        false => {
            let path = env::var_os("PATH").unwrap_or_default();
            env::split_paths(&path).any(|folder| folder.join(program).is_file())
        }
    };
    match is_there {
        true => Ok(()),
        false => Err(format!("`actuator.command`: there is no program {program:?}")),
    }
}

/// The names of those variables of the agent's environment that it keeps to itself: its own, and what gives
/// `secret` away.
pub(super) fn withheld(secret: Option<&Secret>) -> Vec<OsString> {
    let is_withheld = |name: &OsStr, value: &OsStr| {
        name.as_encoded_bytes().starts_with(OWN_PREFIX)
            || secret.is_some_and(|secret| secret.is_in(name, value))
    };
    let variables = env::vars_os().filter(|(name, value)| is_withheld(name, value));
    variables.map(|(name, _)| name).collect()
}
