//! The configurations of `docs/start` are sound.
#![cfg(all(unix, feature = "http"))]

use agent::app::{Components, Config};
use std::fs;
use std::path::Path;

#[test]
fn each_page_has_a_configuration_that_is_sound() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/start");
    let mut checked = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        for block in text.split("```yaml\n").skip(1) {
            let yaml = block.split("```").next().unwrap();
            let lookup = |_: &str| Some("a secret".to_string());
            let config = Config::parse(yaml, &path, lookup, &Components::default());
            let config = config.unwrap_or_else(|problems| panic!("{}: {problems}", path.display()));
            assert_eq!(config.workloads.len(), 1);
            checked += 1;
        }
    }
    assert!(checked >= 5, "{checked}");
}
