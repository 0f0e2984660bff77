//! The live dashboard: one page, its assets, and the JSON that it polls.

mod about;
mod assets;
mod board;
mod course;
mod fan;
mod hour;
mod learned;
mod learning;
mod marks;
mod point;
mod present;
mod recorded;

pub use about::About;
pub use assets::{CONTENT_SECURITY_POLICY, assets};
pub(super) use hour::{Budget, LastHour};
pub(super) use learned::LearnedRanges;
pub use learning::Learning;
pub use marks::{Mark, MarkKind};

use super::health::{Part, Watch};
use super::published::Published;
use crate::journal::Carried;
use crate::workload::{Event, Snapshot, Subscriber};
use assets::{page as html, private};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use board::Board;
use marks::Marks;
use present::Present;
use recorded::Recorded;
use scaleiq_core::units::UnixSeconds;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

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

    /// The same, which shows from the start what the journal in `folder` knows, and keeps people's marks
    /// there.
    #[must_use]
    pub fn recorded_in(self, folder: &Path, now: UnixSeconds) -> Self {
        let mut recorded = Recorded::read(folder);
        recorded.begin(now);
        let mut board = self.lock();
        board.marks = Marks::open(Some(folder));
        recorded.marks.into_iter().for_each(|mark| board.marks.add(mark));
        (board.course, board.carried) = (recorded.course, recorded.carried);
        drop(board);
        self
    }

    /// The marks on the time axis.
    pub(super) fn marks(&self) -> Vec<Mark> {
        self.lock().marks.list().iter().cloned().collect()
    }

    /// Adds a person's mark.
    pub(super) fn keep(&self, mark: Mark) -> Result<(), String> {
        self.lock().marks.keep(mark)
    }

    fn lock(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How each part of the agent is; none in a simulation.
    pub(super) fn health(&self) -> Vec<Part> {
        self.watch.as_ref().map_or_else(Vec::new, Watch::parts)
    }

    /// Takes the next snapshot.
    pub fn publish(&self, snapshot: Snapshot) {
        self.lock().publish(snapshot);
    }

    fn carried(&self, carried: &Carried) {
        self.lock().carried = Some(carried.clone());
    }

    /// What was last published; `None` before that.
    pub(super) fn published(&self) -> Option<Published> {
        self.lock().published()
    }

    fn json(&self, run: u64, since: u64) -> Result<Vec<u8>, serde_json::Error> {
        let present = self.watch.as_ref().map(Present::of).unwrap_or_default();
        self.lock().json(run, since, &present)
    }
}

impl Subscriber for DashboardState {
    fn take(&self, event: Event<'_>) {
        match event {
            Event::Moment(snapshot) => self.publish(snapshot.clone()),
            Event::Taken(sample) => self.lock().taken(sample),
            Event::Carried(carried) => self.carried(carried),
            _ => {}
        }
    }
}

/// The routes `/`, `/api/live` and `/api/course`.
pub fn page(state: DashboardState) -> Router {
    Router::new()
        .route("/", get(async || html()))
        .route("/api/live", get(live))
        .route("/api/course", get(course))
        .with_state(state)
}

async fn live(State(state): State<DashboardState>, uri: Uri) -> Response {
    let query = uri.query().unwrap_or_default();
    answer(state.json(number(query, "run"), number(query, "since")))
}

async fn course(State(state): State<DashboardState>) -> Response {
    answer(state.lock().far_json())
}

fn answer(json: Result<Vec<u8>, serde_json::Error>) -> Response {
    match json {
        Ok(json) => private("application/json", json),
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
}
