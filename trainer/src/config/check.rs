//! Range checks that gather every problem of a config, so that one run tells all of them.

use std::fmt::{Debug, Display};
use std::ops::RangeInclusive;

/// Problems found so far.
#[derive(Debug, Default)]
pub(super) struct Checks {
    problems: Vec<String>,
}

impl Checks {
    /// Checks of the keys of one section.
    pub(super) fn section(&mut self, name: &'static str) -> Section<'_> {
        Section { name, checks: self }
    }

    /// All problems.
    pub(super) fn into_problems(self) -> Vec<String> {
        self.problems
    }
}

/// Checks of one section.
pub(super) struct Section<'a> {
    name: &'static str,
    checks: &'a mut Checks,
}

impl Section<'_> {
    /// Keeps the problem `why` of `key` unless `ok`.
    pub(super) fn require(&mut self, ok: bool, key: &str, why: impl FnOnce() -> String) {
        if !ok {
            let name = self.name;
            self.checks.problems.push(format!("`{name}.{key}`: {}", why()));
        }
    }

    /// A value within a range; NaN is in none.
    pub(super) fn range<T: PartialOrd + Display + Debug>(
        &mut self,
        key: &str,
        value: T,
        range: RangeInclusive<T>,
    ) {
        self.require(range.contains(&value), key, || {
            format!("{value} is not within {:?} to {:?}", range.start(), range.end())
        });
    }

    /// A value that the model format fixes.
    pub(super) fn fixed(&mut self, key: &str, ok: bool, supported: impl FnOnce() -> String) {
        self.require(ok, key, || {
            format!("fixed by the model format; supported is only {}", supported())
        });
    }
}

/// Equal but for the noise of writing decimals.
pub(super) fn same_numbers(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6)
}
