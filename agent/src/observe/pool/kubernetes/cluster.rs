//! The API server of a cluster.

use super::target::Target;
use crate::observe::probe::ProbeError;
use k8s_openapi::api::autoscaling::v1::Scale;
use kube::api::{Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::DynamicObject;
use kube::{Api, Client, Config, Error};
use serde_json::json;
use std::time::Duration;

/// A connection, and each answer, may take so long.
const TIMEOUT: Duration = Duration::from_secs(4);

/// A cluster, asked about one target.
pub struct Cluster {
    target: Target,
    /// `None` until it is first asked, and after an error.
    api: Option<Api<DynamicObject>>,
}

impl Cluster {
    /// The cluster that `target` is in, which is connected to when it is first asked.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self { target, api: None }
    }

    /// Returns the target as it is.
    ///
    /// # Errors
    /// What kept it from being read.
    pub async fn object(&mut self) -> Result<DynamicObject, ProbeError> {
        let api = self.api().await?;
        let object = api.get(self.target.name()).await;
        object.map_err(|error| self.failed(&error, "get", ""))
    }

    /// Returns how many there are to be.
    ///
    /// # Errors
    /// What kept it from being read.
    pub async fn scale(&mut self) -> Result<Scale, ProbeError> {
        let api = self.api().await?;
        let scale = api.get_scale(self.target.name()).await;
        scale.map_err(|error| self.failed(&error, "get", "/scale"))
    }

    /// Has it be `replicas`, if it is still what it was when `seen` was read; false if it is not.
    ///
    /// # Errors
    /// What kept it from being changed.
    pub async fn set_scale(&mut self, seen: &Scale, replicas: i32) -> Result<bool, ProbeError> {
        let api = self.api().await?;
        let version = &seen.metadata.resource_version;
        let patch = json!({
            "metadata": {"resourceVersion": version},
            "spec": {"replicas": replicas}
        });
        let field_manager =
            PatchParams { field_manager: Some("scaleiq".into()), ..Default::default() };
        match api.patch_scale(self.target.name(), &field_manager, &Patch::Merge(&patch)).await {
            Ok(_) => Ok(true),
            Err(Error::Api(status)) if status.code == 409 => Ok(false),
            Err(error) => Err(self.failed(&error, "patch", "/scale")),
        }
    }

    async fn api(&mut self) -> Result<Api<DynamicObject>, ProbeError> {
        if let Some(api) = &self.api {
            return Ok(api.clone());
        }
        let mut config = self.config().await?;
        config.connect_timeout = Some(TIMEOUT);
        config.read_timeout = Some(TIMEOUT);
        config.write_timeout = Some(TIMEOUT);
        config.reset_reader_on_write = true;
        // Whoever asks asks again by itself.
        config.default_retry = false;
        let namespace = self.target.namespace().unwrap_or(&config.default_namespace).to_string();
        let client = Client::try_from(config);
        let client = client.map_err(|error| ProbeError::Denied(told(&error)))?;
        let api = Api::namespaced_with(client, &namespace, self.target.resource());
        self.api = Some(api.clone());
        Ok(api)
    }

    async fn config(&self) -> Result<Config, ProbeError> {
        let options = || KubeConfigOptions {
            context: self.target.context().cloned(),
            ..KubeConfigOptions::default()
        };
        let config = match (self.target.kubeconfig(), self.target.context()) {
            (None, None) => {
                return Config::infer().await.map_err(|error| {
                    let what = "no cluster: there is neither a pod's account nor a kubeconfig";
                    ProbeError::Denied(format!("{what}: {}", told(&error)))
                });
            }
            (None, Some(_)) => Config::from_kubeconfig(&options()).await,
            (Some(path), _) => match Kubeconfig::read_from(path) {
                Ok(kubeconfig) => Config::from_custom_kubeconfig(kubeconfig, &options()).await,
                Err(error) => Err(error),
            },
        };
        config.map_err(|error| ProbeError::Denied(format!("check `kubeconfig`: {}", told(&error))))
    }

    /// Says what is wrong. The next question is asked on a new connection, with credentials that are read
    /// anew.
    fn failed(&mut self, error: &Error, verb: &str, part: &str) -> ProbeError {
        self.api = None;
        let Error::Api(status) = error else {
            return match error {
                Error::SerdeError(_) => ProbeError::Invalid(told(error)),
                Error::Auth(_) => ProbeError::Denied(told(error)),
                _ => ProbeError::Unreachable(told(error)),
            };
        };
        let what = format!("{} {}: {}", status.code, status.reason, status.message);
        let resource = format!("{}{part}", self.target.plural());
        match status.code {
            401 => ProbeError::Denied(format!("{what}: the credentials do not do")),
            403 => ProbeError::Denied(format!(
                "{what}: give the agent's account `{verb}` on `{resource}`"
            )),
            404 => ProbeError::Absent(format!("{what}: check `name`, `namespace` and `kind`")),
            _ => ProbeError::Unreachable(what),
        }
    }
}

/// An error and what it came of.
fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| {
        let cause = cause.to_string();
        if text.contains(&cause) { text } else { format!("{text}: {cause}") }
    })
}
