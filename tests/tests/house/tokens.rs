//! Reads pieces of Rust from tokens: paths, trees of imports, attributes.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The leaves of a `use` tree: the path of each, and the name that it gets.
pub(crate) fn tree(
    tokens: &[TokenTree],
    before: &[String],
    leaves: &mut Vec<(Vec<String>, String)>,
) {
    for branch in tokens.split(|token| is_punct(Some(token), ',')) {
        let mut path = before.to_vec();
        let mut alias = None;
        let mut k = 0;
        while let Some(token) = branch.get(k) {
            match token {
                TokenTree::Ident(word) if word == "as" => {
                    alias = ident(branch.get(k + 1));
                    k += 1;
                }
                TokenTree::Ident(word) => path.push(word.to_string()),
                TokenTree::Punct(p) if p.as_char() == '*' => path.push("*".into()),
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    tree(&inner, &path, leaves);
                    path.clear();
                }
                _ => {}
            }
            k += 1;
        }
        // `use a::b::{self}` names the module itself.
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        if let Some(last) = path.last().cloned() {
            leaves.push((path, alias.unwrap_or(last)));
        }
    }
}

/// Segments of the path that begins at `k`, and what follows it.
pub(crate) fn segments(tokens: &[TokenTree], k: usize) -> (Vec<String>, usize) {
    let mut written = Vec::new();
    let mut at = k;
    while let Some(word) = ident(tokens.get(at)) {
        written.push(word);
        at += 1;
        if is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':') {
            at += 2;
        } else {
            break;
        }
    }
    (written, at)
}

/// Whether `pub` stands before the `use` at `k`, with or without a scope in brackets.
pub(crate) fn is_public(tokens: &[TokenTree], k: usize) -> bool {
    let before = |n: usize| k.checked_sub(n).and_then(|at| tokens.get(at));
    let scoped =
        matches!(before(1), Some(TokenTree::Group(g)) if g.delimiter() == Delimiter::Parenthesis);
    is_ident(before(1), "pub") || (scoped && is_ident(before(2), "pub"))
}

/// Whether an attribute is `cfg` with `test` in it, not negated.
pub(crate) fn only_for_tests(attribute: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = attribute.into_iter().collect();
    let Some(TokenTree::Group(condition)) = tokens.get(1) else { return false };
    let text = condition.stream().to_string();
    is_ident(tokens.first(), "cfg")
        && (text == "test" || (text.starts_with("all") && text.contains("test")))
        && !text.contains("not")
}

/// The word that a token is.
pub(crate) fn ident(token: Option<&TokenTree>) -> Option<String> {
    match token {
        Some(TokenTree::Ident(word)) => Some(word.to_string()),
        _ => None,
    }
}

/// Whether a token is this word.
pub(crate) fn is_ident(token: Option<&TokenTree>, word: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(found)) if found == word)
}

/// Whether a token is this mark.
pub(crate) fn is_punct(token: Option<&TokenTree>, mark: char) -> bool {
    matches!(token, Some(TokenTree::Punct(found)) if found.as_char() == mark)
}
