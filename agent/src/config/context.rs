//! What every value of a configuration is read with.

use super::env::substitute;
use super::node::{Node, Place};
use super::problem::Problem;
use std::cell::RefCell;
use std::path::{Path, PathBuf};

/// Where the configuration stands, the environment, and what was found wrong so far.
pub(super) struct Context<'a> {
    pub(super) folder: &'a Path,
    pub(super) lookup: &'a dyn Fn(&str) -> Option<String>,
    pub(super) problems: RefCell<Vec<Problem>>,
}

impl<'a> Context<'a> {
    /// The context of a configuration in `folder`.
    pub(super) fn new(folder: &'a Path, lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { folder, lookup, problems: RefCell::default() }
    }

    /// Something is wrong.
    pub(super) fn problem(&self, place: Place, message: String) {
        self.problems.borrow_mut().push(Problem { place, message });
    }
}

/// A value that is to be read.
pub struct At<'a> {
    pub(super) node: &'a Node,
    /// Its full name, such as `planned[0].size`.
    pub(super) field: String,
    pub(super) context: &'a Context<'a>,
}

impl At<'_> {
    /// Says what is wrong with it; `what` follows its name.
    pub fn wrong<T>(&self, what: &str) -> Option<T> {
        let message = format!("`{}` {what}", self.field);
        self.context.problem(self.node.place, message);
        None
    }

    /// `text` with what stands for environment variables put in.
    ///
    /// # Errors
    /// If a variable is not set, or is not closed.
    pub fn substitute(&self, text: &str) -> Result<String, String> {
        substitute(text, self.context.lookup)
    }

    /// A path, relative to the configuration's folder.
    #[must_use]
    pub fn path(&self, text: &str) -> PathBuf {
        self.context.folder.join(text)
    }
}
