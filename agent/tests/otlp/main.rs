//! `source: {type: otlp}`: pushed to by OpenTelemetry's own SDK, and by requests made from the contract.
#![cfg(all(unix, feature = "grpc"))]

#[path = "../servers/mod.rs"]
mod servers;

use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message;
use scaleiq_core::sample::Reading;
use servers::authority::Authority;
use servers::http::until;
use servers::{Act, Watched, cannot_run, free_port, holds_while_blind};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};
use tonic::codegen::CompressionEncoding;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

mod contract {
    #![allow(clippy::all, dead_code, missing_docs, unreachable_pub)]
    tonic::include_proto!("opentelemetry.proto.collector.metrics.v1");
}

use contract::metrics_service_client::MetricsServiceClient;
use contract::{
    AnyValue, ExportMetricsServiceRequest, ExportMetricsServiceResponse, Gauge, KeyValue, Metric,
    NumberDataPoint, Resource, ResourceMetrics, ScopeMetrics, Sum, any_value, metric,
    number_data_point,
};

/// A source with ports of its own.
struct Rig {
    grpc: u16,
    http: u16,
    source: Watched,
}

impl Rig {
    fn start(more: &str) -> Self {
        let (grpc, http) = (free_port(), free_port());
        let source = Watched::start(&section(grpc, http, more));
        source.wait_until_waiting("nothing was pushed yet");
        Self { grpc, http, source }
    }

    /// POSTs `body`: the status, and the answer's body.
    fn post(&self, kind: &str, encoding: &str, body: &[u8]) -> (u16, Vec<u8>) {
        post(self.http, kind, encoding, body)
    }
}

/// A source that listens on these ports.
fn section(grpc: u16, http: u16, more: &str) -> String {
    format!("{{type: otlp, listen: 127.0.0.1:{grpc}, listen_http: 127.0.0.1:{http}, {more}}}")
}

/// POSTs `body` to a port: the status, and the answer's body.
fn post(port: u16, kind: &str, encoding: &str, body: &[u8]) -> (u16, Vec<u8>) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let length = body.len();
    let head = format!(
        "POST /v1/metrics HTTP/1.1\r\nHost: otlp\r\nConnection: close\r\nContent-Type: {kind}\r\n\
             Content-Encoding: {encoding}\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    // A refusal may come before the body was read.
    let _ = stream.write_all(body);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), answer[end + 4..].to_vec())
}

/// What an exporter pushes that has sent `events` since a second before 1970 plus `start`.
fn sent(exporter: &str, events: i64) -> ExportMetricsServiceRequest {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let name = AnyValue { value: Some(any_value::Value::StringValue(exporter.into())) };
    let attributes = vec![KeyValue { key: "service.instance.id".into(), value: Some(name) }];
    let point = NumberDataPoint {
        start_time_unix_nano: 1,
        time_unix_nano: u64::try_from(since.as_nanos()).unwrap(),
        value: Some(number_data_point::Value::AsInt(events)),
        ..NumberDataPoint::default()
    };
    let sum = Sum { data_points: vec![point], aggregation_temporality: 2, is_monotonic: true };
    let metric = Metric {
        name: "messaging.client.sent.messages".into(),
        data: Some(metric::Data::Sum(sum)),
        ..Metric::default()
    };
    let told = ResourceMetrics {
        resource: Some(Resource { attributes }),
        scope_metrics: vec![ScopeMetrics { metrics: vec![metric] }],
    };
    ExportMetricsServiceRequest { resource_metrics: vec![told] }
}

/// So many events wait.
fn lag(events: i64) -> Metric {
    let value = Some(number_data_point::Value::AsInt(events));
    let data_points = vec![NumberDataPoint { value, ..NumberDataPoint::default() }];
    Metric {
        name: "kafka.consumer_group.lag".into(),
        data: Some(metric::Data::Gauge(Gauge { data_points })),
        ..Metric::default()
    }
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn export(channel: Channel, request: ExportMetricsServiceRequest) -> Result<(), tonic::Status> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = MetricsServiceClient::new(channel).send_compressed(CompressionEncoding::Gzip);
    runtime.block_on(async move { { client }.export(request).await.map(|_| ()) })
}

#[test]
fn what_is_pushed_by_grpc_and_http_is_summed() {
    let rig = Rig::start("");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let endpoint = Endpoint::try_from(format!("http://127.0.0.1:{}", rig.grpc)).unwrap();
    let channel = runtime.block_on(endpoint.connect()).unwrap();
    let mut events = 1000;
    until(|| {
        runtime.block_on(async {
            let client = MetricsServiceClient::new(channel.clone());
            let mut client = client.send_compressed(CompressionEncoding::Gzip);
            client.export(sent("a", events)).await.unwrap();
        });
        let body = packed(&sent("b", 2 * events).encode_to_vec());
        let (status, answer) = rig.post("application/x-protobuf", "gzip", &body);
        let answer = ExportMetricsServiceResponse::decode(answer.as_slice()).unwrap();
        assert_eq!((status, answer.partial_success), (200, None));
        events += 10;
        rig.source.told().len() >= 3
    });
    for told in rig.source.told() {
        let arrived = told.sample.arrivals_events.known().unwrap();
        assert!(arrived > 0.0 && arrived % 10.0 == 0.0, "{told:?}");
        assert_eq!(told.sample.backlog_events, Reading::Missing, "nobody tells of it");
    }
}

