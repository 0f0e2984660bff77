//! Reads a crate's source: which file is which module, and what each file names of its own crate.
//!
//! Works on tokens, so that text in strings and comments is no path, and paths within macros are.
//! What is compiled for tests alone is left out.

use crate::tokens::{ident, is_ident, is_public, is_punct, only_for_tests, segments, tree};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A module: a file, or a block within one.
#[derive(Debug, Default)]
pub(crate) struct Module {
    /// The file in which it lies, relative to the repository.
    pub(crate) file: String,
    /// Names that it defines itself.
    pub(crate) defined: BTreeSet<String>,
    /// Names that `use` brings into it, with the absolute path of each; `*` for all of a module.
    pub(crate) imported: Vec<(String, Vec<String>)>,
}

/// A path within the crate that a file names, as absolute segments.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Named {
    /// The file that names it.
    pub(crate) file: String,
    /// Segments below the crate's root.
    pub(crate) path: Vec<String>,
    /// As it is written there.
    pub(crate) written: String,
}

/// All modules of a crate by their path, and what their files name.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// Modules by path; the root's is empty.
    pub(crate) modules: BTreeMap<Vec<String>, Module>,
    /// Paths that are used where they stand; re-exports alone are no use.
    pub(crate) named: BTreeSet<Named>,
    /// Children that are declared in a file of their own: (path, folder to look in).
    pending: Vec<(Vec<String>, PathBuf)>,
}

impl Source {
    /// Reads the crate whose root file is `root`, with paths relative to `repository`.
    ///
    /// # Panics
    /// If a file cannot be read or is no Rust.
    pub(crate) fn read(repository: &Path, root: &Path) -> Self {
        let mut source = Self::default();
        let folder = root.parent().expect("a file lies in a folder").to_path_buf();
        source.read_file(repository, root, Vec::new(), &folder);
        while let Some((path, folder)) = source.pending.pop() {
            let name = path.last().expect("a child has a name").clone();
            let flat = folder.join(format!("{name}.rs"));
            let nested = folder.join(&name).join("mod.rs");
            let file = if flat.exists() { flat } else { nested };
            // A child behind a target that is not there, such as a microcontroller's, may lie elsewhere.
            if file.exists() {
                source.read_file(repository, &file, path, &folder.join(&name));
            }
        }
        source
    }

    fn read_file(&mut self, repository: &Path, file: &Path, path: Vec<String>, folder: &Path) {
        let text = std::fs::read_to_string(file)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let tokens: TokenStream =
            text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let name = file.strip_prefix(repository).unwrap_or(file).display().to_string();
        self.read_items(&name, tokens, &path, folder);
    }

    fn read_items(&mut self, file: &str, tokens: TokenStream, path: &[String], folder: &Path) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let module = Module { file: file.to_owned(), ..Module::default() };
        self.modules.insert(path.to_vec(), module);
        let mut reader = Reader { source: self, file, path, folder };
        reader.items(&tokens);
    }
}

/// Reads one module's tokens.
struct Reader<'a> {
    source: &'a mut Source,
    file: &'a str,
    path: &'a [String],
    folder: &'a Path,
}

