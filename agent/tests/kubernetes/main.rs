//! The Kubernetes actuator and its pool, against an API server that checks what it is asked.
#![cfg(all(feature = "http", feature = "kubernetes"))]

#[path = "../certificates/mod.rs"]
mod certificates;
#[path = "../orders/mod.rs"]
mod orders;
mod server;

use agent::actuate::actuator::Outcome;
use agent::observe::pool::PoolReading;
use agent::observe::probe::ProbeError;
use certificates::Authority;
use orders::Acting;
use scaleiq_core::units::Jobs;
use serde_json::json;
use server::{ApiServer, Fault};
use std::time::Duration;
use tempfile::TempDir;

const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/shop/deployments/worker";

/// An actuator beside a server.
struct Rig {
    server: ApiServer,
    acting: Acting,
    _folder: TempDir,
}

impl Rig {
    /// Within a runtime: the resource is at `path`, and configured as `target`.
    fn new(path: &str, target: &str) -> Self {
        Self::beside(ApiServer::start(path), None, target)
    }

    fn beside(server: ApiServer, authority: Option<&str>, target: &str) -> Self {
        let folder = TempDir::new().unwrap();
        server.kubeconfig(&folder.path().join("kubeconfig"), authority);
        let section = format!("{{type: kubernetes, kubeconfig: kubeconfig, name: worker{target}}}");
        let acting = Acting::new(&section, folder.path());
        Self { server, acting, _folder: folder }
    }

    async fn apply(&mut self, jobs: u32) -> Result<Outcome, String> {
        self.acting.apply(jobs).await
    }
}

#[tokio::test]
async fn a_deployment_is_scaled_and_the_same_order_changes_nothing_more() {
    let mut rig = Rig::new(DEPLOYMENT, "");
    assert_eq!(rig.apply(7).await, Ok(Outcome::Done));
    let patch = format!("PATCH {DEPLOYMENT}/scale?&fieldManager=scaleiq");
    let asked = [format!("GET {DEPLOYMENT}/scale"), format!("GET {DEPLOYMENT}"), patch];
    assert_eq!(rig.server.asked(), asked);
    assert_eq!(rig.server.state().replicas, Some(7));
    assert_eq!(rig.apply(7).await, Ok(Outcome::Done));
    assert_eq!(rig.server.asked(), [format!("GET {DEPLOYMENT}/scale")]);
    assert_eq!(rig.apply(0).await, Ok(Outcome::Done));
    assert_eq!(rig.server.state().replicas, Some(0));
}

#[tokio::test]
async fn whoever_else_changes_it_is_given_way_for_a_while() {
    let mut rig = Rig::new(DEPLOYMENT, "");
    rig.server.state().faults = vec![("PATCH", Fault::Changed); 3];
    assert_eq!(rig.apply(7).await, Ok(Outcome::Done));
    assert_eq!(rig.server.state().replicas, Some(7));
    rig.server.state().faults = vec![("PATCH", Fault::Changed); 5];
    let error = rig.apply(3).await.unwrap_err();
    assert!(error.contains("changed by somebody else all the time"), "{error}");
    assert_eq!(rig.server.state().replicas, Some(7));
    assert_eq!(rig.apply(3).await, Ok(Outcome::Done));
}

#[tokio::test]
async fn a_paused_one_is_left_as_it_is() {
    let mut rig = Rig::new(DEPLOYMENT, "");
    for name in ["autoscaling.keda.sh/paused", "scaleiq/paused", "scaleiq/paused-scale-out"] {
        rig.server.state().annotations = json!({name: "true"});
        assert_eq!(rig.apply(7).await, Ok(Outcome::Withheld), "{name}");
        assert_eq!(rig.server.state().replicas, Some(4));
    }
    assert_eq!(rig.apply(3).await, Ok(Outcome::Done), "only more are forbidden");
    rig.server.state().annotations = json!({});
    assert_eq!(rig.apply(7).await, Ok(Outcome::Done));
}

