//! Prometheus, both ways: the metrics of a worker are read where it shows them, or a server that has
//! gathered them is asked in PromQL.

mod ask;
mod exposition;
mod scrape;
mod selector;
mod totals;

use crate::config::{Fields, Kind, Parsed, Section, Text, Whole};
use crate::observe::promql::Server;
use crate::observe::queue::{Polled, QueueProbe, QueueSettings};
use crate::observe::source::SourceVariant;
use crate::platform::http::HttpSettings;
use ask::Asked;
use scrape::Scraped;
use selector::Selector;
use std::io;

/// Default length of the samples of the past, in seconds.
const STEP_S: u32 = 120;

/// `source: {type: prometheus}`.
pub const PROMETHEUS: SourceVariant = SourceVariant {
    word: "prometheus",
    about: "metrics of a worker, or of a Prometheus server",
    example: "{type: prometheus, url: \"http://localhost:8000/metrics\", \
              metrics: {arrived: jobs_received_total, processed: jobs_done_total, waiting: jobs_waiting}}",
    fields: |f| {
        let settings = Prometheus::fields(f);
        Polled::fields(f, settings)
    },
};

/// Whom to ask, and for what.
#[derive(Debug)]
struct Prometheus {
    http: HttpSettings,
    form: Form,
}

#[derive(Debug)]
enum Form {
    /// A page of metrics.
    Metrics(Named<Selector>),
    /// A server, and the length of what it is asked about the past.
    Queries(Named<String>, i64),
}

/// What stands for what is to be known of a queue.
#[derive(Clone, Debug)]
struct Named<T> {
    arrived: Option<T>,
    processed: Option<T>,
    waiting: Option<T>,
    in_progress: Option<T>,
    work: Option<T>,
    jobs_ready: Option<T>,
}

impl Prometheus {
    fn fields(f: &mut Fields<'_>) -> Option<Self> {
        let about = "page of the metrics, or with `queries` the server: http://prometheus:9090";
        let http = HttpSettings::fields(f, about);
        let about =
            "metrics of the page, each as name{label=\"value\"}; several that fit are summed";
        let selector = || Parsed(Selector::parse);
        let metrics = f.optional(
            "metrics",
            about,
            Section(|f: &mut Fields<'_>| {
                let events = ["total of events that came", "total of events that were finished"];
                let work = ("work_seconds", "total of seconds that workers were busy");
                Named::fields(f, selector, events, work)
            }),
        );
        let about = "queries in PromQL, each for one number";
        let queries = f.optional(
            "queries",
            about,
            Section(|f: &mut Fields<'_>| {
                let events = [
                    "events a second that come: sum(rate(NAME[1m]))",
                    "events a second that are finished: sum(rate(NAME[1m]))",
                ];
                Named::fields(
                    f,
                    || Text,
                    events,
                    ("work_ms", "mean work of an event in milliseconds"),
                )
            }),
        );
        let about =
            "seconds of each sample of the past, which `queries` are asked for at the start";
        let step_s = f.or("step_s", about, Whole(5..=3600), STEP_S);
        if let (Some(place), Some(_)) = (f.given("step_s"), f.given("metrics")) {
            f.problem(place, format!("`{}` is of no use with `metrics`", f.name("step_s")));
        }
        let is_one = f.given("metrics").is_some() != f.given("queries").is_some();
        if !is_one && f.given("url").is_some() {
            f.problem(
                f.place(),
                "one of `metrics` (of a page) and `queries` (to a server) is needed",
            );
        }
        let metrics = metrics.map(|given| Form::Metrics(given.value));
        let queries = queries.map(|given| Form::Queries(given.value, i64::from(step_s)));
        Some(Self { http: http?, form: metrics.or(queries)? })
    }
}

impl<T> Named<T> {
    /// The fields of what is asked for; `events` tells how events are counted, and `work` what is known
    /// of the work of one.
    fn fields<K: Kind<Value = T>>(
        f: &mut Fields<'_>,
        kind: impl Fn() -> K,
        [arrived, processed]: [&'static str; 2],
        (work, about_work): (&'static str, &'static str),
    ) -> Option<Self> {
        let mut read = |name, about| f.optional(name, about, kind()).map(|given| given.value);
        let named = Self {
            arrived: read("arrived", arrived),
            processed: read("processed", processed),
            waiting: read("waiting", "events that wait for a worker"),
            in_progress: read("in_progress", "events that workers have taken and not finished"),
            work: read(work, about_work),
            jobs_ready: read("jobs_ready", "jobs that work"),
        };
        let is_given = |name| f.given(name).is_some();
        let has_arrivals = is_given("arrived") || is_given("processed") && is_given("waiting");
        if !has_arrivals {
            let message =
                "`arrived` is needed, or `processed` and `waiting`, from which it follows";
            f.problem(f.place(), message);
        }
        Some(named)
    }
}

impl QueueSettings for Prometheus {
    fn describe(&self) -> String {
        match self.form {
            Form::Metrics(_) => format!("metrics of {}", self.http.url()),
            Form::Queries(..) => format!("queries to {}", self.http.url()),
        }
    }

    fn note(&self) -> Option<String> {
        self.http.note()
    }

    fn probe(&self) -> io::Result<Box<dyn QueueProbe>> {
        let client = self.http.client()?;
        Ok(match &self.form {
            Form::Metrics(named) => Box::new(Scraped::new(client, named.clone())),
            Form::Queries(named, step_s) => {
                Box::new(Asked::new(Server::new(client), named.clone(), *step_s))
            }
        })
    }
}
