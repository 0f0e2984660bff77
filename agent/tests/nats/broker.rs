//! A NATS server for tests, and who publishes to it and consumes from it.

use super::servers::Server;
use async_nats::{Client, ConnectOptions, Message};
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::fmt::Write;
use tokio::runtime::Runtime;

/// A server with JetStream, and a client of it.
pub(crate) struct Broker {
    pub(crate) server: Server,
    runtime: Runtime,
    client: Client,
}

impl Broker {
    /// Starts one without passwords, with the stream `ORDERS` of `orders.*` and its consumer `workers`.
    /// `None` if it is not installed, which is said.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with("", |options| options).inspect(|broker| {
            broker.make_stream();
            broker.make_consumer(json!({}));
        })
    }

    /// As `start`, with more lines of configuration, for which `login` prepares the test's own client, and
    /// without a stream.
    pub(crate) fn start_with(
        more: &str,
        login: impl FnOnce(ConnectOptions) -> ConnectOptions,
    ) -> Option<Self> {
        let mut config = String::from("jetstream { store_dir: store }\n");
        writeln!(config, "{more}").unwrap();
        let server = Server::start("nats-server", "nats-server", move |command, place| {
            std::fs::write(place.folder.join("nats.conf"), &config).unwrap();
            command.args(["-c", "nats.conf", "-a", "127.0.0.1", "-p", &place.port.to_string()]);
        })?;
        let runtime = Runtime::new().unwrap();
        // It connects again when the server does.
        let options = login(ConnectOptions::new().retry_on_initial_connect());
        let address = format!("127.0.0.1:{}", server.port);
        let client = runtime.block_on(options.connect(address)).unwrap();
        let broker = Self { server, runtime, client };
        // JetStream comes a moment behind the port.
        super::servers::http::until(|| broker.ask("INFO", &json!({})).is_some());
        Some(broker)
    }

    pub(crate) fn make_stream(&self) {
        let stream = json!({"name": "ORDERS", "subjects": ["orders.*"], "storage": "file"});
        self.api("STREAM.CREATE.ORDERS", &stream);
    }

    pub(crate) fn delete_stream(&self) {
        self.api("STREAM.DELETE.ORDERS", &json!({}));
    }

    /// The consumer `workers`, with more than that it is durable.
    pub(crate) fn make_consumer(&self, more: Value) {
        let mut config = json!({"durable_name": "workers", "ack_policy": "explicit"});
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let consumer = json!({"stream_name": "ORDERS", "config": config});
        self.api("CONSUMER.DURABLE.CREATE.ORDERS.workers", &consumer);
    }

    /// Asks JetStream, and expects it to do so.
    pub(crate) fn api(&self, what: &str, request: &Value) -> Value {
        let answer = self.ask(what, request).unwrap_or_else(|| panic!("{what}: no answer"));
        assert!(answer.get("error").is_none(), "{what}: {answer}");
        answer
    }

    fn ask(&self, what: &str, request: &Value) -> Option<Value> {
        let asked = self.client.request(format!("$JS.API.{what}"), request.to_string().into());
        let answer = self.runtime.block_on(asked).ok()?;
        serde_json::from_slice(&answer.payload).ok()
    }

    /// Publishes so many messages, each of which is on disk then.
    pub(crate) fn publish(&self, subject: &'static str, count: usize) {
        for _ in 0..count {
            let answer = self.runtime.block_on(self.client.request(subject, "{}".into())).unwrap();
            let said = String::from_utf8_lossy(&answer.payload);
            assert!(said.contains("seq"), "{said}");
        }
    }

    /// Takes the next so many messages, as a worker.
    pub(crate) fn take(&self, count: usize) -> Vec<Message> {
        self.runtime.block_on(async {
            let inbox = self.client.new_inbox();
            let mut delivered = self.client.subscribe(inbox.clone()).await.unwrap();
            let next = "$JS.API.CONSUMER.MSG.NEXT.ORDERS.workers";
            let batch = json!({"batch": count, "expires": 30_000_000_000_u64}).to_string();
            self.client.publish_with_reply(next, inbox, batch.into()).await.unwrap();
            let mut taken = Vec::new();
            while taken.len() < count {
                taken.push(delivered.next().await.unwrap());
            }
            taken
        })
    }

    /// Answers messages that were taken, such as by `+ACK` or `-NAK`.
    pub(crate) fn answer(&self, messages: Vec<Message>, how: &'static str) {
        for message in messages {
            let reply = message.reply.unwrap();
            self.runtime.block_on(self.client.request(reply, how.into())).unwrap();
        }
    }

    /// The section of a configuration for it, with more fields.
    pub(crate) fn section(&self, more: &str) -> String {
        let port = self.server.port;
        format!(
            "{{type: nats, servers: [127.0.0.1:{port}], stream: ORDERS, consumer: workers, every_s: 1{more}}}"
        )
    }
}
