//! The table of faults: what each is called, what it touches, how often it comes and how long it lasts.

use super::lasts::Lasts;
use super::lasts::Lasts::{Always, First, OneSample, Seconds, ToTheEnd};
use serde::{Serialize, Serializer};

const MINUTE_S: u32 = 60;
const HOUR_S: u32 = 3600;

/// A way in which samples, a pool or its traffic go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// No sample arrives.
    LostSamples,
    /// No sample arrives for hours.
    Hole,
    /// Samples come without arrivals and backlog.
    MissingCounts,
    /// Every field is absent half of the time.
    MissingFields,
    /// One field of each sample is NaN.
    NotANumber,
    /// The backlog reads below zero most of the time, as the lag of consumer groups does.
    NegativeBacklog,
    /// One sample counts arrivals below zero: a total was reset.
    NegativeArrivals,
    /// One sample counts 10 to 1,000 times the arrivals.
    ArrivalsSpike,
    /// One sample counts almost 2^32 arrivals: a difference of 32-bit totals wrapped.
    WrappedCounter,
    /// One sample reads a backlog of a million to a billion.
    BacklogSpike,
    /// One sample reads 10 to 1,000 times the work per event.
    WorkSpike,
    /// Everything reads 0: the exporter lost its source.
    DeadMetrics,
    /// Arrivals alone read 0 while consumers go on.
    DeadArrivals,
    /// Everything but the pool reads what it read last.
    Frozen,
    /// Arrivals are counted in thousandths.
    ArrivalsUnit,
    /// All counts are in thousandths.
    CountsUnit,
    /// Work per event is never told.
    WorkUnknown,
    /// Work per event is told in seconds.
    WorkInSeconds,
    /// Work is told per batch of 50 events.
    WorkPerBatch,
    /// The pool reads 0 ready jobs.
    ReadyZero,
    /// The pool reads 500 ready jobs.
    ReadyMany,
    /// The sender's clock is set back by an hour.
    ClockBack,
    /// The sender's clock is three minutes fast.
    ClockFast,
    /// One sample is dated ten years ahead.
    ClockAhead,
    /// Every sample arrives twice.
    Duplicate,
    /// Two senders push, each a share of the counts and of the pool.
    TwoSenders,
    /// Jobs of the last release are counted as ready until a rollout is over, and do not work.
    RolloutSurge,
    /// Jobs crash every few minutes.
    CrashLoop,
    /// All jobs crash and none comes up.
    BadRelease,
    /// The cluster has room for little more than what is needed now; further jobs stay pending.
    PendingPods,
    /// Jobs take 15 minutes to start.
    SlowStarts,
    /// No more jobs than so many can work at once: partitions, or a slow downstream.
    Ceiling,
    /// Work per event grows with the pool.
    Contention,
    /// Events that never succeed stay in the queue and keep jobs busy.
    Poison,
    /// No traffic for an hour, then as much as ever.
    Silence,
    /// No traffic in the first hour of all.
    SilentStart,
    /// Traffic ends and does not come back.
    TrafficEnds,
}

/// What a fault touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// What is told of a world in which nothing is wrong.
    Readings,
    /// When, how often and by whom it is told: to be sorted out before a controller sees it.
    Delivery,
    /// The pool itself, or what is counted as part of it.
    Pool,
    /// What comes to the pool.
    Traffic,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Profile {
    /// Its name on command lines and in tables.
    pub name: &'static str,
    /// What it touches.
    pub family: Family,
    /// Whether it carries information about load or capacity, so that another number of jobs is
    /// right while it lasts. What carries none should cost nothing.
    pub informs: bool,
    /// Whether nothing true is told of the load while it lasts, so that a pool must not shrink.
    pub blinds: bool,
    /// How often it comes, per day.
    pub per_day: f32,
    /// How long it lasts.
    pub lasts: Lasts,
}

impl Profile {
    const fn reading(name: &'static str, per_day: f32, lasts: Lasts) -> Self {
        Self { name, family: Family::Readings, informs: false, blinds: false, per_day, lasts }
    }

    const fn blinding(name: &'static str, per_day: f32, lasts: Lasts) -> Self {
        Self { blinds: true, ..Self::reading(name, per_day, lasts) }
    }

    const fn delivery(name: &'static str, per_day: f32, lasts: Lasts) -> Self {
        Self { family: Family::Delivery, ..Self::reading(name, per_day, lasts) }
    }

    const fn pool(name: &'static str, per_day: f32, lasts: Lasts) -> Self {
        Self { family: Family::Pool, informs: true, ..Self::reading(name, per_day, lasts) }
    }

    const fn traffic(name: &'static str, per_day: f32, lasts: Lasts) -> Self {
        Self { family: Family::Traffic, ..Self::pool(name, per_day, lasts) }
    }
}

