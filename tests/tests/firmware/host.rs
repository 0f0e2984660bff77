//! The same device on this machine, and what both are asked about.

use firmware::{Device, Memory, NoStore, RETAINED, first_settings};
use scaleiq_core::decision::Decision;
use scaleiq_core::model::PACK;
use scaleiq_core::sample::{RawSample, Sample};
use scaleiq_core::settings::Settings;
use scaleiq_core::units::JobLimits;
use scaleiq_core::wire::{Config, FrameReader, Message, encode};
use scaleiq_tests::networks::shipped;
use scaleiq_workload::traffic::builtin::{self, SampleSpec};
use std::mem::MaybeUninit;

/// Memory that forgets: the host's device is never reset.
struct Forgets;

impl Memory for Forgets {
    fn load(&self) -> [u8; RETAINED] {
        [0xFF; RETAINED]
    }
    fn save(&mut self, _: &[u8; RETAINED]) {}
}

/// The same device on this machine.
pub(crate) struct Host(&'static mut Device<'static, Forgets, NoStore>);

impl Host {
    pub(crate) fn start() -> Self {
        Self::with(std::fs::read(shipped(PACK)).unwrap())
    }

    /// One with another model.
    pub(crate) fn with(pack: Vec<u8>) -> Self {
        let pack = Vec::leak(pack);
        let place: &'static mut MaybeUninit<_> = Box::leak(Box::new_uninit());
        Self(Device::make(place, first_settings(), pack, Forgets, NoStore).unwrap())
    }

    pub(crate) fn ask(&mut self, message: &Message) -> Message {
        let bytes = encode(1, message).unwrap();
        let answer = bytes.iter().find_map(|byte| self.0.receive(*byte, &mut || {})).unwrap();
        let mut reader = FrameReader::default();
        answer.frame.iter().find_map(|byte| reader.push(*byte)).unwrap().unwrap().message
    }

    /// All that it has learned.
    pub(crate) fn learned(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        while let Message::Learned { bytes, .. } =
            self.ask(&Message::AskLearned { offset: all.len() as u32 })
            && !bytes.is_empty()
        {
            all.extend_from_slice(&bytes);
        }
        all
    }
}

/// A worker pool that does what it is told at once, on recorded arrivals.
pub(crate) struct Pool {
    pub(crate) jobs: u32,
    pub(crate) backlog: f64,
}

impl Pool {
    /// The sample of the interval that ends at `time`, in which so many events arrived; now and then
    /// one is missing.
    pub(crate) fn sample(
        &mut self,
        time: i64,
        length_s: f64,
        arrivals: Option<f32>,
        work_ms: f64,
    ) -> Sample {
        let came = arrivals.map(f64::from);
        let capacity = f64::from(self.jobs) * length_s * 1000.0 / work_ms;
        let processed = capacity.min(self.backlog + came.unwrap_or(0.0));
        self.backlog = (self.backlog + came.unwrap_or(0.0) - processed).max(0.0);
        RawSample {
            time: time as f64,
            interval_s: length_s,
            logged_events: came,
            processed_events: Some(processed),
            unprocessed_events: Some(self.backlog),
            queued_events: Some(self.backlog),
            avg_processing_ms: (processed > 0.0).then_some(work_ms),
            jobs_ready: Some(f64::from(self.jobs)),
            jobs_starting: Some(0.0),
        }
        .gate()
        .unwrap()
        .sample
    }
}

pub(crate) fn settings() -> Message {
    let settings = Settings::new(JobLimits::new(1, 60).unwrap(), 60.0, 60.0);
    Message::Configure(Config::from(&settings))
}

/// Intervals of the sample traffic, and what a pool under `decide` makes of them.
pub(crate) fn play(
    intervals: usize,
    mut decide: impl FnMut(&Message) -> Decision,
) -> Vec<Decision> {
    let spec = SampleSpec { rows: intervals, ..SampleSpec::default() };
    let mut pool = Pool { jobs: 5, backlog: 0.0 };
    let rows = builtin::generate(&spec).rows;
    let decisions = rows.iter().enumerate().map(|(k, row)| {
        // Some counts are missing.
        let arrivals = row.arrivals_events.filter(|_| k % 997 != 996);
        let sample = pool.sample(row.end.0, 120.0, arrivals, 73.6);
        let decision = decide(&Message::Sample(sample));
        pool.jobs = decision.jobs.0;
        decision
    });
    decisions.collect()
}

pub(crate) fn decision(answer: Message) -> Decision {
    match answer {
        Message::Decision(decision) => decision,
        other => panic!("{other:?}"),
    }
}
