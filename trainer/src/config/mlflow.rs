//! The `mlflow` section: a server that runs are told to.

use super::check::Checks;
use serde::{Deserialize, Serialize};

/// Name of the experiment where none is given.
const EXPERIMENT: &str = "scaleiq";

/// A server that runs are told to, and the experiment that they belong to there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MlflowConfig {
    /// Its address, such as `http://localhost:5000`.
    #[serde(alias = "tracking_uri")]
    pub url: String,
    /// Name of the experiment.
    #[serde(default = "experiment", alias = "experiment_name")]
    pub experiment: String,
}

fn experiment() -> String {
    EXPERIMENT.into()
}

impl MlflowConfig {
    /// A server by its address.
    #[must_use]
    pub fn at(url: &str, experiment: Option<&str>) -> Self {
        Self { url: url.into(), experiment: experiment.unwrap_or(EXPERIMENT).into() }
    }

    pub(super) fn check(&self, checks: &mut Checks) {
        let mut c = checks.section("mlflow");
        let is_address = ["http://", "https://"].iter().any(|scheme| self.url.starts_with(scheme));
        c.require(is_address, "url", || {
            format!("{:?} begins with neither http:// nor https://", self.url)
        });
        c.require(!self.experiment.trim().is_empty(), "experiment", || "is empty".into());
    }
}
