//! `name{label="value"}`, as it stands on a page of metrics and as it is asked for.

use std::borrow::Cow;

/// A name and what is said of each label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Selector {
    pub(super) name: String,
    labels: Vec<Wanted>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    name: String,
    is_equal: bool,
    value: String,
}

impl Selector {
    /// Reads `name`, `name{}` or `name{a="b",c!="d"}`; an error says what is wrong behind "which".
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "is no metric: name{label=\"value\",other!=\"value\"}".to_owned();
        let (series, rest) = series(text.trim()).ok_or_else(wrong)?;
        if !rest.is_empty() {
            return Err(wrong());
        }
        let wanted = |label: Label<'_>| Wanted {
            name: label.name.into(),
            is_equal: label.is_equal,
            value: label.value.into_owned(),
        };
        Ok(Self {
            name: series.name.into(),
            labels: series.labels.into_iter().map(wanted).collect(),
        })
    }

    /// Whether it speaks of `series`. A label that is not there is an empty one, as in PromQL.
    pub(super) fn fits(&self, series: &Series<'_>) -> bool {
        let value = |name: &str| series.labels.iter().find(|label| label.name == name);
        self.name == series.name
            && self.labels.iter().all(|wanted| {
                let value = value(&wanted.name).map_or("", |label| &label.value);
                (value == wanted.value) == wanted.is_equal
            })
    }
}

/// A name and its labels.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Series<'a> {
    pub(super) name: &'a str,
    pub(super) labels: Vec<Label<'a>>,
}

/// A label, and whether it is to be equal to its value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Label<'a> {
    name: &'a str,
    pub(super) is_equal: bool,
    value: Cow<'a, str>,
}

/// The series at the beginning of `text`, and the rest.
pub(super) fn series(text: &str) -> Option<(Series<'_>, &str)> {
    let (name, mut rest) = name(text, |c| c == ':')?;
    let mut labels = Vec::new();
    if let Some(inner) = rest.trim_start().strip_prefix('{') {
        rest = inner.trim_start();
        while !rest.starts_with('}') {
            let (label, after) = label(rest)?;
            labels.push(label);
            let after = after.trim_start();
            rest = match after.strip_prefix(',') {
                Some(next) => next.trim_start(),
                None if after.starts_with('}') => after,
                None => return None,
            };
        }
        rest = rest.strip_prefix('}')?;
    }
    Some((Series { name, labels }, rest))
}

fn label(text: &str) -> Option<(Label<'_>, &str)> {
    let (name, rest) = name(text, |_| false)?;
    let rest = rest.trim_start();
    let (is_equal, rest) = match rest.strip_prefix("!=") {
        Some(rest) => (false, rest),
        None => (true, rest.strip_prefix('=')?),
    };
    let (value, rest) = quoted(rest.trim_start())?;
    Some((Label { name, is_equal, value }, rest))
}

/// Letters, digits and underscores, with no digit first, and what else is allowed.
fn name(text: &str, and: impl Fn(char) -> bool) -> Option<(&str, &str)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || and(c);
    let (name, rest) = text.split_at(text.find(|c| !is_part(c)).unwrap_or(text.len()));
    (!name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit())).then_some((name, rest))
}

/// A text in quotes, in which `\\`, `\"` and `\n` stand for others.
fn quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let text = text.strip_prefix('"')?;
    let mut unescaped: Option<String> = None;
    let mut characters = text.char_indices();
    while let Some((index, c)) = characters.next() {
        if c == '"' {
            let (plain, rest) = (&text[..index], &text[index + 1..]);
            return Some((unescaped.map_or(Cow::Borrowed(plain), Cow::Owned), rest));
        }
        if c == '\\' {
            let meant = match characters.next()?.1 {
                'n' => '\n',
                other @ ('\\' | '"') => other,
                _ => return None,
            };
            unescaped.get_or_insert_with(|| text[..index].into()).push(meant);
        } else if let Some(unescaped) = &mut unescaped {
            unescaped.push(c);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_compared_and_one_that_is_missing_is_empty() {
        let line = r#"jobs_total{ queue="a\"b\\" , host="x",} 5"#;
        let (found, rest) = series(line).unwrap();
        assert_eq!(rest, " 5");
        for (text, fits) in [
            ("jobs_total", true),
            ("jobs_total{}", true),
            (r#"jobs_total{queue="a\"b\\"}"#, true),
            (r#"jobs_total{queue="a"}"#, false),
            (r#"jobs_total{host!="y", queue!="z"}"#, true),
            (r#"jobs_total{host!="x"}"#, false),
            (r#"jobs_total{zone=""}"#, true),
            (r#"jobs_total{zone!=""}"#, false),
            ("jobs", false),
        ] {
            assert_eq!(Selector::parse(text).unwrap().fits(&found), fits, "{text}");
        }
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        let wrong =
            ["", "1a", "a{", "a{b}", "a{b=c}", "a{b=\"c}", "a{b=~\"c\"}", "a b", "a{b=\"\\x\"}"];
        for text in wrong {
            assert!(Selector::parse(text).unwrap_err().starts_with("is no metric"), "{text}");
        }
    }
}
