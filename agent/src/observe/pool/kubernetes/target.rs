//! Which resource of a cluster is meant, and how the cluster is reached.

use crate::config::{Choice, Fields, File, Parsed, Text};
use kube::core::{ApiResource, GroupVersionKind};
use std::fmt;
use std::path::PathBuf;

/// The kinds that every cluster has.
const KINDS: Choice<Kind> = Choice(&[
    ("Deployment", Kind::Deployment),
    ("StatefulSet", Kind::StatefulSet),
    ("ReplicaSet", Kind::ReplicaSet),
]);

/// What is scaled.
#[derive(Clone, Debug)]
pub struct Target {
    resource: ApiResource,
    /// Whether the cluster's own controllers tell how many of its pods are ready.
    is_built_in: bool,
    /// `None`: that of the pod, or of the kubeconfig's context.
    namespace: Option<String>,
    name: String,
    kubeconfig: Option<PathBuf>,
    context: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Deployment,
    StatefulSet,
    ReplicaSet,
}

impl Target {
    /// Reads it.
    pub fn fields(f: &mut Fields<'_>) -> Option<Self> {
        let about = "name of the Deployment, or what it is";
        let name = f.required("name", about, Parsed(dns_name));
        let about = "its namespace; that of the agent's pod or of the kubeconfig if left out";
        let namespace = f.optional("namespace", about, Parsed(dns_name));
        let kind = f.or("kind", "what it is", KINDS, Kind::Deployment);
        let about = "anything else with a scale subresource, instead of `kind`: PLURAL.VERSION.GROUP, such as \
                     rollouts.v1alpha1.argoproj.io";
        let resource = f.optional("resource", about, Parsed(any_resource));
        let about =
            "kubeconfig of a user; if left out, the pod's own account, or what kubectl would take";
        let kubeconfig = f.optional("kubeconfig", about, File);
        let context = f.optional("context", "context of the kubeconfig", Text);
        if let (Some(place), Some(_)) = (f.given("resource"), f.given("kind")) {
            let message =
                format!("`{}` and `kind` are two ways to say one thing", f.name("resource"));
            f.problem(place, message);
        }
        Some(Self {
            is_built_in: resource.is_none(),
            resource: resource.map_or_else(|| built_in(kind), |given| given.value),
            namespace: namespace.map(|given| given.value),
            name: name?.value,
            kubeconfig: kubeconfig.map(|given| given.value),
            context: context.map(|given| given.value),
        })
    }

    /// Returns its name, within its namespace.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns what names it in rights, such as `deployments`.
    #[must_use]
    pub fn plural(&self) -> &str {
        &self.resource.plural
    }

    pub(super) fn is_built_in(&self) -> bool {
        self.is_built_in
    }

    pub(super) fn resource(&self) -> &ApiResource {
        &self.resource
    }

    pub(super) fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    pub(super) fn kubeconfig(&self) -> Option<&PathBuf> {
        self.kubeconfig.as_ref()
    }

    pub(super) fn context(&self) -> Option<&String> {
        self.context.as_ref()
    }
}

/// As `kubectl` would be told.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.resource.plural, self.name)?;
        match &self.namespace {
            Some(namespace) => write!(f, " in {namespace}"),
            None => Ok(()),
        }
    }
}

fn built_in(kind: Kind) -> ApiResource {
    let word = match kind {
        Kind::Deployment => "Deployment",
        Kind::StatefulSet => "StatefulSet",
        Kind::ReplicaSet => "ReplicaSet",
    };
    let plural = format!("{}s", word.to_lowercase());
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk("apps", "v1", word), &plural)
}

/// `PLURAL.VERSION.GROUP`. The kind is told by nobody, and asked for by nothing.
fn any_resource(text: &str) -> Result<ApiResource, String> {
    let mut parts = text.splitn(3, '.');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(plural), Some(version), Some(group))
            if dns_name(plural).is_ok() && dns_name(version).is_ok() && dns_name(group).is_ok() =>
        {
            let kind = GroupVersionKind::gvk(group, version, "");
            Ok(ApiResource::from_gvk_with_plural(&kind, plural))
        }
        _ => Err("is not of the form PLURAL.VERSION.GROUP".into()),
    }
}

/// What may be a name in a path.
fn dns_name(text: &str) -> Result<String, String> {
    let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
    let is_name = text.len() <= 253
        && text.chars().all(is_allowed)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric());
    match is_name {
        true => Ok(text.into()),
        false => Err("is no name of Kubernetes: small letters, digits, `-` and `.`".into()),
    }
}
