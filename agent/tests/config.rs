//! Configurations: what is wrong is told with file, line, column, field and what to do.

use agent::app::{Components, Config, WorkloadConfig};
use agent::decide::{Engine, Mode, ModelChoice};
use agent::device::Port;
use agent::observe::Trust;
use insta::assert_snapshot;
use scaleiq_core::wire::Config as WireConfig;
use std::path::Path;

/// The only workload of `text`.
fn parse(text: &str) -> Result<WorkloadConfig, String> {
    whole(text).map(|config| config.workload(None).unwrap())
}

fn whole(text: &str) -> Result<Config, String> {
    let lookup = |name: &str| (name == "TOKEN").then(|| "0123456789abcdef".to_string());
    let path = Path::new("conf/scaleiq.yaml");
    Config::parse(text, path, lookup, &Components::default()).map_err(|p| p.to_string())
}

fn refused(text: &str) -> String {
    parse(text).unwrap_err()
}

#[test]
fn the_example_states_the_defaults() {
    let example = whole(include_str!("../scaleiq.example.yaml")).unwrap();
    let defaults = whole("").unwrap();
    assert_eq!(format!("{example:?}"), format!("{defaults:?}"));
    assert_eq!(
        format!("{defaults:?}"),
        format!("{:?}", Config::load_or_default(None, &Components::default()).unwrap())
    );
}

#[test]
fn three_lines_are_enough() {
    let config = parse("jobs: {max: 40}\nsla_s: 30\nstart_up_s: 90\n").unwrap();
    assert_eq!(config.settings.limits.max().0, 40);
    assert_eq!(config.settings.catch_up_s, 45.0);
    assert_eq!((config.mode, config.source.is_posted()), (Mode::Shadow, true));
}

#[test]
fn short_intervals_and_starts_have_a_short_window() {
    let window_s = |text| parse(text).unwrap().settings.scale_down_window_s;
    assert_eq!(window_s(""), 120);
    assert_eq!(window_s("start_up_s: 3\n"), 120);
    assert_eq!(window_s("interval_s: 10\nstart_up_s: 3.2\n"), 10);
    assert_eq!(window_s("interval_s: 10\nstart_up_s: 40\n"), 40);
    assert_eq!(window_s("interval_s: 10\nstart_up_s: 400\n"), 120);
    assert_eq!(window_s("interval_s: 10\nscale_down_window_s: 300\n"), 300);
}

#[test]
fn more_jobs_than_partitions_are_not_asked_for() {
    let limits = |text| parse(text).unwrap().settings.limits;
    let capped = limits("jobs: {min: 1, max: 200}\npartitions: 12\n");
    assert_eq!((capped.min().0, capped.max().0), (1, 12));
    assert_eq!(limits("jobs: {max: 10}\npartitions: 12\n").max().0, 10);
    let error = refused("jobs: {min: 20, max: 40}\npartitions: 12\n");
    assert!(error.contains("`jobs.min` is 20, and of 12 `partitions` no more can work"), "{error}");
}

#[test]
fn everything_can_be_set() {
    let config = whole(
        "model: ../models/mine\nengine: tract\nlisten: 0.0.0.0:80\ntoken: ${env:TOKEN}\nmode: active\n\
         source: {type: jsonl, path: in.jsonl, clock: sender}\n\
         actuator: {type: exec, command: [./scale.sh, \"{jobs}\"], timeout_s: 2.5}\n",
    )
    .unwrap();
    assert!(config.listen.token.as_ref().unwrap().matches(b"0123456789abcdef"));
    assert!(!format!("{config:?}").contains("0123456789abcdef"));
    let config = config.workload(None).unwrap();
    assert_eq!(config.decider.model, ModelChoice::in_folder("conf/../models/mine".into()));
    assert_eq!(
        (config.decider.engine, parse("").unwrap().decider.engine),
        (Engine::Tract, Engine::Native)
    );
    assert_eq!(parse("model: none").unwrap().decider.model, ModelChoice::None);
    assert_eq!(config.source.describe(), "JSON lines in conf/in.jsonl");
    assert_eq!((config.trust, parse("").unwrap().trust), (Trust::Sender, Trust::Receiver));
    assert_eq!(config.actuator.describe(), "\"./scale.sh\", up to 2.5 s");
}

