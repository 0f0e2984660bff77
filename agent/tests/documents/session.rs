//! Commands in a document, and what it shows below them.

/// Where a command stands in a document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Session {
    /// The command, without the `$`.
    pub(crate) command: String,
    /// What stands before each line of its block.
    prefix: String,
    /// The lines that show what it prints: from the first up to before the last.
    shown: std::ops::Range<usize>,
}

/// A text with commands in it.
#[derive(Debug)]
pub(crate) struct Document {
    /// The text as it is.
    pub(crate) text: String,
    /// Its commands, in order.
    pub(crate) sessions: Vec<Session>,
}

/// What may stand before the lines of a block: a comment of Rust, or the indent of Markdown.
const PREFIXES: [&str; 2] = ["//! ", "    "];

impl Document {
    /// Finds the commands of a text.
    pub(crate) fn read(text: &str) -> Self {
        let lines: Vec<&str> = text.lines().collect();
        let sessions = (0..lines.len()).filter_map(|k| Session::at(&lines, k)).collect();
        Self { text: text.to_owned(), sessions }
    }

    /// The text with what each command has printed in the place of what it shows.
    pub(crate) fn with(&self, printed: &[String]) -> String {
        let lines: Vec<&str> = self.text.lines().collect();
        let mut anew = String::new();
        let mut next = 0;
        let mut push = |line: &str| {
            anew.push_str(line.trim_end());
            anew.push('\n');
        };
        for (session, printed) in self.sessions.iter().zip(printed) {
            lines[next..session.shown.start].iter().for_each(|line| push(line));
            for line in printed.trim_matches('\n').lines() {
                push(&format!("{}{line}", session.prefix));
            }
            next = session.shown.end;
        }
        lines[next..].iter().for_each(|line| push(line));
        anew
    }
}

impl Session {
    fn at(lines: &[&str], k: usize) -> Option<Self> {
        let is_command = |prefix: &&str| lines[k].strip_prefix(prefix)?.strip_prefix("$ ");
        let (prefix, command) =
            PREFIXES.iter().find_map(|prefix| Some((*prefix, is_command(prefix)?)))?;
        let is_blank = |line: &str| line.trim_end() == prefix.trim_end();
        let inside = |line: &str| {
            let text = line.strip_prefix(prefix);
            text.is_some_and(|text| !text.starts_with("$ ") && !text.starts_with("```"))
        };
        // Blank lines belong to the output where more of it follows.
        let after = lines[k + 1..].iter().take_while(|line| inside(line) || is_blank(line)).count();
        let block = &lines[k + 1..k + 1 + after];
        let shown = block.iter().rposition(|line| !is_blank(line)).map_or(0, |last| last + 1);
        Some(Self {
            command: command.to_owned(),
            prefix: prefix.to_owned(),
            shown: k + 1..k + 1 + shown,
        })
    }
}

#[test]
fn what_is_printed_takes_the_place_of_what_is_shown() {
    let text =
        "Text\n\n    $ agent a\n    old\n\n    more\n    $ agent b\n\nText\n\n    no command\n";
    let document = Document::read(text);
    let commands: Vec<&str> = document.sessions.iter().map(|s| &*s.command).collect();
    assert_eq!(commands, ["agent a", "agent b"]);
    let anew = document.with(&["new\n\nlines\n".into(), "b\n".into()]);
    let expected = "Text\n\n    $ agent a\n    new\n\n    lines\n    $ agent b\n    b\n\nText\n\n    no command\n";
    assert_eq!(anew, expected);
    assert_eq!(Document::read(&anew).with(&["new\n\nlines\n".into(), "b\n".into()]), expected);
}

#[test]
fn comments_of_rust_are_read_up_to_the_fence() {
    let text = "//! ```text\n//! $ agent a\n//! old\n//! ```\n//!\n//! Text\n";
    let document = Document::read(text);
    assert_eq!(
        document.with(&["one\n\ntwo".into()]),
        "//! ```text\n//! $ agent a\n//! one\n//!\n//! two\n//! ```\n//!\n//! Text\n"
    );
}
