//! A worker: takes one event at a time, works on it, and acknowledges it.

use super::queue::{Queue, Taken};
use super::told::{Mouth, Told};
use anyhow::Context;
use std::rc::Rc;
use std::time::{Duration, SystemTime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{interval, sleep};

/// The variable that says where the queue's server is.
pub(crate) const ADDRESS: &str = "QUEUE_ADDRESS";
/// A job needs this long until it can work: what it loads first.
pub(crate) const START_UP: Duration = Duration::from_millis(1500);
/// One that finds nothing asks again after this, and looks whether it is to end.
const ASK_FOR: Duration = Duration::from_millis(500);
/// Time between two signs of life.
pub(crate) const ALIVE_EVERY: Duration = Duration::from_millis(250);

/// Works for `pool` until SIGTERM, and then finishes what it has begun.
pub(crate) fn work<Q: Queue>(pool: &str) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let here = LocalSet::new();
    runtime.block_on(here.run_until(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let (asked_to_end, mut end) = watch::channel(false);
        spawn_local(async move {
            terminate.recv().await;
            asked_to_end.send_replace(true);
        });
        let mouth = Rc::new(Mouth::open(pool)?);
        spawn_local(say_alive(Rc::clone(&mouth)));
        let address = std::env::var(ADDRESS).context("where is the queue?")?;
        let mut queue = Q::connect(&address).await?;
        tokio::select! {
            () = sleep(START_UP) => {}
            _ = end.changed() => return Ok(()),
        }
        // Whoever asked waits for the answer: an event that was given to one who is gone is late.
        while !*end.borrow() {
            if let Some(taken) = queue.take(pool, ASK_FOR).await? {
                begin_and_end(&mut queue, &mouth, pool, taken).await?;
            }
        }
        Ok(())
    }))
}

/// Works on one event, and tells how long it had waited by the server's time of its arrival.
async fn begin_and_end<Q: Queue>(
    queue: &mut Q,
    mouth: &Mouth,
    pool: &str,
    taken: Taken<Q::Receipt>,
) -> anyhow::Result<()> {
    let waited = SystemTime::now().duration_since(taken.came).unwrap_or_default();
    let (work_us, counts) = taken.event.split_once(' ').context("what is this event?")?;
    let (work_us, counts) = (work_us.parse()?, counts.parse()?);
    mouth.tell(Told::Began { waited, counts }).await?;
    sleep(Duration::from_micros(work_us)).await;
    queue.done(pool, taken.receipt).await
}

/// Signs of life for as long as it is paid for.
async fn say_alive(mouth: Rc<Mouth>) {
    let mut times = interval(ALIVE_EVERY);
    loop {
        times.tick().await;
        if mouth.tell(Told::Alive).await.is_err() {
            return;
        }
    }
}
