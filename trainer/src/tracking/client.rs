//! MLflow's REST API 2.0, as much of it as a run needs (<https://mlflow.org/docs/latest/api_reference/rest-api.html>).

use crate::config::MlflowConfig;
use crate::runtime::http;
use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::env;
use std::time::Duration;
use ureq::Agent;

/// How long an answer may take: at its end a run waits for as much.
const PATIENCE: Duration = Duration::from_secs(10);
/// What MLflow answers where there is no such thing.
const MISSING: &str = "RESOURCE_DOES_NOT_EXIST";

/// A server and the experiment that runs belong to.
pub(super) struct Client {
    agent: Agent,
    url: String,
    experiment: String,
    authorization: Option<String>,
}

/// A figure at a step.
pub(super) struct Metric {
    /// Its name.
    pub(super) key: String,
    /// Its value.
    pub(super) value: f64,
    /// The step.
    pub(super) step: usize,
}

/// Numbers that one request may hold.
pub(super) const METRICS: usize = 1000;
const PARAMS: usize = 100;
/// Longest value of a setting, in bytes.
const PARAM_BYTES: usize = 6000;

impl Client {
    /// Of the server in `settings`, whom `MLFLOW_TRACKING_TOKEN`, or a user name and password as MLflow's own
    /// clients take them from the environment, let in.
    pub(super) fn new(settings: &MlflowConfig) -> Self {
        Self {
            agent: http::client(PATIENCE),
            url: settings.url.trim_end_matches('/').into(),
            experiment: settings.experiment.clone(),
            authorization: authorization(),
        }
    }

    /// Begins a run, in the experiment of that name, which is made where it is not there; its id.
    pub(super) fn create(
        &self,
        name: &str,
        began_ms: i64,
        tags: &[(&str, &str)],
    ) -> Result<String> {
        let tags: Vec<Value> =
            tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
        let run = json!({
            "experiment_id": self.experiment_id()?, "run_name": name, "start_time": began_ms, "tags": tags,
        });
        let made = self.post("runs/create", &run)?;
        let id = made["run"]["info"]["run_id"].as_str().map(String::from);
        id.with_context(|| format!("{}: its answer has no run's id", self.url))
    }

    /// Tells the settings of a run.
    pub(super) fn settings(&self, run: &str, settings: &[(String, String)]) -> Result<()> {
        for part in settings.chunks(PARAMS) {
            let param = |(key, value): &(String, String)| {
                let value = &value[..value.floor_char_boundary(PARAM_BYTES)];
                json!({"key": key, "value": value})
            };
            let params: Vec<Value> = part.iter().map(param).collect();
            self.post("runs/log-batch", &json!({"run_id": run, "params": params}))?;
        }
        Ok(())
    }

    /// Tells up to [`METRICS`] figures of a run.
    pub(super) fn metrics(&self, run: &str, metrics: &[Metric]) -> Result<()> {
        let timestamp = jiff::Timestamp::now().as_millisecond();
        let metric = |m: &Metric| json!({"key": m.key, "value": m.value, "timestamp": timestamp, "step": m.step});
        let metrics: Vec<Value> = metrics.iter().map(metric).collect();
        self.post("runs/log-batch", &json!({"run_id": run, "metrics": metrics})).map(|_| ())
    }

    /// Tells where a run stands: `RUNNING`, or how it ended.
    pub(super) fn status(&self, run: &str, status: &str) -> Result<()> {
        let mut update = json!({"run_id": run, "status": status});
        if status != "RUNNING" {
            update["end_time"] = jiff::Timestamp::now().as_millisecond().into();
        }
        self.post("runs/update", &update).map(|_| ())
    }

    fn experiment_id(&self) -> Result<String> {
        let found = self.agent.get(self.address("experiments/get-by-name"));
        let found = found.query("experiment_name", &self.experiment);
        let found = match &self.authorization {
            Some(authorization) => found.header("authorization", authorization),
            None => found,
        };
        let (status, answer) = self.answer(found.call())?;
        let id = match status {
            200 => answer["experiment"]["experiment_id"].clone(),
            _ if answer["error_code"] == MISSING => {
                let made = self.post("experiments/create", &json!({"name": self.experiment}))?;
                made["experiment_id"].clone()
            }
            _ => bail!(self.refusal(status, &answer)),
        };
        let id = id.as_str().map(String::from);
        id.with_context(|| format!("{}: its answer has no experiment's id", self.url))
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let request = self.agent.post(self.address(path)).content_type("application/json");
        let request = match &self.authorization {
            Some(authorization) => request.header("authorization", authorization),
            None => request,
        };
        match self.answer(request.send(body.to_string()))? {
            (200, answer) => Ok(answer),
            (status, answer) => bail!(self.refusal(status, &answer)),
        }
    }

    fn address(&self, path: &str) -> String {
        format!("{}/api/2.0/mlflow/{path}", self.url)
    }

    /// Status and document; what is no JSON is told as none.
    fn answer(
        &self,
        response: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<(u16, Value)> {
        let told = || format!("MLflow at {}", self.url);
        let mut response = response.with_context(told)?;
        let text = response.body_mut().read_to_string().with_context(told)?;
        Ok((response.status().as_u16(), serde_json::from_str(&text).unwrap_or_default()))
    }

    fn refusal(&self, status: u16, answer: &Value) -> String {
        let why = answer["message"].as_str().unwrap_or("no reason is given");
        format!("MLflow at {} answers {status}: {why}", self.url)
    }
}

fn authorization() -> Option<String> {
    let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(token) = variable("MLFLOW_TRACKING_TOKEN") {
        return Some(format!("Bearer {token}"));
    }
    let user = variable("MLFLOW_TRACKING_USERNAME")?;
    let password = variable("MLFLOW_TRACKING_PASSWORD").unwrap_or_default();
    Some(format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}"))))
}
