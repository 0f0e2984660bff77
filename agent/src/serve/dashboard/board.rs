//! The dashboard's memory: bounded, whatever the cadence and however long it runs.

use super::about::About;
use super::fan::Fan;
use crate::decide::figures::{Figures, Latency};
use crate::drift::ForecastTracker;
use crate::journal::Digest;
use crate::observe::Assumption;
use crate::serve::health::Part;
use crate::serve::published::Published;
use crate::workload::{Learned, Snapshot};
use scaleiq_core::decision::Decision;
use scaleiq_core::plausibility::Doubt;
use scaleiq_core::policy::{ACTIONS, MULTIPLIERS, Stage};
use scaleiq_core::units::{Jobs, UnixSeconds};
use serde::Serialize;
use std::collections::VecDeque;

/// Seconds of history that a page can show.
const KEPT_S: i64 = 12 * 3600;
/// Points closer together than this are not kept.
const CLOSEST_S: i64 = 15;
/// Decisions listed.
const DECISIONS: usize = 30;

/// A point in time: time, arrivals/s, backlog, wanted, ready, starting, need, wait, the 0.1, 0.5 and
/// 0.9 quantiles that were forecast for it six intervals before, and jobs and backlog of the virtual
/// pool in shadow mode.
#[derive(Clone, Copy, Debug, Serialize)]
struct Point(i64, Num, Num, u32, Count, Count, Num, Num, Num, Num, Num, Count, Num);
type Num = Option<f32>;
type Count = Option<u32>;

/// Names of a point's numbers, in order, as the page is told.
const POINT: [&str; 13] = [
    "t",
    "arrivals",
    "backlog",
    "wanted",
    "ready",
    "starting",
    "need",
    "wait",
    "f10",
    "f50",
    "f90",
    "virtual_ready",
    "virtual_backlog",
];

/// A decision, and how often it was repeated.
#[derive(Clone, Debug, Serialize)]
struct Entry {
    since: i64,
    times: u32,
    sentence: &'static str,
    /// What was not taken as it was read, in sentences.
    doubted: Vec<&'static str>,
    input_sha256: Option<Digest>,
    #[serde(flatten)]
    decision: Decision,
}

/// What the page polls, from the point numbered `since` on.
#[derive(Serialize)]
struct Live<'a> {
    run: u64,
    next: u64,
    about: &'a About,
    columns: [&'static str; POINT.len()],
    points: Vec<&'a Point>,
    forecast: Option<&'a Fan>,
    decisions: Vec<&'a Entry>,
    stages: [(Stage, u64); Stage::ALL.len()],
    multipliers: [f32; ACTIONS],
    figures: Option<&'a Figures>,
    latency: Option<Latency>,
    health: &'a [Part],
}

/// The latest snapshots of one workload.
#[derive(Debug)]
pub(super) struct Board {
    run: u64,
    about: About,
    points: VecDeque<Point>,
    /// Number of the first point kept.
    first: u64,
    fan: Option<Fan>,
    tracker: ForecastTracker,
    decisions: VecDeque<Entry>,
    stages: [(Stage, u64); Stage::ALL.len()],
    learned: Option<Learned>,
    figures: Option<Figures>,
    latency: Option<Latency>,
}

impl Board {
    pub(super) fn new(run: u64, about: About) -> Self {
        Self {
            run,
            about,
            points: VecDeque::new(),
            first: 0,
            fan: None,
            tracker: ForecastTracker::default(),
            decisions: VecDeque::new(),
            stages: Stage::ALL.map(|stage| (stage, 0)),
            learned: None,
            figures: None,
            latency: None,
        }
    }

    pub(super) fn publish(&mut self, snapshot: Snapshot) {
        let at = snapshot.at.0;
        if let Some((_, count)) = self.stages.iter_mut().find(|s| s.0 == snapshot.decision.stage) {
            *count += 1;
        }
        self.add_point(&snapshot);
        self.add_decision(at, snapshot.decision, snapshot.input_sha256);
        if let Some(forecast) = snapshot.forecast {
            self.tracker.push(&forecast);
            self.fan = Some(Fan::from(&forecast));
        }
        self.learned = snapshot.learned.or(self.learned);
        self.figures = snapshot.figures.or(self.figures.take());
        self.latency = snapshot.latency.or(self.latency);
    }

    fn add_point(&mut self, s: &Snapshot) {
        let at = s.at.0;
        if self.points.back().is_some_and(|last| at < last.0.saturating_add(CLOSEST_S)) {
            return;
        }
        let held = self.tracker.rates(at);
        let held = |q: usize| held.and_then(|rates| rates.get(q).copied());
        let (ready, starting) = (s.ready.map(|j| j.0), s.starting.map(|j| j.0));
        let wanted = s.decision.jobs.0;
        self.points.push_back(Point(
            at,
            s.arrivals_per_s,
            s.backlog_events,
            wanted,
            ready,
            starting,
            s.need_jobs,
            s.wait_s,
            held(0),
            held(1),
            held(2),
            s.virtual_sample.and_then(|told| told.jobs_ready).map(|jobs| jobs.0),
            s.virtual_sample.and_then(|told| told.backlog_events.known()),
        ));
        while self.points.front().is_some_and(|p| p.0 < at.saturating_sub(KEPT_S)) {
            self.points.pop_front();
            self.first += 1;
        }
    }

