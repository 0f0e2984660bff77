//! A program that embeds the controller decides the same at every level of optimisation.
//!
//! Tests run at level 1; what users run is a release build, in which rustc 1.95 can overwrite a value
//! that is still needed (`docs/stack-probes.md`): then no interval is ever closed, nothing is forecast,
//! and nothing fails.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const LEVELS: [&str; 4] = ["1", "2", "3", "\"s\""];
/// Samples in `core/examples/embed.rs`: two days of half minutes, so 1440 model intervals.
const SAMPLES: usize = 5760;

/// Builds the example at `level` and gives its program. Crates that it depends on are built once.
fn build(level: &str, target: &Path) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--release", "--locked", "--package=scaleiq-core", "--example=embed"])
        .args(["--config", &format!("profile.release.opt-level={level}")])
        .args(["--config", "profile.release.package.\"*\".opt-level=3"])
        .arg("--target-dir")
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "level {level}: {}", text(&output.stderr));
    // Where the next level does not overwrite it, for `.ci/check-stack-probes` to look at.
    let program = target.join(format!("embed-{}", level.trim_matches('"')));
    std::fs::copy(target.join("release/examples/embed"), &program).expect("the program was built");
    program
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn every_level_of_optimisation_decides_the_same() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("opt-levels");
    let mut first: Option<String> = None;
    for level in LEVELS {
        let Output { status, stdout, stderr } =
            Command::new(build(level, &target)).output().unwrap();
        assert!(status.success(), "level {level}: {}", text(&stderr));
        let decisions = text(&stdout);
        assert_eq!(decisions.lines().count(), SAMPLES, "level {level}");
        let forecast = decisions.lines().filter(|line| line.contains("Some((Model,")).count();
        // All but those before the first interval is complete.
        assert!(forecast >= SAMPLES - 4, "level {level}: only {forecast} rest on the network");
        let first = first.get_or_insert_with(|| decisions.clone());
        let other = first.lines().zip(decisions.lines()).find(|(a, b)| a != b);
        assert_eq!(other, None, "level {level} decides otherwise than level {}", LEVELS[0]);
    }
}
