//! A day of work at thirty times its speed, through real NATS JetStream queues: worker processes that the
//! agent scales, beside a static pool of them that gets the same events, and beside the simulator.
//!
//! ```text
//! apt-get install nats-server
//! cargo run -p agent --example nats                     the whole day, in 48 minutes
//! cargo run -p agent --example nats -- --minutes 5      its first two hours and a half
//! ```

#[path = "../day/mod.rs"]
mod day;
mod queue;

use queue::Nats;
use std::process::ExitCode;

fn main() -> ExitCode {
    day::main::<Nats>(include_str!("scaleiq.yaml"))
}
