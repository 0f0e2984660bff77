//! A worker: takes one event at a time, works on it, and acknowledges it.

use crate::broker::CONSUMER;
use anyhow::Context;
use async_nats::Client;
use async_nats::jetstream::consumer::{Consumer, pull};
use async_nats::jetstream::{self, Message};
use futures_util::StreamExt;
use std::time::{Duration, SystemTime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::time::{interval, sleep};

/// The variable that says where NATS is.
pub(crate) const ADDRESS: &str = "NATS_ADDRESS";
/// A job needs this long until it can work: what it loads first.
const START_UP: Duration = Duration::from_millis(1500);
/// One that finds nothing asks again after this, and looks whether it is to end.
const ASK_FOR: Duration = Duration::from_millis(500);
/// Time between two signs of life.
pub(crate) const ALIVE_EVERY: Duration = Duration::from_secs(1);

/// Works for `pool` until SIGTERM, and then finishes what it has begun.
pub(crate) fn work(pool: &str) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let (asked_to_end, mut end) = watch::channel(false);
        tokio::spawn(async move {
            terminate.recv().await;
            asked_to_end.send_replace(true);
        });
        let address = std::env::var(ADDRESS).context("where is NATS?")?;
        let client = async_nats::connect(address).await?;
        tokio::spawn(say_alive(client.clone(), pool.to_string()));
        tokio::select! {
            () = sleep(START_UP) => {}
            _ = end.changed() => return Ok(()),
        }
        let jetstream = jetstream::new(client.clone());
        let consumer: Consumer<pull::Config> =
            jetstream.get_consumer_from_stream(CONSUMER, pool).await?;
        // Whoever asked waits for the answer: an event that was sent to one who is gone is late.
        while !*end.borrow() {
            let asked = consumer.batch().max_messages(1).expires(ASK_FOR).messages();
            let mut given = asked.await?;
            while let Some(message) = given.next().await {
                let message = message.map_err(anyhow::Error::from_boxed)?;
                begin_and_end(&client, pool, &message).await?;
            }
        }
        client.flush().await?;
        Ok(())
    })
}

/// Works on one event, and tells how long it had waited by the server's time of its arrival.
async fn begin_and_end(client: &Client, pool: &str, message: &Message) -> anyhow::Result<()> {
    let info = message.info().map_err(anyhow::Error::from_boxed)?;
    let waited = SystemTime::now().duration_since(SystemTime::from(info.published));
    let waited_us = waited.unwrap_or_default().as_micros();
    let event = std::str::from_utf8(&message.payload)?;
    let (work_us, counts) = event.split_once(' ').context("what is this event?")?;
    let work_us: u64 = work_us.parse()?;
    let told = format!("{waited_us} {counts}");
    client.publish(format!("told.{pool}.begun"), told.into()).await?;
    sleep(Duration::from_micros(work_us)).await;
    message.ack().await.map_err(anyhow::Error::from_boxed)?;
    Ok(())
}

/// A sign of life for each second that it is paid for.
async fn say_alive(client: Client, pool: String) {
    let mut seconds = interval(ALIVE_EVERY);
    loop {
        seconds.tick().await;
        if client.publish(format!("told.{pool}.alive"), "".into()).await.is_err() {
            return;
        }
    }
}
