use super::*;
use crate::sample::RawSample;
use crate::settings::Settings;
use crate::units::JobLimits;
use proptest::prelude::*;
use std::vec::Vec as List;

fn sample() -> Sample {
    let raw = RawSample {
        time: 1_751_328_030.0,
        interval_s: 30.0,
        logged_events: Some(812.0),
        unprocessed_events: Some(0.0),
        jobs_ready: Some(6.0),
        ..RawSample::default()
    };
    raw.gate().unwrap().sample
}

/// Short and long messages, with and without zeros.
fn messages() -> [Message; 4] {
    let bytes = (0..=255).collect();
    [
        Message::Sample(sample()),
        Message::Ask,
        Message::Status(Status::default()),
        Message::UploadChunk { offset: 256, bytes },
    ]
}

fn framed(message: Message) -> Frame {
    Frame { sequence: 7, message }
}

fn read(bytes: &[u8]) -> List<Result<Frame, FrameError>> {
    let mut reader = FrameReader::default();
    bytes.iter().filter_map(|b| reader.push(*b)).collect()
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
    let good = encode(7, &message).unwrap();
    for noise in [&[1u8, 2, 3, 0][..], &[0, 0], &[7; 2000], &good[..20]] {
        let mut bytes = noise.to_vec();
        bytes.push(0);
        bytes.extend_from_slice(&good);
        assert_eq!(read(&bytes).last(), Some(&Ok(framed(message.clone()))));
    }
}

#[test]
fn other_versions_and_kinds_are_told_apart_from_noise() {
    let sent = |content: &[u8]| {
        let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(content);
        let mut frame = vec![0; 64];
        let content = [content, &crc.to_le_bytes()].concat();
        let length = cobs::encode(&content, &mut frame);
        frame.truncate(length);
        frame.push(0);
        read(&frame)
    };
    assert_eq!(sent(&[VERSION + 1, 5]), [Err(FrameError::Version(VERSION + 1))]);
    let unknown = FrameError::Unknown { sequence: 0x0201 };
    assert_eq!(sent(&[VERSION, 1, 2, 99]), [Err(unknown)]);
    assert_eq!(sent(&[VERSION, 1, 2, 5, 0]), [Err(unknown)]);
    assert_eq!(sent(&[VERSION, 1]), [Err(FrameError::Malformed)]);
    assert_eq!(sent(&[]), [Err(FrameError::Malformed)]);
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
        let message = which.get(&messages()).clone();
        let mut frame = encode(7, &message).unwrap();
        let last = frame.len() - 1;
        for (at, change) in edits {
            frame[at.index(last)] ^= change;
        }
        for read in read(&frame).into_iter().flatten() {
            prop_assert_eq!(read, framed(message.clone()));
        }
    }
}