impl Reader<'_> {
    /// Items at the top of a module: these define names, declare children and import.
    fn items(&mut self, tokens: &[TokenTree]) {
        let mut k = 0;
        while k < tokens.len() {
            if let Some(end) = self.skipped(tokens, k) {
                k = end;
            } else if is_ident(tokens.get(k), "use") {
                k = self.import(tokens, k, is_public(tokens, k));
            } else if is_ident(tokens.get(k), "mod")
                && let Some(name) = ident(tokens.get(k + 1))
            {
                self.child(&name, tokens.get(k + 2));
                k += 3;
            } else {
                self.definition(tokens, k);
                k = self.expression(tokens, k);
            }
        }
    }

    /// The end of an item that only tests compile, if one begins at `k`.
    fn skipped(&self, tokens: &[TokenTree], k: usize) -> Option<usize> {
        let TokenTree::Group(attribute) = tokens.get(k + 1)? else { return None };
        if !is_punct(tokens.get(k), '#') || !only_for_tests(attribute.stream()) {
            return None;
        }
        let end = tokens[k + 2..].iter().position(|token| match token {
            TokenTree::Punct(p) => p.as_char() == ';',
            TokenTree::Group(g) => g.delimiter() == Delimiter::Brace,
            _ => false,
        });
        Some(end.map_or(tokens.len(), |end| k + 3 + end))
    }

    fn child(&mut self, name: &str, body: Option<&TokenTree>) {
        let path: Vec<String> = self.path.iter().cloned().chain([name.to_owned()]).collect();
        match body {
            Some(TokenTree::Group(body)) => {
                let folder = self.folder.join(name);
                self.source.read_items(self.file, body.stream(), &path, &folder);
            }
            _ => self.source.pending.push((path, self.folder.to_path_buf())),
        }
    }

    fn definition(&mut self, tokens: &[TokenTree], k: usize) {
        const KINDS: [&str; 8] =
            ["fn", "struct", "enum", "trait", "const", "static", "type", "macro_rules"];
        if !ident(tokens.get(k)).is_some_and(|word| KINDS.contains(&word.as_str())) {
            return;
        }
        let names = tokens[k + 1..].iter().take(2);
        if let Some(name) = names.filter_map(|token| ident(Some(token))).find(|n| n != "fn") {
            self.module().defined.insert(name);
        }
    }

    /// What stands within functions, types and macros: paths, and imports of their own.
    fn expression(&mut self, tokens: &[TokenTree], k: usize) -> usize {
        if let Some(end) = self.skipped(tokens, k) {
            return end;
        }
        match tokens.get(k) {
            Some(TokenTree::Group(group)) => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                let mut at = 0;
                while at < inner.len() {
                    at = self.expression(&inner, at);
                }
                k + 1
            }
            // Not where it says what a type captures: `impl Trait + use<'a>`.
            Some(TokenTree::Ident(word)) if word == "use" && !is_punct(tokens.get(k + 1), '<') => {
                self.import(tokens, k, false)
            }
            Some(TokenTree::Ident(_)) => {
                let (written, end) = segments(tokens, k);
                let leads = k > 0 && is_punct(tokens.get(k - 1), ':');
                if !leads && written.len() > 1 {
                    self.name(&written);
                }
                end.max(k + 1)
            }
            _ => k + 1,
        }
    }

    /// Reads the tree behind `use` at `k`; gives what follows its semicolon.
    fn import(&mut self, tokens: &[TokenTree], k: usize, public: bool) -> usize {
        let end = tokens[k..]
            .iter()
            .position(|token| matches!(token, TokenTree::Punct(p) if p.as_char() == ';'));
        let end = end.map_or(tokens.len(), |end| k + end);
        let mut leaves = Vec::new();
        tree(&tokens[k + 1..end], &[], &mut leaves);
        for (written, name) in leaves {
            if let Some(path) = self.absolute(&written) {
                self.module().imported.push((name, path.clone()));
                if !public {
                    self.record(path, &written);
                }
            }
        }
        end + 1
    }

    fn name(&mut self, written: &[String]) {
        if let Some(path) = self.absolute(written) {
            self.record(path, written);
        }
    }

    fn record(&mut self, path: Vec<String>, written: &[String]) {
        let (file, written) = (self.file.to_owned(), written.join("::"));
        self.source.named.insert(Named { file, path, written });
    }

    /// Segments below the crate's root; `None` if it leads out of the crate.
    fn absolute(&self, written: &[String]) -> Option<Vec<String>> {
        let (first, rest) = written.split_first()?;
        let mut base = self.path.to_vec();
        let mut rest = rest;
        match first.as_str() {
            "crate" => base.clear(),
            "self" => {}
            "super" => {
                base.pop()?;
                while let Some((next, behind)) = rest.split_first()
                    && next == "super"
                {
                    base.pop()?;
                    rest = behind;
                }
            }
            // A child, or a name that was imported here: which one is known once all is read. What is
            // neither lies in another crate, and is taken to be the module itself, which says nothing.
            name => base.push(name.to_owned()),
        }
        base.extend(rest.iter().cloned());
        Some(base)
    }

    fn module(&mut self) -> &mut Module {
        self.source.modules.entry(self.path.to_vec()).or_default()
    }
}
