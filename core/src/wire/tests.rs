use super::*;
use crate::decision::{Change, Constraint, MAX_CHANGES, Outlook, Prospect, Reason};
use crate::forecast::{Basis, ForecastSource};
use crate::plausibility::Doubt;
use crate::policy::{ACTIONS, NetworkRole, Preference, Stage};
use crate::sample::{RawSample, Reading};
use crate::settings::{Base, Settings};
use crate::units::JobLimits;
use proptest::prelude::*;
use std::string::String;
use std::vec::Vec as List;

fn sample() -> Sample {
    let raw = RawSample {
        time: 1_751_328_030.0,
        interval_s: 30.0,
        logged_events: Some(812.0),
        processed_events: Some(790.5),
        unprocessed_events: Some(0.0),
        avg_processing_ms: Some(73.6),
        jobs_ready: Some(6.0),
        jobs_starting: Some(1.0),
        ..RawSample::default()
    };
    raw.gate().unwrap().sample
}

/// A decision with everything in it, as long as a decision can be.
fn decision() -> Decision {
    let change = Change { by: Constraint::Missing, from: Jobs(u32::MAX), to: Jobs(u32::MAX) };
    Decision {
        epoch: u64::MAX,
        at: UnixSeconds(i64::MIN),
        jobs: Jobs(u32::MAX),
        current_jobs: Jobs(u32::MAX),
        stage: Stage::Hold,
        base: Base::Current,
        multiplier: Some(1.35),
        q_values: Some([0.1; ACTIONS]),
        proposed: Jobs(u32::MAX),
        changes: [change; MAX_CHANGES].into_iter().collect(),
        reason: Reason::Blind,
        outlook: Some(Outlook { now: 1.0, ..Outlook::default() }),
        prospects: Some([Prospect { jobs: Jobs(u32::MAX), cost: 1.0, late: 0.5 }; 2]),
        doubts: Doubt::ALL.into_iter().collect(),
        preference: Some(Preference { multiplier: 1.2, margin: 0.03, needed: 0.05 }),
        forecast: Some(Basis {
            source: ForecastSource::Model,
            network_weight: [0.4; 3],
            network_effect: [-0.01; 3],
        }),
    }
}

/// Every kind of message, by the name that `SPEC.md` gives its golden frame.
fn golden() -> List<(&'static str, Message)> {
    let settings = Settings::new(JobLimits::new(1, 50).unwrap(), 60.0, 45.0);
    let stale = Reading::Stale { value: 2.5, age_s: 300 };
    let small = Decision {
        epoch: 300,
        at: UnixSeconds(1_751_328_030),
        jobs: Jobs(7),
        current_jobs: Jobs(6),
        stage: Stage::Reactive,
        base: Base::Required,
        multiplier: None,
        q_values: None,
        proposed: Jobs(5),
        changes: [Change { by: Constraint::ReactiveFloor, from: Jobs(5), to: Jobs(7) }]
            .into_iter()
            .collect(),
        reason: Reason::LoadNow,
        outlook: None,
        prospects: None,
        doubts: [Doubt::Arrivals].into_iter().collect(),
        preference: None,
        forecast: Some(Basis::default()),
    };
    let status = Status {
        pack_crc: 0x1234_5678,
        epoch: 300,
        jobs: Some(Jobs(7)),
        resets: 1,
        by_watchdog: true,
        dropped: 2,
        uploaded: 0,
        decision_us: 20_000,
        network_role: NetworkRole::CannotAct,
    };
    let bytes = [0, 1, 0, 255].into_iter().collect();
    [
        ("sample", Message::Sample(sample())),
        (
            "sample with gaps",
            Message::Sample(Sample {
                arrivals_events: Reading::Missing,
                queued_events: stale,
                jobs_starting: None,
                ..sample()
            }),
        ),
        ("decision", Message::Decision(small)),
        ("refused", Message::Refused(Refusal::SampleTime)),
        ("configure", Message::Configure(Config::from(&settings))),
        ("time", Message::Time(UnixSeconds(1_751_328_090))),
        ("ask", Message::Ask),
        ("status", Message::Status(status)),
        ("upload begin", Message::UploadBegin { length: 189_653 }),
        ("upload chunk", Message::UploadChunk { offset: 256, bytes }),
        ("upload end", Message::UploadEnd),
    ]
    .into()
}

fn read(bytes: &[u8]) -> List<Result<Message, FrameError>> {
    let mut reader = FrameReader::default();
    bytes.iter().filter_map(|b| reader.push(*b)).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| std::format!("{b:02x}")).collect()
}

#[test]
fn every_message_is_read_back_and_is_what_the_specification_says() {
    let spec = include_str!("../../SPEC.md");
    for (name, message) in golden() {
        let frame = encode(&message).unwrap();
        assert_eq!(read(&frame), [Ok(message)]);
        let line = std::format!("{name}: {}", hex(&frame));
        assert!(spec.lines().any(|l| l.trim() == line), "SPEC.md lacks the line\n    {line}");
    }
}

