//! Files that documents name: links, and paths in code spans.

use std::path::Path;

/// Our folders at the top; what begins with one of them in a code span is a path.
pub(crate) const FOLDERS: [&str; 10] = [
    "agent/",
    "core/",
    "docs/",
    "firmware/",
    "fuzz/",
    "models/",
    "tests/",
    "trainer/",
    "workload/",
    ".ci/",
];

/// What `text`, a document in `folder` below `repository`, names and is not there.
pub(crate) fn dead(repository: &Path, folder: &Path, text: &str) -> Vec<String> {
    let links = links(text).filter(|link| !link.contains("://") && !link.starts_with('#'));
    let dead_links = links.filter(|link| {
        let file = link.split('#').next().unwrap_or(link);
        !folder.join(file).exists()
    });
    let paths = spans(text).filter(|span| {
        let is_path = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
        FOLDERS.iter().any(|folder| span.starts_with(folder)) && span.chars().all(is_path)
    });
    let dead_paths =
        paths.filter(|path| ![repository, folder].iter().any(|root| root.join(path).exists()));
    dead_links.chain(dead_paths).map(str::to_owned).collect()
}

/// Targets of `[text](target)`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0))
}

/// What stands between two backticks of a line.
fn spans(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}
