//! The dashboard's memory: bounded, whatever the cadence and however long it runs.

use super::about::About;
use super::course::Course;
use super::fan::Fan;
use super::hour::{Budget, LastHour, Minutes};
use super::learned::{LearnedRanges, Ranges};
use super::marks::{Mark, Marks};
use super::point::{COLUMNS, Point};
use super::present::Present;
use crate::decide::figures::{Figures, Latency};
use crate::drift::ForecastTracker;
use crate::journal::{Carried, Digest};
use crate::observe::Assumption;
use crate::serve::published::Published;
use crate::workload::{Learned, Snapshot};
use scaleiq_core::decision::Decision;
use scaleiq_core::plausibility::Doubt;
use scaleiq_core::policy::{ACTIONS, MULTIPLIERS, Stage};
use scaleiq_core::sample::Sample;
use scaleiq_core::units::{Jobs, UnixSeconds};
use serde::Serialize;
use std::collections::VecDeque;

/// Decisions listed.
const DECISIONS: usize = 30;

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
    columns: [&'static str; COLUMNS.len()],
    points: Vec<&'a Point>,
    /// When the oldest moment was that `/api/course` knows.
    begin: Option<i64>,
    forecast: Option<&'a Fan>,
    decisions: Vec<&'a Entry>,
    stages: [(Stage, u64); Stage::ALL.len()],
    multipliers: [f32; ACTIONS],
    figures: Option<&'a Figures>,
    latency: Option<Latency>,
    last_hour: LastHour,
    budget: Option<Budget>,
    learned: Option<LearnedRanges>,
    useful_jobs: Option<Jobs>,
    /// What became of the last order.
    carried: Option<&'a Carried>,
    marks: &'a VecDeque<Mark>,
    #[serde(flatten)]
    present: &'a Present,
}

/// What the page asks for when it shows more than the last hours.
#[derive(Serialize)]
struct Far<'a> {
    columns: [&'static str; COLUMNS.len()],
    points: Vec<&'a Point>,
}

/// The latest snapshots of one workload.
#[derive(Debug)]
pub(super) struct Board {
    run: u64,
    about: About,
    pub(super) course: Course,
    pub(super) marks: Marks,
    pub(super) carried: Option<Carried>,
    /// The last sample, until it is decided on.
    undecided: Option<Sample>,
    fan: Option<Fan>,
    tracker: ForecastTracker,
    decisions: VecDeque<Entry>,
    stages: [(Stage, u64); Stage::ALL.len()],
    learned: Option<Learned>,
    ranges: Ranges,
    minutes: Minutes,
    figures: Option<Figures>,
    latency: Option<Latency>,
}

impl Board {
    pub(super) fn new(run: u64, about: About) -> Self {
        Self {
            run,
            about,
            course: Course::default(),
            marks: Marks::default(),
            carried: None,
            undecided: None,
            fan: None,
            tracker: ForecastTracker::default(),
            decisions: VecDeque::new(),
            stages: Stage::ALL.map(|stage| (stage, 0)),
            learned: None,
            ranges: Ranges::default(),
            minutes: Minutes::default(),
            figures: None,
            latency: None,
        }
    }

    pub(super) fn publish(&mut self, snapshot: Snapshot) {
        let at = snapshot.at.0;
        if let Some((_, count)) = self.stages.iter_mut().find(|s| s.0 == snapshot.decision.stage) {
            *count += 1;
        }
        self.undecided = None;
        let held = self.tracker.rates(at);
        let held = [0, 1, 2].map(|q| held.and_then(|rates| rates.get(q).copied()));
        self.course.push(Point::new(&snapshot, held));
        self.add_decision(at, snapshot.decision, snapshot.input_sha256);
        if let Some(forecast) = snapshot.forecast {
            self.tracker.push(&forecast);
            self.fan = Some(Fan::from(&forecast));
        }
        if let Some(learned) = snapshot.learned {
            self.ranges.push(at, &learned);
            self.learned = Some(learned);
        }
        if let Some(figures) = snapshot.figures {
            self.minutes.push(at, &figures.scaleiq);
            self.figures = Some(figures);
        }
        self.latency = snapshot.latency.or(self.latency);
    }

    /// A sample was taken. What many at a time tell is shown too, although it is decided on the last alone.
    pub(super) fn taken(&mut self, sample: &Sample) {
        if let Some(before) = self.undecided.replace(*sample) {
            let wanted = self.course.last().and_then(|last| last.wanted);
            self.course.push(Point::of_sample(&before, wanted));
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
        let (last, entry) = (self.course.last()?, self.decisions.back()?);
        Some(Published {
            about: self.about.clone(),
            at: UnixSeconds(last.at),
            jobs_wanted: entry.decision.jobs,
            jobs_ready: last.ready.map(Jobs),
            last_hour: self.minutes.last_hour(),
            budget: self.budget(),
            carried: self.carried.clone(),
            learned_ranges: self.learned.map(|learned| self.ranges.around(&learned)),
            stage: entry.decision.stage,
            preference: entry.decision.preference,
            forecast: entry.decision.forecast,
            assumed: Assumption::note(&entry.decision),
            learned: self.learned,
            figures: self.figures.clone(),
            latency: self.latency,
        })
    }

    fn budget(&self) -> Option<Budget> {
        let week = &self.figures.as_ref()?.scaleiq;
        Budget::new(week, &self.minutes.last_hour(), self.about.objective_percent)
    }

    /// The page's JSON. `run` tells a page that the program was restarted, so that it begins anew.
    pub(super) fn json(
        &self,
        run: u64,
        since: u64,
        present: &Present,
    ) -> Result<Vec<u8>, serde_json::Error> {
        let since = if run == self.run { since } else { 0 };
        serde_json::to_vec(&Live {
            run: self.run,
            next: self.course.next(),
            about: &self.about,
            columns: COLUMNS,
            points: self.course.since(since).collect(),
            begin: self.course.begin(),
            forecast: self.fan.as_ref(),
            decisions: self.decisions.iter().rev().collect(),
            stages: self.stages,
            multipliers: MULTIPLIERS,
            figures: self.figures.as_ref(),
            latency: self.latency,
            last_hour: self.minutes.last_hour(),
            budget: self.budget(),
            learned: self.learned.map(|learned| self.ranges.around(&learned)),
            useful_jobs: self.learned.and_then(|learned| learned.useful_jobs),
            carried: self.carried.as_ref(),
            marks: self.marks.list(),
            present,
        })
    }

    /// Four weeks for the page, in steps of ten minutes.
    pub(super) fn far_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&Far { columns: COLUMNS, points: self.course.far().collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scaleiq_core::decision::Reason;
    use scaleiq_core::settings::Base;

    fn value(board: &Board, since: u64) -> serde_json::Value {
        serde_json::from_slice(&board.json(1, since, &Present::default()).unwrap()).unwrap()
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
    fn pages_get_what_is_new() {
        let mut board = Board::new(1, About::default());
        for k in 0..2000 {
            board.publish(snapshot(k * 5, (k % 7) as u32));
        }
        assert_eq!(board.decisions.len(), DECISIONS);
        let all = value(&board, 0);
        let next = all["next"].as_u64().unwrap();
        board.publish(snapshot(2010 * 5, 3));
        assert_eq!(value(&board, next)["points"].as_array().unwrap().len(), 1);
        let present = Present::default();
        let other_run: serde_json::Value =
            serde_json::from_slice(&board.json(99, next, &present).unwrap()).unwrap();
        assert_eq!(other_run["points"].as_array().unwrap().len() as u64, next + 1);
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
