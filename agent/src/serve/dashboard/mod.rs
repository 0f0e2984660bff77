//! The live dashboard: one page, its assets, and the JSON that it polls.
//!
//! Everything is built into the program; the content policy allows nothing from elsewhere and no
//! inline script or style.

mod about;
mod board;
mod fan;

pub use about::About;

use super::health::{Part, Watch};
use super::published::Published;
use crate::workload::{Event, Snapshot, Subscriber};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use board::Board;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// What the page may load: its own files and nothing else.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; \
    style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const IMAGE: &str = "image/svg+xml";

const PAGE: &str = include_str!("../../../assets/index.html");

/// The page's files: path, kind, content.
const ASSETS: [(&str, &str, &str); 7] = [
    ("/assets/app.js", SCRIPT, include_str!("../../../assets/app.js")),
    ("/assets/charts.js", SCRIPT, include_str!("../../../assets/charts.js")),
    ("/assets/base.css", STYLE, include_str!("../../../assets/base.css")),
    ("/assets/style.css", STYLE, include_str!("../../../assets/style.css")),
    ("/assets/logo.svg", IMAGE, include_str!("../../../assets/logo.svg")),
    (
        "/assets/uPlot.iife.min.js",
        SCRIPT,
        include_str!("../../../assets/vendor/uplot/uPlot.iife.min.js"),
    ),
    ("/assets/uPlot.min.css", STYLE, include_str!("../../../assets/vendor/uplot/uPlot.min.css")),
];

/// The dashboard's memory, shared between who publishes and who serves.
#[derive(Clone, Debug)]
pub struct DashboardState {
    board: Arc<Mutex<Board>>,
    /// `None` where there is nothing but a simulation.
    watch: Option<Watch>,
}

impl DashboardState {
    /// An empty dashboard.
    #[must_use]
    pub fn new(about: About) -> Self {
        // Only has to differ from the last run's, so that an open page notices a restart.
        let run = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis());
        let run = u64::try_from(run).unwrap_or(0);
        Self { board: Arc::new(Mutex::new(Board::new(run, about))), watch: None }
    }

    /// The same, with a page that tells how the agent is.
    #[must_use]
    pub fn watching(self, watch: Watch) -> Self {
        Self { watch: Some(watch), ..self }
    }

    /// How each part of the agent is; none in a simulation.
    pub(super) fn health(&self) -> Vec<Part> {
        self.watch.as_ref().map_or_else(Vec::new, Watch::parts)
    }

    /// Takes the next snapshot.
    pub fn publish(&self, snapshot: Snapshot) {
        self.board.lock().unwrap_or_else(PoisonError::into_inner).publish(snapshot);
    }

    /// What was last published; `None` before that.
    pub(super) fn published(&self) -> Option<Published> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner).published()
    }

    fn json(&self, run: u64, since: u64) -> Result<Vec<u8>, serde_json::Error> {
        let health = self.health();
        self.board.lock().unwrap_or_else(PoisonError::into_inner).json(run, since, &health)
    }
}

impl Subscriber for DashboardState {
    fn take(&self, event: Event<'_>) {
        if let Event::Moment(snapshot) = event {
            self.publish(snapshot.clone());
        }
    }
}

/// The routes `/` and `/api/live`.
pub fn page(state: DashboardState) -> Router {
    let page = get(async || asset(HTML, PAGE));
    Router::new().route("/", page).route("/api/live", get(live)).with_state(state)
}

/// The routes `/assets/*`.
pub fn assets() -> Router {
    let serve = |router: Router, (path, kind, content)| {
        router.route(path, get(async move || asset(kind, content)))
    };
    ASSETS.into_iter().fold(Router::new(), serve)
}

fn asset(kind: &'static str, content: &'static str) -> Response {
    (guarded(kind, "no-cache"), content).into_response()
}

/// Headers of every answer.
fn guarded(kind: &'static str, cache: &'static str) -> [(HeaderName, &'static str); 5] {
    [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, cache),
    ]
}

async fn live(State(state): State<DashboardState>, uri: Uri) -> Response {
    let query = uri.query().unwrap_or_default();
    match state.json(number(query, "run"), number(query, "since")) {
        Ok(json) => (guarded("application/json", "no-store"), json).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// The number named `name` in a query string; 0 if there is none.
fn number(query: &str, name: &str) -> u64 {
    let value = query.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    value.and_then(|v| v.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_from_queries() {
        assert_eq!(number("run=7&since=42", "since"), 42);
        assert_eq!(number("run=7&since=42", "run"), 7);
        assert_eq!(number("since=x", "since"), 0);
        assert_eq!(number("", "since"), 0);
    }

    #[test]
    fn pages_carry_a_strict_policy() {
        let response = asset(HTML, "x");
        let policy = response.headers().get(header::CONTENT_SECURITY_POLICY).unwrap();
        let policy = policy.to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"));
    }

    #[test]
    fn assets_have_nothing_inline_and_nothing_from_elsewhere() {
        for (path, kind, content) in ASSETS.into_iter().chain([("/", HTML, PAGE)]) {
            let vendored = path.contains("uPlot");
            assert!(
                vendored || !content.replace("http://www.w3.org/", "").contains("://"),
                "{path}"
            );
            if kind == HTML {
                for bad in [" onclick", " onload", " style=", "<style", "javascript:", "<script>"] {
                    assert!(!content.contains(bad), "{path} has {bad}");
                }
            }
        }
    }
}
