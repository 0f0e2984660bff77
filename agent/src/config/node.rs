//! A configuration as it is written: values with their places, and texts as they stand there.

use std::rc::Rc;

/// Line and column, both from 1 up; `None` for what concerns the file as a whole.
pub type Place = Option<(u64, u64)>;

/// One value.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) content: Content,
}

/// What a value is.
#[derive(Debug)]
pub(super) enum Content {
    /// A text; a `plain` one has no quotes, so that it may be a number or nothing as well.
    Scalar { text: String, plain: bool },
    /// Values in order.
    List(Vec<Rc<Node>>),
    /// Values by name; no name comes twice.
    Fields(Vec<(Key, Rc<Node>)>),
}

/// The name of a value.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) place: Place,
    pub(super) name: String,
}

impl Node {
    /// Whether it stands for nothing, as what is left out does.
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.content, Content::Scalar { text, plain: true } if ["", "~", "null"].contains(&text.as_str()))
    }

    /// The value named `name`, unless it stands for nothing.
    pub(super) fn field(&self, name: &str) -> Option<&Node> {
        let Content::Fields(fields) = &self.content else { return None };
        let (_, node) = fields.iter().find(|(key, _)| key.name == name)?;
        (!node.is_null()).then_some(node.as_ref())
    }

    /// What it is, for messages.
    pub(super) fn words(&self) -> String {
        match &self.content {
            Content::Scalar { text, .. } => format!("`{text}`"),
            Content::List(_) => "a list".into(),
            Content::Fields(_) => "a section with fields".into(),
        }
    }
}
