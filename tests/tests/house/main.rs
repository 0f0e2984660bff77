//! Holds the house to its plan: no circles of modules, imports in one direction, small files, and documents
//! that name what is there.

mod graph;
mod links;
mod rules;
mod source;
mod tokens;

use graph::Graph;
use rules::{CRATES, KNOWN_CIRCLES, KNOWN_LONG, KNOWN_ROOM_CIRCLES, RULES, Rule};
use source::Source;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().expect("the package lies in the repository").to_path_buf()
}

/// The graph of the crate in `folder`, below `repository`.
fn graph(repository: &Path, folder: &str) -> Graph {
    let root = repository.join(folder).join("src/lib.rs");
    graph::dependencies(&Source::read(repository, &root))
}

/// The circles in `graph` but those that are `known`, each with the imports that make it one.
fn told(graph: &Graph, known: &[&[&str]]) -> String {
    let mut text = String::new();
    for circle in graph::circles(graph) {
        let is_one = |name: &str, known: &str| {
            name == known || (known.ends_with('/') && name.starts_with(known))
        };
        let is_known = |names: &[&str]| {
            circle.iter().all(|name| names.iter().any(|known| is_one(name, known)))
        };
        if known.iter().any(|names| is_known(names)) {
            continue;
        }
        let _ = writeln!(text, "a circle of {}:", circle.len());
        for from in &circle {
            for (to, path) in graph[from].iter().filter(|(to, _)| circle.contains(*to)) {
                let _ = writeln!(text, "  {from} needs {to} by {path}");
            }
        }
    }
    text
}

#[test]
fn no_files_need_each_other_in_a_circle() {
    let repository = repository();
    let found: String =
        CRATES.iter().map(|folder| told(&graph(&repository, folder), KNOWN_CIRCLES)).collect();
    assert!(found.is_empty(), "\n{found}");
}

#[test]
fn no_rooms_need_each_other_in_a_circle() {
    let repository = repository();
    let rooms = |folder| graph::between_rooms(&graph(&repository, folder));
    let found: String =
        CRATES.iter().map(|folder| told(&rooms(folder), KNOWN_ROOM_CIRCLES)).collect();
    assert!(found.is_empty(), "\n{found}");
}

#[test]
fn rooms_import_in_one_direction() {
    let repository = repository();
    let found: String =
        RULES.iter().map(|rule| broken(&graph(&repository, rule.of), rule)).collect();
    assert!(found.is_empty(), "\n{found}");
}

