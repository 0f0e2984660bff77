//! Plays every policy on the same load and keeps what a report needs.

use super::track::{Buckets, Keep, Series};
use crate::decide::Decider;
use crate::drift::ForecastTracker;
use crate::lab::replay::{Moment, Replay, TICK_S, Tally, static_jobs};
use crate::lab::report::Row;
use scaleiq_core::sample::Sample;
use scaleiq_core::units::{JobLimits, UnixSeconds};
use scaleiq_workload::baselines::{Baseline, ScalingRule, StaticRule};
use scaleiq_workload::sim::faults::Verdict;
use scaleiq_workload::sim::{Load, Score, Simulator, World};
use serde::Serialize;
use std::sync::Arc;

/// What is played.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Arrivals and work.
    pub load: Arc<Load>,
    /// How jobs start and fail, and what is late.
    pub world: World,
    /// Fewest and most jobs.
    pub limits: JobLimits,
    /// Seed of what happens by chance: start-up times and crashes.
    pub seed: u64,
    /// Seconds at the start that are not scored.
    pub warm_s: u32,
}

/// One policy's course.
#[derive(Clone, Debug, Serialize)]
pub struct Track {
    /// Its name in the table.
    pub policy: String,
    /// Jobs paid for.
    pub jobs: Series,
    /// Longest wait of an event that arrives.
    pub wait_s: Series,
    /// Largest backlog.
    pub backlog_events: Series,
}

/// What is the same for every policy, and what was forecast of it 12 minutes before.
#[derive(Clone, Debug, Serialize)]
pub struct Course {
    /// End of each bucket.
    pub times: Vec<i64>,
    /// Arrivals per second.
    pub arrivals: Series,
    /// Jobs that the load keeps fully busy.
    pub need: Series,
    /// 0.1 quantile forecast 12 minutes before.
    pub q10: Series,
    /// Median forecast 12 minutes before.
    pub q50: Series,
    /// 0.9 quantile forecast 12 minutes before.
    pub q90: Series,
}

/// How good the forecasts 12 minutes ahead were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ForecastQuality {
    /// Sum of the median's errors over the sum of arrivals.
    pub wape: f64,
    /// Share of intervals between the 0.1 and the 0.9 quantile: 0.8 is right.
    pub coverage: f64,
    /// Intervals judged.
    pub intervals: u64,
}

/// Everything that came out.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// One line per policy, ScaleIQ first.
    pub rows: Vec<Row>,
    /// What ScaleIQ decided.
    pub decisions: Tally,
    /// How good its forecasts were.
    pub forecast: ForecastQuality,
    /// What faults would have cost it, if that was asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Verdict>,
    /// What is the same for every policy.
    #[serde(skip)]
    pub course: Course,
    /// One course per policy, in the order of `rows`.
    #[serde(skip)]
    pub tracks: Vec<Track>,
}

/// Policies that are played: ScaleIQ, the static pool, and every rule at its default.
pub const POLICIES: u64 = 2 + Baseline::ALL.len() as u64;

/// A rule's name in the table, with its default knob.
fn label(baseline: Baseline) -> String {
    let knob = baseline.default_knob();
    let percent = 100.0 * knob;
    match baseline {
        Baseline::Hpa => format!("HPA-like, {percent:.0} %"),
        Baseline::Lag => format!("KEDA-like, {knob} s"),
        Baseline::Ds2 => format!("DS2 (Flink), {percent:.0} %"),
        Baseline::Trend => format!("linear trend, {percent:.0} %"),
        Baseline::Seasonal => format!("seasonal, {percent:.0} %"),
        // It knows what comes; nobody can have it.
        Baseline::Oracle => format!("bound: oracle x {knob}"),
    }
}

impl Plan {
    /// Ticks of one policy.
    #[must_use]
    pub fn ticks(&self) -> u64 {
        self.load.duration_s() / u64::from(TICK_S)
    }