impl FaultKind {
    /// All of them.
    pub const ALL: [Self; 37] = [
        Self::LostSamples,
        Self::Hole,
        Self::MissingCounts,
        Self::MissingFields,
        Self::NotANumber,
        Self::NegativeBacklog,
        Self::NegativeArrivals,
        Self::ArrivalsSpike,
        Self::WrappedCounter,
        Self::BacklogSpike,
        Self::WorkSpike,
        Self::DeadMetrics,
        Self::DeadArrivals,
        Self::Frozen,
        Self::ArrivalsUnit,
        Self::CountsUnit,
        Self::WorkUnknown,
        Self::WorkInSeconds,
        Self::WorkPerBatch,
        Self::ReadyZero,
        Self::ReadyMany,
        Self::ClockBack,
        Self::ClockFast,
        Self::ClockAhead,
        Self::Duplicate,
        Self::TwoSenders,
        Self::RolloutSurge,
        Self::CrashLoop,
        Self::BadRelease,
        Self::PendingPods,
        Self::SlowStarts,
        Self::Ceiling,
        Self::Contention,
        Self::Poison,
        Self::Silence,
        Self::SilentStart,
        Self::TrafficEnds,
    ];

    /// Its row of the table.
    #[must_use]
    pub const fn profile(self) -> Profile {
        match self {
            Self::LostSamples => Profile::blinding("lost-samples", 4.0, Seconds(10 * MINUTE_S)),
            Self::Hole => Profile::blinding("hole", 0.5, Seconds(2 * HOUR_S)),
            Self::MissingCounts => Profile::blinding("missing-counts", 4.0, Seconds(10 * MINUTE_S)),
            Self::MissingFields => Profile::reading("missing-fields", 4.0, Seconds(20 * MINUTE_S)),
            Self::NotANumber => Profile::reading("nan", 4.0, Seconds(20 * MINUTE_S)),
            Self::NegativeBacklog => Profile::reading("negative-backlog", 2.0, Seconds(HOUR_S)),
            Self::NegativeArrivals => Profile::reading("negative-arrivals", 6.0, OneSample),
            Self::ArrivalsSpike => Profile::reading("arrivals-spike", 4.0, OneSample),
            Self::WrappedCounter => Profile::reading("wrapped-counter", 2.0, OneSample),
            Self::BacklogSpike => Profile::reading("backlog-spike", 4.0, OneSample),
            Self::WorkSpike => Profile::reading("work-spike", 4.0, OneSample),
            // What lasts longer cannot be told from the end of all traffic.
            Self::DeadMetrics => Profile::blinding("dead-metrics", 2.0, Seconds(10 * MINUTE_S)),
            Self::DeadArrivals => Profile::reading("dead-arrivals", 2.0, Seconds(15 * MINUTE_S)),
            Self::Frozen => Profile::blinding("frozen", 2.0, Seconds(10 * MINUTE_S)),
            Self::ArrivalsUnit => Profile::reading("arrivals-x1000", 1.0, Seconds(15 * MINUTE_S)),
            Self::CountsUnit => Profile::reading("counts-x1000", 1.0, Seconds(15 * MINUTE_S)),
            Self::WorkUnknown => Profile::reading("work-unknown", 1.0, Always),
            Self::WorkInSeconds => Profile::reading("work-in-seconds", 1.0, Always),
            Self::WorkPerBatch => Profile::reading("work-per-batch", 1.0, Always),
            Self::ReadyZero => Profile::reading("ready-zero", 4.0, Seconds(MINUTE_S)),
            Self::ReadyMany => Profile::reading("ready-500", 4.0, Seconds(MINUTE_S)),
            Self::ClockBack => Profile::delivery("clock-back", 2.0, Seconds(15 * MINUTE_S)),
            Self::ClockFast => Profile::delivery("clock-fast", 2.0, Seconds(30 * MINUTE_S)),
            Self::ClockAhead => Profile::delivery("clock-ahead", 2.0, OneSample),
            Self::Duplicate => Profile::delivery("duplicate", 2.0, Seconds(HOUR_S)),
            Self::TwoSenders => Profile::delivery("two-senders", 1.0, Always),
            Self::RolloutSurge => Profile {
                informs: false,
                ..Profile::pool("rollout-surge", 3.0, Seconds(6 * MINUTE_S))
            },
            Self::CrashLoop => Profile::pool("crash-loop", 1.0, Seconds(20 * MINUTE_S)),
            Self::BadRelease => Profile::pool("bad-release", 1.0, Seconds(20 * MINUTE_S)),
            Self::PendingPods => Profile::pool("pending-pods", 1.0, Seconds(2 * HOUR_S)),
            Self::SlowStarts => Profile::pool("slow-starts", 1.0, Seconds(2 * HOUR_S)),
            Self::Ceiling => Profile::pool("ceiling", 1.0, Seconds(HOUR_S)),
            Self::Contention => Profile::pool("contention", 1.0, Seconds(HOUR_S)),
            Self::Poison => Profile::pool("poison", 1.0, Seconds(HOUR_S)),
            Self::Silence => Profile::traffic("silence", 1.0, Seconds(HOUR_S)),
            Self::SilentStart => Profile::traffic("silent-start", 1.0, First(HOUR_S)),
            Self::TrafficEnds => Profile::traffic("traffic-ends", 1.0, ToTheEnd),
        }
    }

    /// Its name on command lines and in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.profile().name
    }

    /// The fault of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl Serialize for FaultKind {
    /// As its name.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
