//! The table of promises is about this code: its tests exist, and what it says is watched is counted.

use scaleiq_core::invariant::Promise;
use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// All that there are, in order.
const IDS: [&str; 17] = [
    "S-1", "S-2", "S-3", "S-4", "S-5", "S-6", "S-7", "J-1", "J-2", "C-1", "C-2", "C-3", "X-1",
    "X-2", "X-3", "X-4", "X-5",
];

/// Adds the names of the functions in `folder` that are tests.
fn tests_in(folder: &Path, names: &mut HashSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            tests_in(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            // Behind the attribute of each may stand others, and comments.
            for behind in text.split("#[test]").skip(1).chain(text.split("#[tokio::test").skip(1)) {
                let (_, from) = behind.split_once("fn ").unwrap();
                names.insert(from.split('(').next().unwrap().to_string());
            }
        }
    }
}

#[test]
fn every_promise_has_its_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut tests = HashSet::new();
    tests_in(root, &mut tests);
    let table = fs::read_to_string(root.join("docs/promises.md")).unwrap();
    let rows: Vec<[&str; 4]> = table
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| id "))
        .map(|line| {
            let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
            cells.try_into().unwrap_or_else(|_| panic!("{line}"))
        })
        .collect();
    assert_eq!(rows.iter().map(|[id, ..]| *id).collect::<Vec<_>>(), IDS);
    for [id, promise, _, named] in &rows {
        let named: Vec<_> = named.split('`').skip(1).step_by(2).collect();
        let is_built = !rows.iter().any(|row| row[0] == *id && row[3].starts_with("not built: "));
        assert_eq!(named.is_empty(), !is_built, "{id}: {promise}");
        for name in named {
            assert!(tests.contains(name), "{id}: there is no test {name}");
        }
    }
    let watched = rows.iter().filter(|row| row[2] == "yes").map(|row| row[0]);
    assert_eq!(watched.collect::<Vec<_>>(), Promise::ALL.map(Promise::id));
}
