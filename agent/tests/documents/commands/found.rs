//! Commands in documents: where they stand, and how a shell reads them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The documents below `repository` of which `crate_name` is told: README.md, its own one and those in `docs`.
pub(crate) fn documents(repository: &Path, crate_name: &str) -> Vec<PathBuf> {
    let own = repository.join(crate_name).join("README.md");
    let mut found = vec![repository.join("README.md"), own];
    let mut folders = vec![repository.join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.extension().is_some_and(|e| e == "md") => found.push(path),
                false => {}
            }
        }
    }
    found
}

/// The commands in a document that begin with one of `ours`, in blocks, up to the end of a quote, and in
/// sentences, and which of both.
pub(crate) fn commands(text: &str, ours: &[&str]) -> Vec<(String, bool)> {
    let is_ours = |command: &str| ours.iter().any(|begin| command.starts_with(begin));
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(command) = line.strip_prefix("    ").filter(|line| is_ours(line)) else {
            continue;
        };
        let mut command = command.to_owned();
        while command.matches('\'').count() % 2 == 1 {
            command = format!("{command}\n{}", lines.next().expect("a quote ends"));
        }
        found.push((command, false));
    }
    // Every other piece between backticks is code.
    let sentences =
        text.split("\n\n").filter(|part| !part.starts_with("    ") && !part.contains("```"));
    let code = sentences.flat_map(|part| part.split('`').skip(1).step_by(2));
    let words = code.map(|code| code.split_whitespace().collect::<Vec<_>>().join(" "));
    found.extend(words.filter(|code| is_ours(code)).map(|code| (code, true)));
    found
}

/// The words of a command of `program` as a shell makes them, without what it runs or redirects.
pub(crate) fn words(command: &str, program: &str, folder: &Path) -> Vec<String> {
    let tell = format!("{program}() {{ printf '%s\\0' {program} \"$@\" >&3; }}");
    let command = command.replace(&format!("target/release/{program}"), program);
    let script = format!("{tell}\nexec 3> words\n{command}\n");
    let ran = Command::new("sh").args(["-c", &script]).current_dir(folder).output().unwrap();
    assert!(ran.status.success(), "{command}: {}", String::from_utf8_lossy(&ran.stderr));
    let told = fs::read_to_string(folder.join("words")).unwrap();
    told.split_terminator('\0').map(str::to_owned).collect()
}
