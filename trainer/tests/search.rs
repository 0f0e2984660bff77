//! A search that is killed, and one that two processes share.
#![cfg(unix)]

mod process;

use process::{Small, signal, start, text, trainer, wait_for};
use std::fs;
use trainer::search::history::{Ending, History};
use trainer::search::journal::Journal;

const HPO: &str =
    "hpo: {n_trials: 5, steps: 60, pruner: none, spaces: {learning_rate: , dropout: }}";

fn study(small: &Small, name: &str) -> History {
    Journal::read(&small.at(name).join("study.jsonl")).unwrap()
}

#[test]
fn a_study_survives_kill_9_and_is_shared_by_two() {
    let small = Small::new(HPO);
    let (config, broken, whole) = (small.config(), small.path("broken"), small.path("whole"));
    let begin =
        |out: &str| start(&["search", "--config", &config, "--out", out, "--device", "cpu"]);

    let journal = small.at("broken/study.jsonl");
    for seen in [r#""event":"report","id":0,"step":20,"#, r#""event":"report","id":1,"step":40,"#] {
        let child = begin(&broken);
        wait_for(&journal, seen);
        signal(&child, "-KILL");
        assert!(!child.wait_with_output().unwrap().status.success());
    }
    assert_eq!(study(&small, "broken").unfinished().count(), 1);

    let both = [begin(&broken), begin(&broken)].map(|child| child.wait_with_output().unwrap());
    for output in &both {
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    let shared = study(&small, "broken");
    assert_eq!((shared.trials.len(), shared.unfinished().count()), (5, 0));
    assert!(shared.trials.iter().all(|t| t.end.is_some_and(|(end, _)| end == Ending::Complete)));
    let settings = shared.trials.iter().map(|t| t.values["learning_rate"].to_bits());
    assert_eq!(settings.collect::<std::collections::BTreeSet<_>>().len(), 5, "each tries another");

    // The two that were killed came to what they come to undisturbed.
    assert!(begin(&whole).wait_with_output().unwrap().status.success());
    let undisturbed = study(&small, "whole");
    assert_eq!(undisturbed.trials[..2], shared.trials[..2]);

    // What was best can be trained, and the page needs nothing else.
    let best = fs::read_to_string(small.at("broken/best.yaml")).unwrap();
    assert!(best.contains("enable: false"), "{best}");
    let page = fs::read_to_string(small.at("broken/report.html")).unwrap();
    assert!(page.contains("data-chart=\"trials\"") && page.len() < 5_000_000);
    let told = text(&both[0].stdout) + &text(&both[1].stdout);
    assert!(told.contains("trial") && told.contains("learning_rate"), "{told}");
}

#[test]
fn training_with_hpo_searches_first_and_goes_on_with_the_best() {
    let small = Small::new(&HPO.replace("{n_trials: 5,", "{enable: true, n_trials: 2,"));
    let (config, out) = (small.config(), small.path("run"));
    let output = trainer(&["train", "--forecast-only", "--config", &config, "--out", &out]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(small.at("run/models/card.json").exists() && small.at("run/search/best.yaml").exists());
    let error = trainer(&[
        "search",
        "--config",
        &config,
        "--out",
        &small.path("run/search"),
        "--steps",
        "61",
    ]);
    let log = text(&error.stderr);
    assert!(
        log.contains("is of other settings or data (`steps: 60` there, `steps: 61` now)"),
        "{log}"
    );
}