#[test]
fn the_longest_messages_fit() {
    let bytes = [255; CHUNK].into_iter().collect();
    let chunk = Message::UploadChunk { offset: u32::MAX, bytes };
    for message in [Message::Decision(decision()), chunk] {
        let frame = encode(&message).unwrap();
        assert!(frame.len() <= MAX_FRAME && !frame[..frame.len() - 1].contains(&0));
        assert_eq!(read(&frame), [Ok(message)]);
    }
}

#[test]
fn settings_survive_and_nonsense_does_not() {
    let settings = Settings::new(JobLimits::new(1, 50).unwrap(), 60.0, 45.0);
    let good = Config::from(&settings);
    assert_eq!(good.settings(), Ok(settings));
    let faults = [
        Config { min_jobs: 51, ..good },
        Config { sla_s: f32::NAN, ..good },
        Config { interval_s: 7, ..good },
        Config { max_step_up: 0.5, ..good },
        Config { start_up_s: -1.0, ..good },
        Config { max_jobs: 100_001, ..good },
        Config { start_up_s: 7201.0, ..good },
        Config { catch_up_s: 0.5, ..good },
        Config { stale_after_s: 4, ..good },
        Config { scale_down_window_s: 3601, ..good },
        Config { max_step_down: f32::INFINITY, ..good },
    ]
    .map(|config| config.settings().unwrap_err().0);
    let first = ["max_jobs", "sla_s", "interval_s", "max_step_up", "start_up_s"];
    assert_eq!(faults[..first.len()], first);
    let ranges = [
        "max_jobs",
        "start_up_s",
        "catch_up_s",
        "stale_after_s",
        "scale_down_window_s",
        "max_step_down",
    ];
    assert_eq!(faults[first.len()..], ranges);
    // The longest SLA with what holds where nothing else is set.
    let longest = Settings::new(JobLimits::new(1, 50).unwrap(), 86_400.0, 7200.0);
    assert_eq!(Config::from(&longest).settings(), Ok(longest));
}

#[test]
fn the_next_frame_is_read_whatever_came_before() {
    let message = Message::Sample(sample());
    let good = encode(&message).unwrap();
    for noise in [&[1u8, 2, 3, 0][..], &[0, 0], &[7; 2000], &good[..20]] {
        let mut bytes = noise.to_vec();
        bytes.push(0);
        bytes.extend_from_slice(&good);
        assert_eq!(read(&bytes).last(), Some(&Ok(message.clone())));
    }
}

#[test]
fn other_versions_and_kinds_are_told_apart_from_noise() {
    let framed = |content: &[u8]| {
        let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(content);
        let mut frame = vec![0; 64];
        let content = [content, &crc.to_le_bytes()].concat();
        let length = cobs::encode(&content, &mut frame);
        frame.truncate(length);
        frame.push(0);
        read(&frame)
    };
    assert_eq!(framed(&[VERSION + 1, 5]), [Err(FrameError::Version(VERSION + 1))]);
    assert_eq!(framed(&[VERSION, 99]), [Err(FrameError::Unknown)]);
    assert_eq!(framed(&[VERSION, 5, 0]), [Err(FrameError::Unknown)]);
    assert_eq!(framed(&[]), [Err(FrameError::Malformed)]);
}

proptest! {
    /// COBS by another's hand reads our frames, and we read theirs.
    #[test]
    fn stuffing_is_what_others_understand_by_it(
        content in proptest::collection::vec(prop_oneof![Just(0u8), any::<u8>(), Just(7)], 1..500),
        full in any::<bool>(),
    ) {
        let content = if full { vec![9; content.len()] } else { content };
        if let Some(frame) = frame::stuff(&content) {
            let mut theirs = frame[..frame.len() - 1].to_vec();
            let length = cobs::decode_in_place(&mut theirs).unwrap();
            prop_assert_eq!(&theirs[..length], &content[..]);
        }
        let mut theirs = vec![0; 600];
        let length = cobs::encode(&content, &mut theirs);
        prop_assert_eq!(frame::unstuff(&mut theirs[..length]), Some(&content[..]));
    }

    #[test]
    fn noise_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        read(&bytes);
    }

    /// One to three bytes of a frame are changed: it is dropped, or not one bit of it is different.
    #[test]
    fn damage_is_noticed(
        which in any::<prop::sample::Index>(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 1u8..), 1..4),
    ) {
        let messages = golden();
        let (_, message) = &messages[which.index(messages.len())];
        let mut frame = encode(message).unwrap();
        let last = frame.len() - 1;
        for (at, change) in edits {
            frame[at.index(last)] ^= change;
        }
        for read in read(&frame).into_iter().flatten() {
            prop_assert_eq!(&read, message);
        }
    }
}
