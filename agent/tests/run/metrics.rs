//! `/metrics`, read by a parser that forgives nothing.

use super::http::{Agent, exchange, get, post};
use super::samples;
use scaleiq_core::invariant::Promise;
use std::collections::{BTreeMap, HashSet};

/// Suffixes of the samples of each type, in OpenMetrics and in version 0.0.4.
const SUFFIXES: [(&str, &[&str], &[&str]); 4] = [
    ("counter", &["_total"], &[""]),
    ("gauge", &[""], &[""]),
    ("info", &["_info"], &[]),
    ("histogram", &["_bucket", "_count", "_sum"], &["_bucket", "_count", "_sum"]),
];

/// Values by series. Panics where a line is not what the format says.
fn parse(text: &str, is_open_metrics: bool) -> BTreeMap<String, f64> {
    assert!(text.ends_with('\n') && !text.contains("\n\n"), "{text}");
    assert_eq!(text.ends_with("\n# EOF\n"), is_open_metrics);
    assert_eq!(text.matches("# EOF").count(), usize::from(is_open_metrics));
    let mut families = HashSet::new();
    let mut series = BTreeMap::new();
    let (mut family, mut kind, mut helped) = ("", "", "");
    for line in text.lines().filter(|line| *line != "# EOF") {
        let Some(comment) = line.strip_prefix("# ") else {
            let (name, value) = sample(line);
            let bare = name.split('{').next().unwrap();
            let (_, open, plain) = SUFFIXES.iter().find(|(k, ..)| *k == kind).unwrap();
            let suffix = bare.strip_prefix(family);
            let suffixes = if is_open_metrics { open } else { plain };
            // What `promtool check metrics` finds fault with.
            assert!(!bare_labels(name).contains("quantile=\""), "{line}: is no summary");
            assert!(suffix.is_some_and(|s| suffixes.contains(&s)), "{line}: of {kind} {family}");
            assert!(!bare.contains("_total_total"), "{line}");
            assert!(series.insert(name.to_string(), value).is_none(), "{line} is there twice");
            continue;
        };
        let mut words = comment.splitn(3, ' ');
        let (what, name, rest) =
            (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
        match what {
            "HELP" => helped = name,
            "TYPE" => {
                assert_eq!(helped, name, "help and type of a family stand together");
                assert!(families.insert(name), "{name} is described twice");
                assert!(
                    is_open_metrics || !matches!(rest, "info" | "unknown" | "stateset"),
                    "{line}"
                );
                assert_eq!(
                    rest == "counter" && name.ends_with("_total"),
                    rest == "counter" && !is_open_metrics,
                    "{line}"
                );
                (family, kind) = (name, rest);
            }
            "UNIT" => assert!(
                is_open_metrics && name == family && name.ends_with(&format!("_{rest}")),
                "{line}"
            ),
            _ => panic!("{line}"),
        }
    }
    series
}

/// Name with labels, and value, of a line such as `a_total{b="c"} 3`.
fn sample(line: &str) -> (&str, f64) {
    let (name, value) = line.rsplit_once(' ').unwrap();
    let bare = name.split('{').next().unwrap();
    assert!(
        bare.starts_with("scaleiq_")
            && bare.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'),
        "{line}"
    );
    if let Some((_, labels)) = name.split_once('{') {
        let labels = labels.strip_suffix("\"}").unwrap_or_else(|| panic!("{line}"));
        let mut seen = HashSet::new();
        for label in labels.split("\",") {
            let (key, value) = label.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
            assert!(
                key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'),
                "{line}"
            );
            assert!(!value.contains('"') && seen.insert(key), "{line}");
        }
    }
    (name, value.parse().unwrap_or_else(|_| panic!("{line}")))
}

fn bare_labels(name: &str) -> &str {
    name.split_once('{').map_or("", |(_, labels)| labels)
}

/// Content type and series of an agent's metrics.
fn scrape(agent: &Agent, accept: Option<&str>) -> (String, BTreeMap<String, f64>) {
    let host = agent.address.to_string();
    let mut headers = vec![("Host", host.as_str())];
    headers.extend(accept.map(|accept| ("Accept", accept)));
    let (head, text) = exchange(agent, "GET", "/metrics", &headers, "");
    let content_type = head.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap();
    (content_type.to_string(), parse(&text, content_type.contains("openmetrics")))
}

#[test]
fn the_format_is_the_one_that_is_accepted_and_both_say_the_same() {
    let agent = Agent::start("listen: 127.0.0.1:0\n");
    assert_eq!(post(&agent, "/ingest", &samples(6000)).0, 200);
    let prometheus =
        "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
    let (content_type, open_metrics) = scrape(&agent, Some(prometheus));
    assert_eq!(content_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    for accept in [None, Some("*/*"), Some("text/plain")] {
        let (content_type, text) = scrape(&agent, accept);
        assert_eq!(content_type, "text/plain; version=0.0.4; charset=utf-8");
        assert_eq!(text.keys().collect::<Vec<_>>(), open_metrics.keys().collect::<Vec<_>>());
    }
    assert!(open_metrics["scaleiq_jobs_wanted"] > 10.0);
}

#[test]
fn nothing_is_told_before_it_is_known() {
    let agent = Agent::start("listen: 127.0.0.1:0\n");
    let (_, before) = scrape(&agent, None);
    let unknown = [
        "scaleiq_jobs_wanted",
        "scaleiq_jobs_ready",
        "scaleiq_jobs_starting",
        "scaleiq_backlog_events",
        "scaleiq_arrival_rate",
        "scaleiq_jobs_applied",
        "scaleiq_applied_decision_id",
        "scaleiq_journal_bytes",
    ];
    for name in unknown {
        assert!(!before.contains_key(name), "{name} is {}", before[name]);
    }
    // What is counted is there from the start, so that its first increase can be seen.
    for promise in Promise::ALL {
        let series = format!("scaleiq_promise_violations_total{{promise=\"{}\"}}", promise.id());
        assert_eq!(before.get(&series), Some(&0.0), "{series}");
    }
    let only_arrivals = "{\"time\": NOW, \"interval_s\": 30, \"logged_events\": 600}";
    let sample = only_arrivals.replace("NOW", &super::now().to_string());
    assert_eq!(post(&agent, "/ingest", &sample).0, 200);
    let (_, after) = scrape(&agent, None);
    assert_eq!(after.get("scaleiq_arrival_rate"), Some(&20.0));
    for name in ["scaleiq_jobs_ready", "scaleiq_jobs_starting", "scaleiq_backlog_events"] {
        assert!(!after.contains_key(name), "{name} was not told and is {}", after[name]);
    }
    assert!(after.contains_key("scaleiq_jobs_wanted"));
    let status = get(&agent, "/api/live").1;
    assert!(status.contains("{\"name\":\"promises\",\"ok\":true,\"text\":\"kept\"}"), "{status}");
}
