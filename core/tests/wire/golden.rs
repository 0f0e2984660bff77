//! A message for every member of every enum, by the name of its golden frame in `SPEC.md`.

use scaleiq_core::decision::{Change, Constraint, Decision, Outlook, Prospect, Reason};
use scaleiq_core::forecast::{Basis, ForecastSource};
use scaleiq_core::plausibility::Doubt;
use scaleiq_core::policy::{ACTIONS, NetworkRole, Preference, Stage};
use scaleiq_core::sample::{Reading, Sample};
use scaleiq_core::settings::{Base, Settings};
use scaleiq_core::units::{JobLimits, Jobs, UnixSeconds};
use scaleiq_core::wire::{Config, Crash, Message, Refusal, ResetCause, Status, UploadKind};

const AT: UnixSeconds = UnixSeconds(1_751_328_030);

const CONSTRAINTS: [Constraint; 11] = [
    Constraint::Ceiling,
    Constraint::ReactiveFloor,
    Constraint::ScaleDownWindow,
    Constraint::Frozen,
    Constraint::StepUp,
    Constraint::StepDown,
    Constraint::Limits,
    Constraint::Stale,
    Constraint::Missing,
    Constraint::Useless,
    Constraint::Overdue,
];
const REASONS: [Reason; 11] = [
    Reason::Steady,
    Reason::ForecastRise,
    Reason::CatchUp,
    Reason::LoadNow,
    Reason::ForecastFall,
    Reason::HeldByGuard,
    Reason::AtLimit,
    Reason::Stalled,
    Reason::Blind,
    Reason::Useless,
    Reason::Overdue,
];
const STAGES: [Stage; 5] =
    [Stage::Network, Stage::Plan, Stage::QuantileRule, Stage::Reactive, Stage::Hold];
const REFUSALS: [Refusal; 12] = [
    Refusal::Frame,
    Refusal::Kind,
    Refusal::SampleTime,
    Refusal::SampleValue,
    Refusal::Config,
    Refusal::Upload,
    Refusal::Pack,
    Refusal::Storage,
    Refusal::Version,
    Refusal::Signature,
    Refusal::SampleJump,
    Refusal::Learned,
];
const CAUSES: [ResetCause; 9] = [
    ResetCause::Power,
    ResetCause::Wanted,
    ResetCause::Watchdog,
    ResetCause::Panic,
    ResetCause::HardFault,
    ResetCause::Lockup,
    ResetCause::Pin,
    ResetCause::Board,
    ResetCause::Unknown,
];
const ROLES: [NetworkRole; 3] = [NetworkRole::Absent, NetworkRole::CannotAct, NetworkRole::CanAct];

fn sample() -> Sample {
    Sample {
        end: AT,
        interval_s: 30,
        arrivals_events: Reading::Known(812.0),
        processed_events: Reading::Known(790.5),
        backlog_events: Reading::Known(0.0),
        queued_events: Reading::Missing,
        work_ms: Reading::Known(73.6),
        jobs_ready: Some(Jobs(6)),
        jobs_starting: Some(Jobs(1)),
    }
}

/// A decision with one reason, and a stage, a base, a source and a doubt beside it.
fn decision(k: usize) -> Decision {
    let source = [ForecastSource::Model, ForecastSource::Baseline][k % 2];
    Decision {
        epoch: 300,
        at: AT,
        jobs: Jobs(7),
        current_jobs: Jobs(6),
        stage: STAGES[k % STAGES.len()],
        base: [Base::Required, Base::Current][k % 2],
        multiplier: None,
        q_values: None,
        proposed: Jobs(5),
        changes: [Change { by: CONSTRAINTS[k], from: Jobs(5), to: Jobs(7) }].into_iter().collect(),
        reason: REASONS[k],
        outlook: None,
        prospects: None,
        doubts: Doubt::ALL.get(k).into_iter().copied().collect(),
        preference: None,
        forecast: Some(Basis { source, ..Basis::default() }),
    }
}