    /// Plays every policy; `progress` is told of each tick and by whom it was played.
    pub fn play(&self, decider: Box<dyn Decider>, progress: &mut dyn FnMut(&str)) -> Outcome {
        let start = self.load.start().plus(i64::from(self.warm_s));
        let span_s = self.load.duration_s().saturating_sub(u64::from(self.warm_s));
        let buckets = Buckets::new(start, span_s, TICK_S);
        let mut outcome = self.play_ours(buckets, decider, progress);
        let fixed = static_jobs(&self.load);
        let name = format!("static pool of {fixed}");
        let mut rules: Vec<(String, Box<dyn ScalingRule + '_>)> =
            vec![(name, Box::new(StaticRule { jobs: fixed }))];
        rules.extend(Baseline::ALL.into_iter().map(|baseline| {
            (label(baseline), baseline.build(baseline.default_knob(), &self.load, self.world))
        }));
        for (name, mut rule) in rules {
            let (score, track) = self.play_rule(buckets, &name, rule.as_mut(), progress);
            outcome.rows.push(Row { policy: name, score });
            outcome.tracks.push(track);
        }
        outcome
    }

    fn play_ours(
        &self,
        buckets: Buckets,
        decider: Box<dyn Decider>,
        progress: &mut dyn FnMut(&str),
    ) -> Outcome {
        let name = "ScaleIQ";
        let mut replay =
            Replay::new(&self.load, self.world, self.limits, self.seed, self.warm_s, decider);
        let mut track = Recorder::new(name, buckets);
        let mut course = CourseRecorder::new(buckets, self);
        while let Some(moment) = replay.step() {
            track.add(&moment.sample);
            course.add(&moment, &replay);
            progress(name);
        }
        Outcome {
            rows: vec![Row { policy: name.into(), score: replay.score() }],
            decisions: replay.tally().clone(),
            forecast: course.quality(),
            faults: Vec::new(),
            course: course.course,
            tracks: vec![track.track],
        }
    }

    fn play_rule(
        &self,
        buckets: Buckets,
        name: &str,
        rule: &mut dyn ScalingRule,
        progress: &mut dyn FnMut(&str),
    ) -> (Score, Track) {
        let load = self.load.as_ref();
        let simulator = Simulator::new(load, self.world, self.limits, TICK_S, self.seed);
        let mut simulator = simulator.with_warm_up(self.warm_s);
        let mut recorder = Recorder::new(name, buckets);
        while let Some(sample) = simulator.tick() {
            simulator.set_jobs(rule.decide(&sample));
            recorder.add(&sample);
            progress(name);
        }
        (simulator.score(), recorder.track)
    }
}

/// Fills a [`Track`].
struct Recorder {
    track: Track,
    work_ms: f32,
}

impl Recorder {
    fn new(policy: &str, buckets: Buckets) -> Self {
        let track = Track {
            policy: policy.into(),
            jobs: Series::new(buckets, Keep::Mean),
            wait_s: Series::new(buckets, Keep::Max),
            backlog_events: Series::new(buckets, Keep::Max),
        };
        Self { track, work_ms: 0.0 }
    }

    fn add(&mut self, sample: &Sample) {
        self.work_ms = sample.work_ms.known().unwrap_or(self.work_ms);
        let (Some(ready), Some(starting)) = (sample.jobs_ready, sample.jobs_starting) else {
            return;
        };
        self.track.jobs.add(sample.end, f64::from(ready.0) + f64::from(starting.0));
        if let Some(backlog) = sample.backlog_events.known() {
            let work_s = backlog * self.work_ms / 1000.0;
            self.track.wait_s.add(sample.end, f64::from(work_s / ready.as_f32().max(1.0)));
            self.track.backlog_events.add(sample.end, f64::from(backlog));
        }
    }
}

/// Fills a [`Course`] and judges forecasts.
struct CourseRecorder {
    course: Course,
    tracker: ForecastTracker,
    warm_until: UnixSeconds,
    /// Arrivals since the last model interval ended, and their seconds.
    open: (f64, f64),
    error_events: f64,
    events: f64,
    covered: u64,
    intervals: u64,
}

impl CourseRecorder {
    fn new(buckets: Buckets, plan: &Plan) -> Self {
        let mean = || Series::new(buckets, Keep::Mean);
        Self {
            course: Course {
                times: buckets.times(),
                arrivals: mean(),
                need: mean(),
                q10: mean(),
                q50: mean(),
                q90: mean(),
            },
            tracker: ForecastTracker::default(),
            warm_until: plan.load.start().plus(i64::from(plan.warm_s)),
            open: (0.0, 0.0),
            error_events: 0.0,
            events: 0.0,
            covered: 0,
            intervals: 0,
        }
    }

    fn add(&mut self, moment: &Moment, replay: &Replay) {
        let sample = &moment.sample;
        let end = sample.end;
        let span_s = f64::from(sample.interval_s.max(1));
        if let Some(events) = sample.arrivals_events.known() {
            self.course.arrivals.add(end, f64::from(events) / span_s);
            self.open.0 += f64::from(events);
            self.open.1 += span_s;
        }
        if let Some(s) = &moment.estimate {
            self.course.need.add(end, f64::from(s.offered_load(s.rate.0)));
        }
        let held = self.tracker.rates(end.0).map(|rates| rates.map(f64::from));
        if let Some([q10, q50, q90]) = held {
            self.course.q10.add(end, q10);
            self.course.q50.add(end, q50);
            self.course.q90.add(end, q90);
        }
        if moment.new_forecast {
            let (events, seconds) = std::mem::take(&mut self.open);
            if let (Some([q10, q50, q90]), true) = (held, seconds > 0.0 && end > self.warm_until) {
                self.error_events += (q50 * seconds - events).abs();
                self.events += events;
                self.covered += u64::from((q10 * seconds..=q90 * seconds).contains(&events));
                self.intervals += 1;
            }
            if let Some(forecast) = replay.forecast() {
                self.tracker.push(forecast);
            }
        }
    }

    fn quality(&self) -> ForecastQuality {
        ForecastQuality {
            wape: self.error_events / self.events.max(1.0),
            coverage: self.covered as f64 / self.intervals.max(1) as f64,
            intervals: self.intervals,
        }
    }
}
