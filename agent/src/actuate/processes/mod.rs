//! A pool of worker processes on this machine, which the agent starts, drains and restarts.
//!
//! ```text
//! agent ──numbers──> keeper ──starts, SIGTERM, SIGKILL──> workers, each a process group of its own
//!   ^────reports───────┘ a process of its own: it outlives an agent that is killed by as long as it
//!                        takes to drain the workers
//! ```
//!
//! No worker is left behind: the keeper drains them when its line to the agent ends, for whatever reason,
//! and a worker is killed by the system when the keeper is. No worker runs twice: each holds a lock while
//! it lives, so that whoever keeps the pool next starts none in its place.

mod keeper;
mod link;
mod looked;
mod orphans;
mod places;
mod plan;
mod slot;
mod worker;

pub use keeper::keep;
pub use worker::become_worker;

use super::actuator::{Actuator, ActuatorSettings, ActuatorVariant, Tools};
use super::program;
use crate::config::{File, Number};
use crate::observe::pool::PoolSettings;
use link::Link;
use looked::Looked;
use places::Places;
use plan::{Plan, Seen};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// `actuator: {type: processes}`.
pub const PROCESSES: ActuatorVariant = ActuatorVariant {
    word: "processes",
    about: "worker processes on this machine, which the agent starts, drains and restarts",
    example: "{type: processes, command: [./worker], grace_s: 20}",
    fields: |f| {
        let about =
            "a list of the worker's program and its arguments, such as [./worker, --queue, orders]";
        let words = program::field(f, about);
        let about = "seconds from SIGTERM until a worker that goes on is killed";
        let grace_s = f.or("grace_s", about, Number(0.0..=3600.0), 10.0);
        let about = "seconds from its start until a worker counts as ready";
        let ready_after_s = f.or("ready_after_s", about, Number(0.0..=3600.0), 0.0);
        let about = "folder of the locks that keep a worker from running twice; one for each pool";
        let folder = f.optional("folder", about, File);
        let [grace, ready_after] = [grace_s, ready_after_s].map(Duration::from_secs_f32);
        let folder = folder.map(|given| given.value);
        let words = words?;
        Some(Arc::new(Processes { words, grace, ready_after, folder, seen: Seen::default() }))
    },
};

/// A pool, as it is configured, and what is seen of it once it runs.
#[derive(Clone, Debug)]
struct Processes {
    /// Program and arguments of a worker; at least one word.
    words: Vec<String>,
    grace: Duration,
    ready_after: Duration,
    folder: Option<PathBuf>,
    seen: Seen,
}

impl Processes {
    fn program(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }
}

impl ActuatorSettings for Processes {
    fn describe(&self) -> String {
        format!("worker processes {:?}, drained for {} s", self.program(), self.grace.as_secs_f32())
    }

    fn check(&self) -> Result<(), String> {
        program::check(self.program())
    }

    fn pool(&self) -> Option<Arc<dyn PoolSettings>> {
        Some(Arc::new(Looked(self.seen.clone())))
    }

    /// The pool begins with as many workers as were wanted last, or its fewest, before any sample has come.
    fn build(&self, tools: Tools<'_>) -> io::Result<Box<dyn Actuator>> {
        let folder = match &self.folder {
            Some(folder) => folder.clone(),
            None => places::of_machine(&self.words)?,
        };
        let places = Places::open(folder)?;
        let plan = Plan {
            words: self.words.clone(),
            grace: self.grace,
            ready_after: self.ready_after,
            folder: places.folder().into(),
        };
        tools.stop.allow(self.grace);
        let withheld = program::withheld(tools.secret);
        Ok(Box::new(Link::start(plan, places, withheld, tools.fewest, self.seen.clone())?))
    }
}
