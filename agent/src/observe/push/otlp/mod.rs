//! Metrics that exporters push by OTLP: of a worker with OpenTelemetry's SDK, or of a collector.

mod contract;
mod exporter;
mod gather;
mod mapping;
mod receive;
mod series;
#[cfg(test)]
mod tests;

use crate::config::Switch;
use crate::observe::queue::sampler::{Sampler, now};
use crate::observe::source::{Delivery, Source, SourceVariant};
use crate::platform::door::{self, Door, Opened};
use crate::platform::supervise::Condition;
use gather::Gatherer;
use mapping::Mapping;
use receive::Receiver;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// OTLP's ports.
const GRPC: SocketAddr = SocketAddr::new(LOOPBACK, 4317);
const HTTP: SocketAddr = SocketAddr::new(LOOPBACK, 4318);
/// How often it is looked whether all have spoken.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Exporters push once a minute by default: after three that did not come, something is wrong.
const SILENCE: Duration = Duration::from_secs(180);
/// Exporters get so long to end what they are at.
const DRAIN: Duration = Duration::from_millis(500);

/// `source: {type: otlp}`.
pub const OTLP: SourceVariant = SourceVariant {
    word: "otlp",
    about: "metrics that OpenTelemetry's exporters push",
    example: "{type: otlp, listen: 127.0.0.1:4317, listen_http: 127.0.0.1:4318, \
              only: [messaging.destination.name=orders]}",
    fields: |f| {
        let about = "address of OTLP over gRPC; off loopback `tls` is needed";
        let about_http = "address of OTLP over HTTP, protobuf at /v1/metrics";
        let doors = Door::fields(f, [("listen", about, GRPC), ("listen_http", about_http, HTTP)]);
        let mapping = Mapping::fields(f);
        let about = "`true`: the exporters that process events are the jobs";
        let counts_jobs = f.or("count_jobs", about, Switch, false);
        Some(Arc::new(Otlp { doors, mapping, counts_jobs }))
    },
};

/// Where it is pushed to, and what of it counts.
#[derive(Clone, Debug)]
struct Otlp {
    doors: [Door; 2],
    mapping: Mapping,
    counts_jobs: bool,
}

impl Otlp {
    fn open(&self, receiver: &Receiver) -> io::Result<Vec<Opened>> {
        let open = |(door, field): (&Door, &str)| {
            let listener = door.bind(field).map_err(io::Error::other)?;
            tracing::info!("{field}: OTLP is taken on {}", listener.local_addr()?);
            door::open(door, listener, |_| receiver.routes())
        };
        self.doors.iter().zip(["source.listen", "source.listen_http"]).map(open).collect()
    }
}

impl Source for Otlp {
    fn describe(&self) -> String {
        let [grpc, http] = &self.doors;
        format!("OTLP, gRPC at {}, HTTP at {}", grpc.describe(), http.describe())
    }

    fn run(&self, to: &Delivery<'_>) -> io::Result<String> {
        let runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = { runtime }.worker_threads(1).enable_all().build()?;
        let gatherer = Gatherer::new(self.mapping.clone(), self.counts_jobs, Instant::now());
        let receiver = Receiver::new(gatherer);
        let doors = {
            let _within = runtime.enter();
            self.open(&receiver)?
        };
        to.lifecycle.set(Condition::Waiting("nothing was pushed yet".into()));
        let mut sampler = Sampler::default();
        while !to.inlet.is_closed() {
            thread::sleep(LOOK_EVERY);
            let at = Instant::now();
            let (reading, silence) = {
                let mut gatherer = receiver.gatherer();
                (gatherer.reading(at), gatherer.silence(at))
            };
            let Some(reading) = reading else {
                if let Some(silence) = silence.filter(|silence| *silence >= SILENCE) {
                    let what = format!("nothing was pushed for {} s", silence.as_secs() / 60 * 60);
                    to.lifecycle.set(Condition::Waiting(what));
                }
                continue;
            };
            match now().and_then(|now| sampler.sample(&reading, now, at.into())) {
                Ok(None) => to.lifecycle.set(Condition::Running),
                Ok(Some(reported)) => {
                    to.lifecycle.set(Condition::Running);
                    let Ok(ingested) = to.inlet.ingest(vec![reported]) else { break };
                    if let Some((_, refused)) = ingested.errors.first() {
                        tracing::warn!("sample refused: {refused}");
                    }
                }
                Err(error) => {
                    to.lifecycle.failed(error.word());
                    to.lifecycle.set(Condition::Waiting(error.to_string()));
                }
            }
        }
        for door in doors {
            runtime.block_on(door.shut(DRAIN));
        }
        Ok("the agent is stopping".into())
    }
}
