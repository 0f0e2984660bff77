//! The five calls of KEDA. What the pool is scaled by is always told, even while nothing can be decided: KEDA
//! keeps an old target for ever, without a word, where it is not. Only the number of jobs may be missing.

use super::contract::external_scaler_server::ExternalScaler;
use super::contract::{
    GetMetricSpecResponse, GetMetricsRequest, GetMetricsResponse, IsActiveResponse, MetricSpec,
    MetricValue, ScaledObjectRef,
};
use super::instruction::Instructor;
use crate::serve::Served;
use crate::telemetry::ConnectionMetrics;
use tokio::sync::{mpsc, watch};
use tonic::codegen::tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, async_trait};

/// The name of the one metric. KEDA puts `s0-` in front of it for Kubernetes.
const METRIC: &str = "scaleiq-jobs";

/// The field of a trigger's metadata that names a workload.
const WORKLOAD: &str = "workload";

/// Answers KEDA.
#[derive(Debug)]
pub(super) struct Scaler {
    workloads: Vec<(String, Instructor)>,
    metrics: ConnectionMetrics,
    stopping: watch::Receiver<bool>,
}

impl Scaler {
    /// Answers what is decided for `workloads`, until the agent is `stopping`, and counts it in `metrics`.
    pub(super) fn new(
        workloads: &[Served],
        metrics: ConnectionMetrics,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        let named = |served: &Served| (served.name.clone(), Instructor::new(served));
        Self { workloads: workloads.iter().map(named).collect(), metrics, stopping }
    }

    /// The answer to `call`, which counts.
    fn answer<T>(
        &self,
        call: &'static str,
        told: Result<T, Status>,
    ) -> Result<Response<T>, Status> {
        self.metrics.keda_called(call, told.is_ok());
        told.map(Response::new)
    }

    /// The jobs that `asked` is told.
    async fn jobs(&self, asked: GetMetricsRequest) -> Result<GetMetricsResponse, Status> {
        if asked.metric_name != METRIC {
            let message = format!("there is no metric `{}`: ask for `{METRIC}`", asked.metric_name);
            return Err(Status::invalid_argument(message));
        }
        let instructor = self.instructor(asked.scaled_object_ref.as_ref())?;
        let jobs = instructor.jobs().await.map_err(|why| {
            if let Some(object) = &asked.scaled_object_ref {
                tracing::debug!("{}/{} is told nothing: {why}", object.namespace, object.name);
            }
            Status::unavailable(why)
        })?;
        let value = MetricValue {
            metric_name: METRIC.into(),
            metric_value: jobs.0.into(),
            metric_value_float: jobs.0.into(),
        };
        Ok(GetMetricsResponse { metric_values: vec![value] })
    }

    /// Who knows what `object` is told: of the workload that its trigger names, or of the only one.
    fn instructor(&self, object: Option<&ScaledObjectRef>) -> Result<&Instructor, Status> {
        let meant = object.and_then(|object| object.scaler_metadata.get(WORKLOAD));
        let found = match (meant, self.workloads.as_slice()) {
            (None, [(_, only)]) => Some(only),
            (None, _) => None,
            (Some(meant), workloads) => {
                workloads.iter().find(|(name, _)| name == meant).map(|(_, instructor)| instructor)
            }
        };
        found.ok_or_else(|| {
            let known: Vec<&str> = self.workloads.iter().map(|(name, _)| name.as_str()).collect();
            let message = format!(
                "the trigger's metadata have to say `{WORKLOAD}`; known are {}",
                known.join(", ")
            );
            Status::invalid_argument(message)
        })
    }
}

/// One job for each 1 of the metric: what is divided among the replicas is their number.
fn spec() -> GetMetricSpecResponse {
    let spec = MetricSpec { metric_name: METRIC.into(), target_size: 1, target_size_float: 1.0 };
    GetMetricSpecResponse { metric_specs: vec![spec] }
}

#[async_trait]
impl ExternalScaler for Scaler {
    async fn is_active(
        &self,
        request: Request<ScaledObjectRef>,
    ) -> Result<Response<IsActiveResponse>, Status> {
        // A trigger that names no workload of ours is told by `get_metrics`: nothing goes to 0 by mistake.
        let instructor = self.instructor(Some(request.get_ref()));
        let result = instructor.map_or(true, Instructor::is_active);
        self.answer("is_active", Ok(IsActiveResponse { result }))
    }

    type StreamIsActiveStream = ReceiverStream<Result<IsActiveResponse, Status>>;

    async fn stream_is_active(
        &self,
        request: Request<ScaledObjectRef>,
    ) -> Result<Response<Self::StreamIsActiveStream>, Status> {
        let told = self.instructor(Some(request.get_ref())).map(|instructor| {
            let (to, answers) = mpsc::channel(1);
            tokio::spawn(tell_changes(instructor.clone(), self.stopping.clone(), to));
            ReceiverStream::new(answers)
        });
        self.answer("stream_is_active", told)
    }

    async fn get_metric_spec(
        &self,
        _: Request<ScaledObjectRef>,
    ) -> Result<Response<GetMetricSpecResponse>, Status> {
        self.answer("get_metric_spec", Ok(spec()))
    }

    async fn get_metrics(
        &self,
        request: Request<GetMetricsRequest>,
    ) -> Result<Response<GetMetricsResponse>, Status> {
        let told = self.jobs(request.into_inner()).await;
        self.answer("get_metrics", told)
    }

    type StreamMetricSpecStream = ReceiverStream<Result<GetMetricSpecResponse, Status>>;

    async fn stream_metric_spec(
        &self,
        _: Request<ScaledObjectRef>,
    ) -> Result<Response<Self::StreamMetricSpecStream>, Status> {
        let (to, answers) = mpsc::channel(1);
        let mut stopping = self.stopping.clone();
        tokio::spawn(async move {
            // It never changes: said at once, it stays until the agent or KEDA goes.
            if to.send(Ok(spec())).await.is_ok() {
                tokio::select! {
                    _ = stopping.wait_for(|stops| *stops) => {}
                    () = to.closed() => {}
                }
            }
        });
        self.answer("stream_metric_spec", Ok(ReceiverStream::new(answers)))
    }
}

/// Tells whether any job should run: at once, and whenever that changes.
async fn tell_changes(
    instructor: Instructor,
    mut stopping: watch::Receiver<bool>,
    to: mpsc::Sender<Result<IsActiveResponse, Status>>,
) {
    let mut views = instructor.views();
    let mut told = None;
    loop {
        let result = instructor.is_active();
        if told != Some(result) && to.send(Ok(IsActiveResponse { result })).await.is_err() {
            return;
        }
        told = Some(result);
        tokio::select! {
            changed = views.changed() => if changed.is_err() { return },
            _ = stopping.wait_for(|stops| *stops) => return,
            () = to.closed() => return,
        }
    }
}
