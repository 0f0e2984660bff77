//! What is scaled, and who else is asked about it.

use super::board::{Kept, TestDevice, device};
use agent::decide::{self, Calendar, Decider, Engine, ModelChoice};
use scaleiq_core::decision::Decision;
use scaleiq_core::sample::{RawSample, Sample};
use scaleiq_core::settings::Settings;
use scaleiq_core::units::{JobLimits, Jobs};
use scaleiq_core::wire::{Config, FrameReader, Message, encode};
use scaleiq_workload::traffic::builtin::{self, SampleSpec};

pub(super) fn settings() -> Settings {
    Settings::new(JobLimits::new(1, 60).unwrap(), 60.0, 60.0)
}

pub(super) fn open(choice: ModelChoice, engine: Engine, settings: Settings) -> Box<dyn Decider> {
    decide::open(&choice, engine, settings, Calendar::default()).unwrap().0
}

/// The same device, asked directly.
pub(super) struct Direct(&'static mut TestDevice);

impl Direct {
    pub(super) fn new(settings: &Settings) -> Self {
        let mut direct = Self(device(&Kept::after_power_on(), 0));
        direct.ask(&Message::Configure(Config::from(settings)));
        direct
    }

    pub(super) fn ask(&mut self, message: &Message) -> Message {
        let frame = encode(1, message).unwrap();
        let answer = frame.iter().find_map(|byte| self.0.receive(*byte, &mut || {})).unwrap();
        let mut reader = FrameReader::default();
        answer.frame.iter().find_map(|byte| reader.push(*byte)).unwrap().unwrap().message
    }

    pub(super) fn decide(&mut self, sample: &Sample) -> Decision {
        match self.ask(&Message::Sample(*sample)) {
            Message::Decision(decision) => decision,
            other => panic!("{other:?}"),
        }
    }
}

/// The built-in sample in steps of 30 s, and a pool that does what it is told at once.
pub(super) struct Pool {
    pub(super) rates: Vec<f64>,
    pub(super) at: i64,
    pub(super) tick: usize,
    pub(super) jobs: Jobs,
    pub(super) backlog: f64,
}

impl Pool {
    pub(super) fn new() -> Self {
        let spec = SampleSpec { rows: 1000, ..SampleSpec::default() };
        let series = builtin::generate(&spec);
        let rates = series
            .rows
            .iter()
            .map(|row| f64::from(row.arrivals_events.unwrap_or(0.0)) / f64::from(series.length_s));
        Self { rates: rates.collect(), at: series.start.0, tick: 0, jobs: Jobs(5), backlog: 0.0 }
    }

    pub(super) fn sample(&mut self) -> Sample {
        let came = (self.rates[self.tick / 4] * 30.0).round();
        self.tick += 1;
        self.at += 30;
        let capacity = f64::from(self.jobs.0) * 30_000.0 / 73.6;
        let processed = capacity.min(self.backlog + came);
        self.backlog = (self.backlog + came - processed).max(0.0);
        let raw = RawSample {
            time: self.at as f64,
            interval_s: 30.0,
            // Some counts are missing.
            logged_events: Some(came).filter(|_| self.tick % 97 != 96),
            processed_events: Some(processed),
            unprocessed_events: Some(self.backlog),
            queued_events: Some(self.backlog),
            avg_processing_ms: (processed > 0.0).then_some(73.6),
            jobs_ready: Some(f64::from(self.jobs.0)),
            jobs_starting: Some(0.0),
        };
        raw.gate().unwrap().sample
    }
}

pub(super) fn decide(decider: &mut dyn Decider, sample: &Sample) -> Decision {
    decider.observe(sample).unwrap();
    decider.decide(sample.end)
}
