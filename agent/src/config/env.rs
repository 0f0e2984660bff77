//! `${env:NAME}` in strings, put in after parsing: a variable's content can never change the
//! structure of a configuration.

const OPEN: &str = "${env:";

/// Replaces each `${env:NAME}` by what `lookup` gives; `$${env:` stands for a literal `${env:`.
///
/// # Errors
/// If a variable is not set, or a `${env:` is not closed. The text itself is not repeated, since
/// it may hold a secret.
pub(super) fn substitute(
    text: &str,
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(OPEN) {
        let (before, after) = (&rest[..at], &rest[at + OPEN.len()..]);
        if let Some(literal) = before.strip_suffix('$') {
            out.push_str(literal);
            out.push_str(OPEN);
            rest = after;
            continue;
        }
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            return Err("has a `${env:` without its `}`".into());
        };
        match lookup(name) {
            Some(value) => out.push_str(&value),
            None => {
                return Err(format!(
                    "needs the environment variable {name:?}, which is not set: set it, or write \
                     the value here"
                ));
            }
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// The variables that `text` names.
pub(super) fn variables(text: &str) -> Vec<String> {
    let names = std::cell::RefCell::new(Vec::new());
    let note = |name: &str| {
        names.borrow_mut().push(name.to_string());
        Some(String::new())
    };
    // What is wrong with it is told where it is put together.
    let _ = substitute(text, note);
    names.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_host(text: &str) -> Result<String, String> {
        substitute(text, |name| (name == "HOST").then(|| "${env:HOST}".into()))
    }

    #[test]
    fn variables_are_put_in_once() {
        assert_eq!(with_host("a").as_deref(), Ok("a"));
        assert_eq!(with_host("<${env:HOST}>").as_deref(), Ok("<${env:HOST}>"));
        assert_eq!(with_host("$${env:HOST}").as_deref(), Ok("${env:HOST}"));
    }

    #[test]
    fn variables_are_named() {
        assert_eq!(variables("${env:A}-${env:B}, $${env:C}"), ["A", "B"]);
        assert_eq!(variables("none"), [""; 0]);
    }

    #[test]
    fn what_cannot_be_put_in_is_said() {
        assert!(with_host("x${env:PORT}").unwrap_err().contains("\"PORT\""));
        assert!(with_host("x${env:HOST").unwrap_err().contains("without its `}`"));
    }
}
