//! Fields and names as they are shown in a message.

/// Most columns that a message names.
const MAX_SHOWN: usize = 8;

/// A field as it is shown in a message: short and on one line.
pub(super) fn shown(text: &str) -> String {
    const MAX_CHARS: usize = 40;
    let mut shown: String = text.chars().take(MAX_CHARS).flat_map(char::escape_debug).collect();
    if text.chars().count() > MAX_CHARS {
        shown.push_str("...");
    }
    shown
}

/// Names in a message, not too many.
pub(super) fn shown_names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let all: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    let mut text: Vec<String> =
        all.iter().take(MAX_SHOWN).map(|name| format!("`{}`", shown(name))).collect();
    if all.len() > MAX_SHOWN {
        text.push(format!("{} more", all.len() - MAX_SHOWN));
    }
    text.join(", ")
}
