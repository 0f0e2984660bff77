//! From YAML to values with places.
//!
//! It is read as events and not into Rust types, so that a text keeps its form (a token `0123` is no
//! number) and every problem is told at once, whatever its kind.

use super::node::{Content, Key, Node, Place};
use super::problem::Problem;
use granit_parser::{Event, Marker, Parser, ScalarStyle, ScanError};
use std::collections::HashMap;
use std::rc::Rc;

/// Deepest nesting. A configuration needs five levels.
const MAX_DEPTH: usize = 32;
/// The key whose value lends its fields to the section that it stands in.
const MERGE: &str = "<<";

/// Reads the one document of `text`; nothing is an empty section.
///
/// # Errors
/// The first thing that is no YAML, or that no configuration can hold.
pub(super) fn parse(text: &str) -> Result<Rc<Node>, Problem> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| syntax(&error))?;
        builder.take(event, place(&span.start))?;
    }
    let root = builder.root.filter(|root| !root.is_null());
    let nothing = || Rc::new(Node { place: None, content: Content::Fields(Vec::new()) });
    Ok(root.unwrap_or_else(nothing))
}

fn place(marker: &Marker) -> Place {
    Some((marker.line() as u64, marker.col() as u64 + 1))
}

fn syntax(error: &ScanError) -> Problem {
    let info = error.info();
    let message = match info.contains("tab") {
        true => "a tab begins this line: indent with spaces".into(),
        false => format!("this is not valid here: {info}"),
    };
    Problem { place: place(error.marker()), message }
}

/// Values that are complete, and those around them that are not.
#[derive(Default)]
struct Builder {
    root: Option<Rc<Node>>,
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
}

/// A value whose end has not come.
struct Open {
    place: Place,
    anchor: usize,
    parts: Parts,
}

enum Parts {
    List(Vec<Rc<Node>>),
    Fields { entries: Vec<(Key, Rc<Node>)>, key: Option<Key>, merged: Vec<(Place, Rc<Node>)> },
}

impl Builder {
    fn take(&mut self, event: Event<'_>, place: Place) -> Result<(), Problem> {
        let problem = |message: &str| Err(Problem { place, message: message.into() });
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                let content = Content::Scalar { text: text.into_owned(), plain };
                self.complete(Node { place, content }, anchor)?;
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open.push(Open { place, anchor, parts: Parts::List(Vec::new()) });
            }
            Event::MappingStart(_, anchor, _) => {
                let (entries, merged) = (Vec::new(), Vec::new());
                let parts = Parts::Fields { entries, key: None, merged };
                self.open.push(Open { place, anchor, parts });
            }
            Event::SequenceEnd | Event::MappingEnd => self.close()?,
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(node) => self.put(Rc::clone(node), place)?,
                None => return problem("this stands for a value that holds it"),
            },
            Event::DocumentStart(..) if self.root.is_some() => {
                return problem("a second document begins here: a file holds one configuration");
            }
            _ => {}
        }
        match self.open.len() > MAX_DEPTH {
            true => problem("this is nested too deeply"),
            false => Ok(()),
        }
    }

    /// The innermost open value has ended.
    fn close(&mut self) -> Result<(), Problem> {
        let Some(Open { place, anchor, parts }) = self.open.pop() else { return Ok(()) };
        let content = match parts {
            Parts::List(items) => Content::List(items),
            Parts::Fields { mut entries, merged, .. } => {
                for (place, lender) in merged {
                    lend(&lender, place, &mut entries)?;
                }
                Content::Fields(entries)
            }
        };
        self.complete(Node { place, content }, anchor)
    }

    fn complete(&mut self, node: Node, anchor: usize) -> Result<(), Problem> {
        let (place, node) = (node.place, Rc::new(node));
        if anchor > 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        self.put(node, place)
    }

    /// Puts a value where it belongs: into the list, behind its key, or as a key.
    fn put(&mut self, node: Rc<Node>, place: Place) -> Result<(), Problem> {
        match self.open.last_mut().map(|open| &mut open.parts) {
            None => self.root = Some(node),
            Some(Parts::List(items)) => items.push(node),
            Some(Parts::Fields { entries, key, merged }) => match (key.take(), &node.content) {
                (Some(key), _) if key.name == MERGE => merged.push((place, node)),
                (Some(key), _) => entries.push((key, node)),
                (None, Content::Scalar { text, .. }) => {
                    if entries.iter().any(|(known, _)| known.name == *text) {
                        let message = format!("field `{text}` is given twice");
                        return Err(Problem { place, message });
                    }
                    *key = Some(Key { place, name: text.clone() });
                }
                (None, _) => {
                    let message = "a name is needed here, and a colon behind it".into();
                    return Err(Problem { place, message });
                }
            },
        }
        Ok(())
    }
}

/// Adds the fields of `lender` that are not there.
fn lend(lender: &Node, place: Place, into: &mut Vec<(Key, Rc<Node>)>) -> Result<(), Problem> {
    match &lender.content {
        Content::Fields(fields) => {
            for (key, node) in fields {
                if !into.iter().any(|(known, _)| known.name == key.name) {
                    let key = Key { place: key.place, name: key.name.clone() };
                    into.push((key, Rc::clone(node)));
                }
            }
            Ok(())
        }
        Content::List(lenders) => lenders.iter().try_for_each(|one| lend(one, place, into)),
        Content::Scalar { .. } => {
            let message = format!("`{MERGE}` takes the fields of another section, such as *name");
            Err(Problem { place, message })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_keep_their_form_and_sections_lend_fields() {
        let root = parse("a: &a {x: 0123, y: 1}\nb: {<<: *a, y: \"2\"}\nc: ~\n").unwrap();
        let text = |node: &Node| match &node.content {
            Content::Scalar { text, .. } => text.clone(),
            other => format!("{other:?}"),
        };
        let b = root.field("b").unwrap();
        assert_eq!([b.field("x"), b.field("y")].map(|n| text(n.unwrap())), ["0123", "2"]);
        assert!(root.field("c").is_none() && root.field("d").is_none());
    }

    #[test]
    fn what_no_configuration_can_hold_is_refused_where_it_stands() {
        let wrong = |text: &str| parse(text).unwrap_err();
        assert_eq!(wrong("a: 1\na: 2\n").place, Some((2, 1)));
        assert_eq!(wrong("a: 1\n---\nb: 2\n").place, Some((2, 1)));
        assert!(wrong(&"[".repeat(40)).message.contains("nested"));
        assert!(wrong("? [a]\n: 1\n").message.contains("name"));
        assert!(wrong("<<: 5\n").message.contains("<<"));
    }
}