#[test]
fn a_journal_has_a_folder_and_bounds() {
    let journal = parse("journal: {folder: kept}").unwrap().journal.unwrap();
    assert_eq!(journal.folder, Path::new("conf/kept"));
    assert_eq!((journal.limits.file_bytes, journal.limits.files), (4 << 20, 10));
    let journal = parse("journal: {folder: /var/kept, file_mib: 2, files: 3}").unwrap().journal;
    let limits = journal.unwrap().limits;
    assert_eq!((limits.file_bytes, limits.files), (2 << 20, 3));
    assert_snapshot!(refused("journal: {}\n"), @"conf/scaleiq.yaml:1:10: `journal.folder` is missing: where samples and decisions are recorded");
    assert_snapshot!(refused("journal: {folder: x, file_mb: 3}\n"), @"conf/scaleiq.yaml:1:22: unknown field `file_mb`; did you mean `file_mib`?");
    assert_snapshot!(refused("journal: {folder: x, file_mib: 0, files: 1}\n"), @r"
    conf/scaleiq.yaml:1:32: `journal.file_mib` is 0; it must be from 1 to 1024
    conf/scaleiq.yaml:1:42: `journal.files` is 1; it must be from 2 to 1000
    ");
}

#[test]
fn a_device_that_decides_has_a_port() {
    let config = parse("engine: serial\nserial: {port: /dev/ttyACM0}\n").unwrap();
    assert_eq!(config.decider.device, Some(Port { path: "/dev/ttyACM0".into(), baud: 115_200 }));
    let config = parse("serial: {port: COM3, baud: 9600}\nengine: serial\nmodel: shipped\n");
    assert_eq!(config.unwrap().decider.device, Some(Port { path: "COM3".into(), baud: 9600 }));
    assert_eq!(parse("engine: native").unwrap().decider.device, None);
    assert_snapshot!(refused("name: x\nengine: serial\n"), @"conf/scaleiq.yaml:2:9: `serial.port` is missing: the port of the device that decides, such as `serial: {port: /dev/ttyACM0}`");
    assert_snapshot!(refused("engine: serial\nserial: {baud: 300}\n"), @r"
    conf/scaleiq.yaml:2:9: `serial.port` is missing: the port of the device that decides, such as `serial: {port: /dev/ttyACM0}`
    conf/scaleiq.yaml:2:16: `serial.baud` is 300; it must be from 9600 to 4000000
    ");
    assert_snapshot!(refused("engine: serial\nserial: {prot: x}\n"), @r"
    conf/scaleiq.yaml:2:9: `serial.port` is missing: the port of the device that decides, such as `serial: {port: /dev/ttyACM0}`
    conf/scaleiq.yaml:2:10: unknown field `prot`; did you mean `port`?
    ");
    assert_snapshot!(refused("engine: serial\nserial: {port: \"\"}\n"), @"conf/scaleiq.yaml:2:16: `serial.port` is empty");
    assert_snapshot!(refused("serial: {port: /dev/ttyACM0}\n"), @"conf/scaleiq.yaml:1:9: `serial` belongs to the engine `serial`, and the engine is `native`: write `engine: serial`, or take it out");
    assert_snapshot!(refused("engine: native\nserial: {port: /dev/ttyACM0}\n"), @"conf/scaleiq.yaml:2:9: `serial` belongs to the engine `serial`, and the engine is `native`: write `engine: serial`, or take it out");
    assert_snapshot!(refused("engine: serail\n"), @"conf/scaleiq.yaml:1:9: `engine` is `serail`; did you mean `serial`?");
    assert_snapshot!(refused("model_key: abc\nmodel: mine\n"), @"conf/scaleiq.yaml:1:12: `model_key` is `abc`, which is not 64 hexadecimal digits");
    assert_snapshot!(refused("model_key: d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a\n"), @"conf/scaleiq.yaml:1:12: `model_key` is held against the card in a model's folder, and `model` names none: name one, or take `model_key` out");
    assert_snapshot!(refused("engine: serial\nserial: {port: x}\nmodel: none\n"), @"conf/scaleiq.yaml:3:8: `model` does not matter to the engine `serial`: leave it out, and give the device its model with `agent flash-model`");
}

#[test]
fn plans_are_read_and_what_is_wrong_is_told_by_entry() {
    let text = |entries: &str| format!("planned:\n{entries}");
    let config = parse(&text(
        "  - {kind: campaign, from: 2025-11-28T08:00:00+01:00, to: 2025-11-28T20:00:00+01:00, size: 2}\n\
         \x20 - kind: holiday\n    from: \"2025-12-25T00:00:00Z\"\n    to: 2025-12-26T00:00:00Z\n",
    ))
    .unwrap();
    let [campaign, holiday] = config.planned.events[..] else { panic!("{config:?}") };
    assert_eq!((campaign.kind, campaign.size), (1, 2.0));
    assert_eq!((campaign.from.0, campaign.to.0), (1_764_313_200, 1_764_356_400));
    assert_eq!((holiday.kind, holiday.size, holiday.from.0), (0, 1.0, 1_766_620_800));
    let wrong = "  - {kind: campaign, from: 2025-11-28T08:00:00, to: soon}\n\
                 \x20 - {kind: holiday, from: 2025-12-26T00:00:00Z, to: 2025-12-25T00:00:00Z, size: -1}\n";
    assert_snapshot!(refused(&text(wrong)), @r"
    conf/scaleiq.yaml:2:28: `planned[0].from` is `2025-11-28T08:00:00`, which has no zone: write it as 2025-03-01T08:00:00Z (UTC) or 2025-03-01T08:00:00+01:00
    conf/scaleiq.yaml:2:53: `planned[0].to` is `soon`, which is no time: write it as 2025-03-01T08:00:00Z or 2025-03-01T08:00:00+01:00
    conf/scaleiq.yaml:3:53: `planned[1].to` is not after `planned[1].from`
    conf/scaleiq.yaml:3:81: `planned[1].size` is -1; it must be from 0.01 to 100
    ");
    assert_snapshot!(refused("planned: [{kind: sale}]\n"), @r"
    conf/scaleiq.yaml:1:11: `planned[0].from` is missing: its begin, such as 2025-11-28T08:00:00+01:00
    conf/scaleiq.yaml:1:11: `planned[0].to` is missing: its end, after its begin
    conf/scaleiq.yaml:1:18: `planned[0].kind` is `sale`; known are holiday, campaign
    ");
    assert_snapshot!(refused("planned: [{kind: holiday, from: 2025-12-26T00:00:00Z}]\n"), @"conf/scaleiq.yaml:1:11: `planned[0].to` is missing: its end, after its begin");
    assert_snapshot!(refused("planned: [{kind: holiday, form: 2025-12-26T00:00:00Z}]\n"), @r"
    conf/scaleiq.yaml:1:11: `planned[0].from` is missing: its begin, such as 2025-11-28T08:00:00+01:00
    conf/scaleiq.yaml:1:11: `planned[0].to` is missing: its end, after its begin
    conf/scaleiq.yaml:1:27: unknown field `form`; did you mean `from`?
    ");
}

#[test]
fn typing_mistakes_are_told_with_the_nearest_name() {
    assert_snapshot!(refused("jobs: {min: 1}\nslas: 60\n"), @"conf/scaleiq.yaml:2:1: unknown field `slas`; did you mean `sla_s`?");
    assert_snapshot!(refused("jobs:\n  min: 1\n  maximum: 5\n"), @"conf/scaleiq.yaml:3:3: unknown field `maximum`; did you mean `max`?");
    assert_snapshot!(refused("minReplicas: 1\n"), @"conf/scaleiq.yaml:1:1: unknown field `minReplicas`; here it is written `jobs: {min: 1}`");
    assert_snapshot!(refused("slaSeconds: 1\n"), @"conf/scaleiq.yaml:1:1: unknown field `slaSeconds`; here it is written `sla_s: 60`");
    assert_snapshot!(refused("colour: red\n"), @"conf/scaleiq.yaml:1:1: unknown field `colour`; known are listen, token, keda, workloads, name, model, model_key, engine, serial, jobs, partitions, sla_s, objective, start_up_s, catch_up_s, interval_s, stale_after_s, scale_down_window_s, base, source, pool, actuator, schedule, mode, planned, seasons_s, journal, price");
    assert_snapshot!(refused("mode: activ\n"), @"conf/scaleiq.yaml:1:7: `mode` is `activ`; did you mean `active`?");
    assert_eq!(parse("seasons_s: [28800, 3600]\n").unwrap().planned.seasons_s, [28_800, 3600]);
    assert_snapshot!(refused("seasons_s: [28800, 90]\n"), @"conf/scaleiq.yaml:1:20: `seasons_s[1]` is 90; it must be from 240 to 2419200");
    assert_snapshot!(refused("seasons_s: [1000]\n"), @"conf/scaleiq.yaml:1:13: `seasons_s[0]` is 1000, which is no whole number of intervals of 120 s; 1080 is");
    assert_snapshot!(refused("seasons_s: [3600, 7200, 28800]\n"), @"conf/scaleiq.yaml:1:12: `seasons_s` has 3; 2 at most");
    assert_snapshot!(refused("engine: nativ\n"), @"conf/scaleiq.yaml:1:9: `engine` is `nativ`; did you mean `native`?");
    // Known are those that this program was built with.
    let words = "conf/scaleiq.yaml:1:16: `source.type` is `???`; known are http, jsonl";
    let told = refused("source: {type: \"???\"}\n");
    assert!(told.starts_with(words), "{told}");
    assert_snapshot!(refused("sla_s: 5\nsla_s: 6\n"), @"conf/scaleiq.yaml:2:1: field `sla_s` is given twice");
}

#[test]
fn wrong_kinds_are_told() {
    assert_snapshot!(refused("sla_s: fast\n"), @"conf/scaleiq.yaml:1:8: `sla_s` is `fast`, which is not a number (units are left out: 60, not 60s)");
    assert_snapshot!(refused("sla_s: 60s\n"), @"conf/scaleiq.yaml:1:8: `sla_s` is `60s`, which is not a number (units are left out: 60, not 60s)");
    assert_snapshot!(refused("jobs:\n\tmin: 1\n"), @"conf/scaleiq.yaml:2:2: a tab begins this line: indent with spaces");
    assert_snapshot!(refused("jobs: {min: 1, max: -3}\n"), @"conf/scaleiq.yaml:1:21: `jobs.max` is `-3`, which is not a whole number from 0 up");
    assert_snapshot!(refused("jobs: 5\n"), @"conf/scaleiq.yaml:1:7: `jobs` is `5`; a section with fields is needed: {name: value}");
    let words = "conf/scaleiq.yaml:1:9: `source.type` is missing: where samples come from; known are http, jsonl";
    let told = refused("source: {path: x}\n");
    assert!(told.starts_with(words), "{told}");
    assert_snapshot!(refused("jobs: [1\n"), @"conf/scaleiq.yaml:1:7: this is not valid here: unclosed bracket '['");
}

#[test]
fn all_ranges_are_told_at_once() {
    let text = "jobs:\n  min: 9\n  max: 3\nsla_s: 0\nstart_up_s: .nan\ninterval_s: 7\n\
                stale_after_s: 1\nlisten: localhost\n";
    assert_snapshot!(refused(text), @r"
    conf/scaleiq.yaml:3:8: `jobs.min` is 9, above `jobs.max`, which is 3
    conf/scaleiq.yaml:4:8: `sla_s` is 0; it must be from 0.1 to 86400
    conf/scaleiq.yaml:5:13: `start_up_s` is NaN; it must be from 0 to 7200
    conf/scaleiq.yaml:6:13: `interval_s` is 7: an interval of 7 s is no whole fraction of a day (86400 s); 6 s and 8 s are
    conf/scaleiq.yaml:7:16: `stale_after_s` is 1; it must be from 5 to 86400
    conf/scaleiq.yaml:8:9: `listen` is `localhost`, which is no IP address with a port, such as 127.0.0.1:9184 or [::1]:9184
    ");
}

/// Files and frames have one gate: whatever a file may say, a device takes.
#[test]
fn what_a_file_may_say_passes_the_gate_of_the_wire() {
    for text in [
        "",
        "sla_s: 86400\n",
        "sla_s: 0.1\n",
        "sla_s: 86400\nstart_up_s: 7200\njobs: {min: 0, max: 100000}\n",
        "catch_up_s: 1\nstale_after_s: 5\nscale_down_window_s: 0\nstart_up_s: 0\n",
        "catch_up_s: 129600\nstale_after_s: 86400\nscale_down_window_s: 3600\n",
    ] {
        let settings = parse(text).unwrap().settings;
        assert_eq!(WireConfig::from(&settings).settings(), Ok(settings), "{text}");
    }
}

#[test]
fn rules_between_fields_are_told() {
    assert_snapshot!(refused("listen: 0.0.0.0:9184\n"), @"conf/scaleiq.yaml:1:9: `listen` is 0.0.0.0:9184, which others can reach: set `token` (such as ${env:SCALEIQ_TOKEN}), or listen on 127.0.0.1");
    assert_snapshot!(refused("token: ${env:NO_SUCH_TOKEN}\n"), @r#"conf/scaleiq.yaml:1:8: `token` needs the environment variable "NO_SUCH_TOKEN", which is not set: set it, or write the value here"#);
    assert_snapshot!(refused("token: hunter2\n"), @"conf/scaleiq.yaml:1:8: `token` is shorter than 16 characters");
    assert_snapshot!(refused("actuator: {type: exec}\n"), @r#"conf/scaleiq.yaml:1:11: `actuator.command` is missing: a list of the program and its arguments, such as [./scale.sh, "{jobs}"]"#);
    assert_snapshot!(refused("actuator: {type: stdout, command: [x]}\n"), @"conf/scaleiq.yaml:1:26: `actuator.command` belongs to the type `exec`");
    assert_snapshot!(refused("source: {type: jsonl}\n"), @"conf/scaleiq.yaml:1:9: `source.path` is missing: a file of JSON lines, or `-` for stdin");
}

#[test]
fn several_workloads_have_names_and_fields_of_their_own() {
    let text = "listen: 127.0.0.1:1234\nworkloads:\n- {name: a, jobs: {max: 7}}\n- {name: b, model: none}\n";
    let config = whole(text).unwrap();
    let names: Vec<_> = config.workloads.iter().map(|workload| workload.name.as_str()).collect();
    assert_eq!((names, config.listen.address.port()), (vec!["a", "b"], 1234));
    assert_eq!(config.clone().workload(Some("a")).unwrap().settings.limits.max().0, 7);
    let error = config.clone().workload(None).unwrap_err().to_string();
    assert_eq!(
        error,
        "the configuration has several workloads: say which by --workload; known are a, b"
    );
    let error = config.workload(Some("c")).unwrap_err().to_string();
    assert_eq!(error, "there is no workload `c`; known are a, b");
}

#[test]
fn what_workloads_may_not_share_is_named() {
    let error = |text: &str| whole(text).unwrap_err();
    assert_snapshot!(error("workloads: []\n"), @"conf/scaleiq.yaml:1:12: `workloads` is empty: one at least is needed");
    assert_snapshot!(error("mode: active\nworkloads:\n- {name: a}\n"), @"conf/scaleiq.yaml:1:7: `mode` stands beside `workloads`: it belongs into each of them");
    assert_snapshot!(error("workloads:\n- {name: a}\n- {name: a}\n"), @"conf/scaleiq.yaml:3:3: `name` is `a`, and so is another workload's");
    assert_snapshot!(error("workloads:\n- {name: \"a b\"}\n- {name: b}\n"), @"conf/scaleiq.yaml:2:3: `name` is `a b`; beside others a workload's has letters, digits, `.`, `_` and `-` alone");
    assert_snapshot!(error("workloads:\n- {name: a, journal: {folder: j}}\n- {name: b, journal: {folder: j}}\n"), @"conf/scaleiq.yaml:3:3: `journal` is `conf/j`, and so is another workload's");
    assert_snapshot!(error("workloads:\n- {name: a, jobs: {max: 0}}\n"), @"conf/scaleiq.yaml:2:25: `workloads[0].jobs.max` is 0; it must be from 1 to 100000");
    assert_snapshot!(error("workloads:\n- {name: a, listen: 127.0.0.1:1}\n"), @"conf/scaleiq.yaml:2:13: unknown field `listen`; known are name, model, model_key, engine, serial, jobs, partitions, sla_s, objective, start_up_s, catch_up_s, interval_s, stale_after_s, scale_down_window_s, base, source, pool, actuator, schedule, mode, planned, seasons_s, journal, price");
}

#[test]
fn a_schedule_says_what_is_wrong_with_a_rule() {
    let rule = |rest: &str| refused(&format!("schedule:\n- {{{rest}}}\n"));
    assert_snapshot!(rule("start: \"0 8 * * 1-5\", end: \"0 18 * * 1-5\""), @"conf/scaleiq.yaml:2:3: it asks for nothing: one of `min`, `max` and `pause` is needed");
    assert_snapshot!(rule("start: \"8 o'clock\", end: \"0 18 * * *\", min: 3"), @"conf/scaleiq.yaml:2:11: `schedule[0].start` is `8 o'clock`, which is no cron expression of five fields: Invalid pattern: Pattern must have between 5 and 7 fields.");
    assert_snapshot!(rule("start: \"0 8 * * *\", end: \"0 18 * * *\", zone: Europe/Bonn, min: 3"), @"conf/scaleiq.yaml:2:49: `schedule[0].zone` is `Europe/Bonn`, which is no time zone, such as Europe/Berlin or UTC");
    assert_snapshot!(rule("start: \"0 8 * * *\", end: \"0 18 * * *\", min: 9, max: 3"), @"conf/scaleiq.yaml:2:48: `schedule[0].min` is 9, above `max` 3");
    assert_snapshot!(rule("start: \"0 8 * * *\", min: 9"), @r#"conf/scaleiq.yaml:2:3: `schedule[0].end` is missing: when it ends, such as "0 18 * * 1-5""#);
}