/// A decision with everything in it, as long as a decision can be.
pub(crate) fn longest() -> Decision {
    let change = |by| Change { by, from: Jobs(u32::MAX), to: Jobs(u32::MAX) };
    Decision {
        epoch: u64::MAX,
        at: UnixSeconds(i64::MIN),
        jobs: Jobs(u32::MAX),
        current_jobs: Jobs(u32::MAX),
        multiplier: Some(1.35),
        q_values: Some([0.1; ACTIONS]),
        proposed: Jobs(u32::MAX),
        changes: CONSTRAINTS.map(change).into_iter().collect(),
        outlook: Some(Outlook { now: 1.0, ..Outlook::default() }),
        prospects: Some([Prospect { jobs: Jobs(u32::MAX), cost: 1.0, late: 0.5 }; 2]),
        doubts: Doubt::ALL.into_iter().collect(),
        preference: Some(Preference { multiplier: 1.2, margin: -0.03, needed: 0.05 }),
        forecast: Some(Basis {
            source: ForecastSource::Model,
            network_weight: [0.4; 3],
            network_effect: [-0.01; 3],
        }),
        ..decision(8)
    }
}

fn status(k: usize) -> Status {
    let crash = Crash {
        cause: CAUSES[k],
        text: "core/src/window.rs:71".try_into().unwrap(),
        registers: [0, 1, u32::MAX].into_iter().collect(),
    };
    Status {
        pack_crc: 0x1234_5678,
        network_role: ROLES[k % ROLES.len()],
        takes_unsigned: k % 2 == 1,
        epoch: 300,
        last_end: (k > 0).then_some(AT),
        jobs: (k > 0).then_some(Jobs(7)),
        resets: k as u32,
        cause: CAUSES[k],
        crash: (2..5).contains(&k).then_some(crash),
        dropped: 2,
        overruns: 1,
        uploaded: 0,
        decision_us: 336_000,
        stack_unused: (k > 0).then_some(4096),
    }
}

/// Name and message of every golden frame; its number is its place, from 1 on.
pub(crate) fn golden() -> Vec<(String, Message)> {
    let settings = Settings::new(JobLimits::new(1, 50).unwrap(), 60.0, 45.0);
    let other = Settings { base: Base::Current, ..settings };
    let gaps = Sample {
        arrivals_events: Reading::Missing,
        queued_events: Reading::Stale { value: 2.5, age_s: 300 },
        jobs_ready: None,
        jobs_starting: None,
        ..sample()
    };
    // A block of COBS of 254 bytes, and zeros on both sides of it.
    let block: Vec<u8> = [0].into_iter().chain(1..=254).chain([0]).collect();
    let bytes = block.iter().copied().collect();
    let named = |name: &str, message| (name.to_string(), message);
    let begin = |kind| Message::UploadBegin { length: 189_653, kind };
    let learned = |bytes| Message::Learned { epoch: 300, length: 120_000, offset: 512, bytes };
    let mut all = vec![
        named("sample", Message::Sample(sample())),
        named("sample with gaps", Message::Sample(gaps)),
        named("decision", Message::Decision(longest())),
        named("configure", Message::Configure(Config::from(&settings))),
        named("configure otherwise", Message::Configure(Config::from(&other))),
        named("time", Message::Time(UnixSeconds(1_751_328_090))),
        named("time before 1970", Message::Time(UnixSeconds(-90))),
        named("ask", Message::Ask),
        named("upload begin model", begin(UploadKind::Model)),
        named("upload begin learned", begin(UploadKind::Learned)),
        named("upload chunk", Message::UploadChunk { offset: 256, bytes }),
        named("upload end", Message::UploadEnd),
        named("forget", Message::Forget),
        named("ask learned", Message::AskLearned { offset: 512 }),
        named("learned", learned([0, 1, 0, 255].into_iter().collect())),
        named("learned, the end", learned([].into_iter().collect())),
    ];
    let of_reason = |k: usize| {
        (format!("decision {:?}", REASONS[k]).to_lowercase(), Message::Decision(decision(k)))
    };
    all.extend((0..REASONS.len()).map(of_reason));
    all.extend(
        REFUSALS.map(|refusal| {
            (format!("refused {refusal:?}").to_lowercase(), Message::Refused(refusal))
        }),
    );
    all.extend(
        (0..CAUSES.len()).map(|k| {
            (format!("status {:?}", CAUSES[k]).to_lowercase(), Message::Status(status(k)))
        }),
    );
    all
}
