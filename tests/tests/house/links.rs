//! What documents name: links to files, to headings and to other sites, and paths in code spans.

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
    let dead_links = links(text).filter(|link| !link.contains("://")).filter(|link| {
        let (file, heading) = link.split_once('#').unwrap_or((link, ""));
        let path = folder.join(file);
        let document = || match file {
            "" => text.to_owned(),
            _ => std::fs::read_to_string(&path).unwrap_or_default(),
        };
        !path.exists() || !heading.is_empty() && !has_heading(&document(), heading)
    });
    let paths = spans(text).filter(|span| {
        let is_path = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
        FOLDERS.iter().any(|folder| span.starts_with(folder)) && span.chars().all(is_path)
    });
    let dead_paths =
        paths.filter(|path| ![repository, folder].iter().any(|root| root.join(path).exists()));
    dead_links.chain(dead_paths).map(str::to_owned).collect()
}

/// Links of `text` to other sites that are none: not by https, or to no name of a site. Whether it answers is not
/// asked, since tests need no network.
pub(crate) fn malformed(text: &str) -> Vec<&str> {
    let is_well_formed = |link: &&str| {
        let host =
            link.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#']).next());
        let is_label = |label: &str| {
            !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        host.is_some_and(|host| host.contains('.') && host.split('.').all(is_label))
            && link.chars().all(|c| c.is_ascii_graphic())
    };
    links(text).filter(|link| link.contains("://") && !is_well_formed(link)).collect()
}

/// Whether `document` has a heading of this anchor, as GitHub makes it.
fn has_heading(document: &str, anchor: &str) -> bool {
    let kept = |c: &char| c.is_alphanumeric() || " -_".contains(*c);
    let slug = |line: &str| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        title.chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).collect::<String>()
    };
    document.lines().any(|line| line.starts_with('#') && slug(line) == anchor)
}

/// Targets of `[text](target)`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0))
}

/// What stands between two backticks of a line.
fn spans(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}
