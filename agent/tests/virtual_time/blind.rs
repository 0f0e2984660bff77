//! What every source does when it goes wrong, for ten minutes each: the loop holds, says so, and goes on.
//!
//! A row of [`SOURCES`] is what a system tells of a queue, in the form in which its probe reads it; the tests of
//! each probe show, beside the real server, that a fault becomes the answers that are played here.

use super::{Notes, START, start};
use agent::observe::probe::ProbeError;
use agent::observe::queue::sampler::Sampler;
use agent::observe::queue::{Amount, QueueReading};
use agent::platform::clock::Clock;
use agent::workload::{Handle, NotReady};
use scaleiq_core::policy::Stage;
use scaleiq_core::units::Jobs;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::time::Instant;

/// Time between two looks.
const EVERY: Duration = Duration::from_secs(10);
/// Looks before a fault, while it lasts, and behind it: half an hour, and ten minutes each.
const BEFORE: u32 = 180;
const FAULT: u32 = 60;
const AFTER: u32 = 60;
/// Events that come and are finished between two looks, by ten jobs that work for 100 ms on each.
const EVENTS: f64 = 900.0;
/// By so much a clock is off.
const OFF_S: f64 = 300.0;

/// Most samples that are refused until a clock is known to be set, each time that it is.
const SET: usize = 3;

/// What each system tells: of arrivals, of what was finished, of what is in progress, and of jobs.
const SOURCES: [(&str, [bool; 4]); 8] = [
    ("nats", [true, false, true, false]),
    ("kafka", [true, true, false, false]),
    ("rabbitmq", [true, true, true, true]),
    ("redis_stream", [true, true, true, false]),
    ("redis_list", [false, true, true, false]),
    ("postgres, prometheus", [true, true, true, true]),
    ("keda", [true, false, false, false]),
    ("otlp", [true, true, false, true]),
];

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Gone,
    Slow,
    WrongPassword,
    NothingThere,
    EmptyAnswer,
    TotalsBeginAnew,
    ClockAhead,
    ClockBehind,
}

impl Fault {
    const ALL: [Self; 8] = [
        Self::Gone,
        Self::Slow,
        Self::WrongPassword,
        Self::NothingThere,
        Self::EmptyAnswer,
        Self::TotalsBeginAnew,
        Self::ClockAhead,
        Self::ClockBehind,
    ];

    /// What a probe answers, if all it could tell is `reading`.
    fn answer(self, reading: QueueReading) -> Result<QueueReading, ProbeError> {
        let error = |of: fn(String) -> ProbeError| Err(of("as its test shows".into()));
        match self {
            Self::Gone | Self::Slow => error(ProbeError::Unreachable),
            Self::WrongPassword => error(ProbeError::Denied),
            Self::NothingThere => error(ProbeError::Absent),
            Self::EmptyAnswer => Ok(QueueReading::default()),
            Self::TotalsBeginAnew | Self::ClockAhead | Self::ClockBehind => Ok(reading),
        }
    }

    /// Whether nothing is known meanwhile.
    fn blinds(self) -> bool {
        let seen = self.answer(QueueReading { waiting: Some(0.0), ..QueueReading::default() });
        !seen.is_ok_and(|reading| reading.waiting.is_some())
    }

    /// Seconds by which the samples' clock is ahead meanwhile.
    fn ahead_s(self) -> f64 {
        match self {
            Self::ClockAhead => OFF_S,
            Self::ClockBehind => -OFF_S,
            _ => 0.0,
        }
    }
}

/// A queue that a source looks at, and the loop behind it.
struct Rig {
    handle: Handle,
    clock: Clock,
    notes: Notes,
    thread: JoinHandle<()>,
    sampler: Sampler,
    begin: Instant,
    tells: [bool; 4],
    looks: u32,
    total: f64,
    refused: usize,
}

impl Rig {
    fn start(tells: [bool; 4]) -> Self {
        let (handle, clock, notes, thread) = start();
        let (sampler, begin) = (Sampler::default(), Instant::now());
        Self {
            handle,
            clock,
            notes,
            thread,
            sampler,
            begin,
            tells,
            looks: 0,
            total: 5e6,
            refused: 0,
        }
    }

