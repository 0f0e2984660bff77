//! A day of work at thirty times its speed, through real Redis streams: worker processes that the agent
//! scales, beside a static pool of them that gets the same events, and beside the simulator.
//!
//! ```text
//! apt-get install redis-server
//! cargo run -p agent --example redis                     the whole day, in 48 minutes
//! cargo run -p agent --example redis -- --minutes 5      its first two hours and a half
//! ```

#[path = "../day/mod.rs"]
mod day;
mod queue;

use queue::Redis;
use std::process::ExitCode;

fn main() -> ExitCode {
    day::main::<Redis>(include_str!("scaleiq.yaml"))
}
