//! Plays every policy on the same load and keeps what a report needs.

use super::course::{Course, CourseRecorder, ForecastQuality};
use super::recorded::AsRecorded;
use super::recorder::{Recorder, Track, WAITS_S};
use super::seeds::Spread;
use super::track::Buckets;
use crate::decide::Decider;
use crate::lab::replay::{Replay, TICK_S, Tally, static_jobs};
use crate::lab::report::Row;
use crate::lab::verdict::Verdict;
use scaleiq_core::units::{JobLimits, Objective};
use scaleiq_workload::baselines::{Baseline, ScalingRule, StaticRule};
use scaleiq_workload::sim::faults::Verdict as FaultVerdict;
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
    /// Whether rules are also played with the knob that turns out best.
    pub tune: bool,
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
    pub faults: Vec<FaultVerdict>,
    /// What it comes to.
    pub verdict: Option<Verdict>,
    /// How it went in fact, as far as the file tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded: Option<AsRecorded>,
    /// Between which figures each policy is with other seeds, if that was asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub seeds: Vec<Spread>,
    /// What is the same for every policy.
    #[serde(skip)]
    pub course: Course,
    /// One course per policy, in the order of `rows`.
    #[serde(skip)]
    pub tracks: Vec<Track>,
}

/// Policies that are played: ScaleIQ, the static pool, and every rule at its default.
pub const POLICIES: u64 = 2 + Baseline::ALL.len() as u64;

/// What begins the name of a rule that knows the load that comes while a job starts: nobody can have it.
pub const FORESIGHT: &str = "knows the future,";

/// A rule's name in the table, with its knob.
fn label(baseline: Baseline, knob: f32) -> String {
    let percent = 100.0 * knob;
    match baseline {
        Baseline::Hpa => format!("HPA-like, {percent:.0} %"),
        Baseline::Lag => format!("KEDA-like, {knob} s"),
        Baseline::Ds2 => format!("DS2 (Flink), {percent:.0} %"),
        Baseline::Trend => format!("linear trend, {percent:.0} %"),
        Baseline::Seasonal => format!("seasonal, {percent:.0} %"),
        Baseline::Oracle => format!("{FORESIGHT} x {knob}"),
    }
}

impl Plan {
    /// Runs of rules that tuning takes.
    #[must_use]
    pub fn tuning_runs(&self) -> u64 {
        let rules = Baseline::ALL.into_iter().filter(|b| self.tune && !b.is_bound());
        rules.map(|baseline| baseline.knobs().len() as u64).sum()
    }

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
            let knob = baseline.default_knob();
            (label(baseline, knob), baseline.build(knob, &self.load, self.world))
        }));
        for (name, mut rule) in rules {
            let (score, track) = self.play_rule(buckets, &name, rule.as_mut(), progress);
            outcome.rows.push(Row { policy: name, score });
            outcome.tracks.push(track);
        }
        for baseline in Baseline::ALL.into_iter().filter(|b| self.tune && !b.is_bound()) {
            if let Some((name, score, track)) = self.tuned(buckets, baseline, progress) {
                outcome.rows.push(Row { policy: name, score });
                outcome.tracks.push(track);
            }
        }
        outcome
    }

    /// The cheapest knob of a rule that keeps the objective, as it turned out: nobody knows it before.
    /// `None` if that is the default, or none keeps it.
    fn tuned(
        &self,
        buckets: Buckets,
        baseline: Baseline,
        progress: &mut dyn FnMut(&str),
    ) -> Option<(String, Score, Track)> {
        let mut best: Option<(f32, Score, Track)> = None;
        for knob in baseline.knobs().iter().copied() {
            let name = label(baseline, knob);
            let mut rule = baseline.build(knob, &self.load, self.world);
            let (score, track) = self.play_rule(buckets, &name, rule.as_mut(), progress);
            let is_cheaper = best.as_ref().is_none_or(|best| score.job_hours < best.1.job_hours);
            if is_cheaper && 100.0 * score.sla >= f64::from(Objective::DEFAULT.percent()) {
                best = Some((knob, score, track));
            }
        }
        let (knob, score, mut track) = best.filter(|best| best.0 != baseline.default_knob())?;
        let name = format!("{} (tuned in hindsight)", label(baseline, knob));
        track.policy.clone_from(&name);
        Some((name, score, track))
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
        let mut course = CourseRecorder::new(buckets);
        while let Some(moment) = replay.step() {
            track.add(&moment.sample, &replay.tick_cost());
            course.add(&moment, &replay);
            progress(name);
        }
        track.track.in_time = replay.in_time(&WAITS_S);
        Outcome {
            verdict: None,
            recorded: None,
            seeds: Vec::new(),
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
            recorder.add(&sample, &simulator.tick_cost());
            progress(name);
        }
        recorder.track.in_time = simulator.in_time(&WAITS_S);
        (simulator.score(), recorder.track)
    }
}
