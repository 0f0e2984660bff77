//! The JSON schema of a section, made from the fields that it reads.

use serde_json::{Map, Value, json};

/// A field as the schema has it.
#[derive(Clone, Debug)]
pub(super) struct Described {
    pub(super) name: &'static str,
    pub(super) required: bool,
    pub(super) schema: Map<String, Value>,
}

/// What may stand in a section.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// Fields that it has whatever it chooses, and, once something is chosen, those of the choice.
    pub(super) fields: Vec<Described>,
    /// Fields by the component chosen.
    pub(super) variants: Vec<(&'static str, Vec<Described>)>,
    /// The component chosen.
    pub(super) chosen: Option<&'static str>,
}

impl Shape {
    /// Names that may be given.
    pub(super) fn names(&self) -> Vec<&'static str> {
        let chosen =
            self.variants.iter().filter(|(word, _)| self.chosen.is_none_or(|c| c == *word));
        let chosen = chosen.flat_map(|(_, fields)| fields);
        let mut names = Vec::new();
        for field in self.fields.iter().chain(chosen) {
            if !names.contains(&field.name) {
                names.push(field.name);
            }
        }
        names
    }

    /// Whether `name` may be given.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.names().contains(&name)
    }

    /// The component, not chosen, to which `name` belongs.
    pub(super) fn owner(&self, name: &str) -> Option<&'static str> {
        let owns = |fields: &[Described]| fields.iter().any(|field| field.name == name);
        self.variants.iter().find(|(_, fields)| owns(fields)).map(|(word, _)| *word)
    }

    /// Its JSON schema.
    pub(super) fn schema(self) -> Map<String, Value> {
        let Self { fields, variants, .. } = self;
        if variants.is_empty() {
            return object(&fields);
        }
        let each = variants.into_iter().map(|(_, own)| {
            let all: Vec<Described> = own.into_iter().chain(fields.iter().cloned()).collect();
            Value::Object(object(&all))
        });
        map(json!({ "oneOf": each.collect::<Vec<_>>() }))
    }
}

fn object(fields: &[Described]) -> Map<String, Value> {
    let properties = fields.iter().map(|field| (field.name.into(), field.schema.clone().into()));
    let required = fields.iter().filter(|field| field.required).map(|field| field.name);
    let mut schema = map(json!({
        "type": "object",
        "properties": properties.collect::<Map<String, Value>>(),
        "additionalProperties": false,
    }));
    let required: Vec<&str> = required.collect();
    if !required.is_empty() {
        schema.insert("required".into(), required.into());
    }
    schema
}

/// The fields of a JSON object; none of what is no object.
pub(super) fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
