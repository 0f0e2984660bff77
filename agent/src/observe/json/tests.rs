//! Bodies as senders write them.

use super::*;
use scaleiq_core::sample::Reading;
use scaleiq_core::units::Jobs;

const MANNER: Manner<'static> = Manner { source: None, interval_s: 120, rows: false };

fn read(json: &str) -> Body {
    parse(json.as_bytes(), &MANNER)
}

/// The one sample of `json`, and its warnings as kind and field.
fn one(json: &str) -> (Reported, Vec<(&'static str, String)>) {
    let body = read(json);
    assert_eq!((body.samples.len(), &body.refused), (1, &Vec::new()), "{json}");
    let told = body.samples[0].clone();
    let field = |w: &Warning| w.field.clone().unwrap_or_default().into_owned();
    let warnings = told.warnings.iter().map(|w| (w.kind.word(), field(w))).collect();
    (told, warnings)
}

#[test]
fn what_cannot_be_placed_is_refused_by_name() {
    let cases = [
        ("", Refusal::NotJson, "empty"),
        ("hello", Refusal::NotJson, "not a JSON object"),
        ("7", Refusal::NotJson, "not a JSON object"),
        ("{\"time\": 5,", Refusal::NotJson, "EOF while parsing"),
        ("{}", Refusal::Field, "missing field `time`"),
        ("{\"interval_s\": 30}", Refusal::Field, "missing field `time`"),
        ("{\"time\": \"x\", \"interval_s\": 30}", Refusal::Field, "field `time` is \"x\", which"),
        ("{\"time\": -5, \"interval_s\": 30}", Refusal::Value, "field `time` is too small"),
        (
            "{\"time\": 5, \"interval_s\": NaN}",
            Refusal::Value,
            "field `interval_s` is not a finite",
        ),
    ];
    for (json, refusal, words) in cases {
        let body = read(json);
        let (_, refused) = &body.refused[0];
        assert!(body.samples.is_empty() && body.refused.len() == 1, "{json}: {body:?}");
        assert!(refused.refusal == refusal && refused.message.contains(words), "{json}: {refused}");
    }
}

#[test]
fn a_field_costs_itself_alone() {
    for (value, kind) in [
        ("-1", "negative"),
        ("NaN", "not_finite"),
        ("-Infinity", "not_finite"),
        ("\"NaN\"", "not_finite"),
        ("1e999", "not_finite"),
        ("1e20", "too_large"),
        ("\"none\"", "not_a_number"),
        ("true", "not_a_number"),
        ("{\"a\": [1]}", "not_a_number"),
    ] {
        let json = format!(
            "{{\"time\": 60, \"interval_s\": 30, \"logged_events\": {value}, \"jobs_ready\": 4}}"
        );
        let (told, warnings) = one(&json);
        assert_eq!(told.sample.arrivals_events, Reading::Missing, "{value}");
        assert_eq!(told.sample.jobs_ready, Some(Jobs(4)));
        assert_eq!(warnings, [(kind, "logged_events".to_string())], "{value}");
    }
    let (told, warnings) =
        one(r#"{"time": 60, "interval_s": "30", "logged_events": "812", "host": "a"}"#);
    assert_eq!(told.sample.arrivals_events, Reading::Known(812.0));
    let kinds: Vec<_> = warnings.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, ["quoted", "quoted", "unknown"]);
    let (told, _) = one(r#"{"time": 60, "interval_s": 30, "loged_events": 5}"#);
    assert!(told.warnings[0].message.contains("did you mean `logged_events`"));
}

#[test]
fn null_means_missing_and_says_nothing() {
    let json = r#"{"time": 60, "interval_s": 30, "avg_processing_ms": null, "source": null}"#;
    let (told, warnings) = one(json);
    assert_eq!((told.sample.work_ms, told.source, warnings.len()), (Reading::Missing, None, 0));
}

#[test]
fn a_body_may_be_an_object_lines_an_array_or_wrapped() {
    let object = |time: u32| format!("{{\n  \"time\": {time},\n  \"interval_s\": 30\n}}");
    let list = [object(60), object(90), object(120)];
    for body in [
        list.join("\n"),
        list.join(""),
        list.join("\r\n\r\n"),
        format!("[{}]", list.join(", ")),
        format!("\u{feff}[\n{}\n]\n", list.join(",\n")),
        format!("{{\"samples\": [{}]}}", list.join(",")),
        format!("{{\"source\": \"a\", \"data\": [{}], \"more\": 1}}", list.join(",")),
        format!("[{}]\n[{}]", list[0], list[1..].join(",")),
    ] {
        let read = read(&body);
        assert_eq!((read.samples.len(), &read.refused), (3, &Vec::new()), "{body}");
        let numbers: Vec<_> = read.samples.iter().map(|told| told.number).collect();
        assert_eq!(numbers, [1, 2, 3]);
    }
}

#[test]
fn sources_are_read_from_sample_wrapper_and_request() {
    let inner = r#"{"time": 60, "interval_s": 30}"#;
    let named = r#"{"time": 60, "interval_s": 30, "source": "own"}"#;
    let source = |json: &str| {
        parse(json.as_bytes(), &Manner::live(Some("asked"), 120)).samples[0].source.clone()
    };
    assert_eq!(source(inner).as_deref(), Some("asked"));
    assert_eq!(source(named).as_deref(), Some("own"));
    let wrapped = format!("{{\"source\": \"all\", \"samples\": [{inner}]}}");
    assert_eq!(source(&wrapped).as_deref(), Some("all"));
    let long = format!("{{\"time\": 60, \"interval_s\": 30, \"source\": \"{}\"}}", "x".repeat(65));
    assert_eq!(one(&long).1, [("unknown", "source".to_string())]);
    assert_eq!(one(&long.replace(&"x".repeat(65), "7")).0.source.as_deref(), Some("7"));
}

#[test]
fn what_is_good_is_taken_beside_what_is_not() {
    let good = r#"{"time": 60, "interval_s": 30}"#;
    for (body, taken, refused) in [
        (format!("{good}\nnonsense\n{good}\n"), 2, 1),
        (format!("{good}\n{{\"time\": 90, \"inter\n{good}\n"), 2, 1),
        (format!("{good}\n{{\"interval_s\": 90}}\n{good}"), 2, 1),
        (format!("{good} x"), 1, 1),
        (format!("[{good}, 7, null, {good}]"), 2, 2),
        (format!("[\n{good},\n{{\"time\": 05}},\n{good}\n]"), 2, 1),
        (format!("[{good}, {{\"time\": 1"), 1, 1),
    ] {
        let read = read(&body);
        assert_eq!((read.samples.len(), read.refused.len()), (taken, refused), "{body}: {read:?}");
    }
}

#[test]
fn a_body_of_any_size_is_read_up_to_a_bound() {
    let body = r#"{"time":1,"interval_s":1}"#.repeat(MAX_SAMPLES + 5);
    let read = read(&body);
    assert_eq!((read.samples.len(), read.refused.len()), (MAX_SAMPLES, 1));
    assert_eq!(read.refused[0].1.refusal, Refusal::TooMany);
    let deep = "{\"samples\":[".repeat(100_000);
    assert!(parse(deep.as_bytes(), &MANNER).samples.is_empty());
    assert!(parse("[".repeat(1_000_000).as_bytes(), &MANNER).samples.is_empty());
}

#[test]
fn broken_bodies_cost_bounded_time() {
    for piece in ["{\"a\":\n", "\n", "x\n", "{\n", "{\"a\":[\n"] {
        let body = piece.repeat((8 << 20) / piece.len());
        let read = parse(body.as_bytes(), &MANNER);
        assert!(read.samples.is_empty() && read.refused.len() <= MAX_BROKEN, "{piece:?}");
    }
    let noisy = format!("{{{}\"time\":1,\"interval_s\":1}}", "\"x\":1,".repeat(20)).repeat(2000);
    let read = parse(noisy.as_bytes(), &MANNER);
    let worded = read.samples.iter().flat_map(|told| &told.warnings);
    assert_eq!(worded.filter(|warning| warning.message != ONE_OF_MANY).count(), WORDED);
}

#[test]
fn the_newest_four_weeks_of_a_body_are_read_in_the_order_of_their_times() {
    let day = 86_400;
    let at = |time: i64| format!("{{\"time\":{time},\"interval_s\":3600}}");
    let newest_first: Vec<String> = (1000..1100).rev().map(|k| at(k * day)).collect();
    let body = read(&newest_first.join("\n"));
    let ends: Vec<i64> = body.samples.iter().map(|told| told.sample.end.0 / day).collect();
    assert_eq!(ends, (1043..1100).collect::<Vec<_>>());
    assert_eq!((body.samples[0].number, body.refused.len()), (57, 43));
    // One that is out of place leaves room for the others.
    let with_one = format!("{}\n{}", at(9000 * day), newest_first[..28].join("\n"));
    assert_eq!(read(&with_one).samples.len(), 29);
}
