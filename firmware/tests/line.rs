//! A line that hurts what goes over it: nothing wrong is taken, and nothing is taken for the answer to
//! another question.

mod common;

use common::{Kept, TestDevice, answer, device, read, sample};
use scaleiq_core::wire::{Frame, FrameReader, Message, encode};
use std::mem::take;

/// A day of samples with a reset in the middle of a frame every four hours: the host repeats what it gets
/// no sound answer to, and no decision is other than that of a device on a clean line that was reset at
/// the same time.
#[test]
fn a_day_of_noise_changes_no_decision() {
    let kept = [Kept::after_power_on(), Kept::after_power_on()];
    let [mut clean, mut noisy] = kept.each_ref().map(device);
    let mut line = Line::new(7, 250);
    let (mut repeats, mut jobs) = (0, 10);
    for k in 1..=2880_u16 {
        let wave = 3000.0 + 2000.0 * f64::from(k % 960).mul_add(0.0065, 0.0).sin();
        let message = Message::Sample(sample(30 * i64::from(k), Some(wave.round()), jobs));
        let question = encode(k, &message).unwrap();
        if k.is_multiple_of(480) {
            assert!(answer(noisy, &question[..9]).is_none());
            [clean, noisy] = kept.each_ref().map(device);
        }
        let expected = read(&answer(clean, &question).unwrap().frame);
        let mut tries = 0;
        let got = loop {
            tries += 1;
            assert!(tries < 100, "out of step at sample {k}");
            let heard = line.exchange(noisy, &question);
            if let Some(own) = heard.into_iter().find(|frame| frame.sequence == k)
                && matches!(own.message, Message::Decision(_))
            {
                break own;
            }
        };
        repeats += tries - 1;
        assert_eq!(got, expected, "sample {k}");
        let Message::Decision(decision) = got.message else { unreachable!() };
        jobs = decision.jobs.0;
    }
    println!("{} faults, {repeats} repeats", line.faults);
    assert!(line.faults > 3000, "{}: that was no noise", line.faults);
}

/// Whatever came before, the second frame is answered at the latest; the first one is, behind a zero.
#[test]
fn two_frames_after_a_fault_the_line_is_in_step() {
    let device = device(&Kept::after_power_on());
    let mut noise = Noise(3);
    let question = encode(9, &Message::Ask).unwrap();
    for _ in 0..1000 {
        let length = noise.next() % 700;
        for _ in 0..length {
            let _ = device.receive(noise.next() as u8, &mut || {});
        }
        let status = |bytes: &[u8], device: &mut TestDevice| {
            let answers = bytes.iter().filter_map(|byte| device.receive(*byte, &mut || {}));
            let answers: Vec<Frame> = answers.map(|answer| read(&answer.frame)).collect();
            let own = |f: &&Frame| f.sequence == 9 && matches!(f.message, Message::Status(_));
            answers.iter().filter(own).count()
        };
        if length.is_multiple_of(2) {
            assert_eq!(status(&[&[0], &question[..]].concat(), device), 1);
        } else {
            status(&question, device);
            assert_eq!(status(&question, device), 1);
        }
    }
}

/// A line that loses, doubles, adds and flips bytes, doubles whole questions, and holds answers back until
/// the next question.
struct Line {
    noise: Noise,
    /// A fault in so many bytes.
    one_in: u32,
    faults: u32,
    late: Vec<u8>,
    reader: FrameReader,
}

impl Line {
    fn new(seed: u32, one_in: u32) -> Self {
        let reader = FrameReader::default();
        Self { noise: Noise(seed), one_in, faults: 0, late: Vec::new(), reader }
    }

    /// What the host hears after a question.
    fn exchange(&mut self, device: &mut TestDevice, question: &[u8]) -> Vec<Frame> {
        let mut sent = [&[0], question].concat();
        let mut heard = take(&mut self.late);
        let kind = self.noise.next() % 12;
        if kind == 0 {
            sent.extend_from_within(..);
        }
        let sent = self.on(&sent);
        let mut answers = Vec::new();
        for answer in sent.iter().filter_map(|byte| device.receive(*byte, &mut || {})) {
            answers.extend(self.on(&answer.frame));
        }
        if kind == 1 {
            self.late = answers;
        } else {
            heard.extend(answers);
        }
        self.faults += u32::from(kind < 2);
        heard.iter().filter_map(|byte| self.reader.push(*byte)).flatten().collect()
    }

    fn on(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for byte in bytes {
            let kind = self.noise.next() % (4 * self.one_in);
            self.faults += u32::from(kind < 4);
            match kind {
                0 => {}
                1 => out.push(byte ^ (1 << (self.noise.next() % 8))),
                2 => out.extend([*byte, self.noise.next() as u8]),
                3 => out.extend([*byte, *byte]),
                _ => out.push(*byte),
            }
        }
        out
    }
}

struct Noise(u32);

impl Noise {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 >> 8
    }
}