    /// Time passes until the next look, and what came and was done meanwhile is told as `fault` has it.
    async fn look(&mut self, fault: Option<Fault>) {
        self.clock.advance(EVERY);
        self.looks += 1;
        // No two samples are the same.
        self.total += EVENTS + f64::from(self.looks % 37);
        let [arrived, processed, in_progress, jobs] = self.tells;
        let total = |tells: bool| if tells { Amount::Total(self.total) } else { Amount::Unknown };
        let reading = QueueReading {
            arrived: total(arrived),
            processed: total(processed),
            waiting: Some(2.0),
            in_progress: in_progress.then_some(9.0),
            work_ms: Some(100.0),
            jobs_ready: jobs.then_some(10.0),
        };
        let answer = fault.map_or(Ok(reading), |fault| fault.answer(reading));
        let ahead_s = fault.map_or(0.0, Fault::ahead_s);
        let now = self.handle.now().0 as f64 + ahead_s;
        let at = self.begin + self.looks * EVERY;
        let told = answer.and_then(|reading| self.sampler.sample(&reading, now, at));
        if let Ok(Some(mut told)) = told {
            // Where the source does not tell, the pool does.
            told.sample.jobs_ready = Some(Jobs(10));
            told.sample.jobs_starting = Some(Jobs(0));
            let taken = self.handle.ingest(vec![told]).await.unwrap();
            self.refused += taken.refused;
        }
    }

    /// What is in force.
    async fn decided(&self) -> (Jobs, Stage) {
        let decision = self.handle.decide().await.unwrap().traced.decision;
        (decision.jobs, decision.stage)
    }
}

async fn play(name: &str, tells: [bool; 4], fault: Fault) {
    let what = format!("{name}: {fault:?}");
    let mut rig = Rig::start(tells);
    for _ in 0..BEFORE {
        rig.look(None).await;
    }
    assert_eq!(rig.handle.ready(), Ok(Vec::new()), "{what}");
    let (before, _) = rig.decided().await;
    assert!(before >= Jobs(9), "{what}: {before}");
    if fault == Fault::TotalsBeginAnew {
        rig.total = 0.0;
    }
    for look in 1..=FAULT {
        rig.look(Some(fault)).await;
        let (jobs, stage) = rig.decided().await;
        assert!(jobs >= before, "{what}: {jobs} of {before} after {look} looks");
        assert!(jobs.0 <= 2 * before.0, "{what}: {jobs} of {before} after {look} looks");
        let is_stale = matches!(rig.handle.ready(), Err(NotReady::Stale { .. }));
        let should_be = fault.blinds() && look * 10 > 300;
        assert_eq!(is_stale, should_be, "{what}: {look}: {:?}", rig.handle.ready());
        // Whoever asks while it grows stale may still get the number before.
        assert!(!should_be || look == 31 || stage == Stage::Hold, "{what}: {stage:?}");
    }
    for _ in 0..AFTER {
        rig.look(None).await;
    }
    assert_eq!(rig.handle.ready(), Ok(Vec::new()), "{what}");
    let (after, stage) = rig.decided().await;
    assert!(stage != Stage::Hold && after.0 >= 9 && after.0 <= 2 * before.0, "{what}: {after}");
    // A clock that is set takes some samples until it is believed.
    let most = if fault.ahead_s() == 0.0 { 0 } else { SET };
    assert!(rig.refused <= most, "{what}: {} samples were refused", rig.refused);
    rig.handle.stop().await;
    rig.thread.join().unwrap();
    let first = rig.notes.0.lock().unwrap().first().copied();
    assert!(first.is_some_and(|(at_s, _)| at_s > 0), "{what}: since {START:?}");
}

#[tokio::test]
async fn ten_minutes_of_every_fault_of_every_source_lower_nothing_and_pass() {
    for (name, tells) in SOURCES {
        for fault in Fault::ALL {
            play(name, tells, fault).await;
        }
    }
}
