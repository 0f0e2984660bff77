//! KEDA's operator as far as it streams metrics, from the public contract.

use crate::servers::authority::{Authority, Identity};
use crate::servers::http::until;
use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tonic::codegen::tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Certificate, Server, ServerTlsConfig};
use tonic::{Request, Response, Status, async_trait};

mod contract {
    #![allow(clippy::all, dead_code, missing_docs, unreachable_pub)]
    tonic::include_proto!("api");
}

use contract::raw_metrics_service_server::{RawMetricsService, RawMetricsServiceServer};
use contract::{
    RawMetric, RawMetricsRequest, RawMetricsResponse, ScaledObjectRef, SubscriptionAck,
    SubscriptionRequest, Timestamp,
};

type Answer = Result<RawMetricsResponse, Status>;

/// Who has subscribed to what, and who listens.
#[derive(Default)]
struct State {
    subscriptions: HashSet<(String, String)>,
    listeners: Vec<(String, mpsc::Sender<Answer>)>,
}

#[derive(Clone, Default)]
struct Service(Arc<Mutex<State>>);

#[async_trait]
impl RawMetricsService for Service {
    type GetRawMetricsStreamStream = ReceiverStream<Answer>;

    async fn get_raw_metrics_stream(
        &self,
        request: Request<RawMetricsRequest>,
    ) -> Result<Response<Self::GetRawMetricsStreamStream>, Status> {
        let (to, answers) = mpsc::channel(16);
        self.0.lock().unwrap().listeners.push((request.into_inner().subscriber, to));
        Ok(Response::new(ReceiverStream::new(answers)))
    }

    async fn subscribe_metric(
        &self,
        request: Request<SubscriptionRequest>,
    ) -> Result<Response<SubscriptionAck>, Status> {
        let SubscriptionRequest { subscriber, metric_metadata } = request.into_inner();
        let about = metric_metadata.unwrap();
        assert_eq!((&*about.name, &*about.namespace), ("worker", "jobs"));
        let is_new = self.0.lock().unwrap().subscriptions.insert((subscriber, about.metric_name));
        Ok(Response::new(SubscriptionAck { was_subscribed: !is_new, message: None }))
    }

    async fn unsubscribe_metric(
        &self,
        _: Request<SubscriptionRequest>,
    ) -> Result<Response<SubscriptionAck>, Status> {
        Err(Status::unimplemented("nobody does"))
    }
}

/// A running operator, gone when dropped.
pub(crate) struct Operator {
    service: Service,
    _runtime: Runtime,
}

impl Operator {
    /// Starts one on `port`, which lets in those with a certificate of `clients`.
    pub(crate) fn start(port: u16, own: &Identity, clients: &Authority) -> Self {
        let service = Service::default();
        let tls = ServerTlsConfig::new()
            .identity(tonic::transport::Identity::from_pem(&own.cert, &own.key))
            .client_ca_root(Certificate::from_pem(&clients.pem));
        let routes = Server::builder()
            .tls_config(tls)
            .unwrap()
            .add_service(RawMetricsServiceServer::new(service.clone()));
        let runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = { runtime }.worker_threads(1).enable_all().build().unwrap();
        runtime.spawn(routes.serve(SocketAddr::from((Ipv4Addr::LOCALHOST, port))));
        Self { service, _runtime: runtime }
    }

    /// Waits for somebody who has subscribed to all of `triggers`, and listens.
    pub(crate) fn wait_for_subscriber(&self, triggers: &[&str]) {
        until(|| {
            let state = self.service.0.lock().unwrap();
            state.listeners.iter().any(|(subscriber, to)| {
                let knows = |trigger: &&str| {
                    state.subscriptions.contains(&(subscriber.clone(), (*trigger).into()))
                };
                !to.is_closed() && triggers.iter().all(knows)
            })
        });
    }

    /// Sends a value of `trigger` to all who have subscribed to it.
    pub(crate) fn send(&self, trigger: &str, value: f64, seconds: i64) {
        let about = ScaledObjectRef {
            name: "worker".into(),
            namespace: "jobs".into(),
            metric_name: trigger.into(),
        };
        let metric = RawMetric {
            value,
            timestamp: Some(Timestamp { seconds, nanos: 0 }),
            metadata: Some(about),
            is_active: false,
        };
        let state = self.service.0.lock().unwrap();
        for (subscriber, to) in &state.listeners {
            if state.subscriptions.contains(&(subscriber.clone(), trigger.into())) {
                let _ = to.try_send(Ok(RawMetricsResponse { metrics: vec![metric.clone()] }));
            }
        }
    }

    /// Forgets all subscriptions, as KEDA does with those of who is slow.
    pub(crate) fn forget(&self) {
        self.service.0.lock().unwrap().subscriptions.clear();
    }

    /// Ends all streams.
    pub(crate) fn end_streams(&self) {
        self.service.0.lock().unwrap().listeners.clear();
    }
}
