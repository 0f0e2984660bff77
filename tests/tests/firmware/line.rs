//! A line to the image that hurts what goes over it.

use super::board::Board;
use super::host::{Host, decision, play, settings};
use super::image::image;
use scaleiq_core::policy::Stage;
use scaleiq_core::units::UnixSeconds;
use scaleiq_core::wire::{Frame, FrameReader, Message, encode};
use std::io::{Read as _, Write as _};

/// Faults that are wanted.
const FAULTS: usize = 400;

struct Noise(u32);

impl Noise {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 >> 8
    }
}

/// Every question is hurt once, in one of eight ways, and asked again: its answer is that of a device on a
/// clean line.
#[test]
fn no_answer_is_taken_wrongly() {
    let Some(image) = image("", None) else { return };
    let mut board = Board::start(&image, &[]);
    let mut host = Host::start();
    host.ask(&settings());
    board.client().ask(&settings()).unwrap();
    let (mut noise, mut sequence) = (Noise(5), 1000);
    let mut kinds = [0; 8];
    let mut reader = FrameReader::default();
    play(FAULTS, |sample| {
        sequence += 1;
        let expected = host.ask(sample);
        let question = encode(sequence, sample).unwrap();
        let at = noise.next() as usize % (question.len() - 1);
        let kind = noise.next() as usize % kinds.len();
        kinds[kind] += 1;
        let mut sent = question.to_vec();
        let byte = noise.next() as u8;
        match kind {
            0 => sent[at] ^= 1 << (byte % 8),
            1 => drop(sent.remove(at)),
            2 => sent.insert(at, byte),
            3 => sent[at..].reverse(),
            4 => sent.truncate(at),
            5 => sent.extend_from_within(..),
            6 => sent = (0..at).map(|_| noise.next() as u8).collect(),
            // Its answer comes late, and another one before it.
            _ => sent.extend(encode(sequence - 1, &Message::Ask).unwrap()),
        }
        board.uart.write_all(&sent).unwrap();
        // The frame that was hurt, and this one: behind a zero it is in step.
        board.uart.write_all(&[0]).unwrap();
        board.uart.write_all(&question).unwrap();
        assert_eq!(own(&mut board, &mut reader, sequence), expected, "fault {kind} at {at}");
        let Message::Decision(decision) = expected else { panic!("{expected:?}") };
        decision
    });
    println!("{FAULTS} faults, by kind {kinds:?}");
    assert!(kinds.iter().all(|count| *count > 20));
}

/// Resets that are wanted.
const RESETS: u32 = 24;

/// The next whole question is answered, under its own number and with what was in force.
#[test]
fn a_reset_in_the_middle_of_a_question_costs_that_question() {
    let Some(image) = image("", None) else { return };
    let mut board = Board::start(&image, &[]);
    let mut client = board.client();
    client.ask(&settings()).unwrap();
    let last = play(5, |sample| decision(client.ask(sample).unwrap())).pop().unwrap();
    let (mut noise, mut reader) = (Noise(7), FrameReader::default());
    for count in 1..=RESETS {
        let now = Message::Time(UnixSeconds(last.at.0 + i64::from(count)));
        let sequence = 1000 + count as u16;
        let question = encode(sequence, &now).unwrap();
        let at = 1 + noise.next() as usize % (question.len() - 2);
        board.uart.write_all(&question[..at]).unwrap();
        board.reset();
        board.uart.write_all(&[0]).unwrap();
        board.uart.write_all(&question).unwrap();
        let held = decision(own(&mut board, &mut reader, sequence));
        assert_eq!((held.stage, held.jobs), (Stage::Hold, last.jobs), "reset {count} at {at}");
    }
    assert_eq!(board.client().status().unwrap().resets, RESETS);
}

/// The answer under this number; what else comes is passed over.
fn own(board: &mut Board, reader: &mut FrameReader, sequence: u16) -> Message {
    let mut bytes = [0; 512];
    loop {
        let count = board.uart.read(&mut bytes).expect("the device answers");
        let frames = bytes[..count].iter().filter_map(|byte| reader.push(*byte)).flatten();
        let own = |frame: &Frame| {
            frame.sequence == sequence && matches!(frame.message, Message::Decision(_))
        };
        if let Some(frame) = frames.into_iter().find(own) {
            return frame.message;
        }
    }
}
