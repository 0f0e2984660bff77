//! Who depends on whom, and the circles in it.

use crate::source::{Named, Source};
use std::collections::{BTreeMap, BTreeSet};

/// Re-exports followed before a name is taken to be where it was last found.
const MAX_RE_EXPORTS: usize = 8;

/// Files, and the files on which each depends with one path that says so.
pub(crate) type Graph = BTreeMap<String, BTreeMap<String, String>>;

/// The dependencies of a crate's files. A name counts where it is defined, not where it is
/// re-exported, and a re-export is no dependency. Neither is what a module makes of its own children:
/// it declares them, so it always knows them, and `super::X` is how the language shares in a room.
pub(crate) fn dependencies(source: &Source) -> Graph {
    let mut graph = Graph::new();
    for module in source.modules.values() {
        graph.entry(module.file.clone()).or_default();
    }
    for named in &source.named {
        for file in homes(source, named) {
            if file != named.file && !is_above(&named.file, &file) {
                let needs = graph.entry(named.file.clone()).or_default();
                needs.entry(file).or_insert_with(|| named.written.clone());
            }
        }
    }
    graph
}

/// The same between the rooms of a crate: the modules right below its root.
pub(crate) fn between_rooms(graph: &Graph) -> Graph {
    let mut rooms = Graph::new();
    for (file, others) in graph {
        let entry = rooms.entry(room(file).to_owned()).or_default();
        for (other, path) in others.iter().filter(|(other, _)| room(other) != room(file)) {
            entry.entry(room(other).to_owned()).or_insert_with(|| format!("{path} in {file}"));
        }
    }
    rooms
}

/// The room in which a file lies: `serve` for `agent/src/serve/body.rs` and `agent/src/serve.rs`.
pub(crate) fn room(file: &str) -> &str {
    let inner = file.split_once("/src/").map_or(file, |(_, inner)| inner);
    inner.split('/').next().unwrap_or(inner).trim_end_matches(".rs")
}

/// Whether `file` is that of a module in which that of `other` lies.
fn is_above(file: &str, other: &str) -> bool {
    let roots = ["/lib.rs", "/mod.rs", ".rs"];
    let folder = roots.iter().find_map(|ending| file.strip_suffix(ending));
    folder.and_then(|folder| other.strip_prefix(folder)).is_some_and(|rest| rest.starts_with('/'))
}

/// The files in which what is named is defined; several where all of a module is.
fn homes(source: &Source, named: &Named) -> Vec<String> {
    let everything = named.path.last().is_some_and(|last| last == "*");
    if !everything {
        return home(source, &named.path, 0).into_iter().collect();
    }
    let module = &named.path[..named.path.len() - 1];
    source.modules.get(module).map(|module| module.file.clone()).into_iter().collect()
}

fn home(source: &Source, path: &[String], followed: usize) -> Option<String> {
    let depth = (0..=path.len()).rev().find(|n| source.modules.contains_key(&path[..*n]))?;
    let module = &source.modules[&path[..depth]];
    let Some(name) = path.get(depth) else { return Some(module.file.clone()) };
    if module.defined.contains(name) || followed == MAX_RE_EXPORTS {
        return Some(module.file.clone());
    }
    let behind = |target: &[String]| {
        let longer: Vec<String> = target.iter().chain(&path[depth + 1..]).cloned().collect();
        home(source, &longer, followed + 1)
    };
    if let Some((_, target)) = module.imported.iter().find(|(known, _)| known == name) {
        return behind(target);
    }
    // Of modules that are re-exported whole, the one that has the name.
    let globs = module.imported.iter().filter(|(known, _)| known == "*");
    for (_, target) in globs {
        let inner = &target[..target.len() - 1];
        let known = source.modules.get(inner).is_some_and(|m| m.defined.contains(name));
        if known {
            return source.modules.get(inner).map(|m| m.file.clone());
        }
    }
    Some(module.file.clone())
}

/// Sets of files of which each depends on each other, over others of the set.
pub(crate) fn circles(graph: &Graph) -> Vec<BTreeSet<String>> {
    let reached: BTreeMap<&String, BTreeSet<&String>> =
        graph.keys().map(|file| (file, reach(graph, file))).collect();
    let mut circles: Vec<BTreeSet<String>> = Vec::new();
    for (file, others) in &reached {
        if !others.contains(file) || circles.iter().any(|circle| circle.contains(*file)) {
            continue;
        }
        let both_ways = others.iter().filter(|other| reached[**other].contains(file));
        circles.push(both_ways.map(|other| (*other).clone()).collect());
    }
    circles
}

/// All that `from` depends on, itself only where a circle leads back.
fn reach<'a>(graph: &'a Graph, from: &String) -> BTreeSet<&'a String> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&String> = graph[from].keys().collect();
    while let Some(file) = open.pop() {
        if reached.insert(file) {
            open.extend(graph.get(file).into_iter().flat_map(BTreeMap::keys));
        }
    }
    reached
}
