//! What KEDA's scalers measure, as its operator streams it: one source for each of the seventy systems that KEDA
//! knows.

mod contract;
mod latest;
mod stream;

use super::probe::{QueueProbe, QueueSettings};
use super::reading::{Amount, QueueReading};
use super::sampler::Polled;
use crate::config::{Parsed, Real, Text};
use crate::observe::probe::{Answer, ProbeError};
use crate::observe::source::SourceVariant;
use crate::platform::channel::{Uri, address};
use crate::platform::tls::TlsSettings;
use latest::Latest;
use std::io;
use std::time::{Duration, Instant};
use stream::{Stream, Subscription};

/// Default of the seconds for which a value counts; by default KEDA looks every 30 s.
const FRESH_S: f64 = 90.0;

/// `source: {type: keda}`.
pub const KEDA: SourceVariant = SourceVariant {
    word: "keda",
    about: "what the scalers of KEDA measure, streamed by its operator",
    example: "{type: keda, url: \"https://keda-operator.keda.svc.cluster.local:9666\", namespace: jobs, \
              scaled_object: worker, waiting: lag, arrived_per_s: rate}",
    fields: |f| {
        let about = "where KEDA's operator serves metrics: https://host:9666";
        let url = f.required("url", about, Parsed(address));
        let namespace = f.required("namespace", "namespace of the ScaledObject", Text);
        let name = f.required("scaled_object", "the ScaledObject's name", Text);
        let about = "trigger whose value is the number of events that wait";
        let waiting = f.optional("waiting", about, Text);
        let about = "trigger whose value is the events that arrive a second";
        let arrived_per_s = f.optional("arrived_per_s", about, Text);
        let about = "trigger whose value is the events that are finished a second";
        let processed_per_s = f.optional("processed_per_s", about, Text);
        let about = "name under which the agent subscribes: another one for each agent";
        let subscriber = f.optional("subscriber", about, Text);
        let about = "seconds for which a value counts: two or three of KEDA's pollingInterval";
        let fresh_s = f.or("fresh_s", about, Real(1.0..=3600.0), FRESH_S);
        let tls = TlsSettings::fields(f);
        let triggers = Triggers {
            waiting: waiting.map(|given| given.value),
            arrived_per_s: arrived_per_s.map(|given| given.value),
            processed_per_s: processed_per_s.map(|given| given.value),
        };
        if triggers.names().is_empty() {
            let message =
                "none of `waiting`, `arrived_per_s` and `processed_per_s` names a trigger";
            f.problem(f.place(), message);
        }
        let object = namespace.zip(name).map(|(namespace, name)| (namespace.value, name.value));
        let settings = url.zip(object).zip(tls).map(|((url, (namespace, name)), tls)| {
            let own = || format!("scaleiq/{namespace}/{name}");
            let subscriber = subscriber.map_or_else(own, |given| given.value);
            Keda {
                url: url.value,
                tls,
                subscription: Subscription { subscriber, namespace, name },
                triggers,
                fresh: Duration::from_secs_f64(fresh_s),
            }
        });
        Polled::fields(f, settings)
    },
};

/// Whom to ask, and for what.
#[derive(Clone, Debug)]
struct Keda {
    url: Uri,
    tls: TlsSettings,
    subscription: Subscription,
    triggers: Triggers,
    fresh: Duration,
}

/// Names of triggers, by what their values are.
#[derive(Clone, Debug)]
struct Triggers {
    waiting: Option<String>,
    arrived_per_s: Option<String>,
    processed_per_s: Option<String>,
}

impl Triggers {
    fn names(&self) -> Vec<&str> {
        let all = [&self.waiting, &self.arrived_per_s, &self.processed_per_s];
        all.into_iter().flatten().map(String::as_str).collect()
    }
}

impl QueueSettings for Keda {
    fn describe(&self) -> String {
        let Subscription { namespace, name, .. } = &self.subscription;
        format!("KEDA's metrics of {namespace}/{name} at {}", self.url)
    }

    fn note(&self) -> Option<String> {
        let counts =
            self.triggers.arrived_per_s.is_some() || self.triggers.processed_per_s.is_some();
        (!counts).then(|| {
            "`source` knows no `arrived_per_s` and no `processed_per_s`: how many events arrive is not \
             known, and without that nothing is decided"
                .into()
        })
    }

    fn probe(&self) -> io::Result<Box<dyn QueueProbe>> {
        self.tls.client()?;
        Ok(Box::new(Probe { settings: self.clone(), stream: None }))
    }
}

struct Probe {
    settings: Keda,
    stream: Option<Stream>,
}

impl QueueProbe for Probe {
    fn read(&mut self) -> Answer<'_, QueueReading> {
        Box::pin(async {
            let Keda { url, tls, subscription, triggers, fresh } = &self.settings;
            let stream = match self.stream.take() {
                Some(stream) => stream,
                None => Stream::open(url, tls, subscription, &triggers.names()).await?,
            };
            let (state, now) = (stream.state()?, Instant::now());
            // KEDA forgets who is slow, and an operator that was replaced knows nobody: asked anew then.
            if now.saturating_duration_since(state.heard) < *fresh {
                self.stream = Some(stream);
            }
            reading(triggers, &state.latest, now, *fresh)
        })
    }
}

/// What is known at `now`, of values that came within `fresh`.
fn reading(
    triggers: &Triggers,
    latest: &Latest,
    now: Instant,
    fresh: Duration,
) -> Result<QueueReading, ProbeError> {
    let value = |trigger: &Option<String>| latest.value(trigger.as_deref()?, now, fresh);
    let a_second = |trigger: &Option<String>| match value(trigger) {
        Some(events) => Amount::Over { events, seconds: 1.0 },
        None => Amount::Unknown,
    };
    let names = triggers.names();
    if names.iter().all(|name| latest.value(name, now, fresh).is_none()) {
        return Err(ProbeError::Absent(format!(
            "no value of {} within {} s: are these the `name`s of triggers, and does the operator run with \
             RAW_METRICS_GRPC_PROTOCOL=enabled?",
            names.join(", "),
            fresh.as_secs_f32()
        )));
    }
    Ok(QueueReading {
        arrived: a_second(&triggers.arrived_per_s),
        processed: a_second(&triggers.processed_per_s),
        waiting: value(&triggers.waiting),
        ..QueueReading::default()
    })
}
