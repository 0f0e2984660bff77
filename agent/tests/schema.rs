//! What is documented is what `agent check` takes and what the schema of `agent schema` allows.

use agent::app::{Components, Config};
use jsonschema::Validator;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folders of the repository that hold configurations of other programs, or nothing of ours.
const ELSEWHERE: [&str; 4] = ["trainer", "target", ".git", "shared"];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What the program prints.
fn schema() -> Value {
    let done = Command::new(env!("CARGO_BIN_EXE_agent")).arg("schema").output().unwrap();
    assert!(done.status.success());
    serde_json::from_slice(&done.stdout).unwrap()
}

/// Whether the reader takes `text`, and why not: what it takes the schema allows. The reader knows rules
/// between fields, too, which the schema does not.
fn verdict(validator: &Validator, text: &str) -> Result<(), String> {
    let lookup = |_: &str| Some("0123456789abcdef".to_string());
    let read = Config::parse(text, Path::new("c.yaml"), lookup, &Components::default());
    let json: Value = serde_saphyr::from_str(text).unwrap();
    let json = if json.is_null() { serde_json::json!({}) } else { json };
    let allowed = validator.validate(&json).map_err(|error| error.to_string());
    let read = read.map(|_| ()).map_err(|problems| problems.to_string());
    assert!(read.is_err() || allowed.is_ok(), "{text}\nthe schema: {allowed:?}");
    read.and(allowed)
}

/// Whether reader and schema both refuse `text`.
fn refused(validator: &Validator, text: &str) -> bool {
    let json: Value = serde_saphyr::from_str(text).unwrap();
    verdict(validator, text).is_err() && !validator.is_valid(&json)
}

/// All files of the repository with this ending.
fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !ELSEWHERE.contains(&name.as_str()) {
            files(&path, ending, found);
        } else if path.is_file() && name.ends_with(ending) {
            found.push(path);
        }
    }
}

/// The configurations in the code of a Markdown file: lines that begin with a field, and what is indented
/// below them.
fn fragments(markdown: &str, fields: &[String]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let (mut fenced, mut inside) = (false, false);
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            (fenced, inside) = (!fenced, false);
            continue;
        }
        let code = if fenced { Some(line) } else { line.strip_prefix("    ") };
        let Some(code) = code else {
            inside = false;
            continue;
        };
        let begins = fields.iter().any(|field| code.starts_with(&format!("{field}:")));
        match (begins, inside && code.starts_with([' ', '-', '#'])) {
            (true, _) if inside => *found.last_mut().unwrap() += &format!("{code}\n"),
            (true, _) => found.push(format!("{code}\n")),
            (false, true) => *found.last_mut().unwrap() += &format!("{code}\n"),
            (false, false) => {}
        }
        inside = begins || (inside && code.starts_with([' ', '-', '#']));
    }
    found
}

#[test]
fn every_documented_example_is_sound_and_allowed() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let fields: Vec<String> = schema["properties"].as_object().unwrap().keys().cloned().collect();
    let (mut configurations, mut pages) = (Vec::new(), Vec::new());
    files(&repository(), ".yaml", &mut configurations);
    files(&repository(), ".md", &mut pages);
    let mut examples: Vec<(PathBuf, String)> = Vec::new();
    for path in configurations {
        let text = fs::read_to_string(&path).unwrap();
        // What is commented out is an example, too.
        let hidden: String = text
            .lines()
            .filter_map(|line| line.strip_prefix("# "))
            .map(|l| format!("{l}\n"))
            .collect();
        let hidden = fragments(&format!("```\n{hidden}```\n"), &fields);
        examples.extend(hidden.into_iter().map(|fragment| (path.clone(), fragment)));
        examples.push((path, text));
    }
    for path in pages {
        let text = fs::read_to_string(&path).unwrap();
        let fragments = fragments(&text, &fields);
        examples.extend(fragments.into_iter().map(|fragment| (path.clone(), fragment)));
    }
    let components = Components::default();
    let sources = components.sources.iter().map(|c| format!("source: {}\n", c.example));
    let actuators = components.actuators.iter().map(|c| format!("actuator: {}\n", c.example));
    let pools = components.pools.iter().map(|c| format!("pool: {}\n", c.example));
    let all = sources.chain(pools).chain(actuators);
    examples.extend(all.map(|text| ("component".into(), text)));
    for named in ["scaleiq.example.yaml", "README.md", "component"] {
        assert!(examples.iter().any(|(path, _)| path.ends_with(named)), "{named} has no example");
    }
    for (path, text) in &examples {
        verdict(&validator, text).unwrap_or_else(|why| panic!("{}: {why}\n{text}", path.display()));
    }
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for good in
        ["", "jobs: {max: 40}\nsla_s: 30\n", "name: 7\n", "source: {type: jsonl, path: x}\n"]
    {
        verdict(&validator, good).unwrap();
    }
    for bad in [
        "slas: 60\n",
        "sla_s: 0\n",
        "sla_s: fast\n",
        "jobs: 5\n",
        "jobs: {maximum: 5}\n",
        "jobs: {max: 1.5}\n",
        "mode: activ\n",
        "engine: nativ\n",
        "source: {path: x}\n",
        "source: {type: jsonl}\n",
        "source: {type: http, path: x}\n",
        "actuator: {type: stdout, command: [x]}\n",
        "actuator: {type: exec, command: x}\n",
        "journal: {}\n",
        "price: {currency: EUR}\n",
        "planned: [{kind: holiday}]\n",
        "seasons_s: [3600, 7200, 28800]\n",
        "name: \"\"\n",
    ] {
        assert!(refused(&validator, bad), "{bad}");
    }
}

#[test]
fn check_takes_the_example_that_states_every_setting() {
    let example = repository().join("agent/scaleiq.example.yaml");
    let done = Command::new(env!("CARGO_BIN_EXE_agent"))
        .args(["check", "--config"])
        .arg(&example)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success() && said.contains("is sound"), "{said}{done:?}");
}
