//! The fields of a section: one function of a component names each of them once, and with it they are
//! read, described in the schema, and suggested where a name is mistyped.

use super::context::{At, Context};
use super::kind::{Given, Kind};
use super::node::{Content, Node, Place};
use super::problem::{foreign, suggest};
use super::schema::{self, Described, Shape};
use serde_json::{Map, Value, json};
use std::path::Path;

/// The fields of one section, which are read or, without one, described.
///
/// A component must name all of its fields before it gives up on any of them.
pub struct Fields<'a> {
    /// What is read; `None` while fields are only described.
    node: Option<&'a Node>,
    /// Full name of the section with a dot, or nothing.
    prefix: String,
    context: &'a Context<'a>,
    shape: Shape,
    /// Fields that are given and cannot be used.
    failed: Vec<&'static str>,
}

/// One of the components that a section may choose by a word.
#[derive(Debug)]
pub struct Variant<T: 'static> {
    /// The word.
    pub word: &'static str,
    /// What it is, for people.
    pub about: &'static str,
    /// A section that chooses it, in YAML.
    pub example: &'static str,
    /// Names its fields, and makes its settings of them.
    pub fields: fn(&mut Fields<'_>) -> Option<T>,
}

impl<'a> Fields<'a> {
    pub(super) fn reading(node: &'a Node, prefix: String, context: &'a Context<'a>) -> Self {
        Self { node: Some(node), prefix, context, shape: Shape::default(), failed: Vec::new() }
    }

    pub(super) fn describing(context: &'a Context<'a>) -> Self {
        Self {
            node: None,
            prefix: String::new(),
            context,
            shape: Shape::default(),
            failed: Vec::new(),
        }
    }

    /// The place of the section.
    #[must_use]
    pub fn place(&self) -> Place {
        self.node.and_then(|node| node.place)
    }

    /// The full name of the field `name`, for messages.
    #[must_use]
    pub fn name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Where the field `name` is given, also if it cannot be used; `None` if it is not.
    #[must_use]
    pub fn given(&self, name: &str) -> Option<Place> {
        self.node?.field(name).map(|node| node.place)
    }

    /// Whether the field `name` is given and cannot be used, which was told.
    #[must_use]
    pub fn failed(&self, name: &str) -> bool {
        self.failed.contains(&name)
    }

    /// Something is wrong that concerns more than one field.
    pub fn problem(&self, place: Place, message: impl Into<String>) {
        self.context.problem(place, message.into());
    }

    /// A field that may be left out.
    pub fn optional<K: Kind>(
        &mut self,
        name: &'static str,
        about: &'static str,
        kind: K,
    ) -> Option<Given<K::Value>> {
        self.describe(name, about, false, kind.schema());
        self.read(name, &kind)
    }

    /// A field that is `default` where it is left out.
    pub fn or<K: Kind>(
        &mut self,
        name: &'static str,
        about: &'static str,
        kind: K,
        default: K::Value,
    ) -> K::Value {
        let mut schema = kind.schema();
        if let Some(default) = kind.write(&default) {
            schema.insert("default".into(), default);
        }
        self.describe(name, about, false, schema);
        self.read(name, &kind).map_or(default, |given| given.value)
    }

    /// A field that has to be there.
    pub fn required<K: Kind>(
        &mut self,
        name: &'static str,
        about: &'static str,
        kind: K,
    ) -> Option<Given<K::Value>> {
        self.describe(name, about, true, kind.schema());
        if self.node.is_some_and(|node| node.field(name).is_none()) {
            self.problem(self.place(), format!("`{}` is missing: {about}", self.name(name)));
        }
        self.read(name, &kind)
    }

    /// The component that the field `type` chooses, with the fields of its own in this section.
    pub fn variant<T>(
        &mut self,
        about: &'static str,
        variants: &[&'static Variant<T>],
    ) -> Option<T> {
        let words: Vec<&'static str> = variants.iter().map(|variant| variant.word).collect();
        let nowhere = Context::new(Path::new(""), &|_| None);
        for variant in variants {
            let mut only = Fields::describing(&nowhere);
            let _ = (variant.fields)(&mut only);
            let schema = schema::map(json!({"const": variant.word, "description": variant.about}));
            only.describe(TYPE, about, true, schema);
            self.shape.variants.push((variant.word, only.shape.fields));
        }
        let node = self.node?;
        let Some(given) = node.field(TYPE) else {
            let known = words.join(", ");
            let message = format!("`{}` is missing: {about}; known are {known}", self.name(TYPE));
            self.problem(self.place(), message);
            return None;
        };
        let at = self.at(TYPE, given);
        let word = super::kind::Text.read(&at)?;
        let Some(variant) = variants.iter().find(|variant| variant.word == word) else {
            return at.wrong(&format!("is `{word}`; {}", suggest(&word, &words)));
        };
        self.shape.chosen = Some(variant.word);
        (variant.fields)(self)
    }

    /// The names of its fields.
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.shape.names()
    }

    /// Names that were read and are nobody's are problems.
    pub(super) fn finish(self) {
        let Some(Node { content: Content::Fields(given), .. }) = self.node else { return };
        for (key, _) in given {
            let name = key.name.as_str();
            if self.shape.knows(name) {
                continue;
            }
            let message = match self.shape.owner(name) {
                Some(word) => format!("`{}` belongs to the type `{word}`", self.name(name)),
                None => {
                    let names = self.shape.names();
                    let known = foreign(name).unwrap_or_else(|| suggest(name, &names));
                    format!("unknown field `{name}`; {known}")
                }
            };
            self.context.problem(key.place, message);
        }
    }

    fn describe(
        &mut self,
        name: &'static str,
        about: &'static str,
        required: bool,
        mut schema: Map<String, Value>,
    ) {
        schema.entry("description").or_insert_with(|| about.into());
        self.shape.fields.push(Described { name, required, schema });
    }

    fn read<K: Kind>(&mut self, name: &'static str, kind: &K) -> Option<Given<K::Value>> {
        let node = self.node?.field(name)?;
        let value = kind.read(&self.at(name, node));
        if value.is_none() {
            self.failed.push(name);
        }
        value.map(|value| Given { value, place: node.place })
    }

    fn at(&self, name: &str, node: &'a Node) -> At<'a> {
        At { node, field: self.name(name), context: self.context }
    }
}

/// The field that chooses a component.
const TYPE: &str = "type";

/// A section with fields of its own.
#[derive(Clone, Copy, Debug)]
pub struct Section<F>(pub F);

impl<T, F: Fn(&mut Fields<'_>) -> Option<T>> Kind for Section<F> {
    type Value = T;

    fn read(&self, at: &At<'_>) -> Option<T> {
        if !matches!(at.node.content, Content::Fields(_)) {
            return at.wrong(&format!(
                "is {}; a section with fields is needed: {{name: value}}",
                at.node.words()
            ));
        }
        let prefix = if at.field.is_empty() { String::new() } else { format!("{}.", at.field) };
        let mut fields = Fields::reading(at.node, prefix, at.context);
        let value = (self.0)(&mut fields);
        fields.finish();
        value
    }

    fn schema(&self) -> Map<String, Value> {
        let context = Context::new(Path::new(""), &|_| None);
        let mut fields = Fields::describing(&context);
        let _ = (self.0)(&mut fields);
        fields.shape.schema()
    }
}