#[test]
fn nothing_scales_down_while_nothing_is_pushed() {
    let (grpc, http) = (free_port(), free_port());
    let mut events = 1000;
    holds_while_blind(&section(grpc, http, ""), |act| match act {
        Act::Live => {
            until(|| TcpStream::connect(("127.0.0.1", http)).is_ok());
            events += 10;
            let mut push = sent("a", events);
            push.resource_metrics[0].scope_metrics[0].metrics.push(lag(7));
            let body = packed(&push.encode_to_vec());
            post(http, "application/x-protobuf", "gzip", &body);
        }
        // Nobody pushes meanwhile.
        Act::Go | Act::Return => {}
    });
}

#[test]
fn what_is_no_push_is_refused_with_what_to_do_and_harms_nobody() {
    let rig = Rig::start("");
    let good = sent("a", 1).encode_to_vec();
    let (status, answer) = rig.post("application/json", "identity", b"{}");
    assert_eq!(status, 415);
    assert!(String::from_utf8_lossy(&answer).contains("http/protobuf"));
    assert_eq!(rig.post("application/x-protobuf", "zstd", &good).0, 415);
    assert_eq!(rig.post("application/x-protobuf", "gzip", &good).0, 400);
    assert_eq!(rig.post("application/x-protobuf", "identity", b"\xff\xff\xff").0, 400);
    assert_eq!(rig.post("application/x-protobuf", "identity", &vec![0; 5 << 20]).0, 413);
    let bomb = packed(&vec![0; 64 << 20]);
    assert_eq!(rig.post("application/x-protobuf", "gzip", &bomb).0, 413);
    assert!(rig.source.told().is_empty());
    assert_eq!(rig.post("application/x-protobuf", "identity", &good).0, 200);
    rig.source.wait_until_running();
}

#[test]
fn who_has_no_certificate_pushes_nothing() {
    let (folder, servers, clients) =
        (tempfile::tempdir().unwrap(), Authority::new(), Authority::new());
    servers.issue("agent").write(folder.path());
    fs::write(folder.path().join("clients.pem"), &clients.pem).unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let rig = Rig::start(&format!(
        "tls: {{cert_file: {}, key_file: {}, client_ca_file: {}}}",
        file("cert.pem"),
        file("key.pem"),
        file("clients.pem")
    ));
    let push = |authority: &Authority| {
        let own = authority.issue("collector");
        let tls = ClientTlsConfig::new()
            .domain_name("agent")
            .ca_certificate(Certificate::from_pem(&servers.pem))
            .identity(tonic::transport::Identity::from_pem(&own.cert, &own.key));
        let endpoint = Endpoint::try_from(format!("https://127.0.0.1:{}", rig.grpc)).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let _within = runtime.enter();
        let channel = endpoint.tls_config(tls).unwrap().connect_lazy();
        std::thread::scope(|scope| scope.spawn(|| export(channel, sent("a", 1))).join().unwrap())
    };
    assert!(push(&Authority::new()).is_err());
    assert!(push(&clients).is_ok());
    rig.source.wait_until_running();
}

/// A process that is ended with the test.
struct Worker(Child);

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A Python that has OpenTelemetry's SDK, by `SCALEIQ_PYTHON` or as it is.
fn python() -> Option<String> {
    let python = std::env::var("SCALEIQ_PYTHON").unwrap_or_else(|_| "python3".into());
    let modules =
        "import opentelemetry.exporter.otlp.proto.grpc, opentelemetry.exporter.otlp.proto.http";
    let found = Command::new(&python).args(["-c", modules]).stderr(Stdio::null()).status();
    if found.is_ok_and(|status| status.success()) {
        return Some(python);
    }
    cannot_run(
        "python3 has no OpenTelemetry (python3 -m pip install opentelemetry-sdk \
         opentelemetry-exporter-otlp): nothing was pushed by its SDK",
    );
    None
}

#[test]
fn the_sdk_of_opentelemetry_is_understood_by_both_ways_and_forms() {
    let Some(python) = python() else { return };
    let rig = Rig::start("count_jobs: true");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/otlp/worker.py");
    let worker = |protocol: &str, port: u16, name: &str, temporality: &str| {
        let address = format!("127.0.0.1:{port}");
        let mut command = Command::new(&python);
        command.arg(&script).args([protocol, &address, name, temporality]);
        Worker(command.stdin(Stdio::null()).spawn().unwrap())
    };
    let _first = worker("grpc", rig.grpc, "w1", "CUMULATIVE");
    let _second = worker("http", rig.http, "w2", "DELTA");
    let told = rig.source.wait_for(|told| {
        let is_of_both = |sample: &scaleiq_core::sample::Sample| {
            sample.jobs_ready.is_some_and(|jobs| jobs.0 == 2)
                && sample.backlog_events == Reading::Known(50.0)
        };
        told.iter().filter(|told| is_of_both(&told.sample)).count() >= 4
    });
    let sample = &told.last().unwrap().sample;
    let work_ms = sample.work_ms.known().unwrap();
    assert!((work_ms - 30.0).abs() < 0.5, "{sample:?}");
    // Three are sent for two that are worked on, whatever the time between two pushes.
    let steady = &told[told.len() - 3..];
    let sum = |of: fn(&scaleiq_core::sample::Sample) -> Reading| -> f32 {
        steady.iter().map(|told| of(&told.sample).known().unwrap()).sum()
    };
    let (arrived, processed) = (sum(|s| s.arrivals_events), sum(|s| s.processed_events));
    assert!((arrived / processed - 1.5).abs() < 0.1, "{arrived} and {processed}");
}
