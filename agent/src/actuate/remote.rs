//! What carries orders out over HTTP has in common: whom to ask, for how long, and the end of the agent.

use super::actuator::Tools;
use crate::config::{Fields, Real};
use crate::platform::http::{Client, Failure, HttpSettings};
use crate::platform::stop::Stop;
use std::io;
use std::time::Duration;
use tokio::time::sleep;

/// A request gets this long after the agent was asked to end.
const GRACE: Duration = Duration::from_secs(3);
/// Default time limit of a request, in seconds.
const TIMEOUT_S: f64 = 10.0;

/// A system, as it is configured.
#[derive(Clone, Debug)]
pub(super) struct RemoteSettings {
    pub(super) http: HttpSettings,
    limit: Duration,
}

impl RemoteSettings {
    /// Its fields; `url` is what `about` says.
    pub(super) fn fields(f: &mut Fields<'_>, about: &'static str) -> Option<Self> {
        let http = HttpSettings::fields(f, about);
        let about = "seconds that a request may take";
        let timeout_s = f.or("timeout_s", about, Real(0.1..=60.0), TIMEOUT_S);
        Some(Self { http: http?, limit: Duration::from_secs_f64(timeout_s) })
    }

    pub(super) fn build(&self, tools: &Tools<'_>) -> io::Result<Remote> {
        let client = self.http.client()?;
        Ok(Remote { client, limit: self.limit, stop: tools.stop.clone() })
    }
}

/// A system that is asked.
#[derive(Debug)]
pub(super) struct Remote {
    pub(super) client: Client,
    limit: Duration,
    stop: Stop,
}

impl Remote {
    /// Returns what comes of `work`, if that is in time.
    pub(super) async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        tokio::select! {
            done = work => done,
            () = sleep(self.limit) => {
                let limit_s = self.limit.as_secs_f32();
                Err(Failure::Unreachable(format!("no answer within {limit_s} s")))
            }
            () = self.stop.after(GRACE) => {
                Err(Failure::Unreachable("no answer, and the agent is stopping".into()))
            }
        }
    }

    /// Waits, but not while the agent is to end.
    pub(super) async fn pause(&self, pause: Duration) {
        tokio::select! {
            () = sleep(pause) => {}
            _ = self.stop.requested() => {}
        }
    }
}
