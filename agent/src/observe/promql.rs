//! A Prometheus server that is asked in PromQL, or what speaks its API: Thanos, Mimir, VictoriaMetrics.

use super::probe::ProbeError;
use crate::platform::http::{Client, Method};
use scaleiq_core::units::UnixSeconds;
use scaleiq_workload::promql::{self, Answer, AnswerError};

/// Asks one server.
#[derive(Clone, Debug)]
pub struct Server(Client);

impl Server {
    /// Asks by `client`.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self(client)
    }

    /// Returns what `query` is now; `None` if that is not known.
    ///
    /// # Errors
    /// If there is no answer, or one of several series.
    pub async fn now(&self, query: &str) -> Result<Option<f64>, ProbeError> {
        let answer = self.ask("query", &[("query", query)]).await?;
        answer.at_once(query).map_err(|error| invalid(&error))
    }

    /// Returns what `query` was at each `step_s` of a span, where that is known.
    ///
    /// # Errors
    /// As [`Server::now`].
    pub async fn then(
        &self,
        query: &str,
        span: [UnixSeconds; 2],
        step_s: i64,
    ) -> Result<Vec<(UnixSeconds, f64)>, ProbeError> {
        let mut known = Vec::new();
        for [from, to] in promql::pages(span, step_s) {
            let [from, to, step] = [from.0, to.0, step_s].map(|number| number.to_string());
            let asked = [("query", query), ("start", &from), ("end", &to), ("step", &step)];
            let answer = self.ask("query_range", &asked).await?;
            known.extend(answer.over_time(query).map_err(|error| invalid(&error))?);
        }
        Ok(known)
    }

    /// Returns the moment by the server's clock.
    ///
    /// # Errors
    /// As [`Server::now`].
    pub async fn clock(&self) -> Result<UnixSeconds, ProbeError> {
        let time = self.now("time()").await?;
        time.map(|time| UnixSeconds(time as i64))
            .ok_or_else(|| invalid(&AnswerError::NoNumber { query: "time()".into() }))
    }

    async fn ask(&self, what: &str, query: &[(&str, &str)]) -> Result<Answer, ProbeError> {
        let request = self.0.request(Method::GET, &["api", "v1", what], query);
        Ok(self.0.json(request).await?)
    }
}

fn invalid(error: &AnswerError) -> ProbeError {
    ProbeError::Invalid(error.to_string())
}