/// Where `rule` is broken.
fn broken(graph: &Graph, rule: &Rule) -> String {
    let within = |file: &str, rooms: &[&str]| {
        let (_, inner) = file.split_once("/src/").unwrap_or(("", file));
        let inner = inner.trim_end_matches(".rs").trim_end_matches("/mod");
        rooms.iter().any(|room| {
            inner.strip_prefix(room).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    // A room that is named is held to the rule, also where others may import it.
    let is_held = |file: &str| match rule.rooms {
        [] => !within(file, rule.except),
        rooms => within(file, rooms),
    };
    let is_barred = |from: &str, to: &str| {
        (rule.never.is_empty() || within(to, rule.never))
            && !within(to, rule.except)
            && graph::room(from) != graph::room(to)
    };
    let mut text = String::new();
    for (from, others) in graph.iter().filter(|(from, _)| is_held(from)) {
        for (to, path) in others.iter().filter(|(to, _)| is_barred(from, to)) {
            let _ = writeln!(text, "{from} imports {to} by {path}: {}", rule.why);
        }
    }
    text
}

/// Every file of ours with this ending: what else may lie in a checkout is none of ours.
fn files(repository: &Path, ending: &str) -> Vec<PathBuf> {
    let is_wanted = |path: &Path| path.extension().is_some_and(|found| found == ending);
    let entries = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| !path.ends_with("target"))
            .collect()
    };
    let top = entries(repository).into_iter().filter(|path| path.is_file());
    let ours = links::FOLDERS.iter().map(|folder| repository.join(folder));
    let mut open: Vec<PathBuf> = top.chain(ours).collect();
    let mut files = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(entries(&path));
        } else if is_wanted(&path) {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[test]
fn documents_name_files_that_are_there() {
    let repository = repository();
    let documents = files(&repository, "md");
    assert!(documents.len() > 5, "only {} documents were found", documents.len());
    for document in documents {
        let text = std::fs::read_to_string(&document).unwrap();
        let dead = links::dead(&repository, document.parent().unwrap(), &text);
        // What is gone is named in the list of changes, and nowhere else.
        let is_history = document.ends_with("CHANGELOG.md");
        assert!(dead.is_empty() || is_history, "{}: {dead:?}", document.display());
        let malformed = links::malformed(&text);
        assert!(malformed.is_empty(), "{}: {malformed:?}", document.display());
    }
}

#[test]
fn links_that_lead_nowhere_are_found() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.md"), "# One, two\n").unwrap();
    let dead = |text: &str| links::dead(folder.path(), folder.path(), text);
    assert!(dead("[a](a.md) [a](a.md#one-two) [b](https://example.com#b)").is_empty());
    assert_eq!(dead("[a](a.md#three) [b](b.md)"), ["a.md#three", "b.md"]);
    assert_eq!(dead("## Here\n[a](#here) [b](#there)"), ["#there"]);
    let text = "[a](http://example.com/a) [b](https://example) [c](https://example.com/a?b=c#d)";
    assert_eq!(links::malformed(text), ["http://example.com/a", "https://example"]);
}

#[test]
fn files_are_small() {
    let repository = repository();
    let measured = |file: PathBuf| {
        let lines = std::fs::read_to_string(&file).unwrap().lines().count();
        (lines, file.strip_prefix(&repository).unwrap().display().to_string())
    };
    let mut lengths: Vec<_> = files(&repository, "rs").into_iter().map(measured).collect();
    lengths.sort();
    let at = |share: f64| lengths[(share * (lengths.len() - 1) as f64) as usize].0;
    assert!(lengths.len() > 100, "only {} files were found", lengths.len());
    let known: BTreeSet<&str> = KNOWN_LONG.iter().copied().collect();
    let long = lengths.iter().filter(|(n, file)| *n > rules::MAX_LINES && !known.contains(&**file));
    assert_eq!(long.collect::<Vec<_>>(), Vec::<&(usize, String)>::new());
    assert!(at(0.9) <= rules::P90_LINES, "one file of ten has more than {} lines", at(0.9));
    assert!(at(0.5) <= rules::MEDIAN_LINES, "half of the files have more than {} lines", at(0.5));
}

/// A crate of a few files, to try the finder itself on.
fn toy(files: &[(&str, &str)]) -> (tempfile::TempDir, Graph) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join("toy/src").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let graph = graph(folder.path(), "toy");
    (folder, graph)
}

#[test]
fn the_finder_follows_re_exports_aliases_and_macros() {
    let (_folder, graph) = toy(&[
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a/mod.rs", "mod inner; pub use inner::Thing; pub struct Other;"),
        ("a/inner.rs", "pub struct Thing; fn f() { println!(\"{}\", crate::b::number()) }"),
        ("b.rs", "use crate::c::{self as renamed}; pub fn number() -> u8 { renamed::number() }"),
        ("c.rs", "use super::a::{Other, Thing}; pub fn number() -> u8 { 1 }"),
    ]);
    let needs = |from: &str| graph[&format!("toy/src/{from}")].keys().cloned().collect::<Vec<_>>();
    assert_eq!(needs("a/inner.rs"), ["toy/src/b.rs"]);
    assert_eq!(needs("b.rs"), ["toy/src/c.rs"]);
    assert_eq!(needs("c.rs"), ["toy/src/a/inner.rs", "toy/src/a/mod.rs"]);
    assert_eq!(graph::circles(&graph).len(), 1);
    assert!(told(&graph, &[]).contains("toy/src/b.rs needs toy/src/c.rs by renamed::number"));
    let rule = Rule { of: "toy", rooms: &["b"], never: &["c"], except: &[], why: "for once" };
    assert!(broken(&graph, &rule).starts_with("toy/src/b.rs imports toy/src/c.rs"));
    assert_eq!(broken(&graph, &Rule { rooms: &["a"], ..rule }), "");
}

#[test]
fn tests_text_and_parents_make_no_circle() {
    let (_folder, graph) = toy(&[
        ("lib.rs", "pub mod a; pub mod b;"),
        ("a/mod.rs", "mod part; pub const N: u8 = 1; pub fn f() -> u8 { part::f() }"),
        ("a/part.rs", "use super::N; pub fn f() -> u8 { N }"),
        (
            "b.rs",
            "//! crate::a::f\n use crate::a::f; const TEXT: &str = \"crate::b\";\n\
             #[cfg(test)] mod tests { use crate::a; }\n#[cfg(all(test, unix))] use crate::a::N;",
        ),
    ]);
    assert_eq!(graph::circles(&graph), Vec::<BTreeSet<String>>::new());
    assert_eq!(graph["toy/src/b.rs"].keys().collect::<Vec<_>>(), ["toy/src/a/mod.rs"]);
}
