//! A Prometheus server that is asked in PromQL, or what speaks its API: Thanos, Mimir, VictoriaMetrics.

use crate::runtime::http;
use anyhow::{Context as _, Result, anyhow, bail};
use scaleiq_core::units::UnixSeconds;
use scaleiq_workload::promql::Answer;
use serde::Deserialize;
use std::time::Duration;
use ureq::Agent;

/// Longest time in which an answer comes.
const PATIENCE: Duration = Duration::from_secs(120);
/// Most bytes of an answer: that of a query with very many series is longer.
const MOST_BYTES: u64 = 64 << 20;

/// One server.
pub struct Prometheus {
    agent: Agent,
    url: String,
    /// It is sent, and never told.
    token: Option<String>,
}

/// What a server says of a request that it refuses.
#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl Prometheus {
    /// The server at `url`, whom `token` lets in.
    #[must_use]
    pub fn new(url: &str, token: Option<String>) -> Self {
        Self { agent: http::client(PATIENCE), url: url.trim_end_matches('/').into(), token }
    }

    /// The moment by its clock.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn clock(&self) -> Result<UnixSeconds> {
        let query = "time()";
        let time = self.ask("query", query, &[])?.at_once(query)?;
        time.map(|time| UnixSeconds(time as i64)).context("the server tells no time")
    }

    /// What `query` was at each `step_s` of a span, which has no more points than it gives in one answer; where that
    /// is known.
    ///
    /// # Errors
    /// If there is no answer, or one of several series.
    pub fn range(
        &self,
        query: &str,
        [from, to]: [UnixSeconds; 2],
        step_s: i64,
    ) -> Result<Vec<(UnixSeconds, f64)>> {
        let span = [("start", from.0), ("end", to.0), ("step", step_s)];
        Ok(self.ask("query_range", query, &span)?.over_time(query)?)
    }

    fn ask(&self, what: &str, query: &str, span: &[(&str, i64)]) -> Result<Answer> {
        let mut request = self.agent.get(format!("{}/api/v1/{what}", self.url));
        request = request.query("query", query);
        for (key, value) in span {
            request = request.query(key, value.to_string());
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let told = || format!("Prometheus at {}", self.url);
        let mut response = request.call().with_context(told)?;
        let status = response.status();
        let body = response.body_mut().with_config().limit(MOST_BYTES);
        let text = body.read_to_string().with_context(told)?;
        match status.as_u16() {
            200 => serde_json::from_str(&text)
                .map_err(|why| anyhow!("{}: no such answer: {why}", told())),
            401 | 403 => {
                bail!("{} answers {status}: --token-env names the variable with its token", told())
            }
            _ => match serde_json::from_str(&text) {
                Ok(Refusal { error }) => bail!("{} answers {status}: {error}", told()),
                Err(_) => bail!("{} answers {status}: is that its address?", told()),
            },
        }
    }
}