#[tokio::test]
async fn what_goes_wrong_is_named_and_the_next_order_finds_its_way() {
    let mut rig = Rig::new(DEPLOYMENT, "");
    for (verb, fault, words) in [
        ("GET", Fault::Status(403), "give the agent's account `get` on `deployments/scale`"),
        ("PATCH", Fault::Status(403), "give the agent's account `patch` on `deployments/scale`"),
        ("GET", Fault::Status(401), "the credentials do not do"),
        ("GET", Fault::Status(404), "check `name`, `namespace` and `kind`"),
        ("PATCH", Fault::Status(500), "500 Injected"),
        ("GET", Fault::Status(503), "503 Injected"),
        ("PATCH", Fault::Gone, ""),
        ("GET", Fault::Slow(Duration::from_secs(6)), ""),
    ] {
        rig.server.state().faults = vec![(verb, fault)];
        let error = rig.apply(7).await.unwrap_err();
        assert!(error.contains(words), "{fault:?}: {error}");
        assert_eq!(rig.server.state().replicas, Some(4), "{fault:?}");
    }
    assert_eq!(rig.apply(7).await, Ok(Outcome::Done));
    assert_eq!(rig.server.state().replicas, Some(7));
}

#[tokio::test]
async fn the_pool_is_what_is_ready_and_a_missing_answer_is_no_number() {
    let mut rig = Rig::new(DEPLOYMENT, "");
    let seen = |ready, starting| Ok(PoolReading { ready: Jobs(ready), starting: Jobs(starting) });
    assert_eq!(rig.acting.pool().await, seen(4, 0));
    // A rollout with two pods more, and one pod that is not up.
    rig.server.state().status =
        json!({"observedGeneration": 2, "replicas": 6, "updatedReplicas": 3, "readyReplicas": 5});
    assert_eq!(rig.acting.pool().await, seen(4, 0));
    rig.server.state().replicas = Some(9);
    assert_eq!(rig.acting.pool().await, seen(5, 4));
    rig.server.state().status = json!({"observedGeneration": 2});
    assert_eq!(rig.acting.pool().await, seen(0, 9));
    rig.server.state().status = json!({});
    assert!(matches!(rig.acting.pool().await, Err(ProbeError::Absent(_))));
    for (fault, word) in [(403, "denied"), (404, "absent"), (500, "unreachable")] {
        rig.server.state().faults = vec![("GET", Fault::Status(fault))];
        assert_eq!(rig.acting.pool().await.unwrap_err().word(), word);
    }
    rig.server.state().faults = vec![("GET", Fault::Gone)];
    assert!(matches!(rig.acting.pool().await, Err(ProbeError::Unreachable(_))));
}

#[tokio::test]
async fn other_kinds_are_scaled_by_their_paths() {
    for (path, target) in [
        ("/apis/apps/v1/namespaces/shop/statefulsets/worker", ", kind: StatefulSet"),
        ("/apis/apps/v1/namespaces/night/deployments/worker", ", namespace: night"),
        (
            "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/worker",
            ", resource: rollouts.v1alpha1.argoproj.io",
        ),
    ] {
        let mut rig = Rig::new(path, target);
        assert_eq!(rig.apply(6).await, Ok(Outcome::Done), "{path}");
        assert_eq!(rig.server.state().replicas, Some(6));
        assert_eq!(rig.acting.pool().await, Ok(PoolReading { ready: Jobs(4), starting: Jobs(2) }));
    }
    // Of what tells no ready ones, the scale is all that is known.
    let mut rig =
        Rig::new("/apis/x.io/v1/namespaces/shop/crews/worker", ", resource: crews.v1.x.io");
    rig.server.state().status = json!({"replicas": 3});
    assert_eq!(rig.acting.pool().await, Ok(PoolReading { ready: Jobs(3), starting: Jobs(1) }));
}

#[tokio::test]
async fn a_server_is_trusted_by_who_has_signed_its_certificate() {
    let (known, another) = (Authority::new(), Authority::new());
    let server = ApiServer::start_tls(DEPLOYMENT, &known.issue("127.0.0.1"));
    let mut rig = Rig::beside(server.clone(), Some(&known.pem), "");
    assert_eq!(rig.apply(7).await, Ok(Outcome::Done));
    assert_eq!(server.state().replicas, Some(7));
    let mut rig = Rig::beside(server.clone(), Some(&another.pem), "");
    let error = rig.apply(3).await.unwrap_err();
    assert!(error.contains("certificate"), "{error}");
    assert_eq!(server.state().replicas, Some(7));
}