    fn add_decision(&mut self, at: i64, decision: Decision, input_sha256: Option<Digest>) {
        if let Some(last) = self.decisions.back_mut() {
            let key = |d: &Decision| (d.jobs, d.reason, d.stage, d.doubts);
            if key(&last.decision) == key(&decision) {
                last.times = last.times.saturating_add(1);
                last.decision = decision;
                last.input_sha256 = input_sha256;
                return;
            }
        }
        let sentence = decision.reason.sentence();
        let doubted = decision.doubts.iter().map(Doubt::sentence).collect();
        let entry = Entry { since: at, times: 1, sentence, doubted, input_sha256, decision };
        self.decisions.push_back(entry);
        if self.decisions.len() > DECISIONS {
            self.decisions.pop_front();
        }
    }

    /// What was last published; `None` before that.
    pub(super) fn published(&self) -> Option<Published> {
        let (last, entry) = (self.points.back()?, self.decisions.back()?);
        let &Point(at, _, _, _, ready, ..) = last;
        Some(Published {
            about: self.about.clone(),
            at: UnixSeconds(at),
            jobs_wanted: entry.decision.jobs,
            jobs_ready: ready.map(Jobs),
            stage: entry.decision.stage,
            preference: entry.decision.preference,
            forecast: entry.decision.forecast,
            assumed: Assumption::note(&entry.decision),
            learned: self.learned,
            figures: self.figures.clone(),
            latency: self.latency,
        })
    }

    /// The page's JSON. `run` tells a page that the program was restarted, so that it begins anew.
    pub(super) fn json(
        &self,
        run: u64,
        since: u64,
        health: &[Part],
    ) -> Result<Vec<u8>, serde_json::Error> {
        let since = if run == self.run { since } else { 0 };
        let skip = usize::try_from(since.saturating_sub(self.first)).unwrap_or(usize::MAX);
        serde_json::to_vec(&Live {
            run: self.run,
            next: self.first + self.points.len() as u64,
            about: &self.about,
            columns: POINT,
            points: self.points.iter().skip(skip).collect(),
            forecast: self.fan.as_ref(),
            decisions: self.decisions.iter().rev().collect(),
            stages: self.stages,
            multipliers: MULTIPLIERS,
            figures: self.figures.as_ref(),
            latency: self.latency,
            health,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scaleiq_core::decision::Reason;
    use scaleiq_core::settings::Base;

    fn value(board: &Board, since: u64) -> serde_json::Value {
        serde_json::from_slice(&board.json(1, since, &[]).unwrap()).unwrap()
    }

    fn snapshot(at: i64, jobs: u32) -> Snapshot {
        Snapshot {
            at: UnixSeconds(at),
            arrivals_per_s: Some(100.0),
            backlog_events: Some(0.0),
            wait_s: Some(0.0),
            ready: Some(Jobs(4)),
            starting: Some(Jobs(0)),
            need_jobs: Some(3.5),
            learned: None,
            decision: Decision {
                epoch: at as u64,
                at: UnixSeconds(at),
                jobs: Jobs(jobs),
                current_jobs: Jobs(4),
                stage: Stage::Network,
                base: Base::Required,
                multiplier: Some(1.0),
                q_values: None,
                proposed: Jobs(jobs),
                changes: Default::default(),
                reason: Reason::Steady,
                outlook: None,
                prospects: None,
                doubts: Default::default(),
                preference: None,
                forecast: None,
            },
            input_sha256: None,
            forecast: None,
            virtual_sample: None,
            figures: None,
            latency: None,
        }
    }

    #[test]
    fn memory_is_bounded_and_pages_get_what_is_new() {
        let mut board = Board::new(1, About::default());
        for k in 0..20_000 {
            board.publish(snapshot(k * 5, (k % 7) as u32));
        }
        assert_eq!(board.points.len() as i64, KEPT_S / CLOSEST_S + 1);
        assert_eq!(board.decisions.len(), DECISIONS);
        let all = value(&board, 0);
        let next = all["next"].as_u64().unwrap();
        board.publish(snapshot(20_010 * 5, 3));
        assert_eq!(value(&board, next)["points"].as_array().unwrap().len(), 1);
        let other_run: serde_json::Value =
            serde_json::from_slice(&board.json(99, next, &[]).unwrap()).unwrap();
        assert_eq!(other_run["points"].as_array().unwrap().len(), board.points.len());
    }

    #[test]
    fn repeated_decisions_share_a_line() {
        let mut board = Board::new(1, About::default());
        for k in 0..5 {
            board.publish(snapshot(k * 30, 4));
        }
        board.publish(snapshot(150, 5));
        let live = value(&board, 0);
        assert_eq!(live["decisions"].as_array().unwrap().len(), 2);
        assert_eq!(live["decisions"][1]["times"], 5);
        assert_eq!(live["decisions"][0]["jobs"], 5);
    }
}
