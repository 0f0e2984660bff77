//! A client that asks as KEDA does, made from the public contract, and what it asks.

use crate::http::{Agent, until};
use std::future::Future;
use std::time::Duration;
use tokio::runtime::Runtime;
use tonic::transport::{Channel, Endpoint};
use tonic::{Response, Status, Streaming};

/// The contract.
pub(crate) mod contract {
    #![allow(clippy::all, dead_code, missing_docs, unreachable_pub)]
    tonic::include_proto!("externalscaler");
}

use contract::external_scaler_client::ExternalScalerClient;
use contract::{GetMetricsRequest, MetricSpec, MetricValue, ScaledObjectRef};

/// Longest wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Asks one agent over one connection, as KEDA does.
pub(crate) struct Keda {
    runtime: Runtime,
    client: ExternalScalerClient<Channel>,
}

/// The port at which the agent answers KEDA.
pub(crate) fn port(agent: &Agent) -> u16 {
    let log = agent.wait_for_log("KEDA is answered on ");
    let (_, rest) = log.split_once("KEDA is answered on ").unwrap();
    let address = rest.split_whitespace().next().unwrap();
    address.rsplit(':').next().unwrap().parse().unwrap()
}

/// The ScaledObject that asks.
pub(crate) fn object() -> ScaledObjectRef {
    let address = ("scalerAddress".to_string(), "scaleiq.jobs:6000".to_string());
    ScaledObjectRef {
        name: "worker".into(),
        namespace: "jobs".into(),
        scaler_metadata: [address].into(),
    }
}

impl Keda {
    /// Connects without TLS.
    pub(crate) fn connect(agent: &Agent) -> Self {
        let endpoint = Endpoint::try_from(format!("http://127.0.0.1:{}", port(agent))).unwrap();
        Self::at(&endpoint)
    }

    /// Connects to `endpoint` as soon as something is asked.
    pub(crate) fn at(endpoint: &Endpoint) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = { runtime }.worker_threads(1).enable_all().build().unwrap();
        let guard = runtime.enter();
        let client = ExternalScalerClient::new(endpoint.connect_lazy());
        drop(guard);
        Self { runtime, client }
    }

    fn ask<T>(
        &self,
        call: impl AsyncFnOnce(ExternalScalerClient<Channel>) -> Result<Response<T>, Status>,
    ) -> Result<T, Status> {
        let answer = self.wait(call(self.client.clone()));
        answer.map(Response::into_inner)
    }

    fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        self.runtime.block_on(async {
            tokio::time::timeout(TIMEOUT, answer).await.expect("there is no answer")
        })
    }

    pub(crate) fn is_active(&self) -> Result<bool, Status> {
        self.is_active_for(object())
    }

    pub(crate) fn is_active_for(&self, object: ScaledObjectRef) -> Result<bool, Status> {
        self.ask(async |mut client| client.is_active(object).await).map(|answer| answer.result)
    }

    pub(crate) fn spec(&self) -> Result<Vec<MetricSpec>, Status> {
        let answer = self.ask(async |mut client| client.get_metric_spec(object()).await);
        answer.map(|answer| answer.metric_specs)
    }

    /// Asks for the metric by its name in Kubernetes less `s0-`, as KEDA does.
    pub(crate) fn metrics(&self, name: &str) -> Result<Vec<MetricValue>, Status> {
        let scaled_object_ref = Some(object());
        let request = GetMetricsRequest { scaled_object_ref, metric_name: name.into() };
        let answer = self.ask(async |mut client| client.get_metrics(request).await);
        answer.map(|answer| answer.metric_values)
    }

    /// The jobs that KEDA is told: the float where it is above 0, else the whole number.
    pub(crate) fn jobs(&self) -> Result<f64, Status> {
        let values = self.metrics("scaleiq-jobs")?;
        let [value] = values.as_slice() else { panic!("{values:?}") };
        assert_eq!(value.metric_name, "scaleiq-jobs");
        assert_eq!(value.metric_value as f64, value.metric_value_float);
        Ok(value.metric_value_float)
    }

    /// As `jobs`, with a deadline.
    pub(crate) fn jobs_within(&self, limit: Duration) -> Result<(), Status> {
        let metric_name = "scaleiq-jobs".to_string();
        let asked = GetMetricsRequest { scaled_object_ref: Some(object()), metric_name };
        let mut request = tonic::Request::new(asked);
        request.set_timeout(limit);
        self.ask(async |mut client| client.get_metrics(request).await).map(|_| ())
    }

    pub(crate) fn activity(&self) -> Result<Streaming<contract::IsActiveResponse>, Status> {
        self.ask(async |mut client| client.stream_is_active(object()).await)
    }

    pub(crate) fn specs(&self) -> Result<Streaming<contract::GetMetricSpecResponse>, Status> {
        self.ask(async |mut client| client.stream_metric_spec(object()).await)
    }

    /// The next answer of a stream; `None` at its end.
    pub(crate) fn next<T>(&self, stream: &mut Streaming<T>) -> Result<Option<T>, Status> {
        self.wait(stream.message())
    }

    /// Waits until the agent tells a number of jobs that `is_right`.
    pub(crate) fn wait_for_jobs(&self, is_right: impl Fn(f64) -> bool) {
        until(|| self.jobs().is_ok_and(&is_right));
    }
}
