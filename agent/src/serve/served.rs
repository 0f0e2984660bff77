//! The workloads that are served, and what is asked of all of them at once.

use super::access::{Access, check_view};
use super::api::Api;
use super::dashboard::{CONTENT_SECURITY_POLICY, DashboardState};
use super::error::refuse;
use super::health::{DATA, Part};
use crate::telemetry::{ConnectionMetrics, Exposition};
use crate::workload::NotReady;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router, middleware};
use scaleiq_core::units::Jobs;
use serde::Serialize;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

/// The loop comes round at each tick, of which there is one every 15 s; a silent device or a slow disk
/// may hold it up for some seconds more.
const MAX_SILENCE: Duration = Duration::from_secs(60);

/// What is served of one workload.
#[derive(Clone, Debug)]
pub struct Served {
    /// Its name.
    pub name: String,
    /// What its endpoints need.
    pub api: Api,
    /// Its page.
    pub dashboard: DashboardState,
}

/// All workloads.
#[derive(Clone, Debug)]
pub(super) struct All {
    pub(super) workloads: Arc<[Served]>,
    pub(super) connections: ConnectionMetrics,
}

/// One workload in a list of them.
#[derive(Serialize)]
struct Listed {
    name: String,
    /// Where it is, from here.
    path: String,
    mode: &'static str,
    /// The number in force; `None` before the first decision.
    jobs_wanted: Option<Jobs>,
    /// Why nothing can be decided, if so.
    not_ready: Option<String>,
}

/// The routes that concern all workloads: probes, metrics, and the list of them.
pub(super) fn router(all: All, access: Arc<Access>) -> Router {
    let mut views = Router::new().route("/metrics", get(metrics)).route("/workloads", get(list));
    if all.workloads.len() > 1 {
        views = views.route("/", get(page));
    }
    // Probes carry no secrets, and tell none.
    Router::new()
        .route("/healthz", get(healthy))
        .route("/readyz", get(ready))
        .merge(views.route_layer(middleware::from_fn_with_state(access, check_view)))
        .with_state(all)
}

/// Where a workload's own routes are.
pub(super) fn path(name: &str) -> String {
    format!("/workloads/{name}/")
}

impl All {
    /// `line`, and whose it is where there are several.
    fn line(&self, workload: &Served, line: &str) -> String {
        match self.workloads.len() {
            1 => format!("{line}\n"),
            _ => format!("{}: {line}\n", workload.name),
        }
    }
}

/// Whether the loops turn. What they know is the affair of `/readyz`: no restart makes data fresher, and
/// none brings a file that is not there; of what reads samples it tells all the same.
async fn healthy(State(all): State<All>) -> Response {
    let mut text = String::from("ok\n");
    for workload in all.workloads.iter() {
        let api = &workload.api;
        match api.control.silence() {
            Some(silence) if silence <= MAX_SILENCE => {
                let source = api.metrics.signs(api.control.now()).source;
                if let Some(condition) = source.filter(|condition| !condition.is_running()) {
                    text += &all.line(workload, &format!("source {condition}"));
                }
            }
            Some(silence) => {
                let message = format!("the loop has not answered for {} s", silence.as_secs());
                let message = all.line(workload, &message);
                return refuse(StatusCode::SERVICE_UNAVAILABLE, message.trim_end());
            }
            None => return NotReady::Stopped.into_response(),
        }
    }
    text.into_response()
}

/// Whether all workloads have fresh data to decide on. What else is wrong is told as well, and is for
/// whoever is called: decisions are made all the same.
async fn ready(State(all): State<All>) -> Response {
    let mut text = String::from("ready\n");
    let mut lacking = String::new();
    for workload in all.workloads.iter() {
        let parts = workload.dashboard.health();
        let ill = parts.iter().filter_map(Part::complaint).filter(|ill| !ill.starts_with(DATA));
        match workload.api.control.ready() {
            Ok(notes) => {
                ill.chain(notes).for_each(|note| text += &all.line(workload, &note));
            }
            Err(error) => {
                let lines = std::iter::once(error.to_string()).chain(ill);
                lines.for_each(|line| lacking += &all.line(workload, &line));
            }
        }
    }
    match lacking.is_empty() {
        true => text.into_response(),
        false => refuse(StatusCode::SERVICE_UNAVAILABLE, lacking.trim_end()),
    }
}

async fn metrics(State(all): State<All>, headers: HeaderMap) -> Response {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let format = Exposition::accepted(&accepted.collect::<Vec<_>>().join(","));
    let about = [(header::CONTENT_TYPE, format.content_type()), (header::VARY, "accept")];
    let text = |workload: &Served| workload.api.metrics.text(workload.api.control.now());
    let texts: Result<Vec<_>, _> =
        all.workloads.iter().map(text).chain([all.connections.text()]).collect();
    match texts {
        Ok(texts) => (about, format.of(&texts)).into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

fn listed(all: &All) -> Vec<Listed> {
    let listed = |workload: &Served| {
        let control = &workload.api.control;
        Listed {
            name: workload.name.clone(),
            path: path(&workload.name),
            mode: workload.api.mode.word(),
            jobs_wanted: control.view().decision.as_ref().map(|traced| traced.decision.jobs),
            not_ready: control.ready().err().map(|error| error.to_string()),
        }
    };
    all.workloads.iter().map(listed).collect()
}

async fn list(State(all): State<All>) -> Response {
    Json(listed(&all)).into_response()
}

/// The way to the workloads' pages. Their names need no escaping: see the configuration.
async fn page(State(all): State<All>) -> Response {
    let mut rows = String::new();
    for Listed { name, path, mode, jobs_wanted, not_ready } in listed(&all) {
        let jobs = jobs_wanted.map_or("–".into(), |jobs| jobs.to_string());
        let state = if not_ready.is_some() { "not ready" } else { "ready" };
        // Writing to a string cannot fail.
        let _ = write!(
            rows,
            "<tr><td><a href=\"{path}\">{name}</a></td><td>{mode}</td><td>{jobs}</td><td>{state}</td></tr>"
        );
    }
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>ScaleIQ</title>\
         <link rel=\"icon\" href=\"/assets/logo.svg\" type=\"image/svg+xml\">\
         <link rel=\"stylesheet\" href=\"/assets/base.css\"><link rel=\"stylesheet\" href=\"/assets/style.css\">\
         </head><body><header><h1>ScaleIQ</h1></header><main><table class=\"card\"><thead><tr>\
         <th scope=\"col\">Workload</th><th scope=\"col\">Mode</th><th scope=\"col\">Jobs wanted</th>\
         <th scope=\"col\">Data</th></tr></thead><tbody>{rows}</tbody></table></main></body></html>\n"
    );
    ([(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY)], Html(html)).into_response()
}
