//! What was learned outlives a reset by way of the host, and what is not to be kept is forgotten.

mod common;

use common::{Kept, TestDevice, ask, device, learned, read, sample, status, upload_as};
use firmware::first_settings;
use scaleiq_core::forecast::EXPERTS;
use scaleiq_core::sample::Sample;
use scaleiq_core::units::UnixSeconds;
use scaleiq_core::wire::{Config, Message, Refusal, UploadKind, encode};

const DAY: i64 = 86_400;

/// Two minutes of a day's wave, of which some counts are missing.
fn traffic(k: i64, ready: u32) -> Sample {
    let wave = 12_000.0 + 8000.0 * (k as f64 * std::f64::consts::TAU / 720.0).sin();
    let count = (wave + 700.0 * ((k * 7919 % 101) as f64 / 50.0 - 1.0)).round();
    let raw = sample(120 * k, (k % 97 != 0).then_some(count), ready);
    Sample { interval_s: 120, ..raw }
}

fn play(device: &mut TestDevice, intervals: std::ops::Range<i64>, jobs: &mut u32) -> Vec<Message> {
    let decide = |k| {
        let answer = ask(device, &Message::Sample(traffic(k, *jobs)));
        let Message::Decision(decision) = &answer else { panic!("{answer:?}") };
        *jobs = decision.jobs.0;
        answer
    };
    intervals.map(decide).collect()
}

#[test]
fn after_four_weeks_a_reset_changes_no_decision_once_the_learned_is_back() {
    let kept = Kept::after_power_on();
    let device = device(&kept);
    let mut jobs = 20;
    let weeks = 28 * 720;
    play(device, 1..weeks, &mut jobs);
    let snapshot = learned(device);
    println!("{} bytes were learned", snapshot.len());

    let other = common::device(&kept);
    assert_eq!(status(other).epoch, 0);
    let Message::Status(back) = upload_as(other, UploadKind::Learned, &snapshot) else {
        panic!("not taken")
    };
    assert_eq!((back.epoch, back.last_end), (status(device).epoch, status(device).last_end));
    assert_eq!(learned(other), snapshot);
    // The last sample again is answered as it was; time goes on as it did.
    let again = Message::Sample(traffic(weeks - 1, jobs));
    let late = Message::Time(UnixSeconds(120 * weeks + 1000));
    for message in [again, late] {
        assert_eq!(ask(other, &message), ask(device, &message));
    }
    let (mut here, mut there) = (jobs, jobs);
    let next = weeks..weeks + 500;
    assert_eq!(play(other, next.clone(), &mut there), play(device, next, &mut here));
    assert_eq!(learned(other), learned(device));
}

#[test]
fn a_snapshot_that_is_none_changes_nothing() {
    let device = device(&Kept::after_power_on());
    let mut jobs = 20;
    play(device, 1..60, &mut jobs);
    let (snapshot, before) = (learned(device), status(device));
    let mut hurt = snapshot.clone();
    hurt[1000] ^= 1;
    let with = |at: usize, byte: u8| {
        let mut bytes = snapshot.clone();
        bytes[at] = byte;
        bytes
    };
    let short = snapshot[..snapshot.len() - 1].to_vec();
    // Another version, another interval, damaged, cut off, nothing at all.
    for bytes in [with(4, 99), with(8, 60), hurt, short, snapshot[..7].to_vec(), vec![]] {
        let refused = upload_as(device, UploadKind::Learned, &bytes);
        assert_eq!(refused, Message::Refused(Refusal::Learned));
        assert_eq!(learned(device), snapshot);
    }
    let uploaded = 0;
    assert_eq!(scaleiq_core::wire::Status { uploaded, ..status(device) }, before);
}

/// The layout has to be another version when what is passed is: an old snapshot must not be read.
#[test]
fn the_layout_is_of_this_version() {
    if EXPERTS != 9 {
        eprintln!("NOT RUN: with seasons of its own there is more to learn, as on no device");
        return;
    }
    let device = device(&Kept::after_power_on());
    let new = learned(device).len();
    let mut jobs = 20;
    play(device, 1..200, &mut jobs);
    let lengths = (scaleiq_core::learned::LAYOUT, new, learned(device).len());
    assert_eq!(lengths, (3, 7952, 141_058), "other lengths: raise LAYOUT in core/src/learned.rs");
}

#[test]
fn a_clock_that_is_years_ahead_teaches_nothing() {
    let kept = Kept::after_power_on();
    let device = device(&kept);
    let mut jobs = 20;
    play(device, 1..60, &mut jobs);
    let before = learned(device);
    let ahead =
        |s: i64| Message::Sample(Sample { end: UnixSeconds(120 * 59 + s), ..traffic(60, jobs) });
    // What it remembers is 28 days and 64 intervals.
    let most = 28 * DAY + 64 * 120;
    for s in [most + 1, 10 * 365 * DAY] {
        assert_eq!(ask(device, &ahead(s)), Message::Refused(Refusal::SampleJump));
    }
    assert_eq!(learned(device), before);
    assert!(matches!(ask(device, &ahead(most)), Message::Decision(_)));
}

#[test]
fn what_is_to_be_forgotten_is() {
    let kept = Kept::after_power_on();
    let device = device(&kept);
    let config = Config { max_jobs: 30, ..Config::from(&first_settings()) };
    ask(device, &Message::Configure(config));
    let mut jobs = 20;
    // The first sample of all is of a year that is yet to come.
    let future = Sample { end: UnixSeconds(4_000_000_000), ..traffic(1, 20) };
    assert!(matches!(ask(device, &Message::Sample(future)), Message::Decision(_)));
    let refused = ask(device, &Message::Sample(traffic(2, 20)));
    assert_eq!(refused, Message::Refused(Refusal::SampleTime));
    let told = common::answer(device, &encode(5, &Message::Forget).unwrap()).unwrap();
    assert!(told.restart && matches!(read(&told.frame).message, Message::Status(_)));

    let after = common::device(&kept);
    let forgot = status(after);
    assert_eq!((forgot.epoch, forgot.last_end, forgot.resets), (0, None, 1));
    let decided = play(after, 3..4, &mut jobs);
    let Message::Decision(decision) = &decided[0] else { panic!() };
    assert!(decision.jobs.0 <= 30, "its settings are those that were sent");
}

/// A hole is filled without a forecast for each of its intervals, and the board hears of it meanwhile.
#[test]
fn while_a_hole_is_filled_the_watchdog_is_fed() {
    let device = device(&Kept::after_power_on());
    let mut jobs = 20;
    play(device, 1..60, &mut jobs);
    for (hole_s, fed) in [(38 * 60, 19), (4 * 3600, 120), (3 * DAY, 2160)] {
        let end = status(device).last_end.unwrap().plus(hole_s);
        let sent = Message::Sample(Sample { end, ..traffic(60, jobs) });
        let mut alive = 0;
        let bytes = encode(1, &sent).unwrap();
        let answers = bytes.iter().filter_map(|byte| device.receive(*byte, &mut || alive += 1));
        assert_eq!(answers.count(), 1);
        assert_eq!(alive, fed, "{hole_s}");
    }
}
