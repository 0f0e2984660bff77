//! RabbitMQ as a source, beside a real server with its management API.
#![cfg(all(unix, feature = "http"))]

#[path = "servers/amqp.rs"]
mod amqp;
#[path = "servers/mod.rs"]
mod servers;

use agent::observe::{Reported, WarningKind};
use amqp::Amqp;
use scaleiq_core::sample::Reading;
use scaleiq_core::units::Jobs;
use servers::http::until;
use servers::{Act, Server, Watched, events, free_port, holds_while_blind};
use std::net::TcpStream;

/// Debian's own in the path changes to another user; this is what it starts.
const PROGRAM: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// What a node needs to be alone on a machine: the daemon that knows the names of nodes, and the node.
struct RabbitMq {
    node: Server,
    amqp_port: u16,
    _names: Server,
}

impl RabbitMq {
    fn start() -> Option<Self> {
        let names = Server::start("epmd", "erlang-base", |command, place| {
            command.args(["-port", &place.port.to_string(), "-address", "127.0.0.1"]);
        })?;
        let (names_port, amqp_port, node_port) = (names.port, free_port(), free_port());
        let node = Server::start(PROGRAM, "rabbitmq-server", move |command, place| {
            // Statistics are kept by the second instead of every five.
            let config = format!(
                "management.sample_retention_policies.global.minute = 1\n\
                 management.sample_retention_policies.basic.minute = 1\n\
                 management.sample_retention_policies.detailed.10 = 1\nlisteners.tcp.default = 127.0.0.1:{amqp_port}\nmanagement.tcp.ip = 127.0.0.1\n\
                 management.tcp.port = {}\ncollect_statistics_interval = 500\ndefault_user = me\n\
                 default_pass = right\n",
                place.port
            );
            let file = |name: &str, text: &str| {
                std::fs::write(place.folder.join(name), text).unwrap();
            };
            file("rabbitmq.conf", &config);
            file("plugins", "[rabbitmq_management].");
            command
                .env("HOME", place.folder)
                .env("ERL_EPMD_PORT", names_port.to_string())
                .env("RABBITMQ_NODENAME", "test@localhost")
                .env("RABBITMQ_DIST_PORT", node_port.to_string())
                .env("RABBITMQ_MNESIA_BASE", place.folder.join("data"))
                .env("RABBITMQ_LOG_BASE", place.folder.join("logs"))
                .env("RABBITMQ_CONFIG_FILE", place.folder.join("rabbitmq.conf"))
                .env("RABBITMQ_ENABLED_PLUGINS_FILE", place.folder.join("plugins"))
                .env("RABBITMQ_CONF_ENV_FILE", "/dev/null");
        })?;
        Some(Self { node, amqp_port, _names: names })
    }

    /// The management API answers before the queues do.
    fn connect(&self) -> Amqp {
        until(|| TcpStream::connect(("127.0.0.1", self.amqp_port)).is_ok());
        Amqp::connect(self.amqp_port, "me", "right")
    }

    fn section(&self, fields: &str) -> String {
        let url = format!("http://127.0.0.1:{}", self.node.port);
        format!("{{type: rabbitmq, url: \"{url}\", every_s: 1, {fields}}}")
    }

    fn watch(&self, fields: &str) -> Watched {
        Watched::start(&self.section(fields))
    }
}

/// A name with what must not be taken for a part of the path.
const QUEUE: &str = "orders/new?50%";

#[test]
fn what_is_published_unacknowledged_and_acknowledged_is_known() {
    let Some(mut rabbit) = RabbitMq::start() else { return };
    let mut amqp = rabbit.connect();
    amqp.declare(QUEUE);
    let known = format!("queue: \"{QUEUE}\", username: me");
    let watched = rabbit.watch(&format!("{known}, password: right, consumers_per_job: 2"));
    let idle = watched.wait_for_more(1);
    assert_eq!(events(&idle), (0.0, 0.0, Some(0.0)), "nothing has happened yet, and that is known");
    assert_eq!(idle.last().unwrap().sample.jobs_ready, Some(Jobs(0)));
    for _ in 0..20 {
        amqp.publish(QUEUE);
    }
    let told = watched.wait_for(|told| events(told) == (20.0, 0.0, Some(20.0)));
    assert!(told.iter().all(|told| told.warnings.is_empty()), "{told:?}");
    let tags: Vec<u64> = (0..5).map(|_| amqp.get(QUEUE).unwrap()).collect();
    // What a worker has taken belongs to the backlog: it does not look as if all were done.
    watched.wait_for_more(2);
    watched.wait_for(|told| events(told) == (20.0, 0.0, Some(20.0)));
    for tag in &tags[..3] {
        amqp.ack(*tag);
    }
    watched.wait_for(|told| events(told) == (20.0, 3.0, Some(17.0)));
    let mut workers = [rabbit.connect(), rabbit.connect()];
    for worker in &mut workers {
        worker.consume(QUEUE);
    }
    watched.wait_for(|told| told.last().unwrap().sample.jobs_ready == Some(Jobs(1)));
    drop(workers);
    watched.wait_for(|told| told.last().unwrap().sample.jobs_ready == Some(Jobs(0)));

    let wrong = rabbit.watch(&format!("{known}, password: wrong"));
    wrong.wait_until_waiting("check `username` and `password`");
    let nobody = rabbit.watch("queue: nobody, username: me, password: right");
    nobody.wait_until_waiting("check `queue` and `vhost`");
    assert_eq!((wrong.told(), nobody.told()), (vec![], vec![]));

    rabbit.node.freeze();
    watched.wait_until_waiting("no answer within");
    rabbit.node.thaw();
    watched.wait_for_more(1);
    drop(amqp);
    rabbit.node.kill();
    watched.wait_until_waiting("Connection refused");
    let before = watched.told().len();
    rabbit.node.restart();
    watched.wait_for_more(1);
    rabbit.connect().publish(QUEUE);
    let is_reset = |told: &Reported| told.warnings.iter().any(|w| w.kind == WarningKind::Reset);
    let told = watched.wait_for(|told| told[before..].iter().any(is_reset));
    let after = told[before..].iter().filter_map(|told| told.sample.arrivals_events.known());
    // Statistics come some looks behind the queue: of what they show then, a share is of the last.
    let after: f32 = after.sum();
    assert!(after > 0.0 && after <= 1.0, "totals began anew: {after}");
    let last = told.last().unwrap().sample;
    assert!(matches!(last.backlog_events, Reading::Known(backlog) if backlog >= 1.0), "{last:?}");
}

#[test]
fn nothing_scales_down_while_nothing_is_known() {
    let Some(rabbit) = RabbitMq::start() else { return };
    let mut amqp = rabbit.connect();
    amqp.declare(QUEUE);
    let section =
        rabbit.section(&format!("queue: \"{QUEUE}\", username: me, password: right, timeout_s: 1"));
    // One that hangs is not there either, and keeps its connections.
    holds_while_blind(&section, |act| match act {
        Act::Live => amqp.publish(QUEUE),
        Act::Go => rabbit.node.freeze(),
        Act::Return => rabbit.node.thaw(),
    });
}
