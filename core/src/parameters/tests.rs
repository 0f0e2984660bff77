use super::*;
use crate::settings::Settings;
use crate::units::JobLimits;
use std::collections::BTreeSet;

#[test]
fn every_number_is_listed_once_with_unit_and_provenance() {
    let table: Vec<Parameter> = Parameters::DEFAULT.table().collect();
    let names: BTreeSet<_> = table.iter().map(|p| (p.group, p.name)).collect();
    assert_eq!(names.len(), table.len());
    for p in &table {
        let told = ["ommit", "hosen by ADR", "hosen with", "ot tuned", "decides a word"];
        assert!(told.iter().any(|told| p.doc.contains(told)), "{}.{}: {}", p.group, p.name, p.doc);
        assert!(!p.unit.is_empty() && p.value > 0.0, "{p:?}");
    }
}

#[test]
fn each_number_can_be_set_by_its_name_and_changes_nothing_else() {
    for p in Parameters::DEFAULT.table() {
        let mut other = Parameters::DEFAULT;
        assert!(other.set(p.group, p.name, p.value + 1.0));
        let changed: Vec<Parameter> = other
            .table()
            .zip(Parameters::DEFAULT.table())
            .filter(|(a, b)| a != b)
            .map(|(a, _)| a)
            .collect();
        assert_eq!(changed.len(), 1);
        assert_eq!((changed[0].group, changed[0].name), (p.group, p.name));
        assert!((changed[0].value - p.value - 1.0).abs() < 1e-3, "{changed:?}");
    }
    let mut same = Parameters::DEFAULT;
    assert!(!same.set("guard", "flor_wait", 1.0) && !same.set("gard", "floor_wait", 1.0));
    assert!(!same.set("guard", "floor_wait", f64::NAN) && !same.set("guard", "floor_wait", -1.0));
    assert_eq!(same, Parameters::DEFAULT);
}

#[test]
fn settings_begin_with_the_defaults() {
    let settings = Settings::new(JobLimits::new(1, 10).unwrap(), 60.0, 60.0);
    assert_eq!(settings.parameters, Parameters::DEFAULT);
    assert_eq!(Parameters::default(), Parameters::DEFAULT);
}
