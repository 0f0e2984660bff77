//! The tables of `SPEC.md` against the types, as these are read.

use super::SPEC;
use super::golden::golden;
use scaleiq_core::decision::{Constraint, Reason};
use scaleiq_core::forecast::ForecastSource;
use scaleiq_core::plausibility::Doubt;
use scaleiq_core::policy::{NetworkRole, Stage};
use scaleiq_core::sample::Reading;
use scaleiq_core::settings::Base;
use scaleiq_core::wire::{Message, Refusal, ResetCause, UploadKind};
use serde_reflection::{
    ContainerFormat, Format, Registry, Samples, Tracer, TracerConfig, VariantFormat,
};

fn tracer() -> Tracer {
    Tracer::new(TracerConfig::default().is_human_readable(false))
}

/// Every type that a message has in it.
fn types() -> Registry {
    let mut tracer = tracer();
    // Of enums within another type one member is seen: each is traced by itself, and the registry tells
    // which one was forgotten here.
    macro_rules! trace {
        ($($name:ty),*) => { $(tracer.trace_simple_type::<$name>().unwrap();)* };
    }
    trace!(Message, Reading, Stage, Base, Constraint, Reason, ForecastSource);
    trace!(Refusal, NetworkRole, ResetCause, UploadKind);
    tracer.registry().unwrap()
}

/// A type as the page writes it.
fn written(format: &Format) -> String {
    match format {
        Format::TypeName(name) => name.clone(),
        Format::Bool => "bool".into(),
        Format::U8 => "u8".into(),
        Format::U16 => "u16".into(),
        Format::U32 => "u32".into(),
        Format::U64 => "u64".into(),
        Format::I64 => "i64".into(),
        Format::F32 => "f32".into(),
        Format::Str => "string".into(),
        Format::Option(of) => format!("option<{}>", written(of)),
        Format::Seq(of) => format!("list<{}>", written(of)),
        Format::TupleArray { content, size } => format!("{}[{size}]", written(content)),
        other => panic!("the page has no word for {other:?}"),
    }
}

fn fields(variant: &VariantFormat) -> String {
    match variant {
        VariantFormat::Unit => String::new(),
        VariantFormat::NewType(format) => format!("`{}`", written(format)),
        VariantFormat::Struct(fields) => {
            let field =
                |f: &serde_reflection::Named<Format>| format!("{} `{}`", f.name, written(&f.value));
            fields.iter().map(field).collect::<Vec<_>>().join(", ")
        }
        other => panic!("the page has no word for {other:?}"),
    }
}

/// The first columns of a type's table.
fn rows(format: &ContainerFormat) -> Vec<Vec<String>> {
    match format {
        ContainerFormat::Struct(fields) => fields
            .iter()
            .map(|field| vec![field.name.clone(), format!("`{}`", written(&field.value))])
            .collect(),
        ContainerFormat::Enum(variants) => variants
            .iter()
            .map(|(k, v)| vec![k.to_string(), format!("`{}`", v.name), fields(&v.value)])
            .collect(),
        other => panic!("the page has no table for {other:?}"),
    }
}

/// The first `columns` cells of the table below the heading of `name`.
fn on_page(name: &str, columns: usize) -> Vec<Vec<String>> {
    let heading = format!("### {name}\n");
    let section = SPEC.split(heading.as_str()).nth(1);
    let section = section.unwrap_or_else(|| panic!("SPEC.md has no heading `### {name}`"));
    let table = section.lines().skip_while(|line| !line.starts_with('|'));
    let body = table.take_while(|line| line.starts_with('|')).skip(2);
    let cells = |row: &str| row.split('|').skip(1).take(columns).map(|c| c.trim().into()).collect();
    body.map(cells).collect()
}

#[test]
fn the_page_has_a_table_of_every_type() {
    let types = types();
    for (name, format) in &types {
        let rows = rows(format);
        let table = on_page(name, rows[0].len());
        assert_eq!(table, rows, "the table of {name} in SPEC.md is not what the type is");
    }
    let headings = SPEC.lines().filter_map(|line| line.strip_prefix("### "));
    for name in headings {
        assert!(types.contains_key(name), "SPEC.md has a table of {name}, which is no type");
    }
}

#[test]
fn the_golden_frames_have_every_member_of_every_enum_in_them() {
    let mut tracer = tracer();
    let mut samples = Samples::new();
    for (_, message) in golden() {
        tracer.trace_value(&mut samples, &message).unwrap();
    }
    assert_eq!(tracer.registry().unwrap(), types());
}

#[test]
fn the_page_names_every_doubt() {
    let names = Doubt::ALL.map(|doubt| format!("{doubt:?}").to_lowercase());
    let text = SPEC.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(&format!("from the lowest: {}.", names.join(", "))));
}
