//! The end of the process: a signal, the time that is left after it, and the signal that is no end.

use std::io;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

/// The process ends this long after the signal, whatever still hangs: supervisors commonly kill
/// after 10 s, and what a kill cuts off nobody is told of.
const FORCED_AFTER: Duration = Duration::from_millis(4500);

/// Tells when the process was asked to end; cheap to clone.
#[derive(Clone, Debug)]
pub struct Stop {
    at: watch::Receiver<Option<Instant>>,
    /// Milliseconds longer that it may take by force.
    extra_ms: Arc<AtomicU64>,
}

impl Stop {
    /// Listens for SIGTERM and Ctrl-C from now on. Once one came, the process ends within 5 s, and what
    /// was allowed beyond that: by itself, or else by force, with exit code 0 either way. Nothing is lost
    /// by force that a record was made of.
    ///
    /// The thread and the runtime are its own, so that nothing that blocks elsewhere blocks the end.
    ///
    /// # Errors
    /// If the system gives no thread or no signals.
    pub fn on_signal() -> io::Result<Self> {
        let (requested, stop) = watch::channel(None);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let guard = runtime.enter();
        let signal = signalled()?;
        drop(guard);
        let stop = Self { at: stop, extra_ms: Arc::default() };
        let extra_ms = stop.extra_ms.clone();
        thread::Builder::new().name("signals".into()).spawn(move || {
            runtime.block_on(async {
                signal.await;
                requested.send_replace(Some(Instant::now()));
                sleep(FORCED_AFTER + Duration::from_millis(extra_ms.load(Ordering::Relaxed))).await;
                tracing::warn!("something hangs: ending without waiting for it");
                crate::platform::logging::flush();
                process::exit(0);
            });
        })?;
        Ok(stop)
    }

    /// Something needs `longer` to end as it should, such as workers that finish what they began.
    pub fn allow(&self, longer: Duration) {
        let ms = u64::try_from(longer.as_millis()).unwrap_or(u64::MAX);
        self.extra_ms.fetch_max(ms, Ordering::Relaxed);
    }

    /// Waits for the request; gives its moment.
    pub async fn requested(&self) -> Instant {
        let mut stop = self.at.clone();
        match stop.wait_for(Option::is_some).await.map(|at| *at) {
            Ok(Some(at)) => at,
            // Nobody is there to request it any more.
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }

    /// What is left of `limit` since the request; all of it before there was one.
    pub fn left(&self, limit: Duration) -> Duration {
        let requested = *self.at.borrow();
        requested.map_or(limit, |at| limit.saturating_sub(at.elapsed()))
    }

    /// Waits until `grace` has passed since the request.
    pub async fn after(&self, grace: Duration) {
        sleep_until(self.requested().await + grace).await;
    }
}

/// Outlives SIGHUP from now on: a terminal that closes, or a supervisor that asks for a reload, ends
/// nothing. What would be read again is read at the start only, and that is logged.
///
/// # Errors
/// If the system gives no thread or no signals.
#[cfg(unix)]
pub fn outlive_hangups() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let guard = runtime.enter();
    let mut hangup = signal(SignalKind::hangup())?;
    drop(guard);
    thread::Builder::new().name("hangups".into()).spawn(move || {
        runtime.block_on(async {
            while hangup.recv().await.is_some() {
                tracing::warn!(
                    "SIGHUP: nothing is reloaded, and everything goes on as it is. Settings and models \
                     are read at the start: `agent check`, then restart"
                );
            }
        });
    })?;
    Ok(())
}

/// There are no hangups here.
///
/// # Errors
/// None.
#[cfg(windows)]
pub fn outlive_hangups() -> io::Result<()> {
    Ok(())
}

/// Ends with the first signal. The signals are caught from the call on.
#[cfg(unix)]
fn signalled() -> io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(windows)]
fn signalled() -> io::Result<impl Future<Output = ()> + Send> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
