//! The messages against `SPEC.md`, and a stranger's program that was written from it against both.

mod client;
mod golden;
mod tables;

use golden::{golden, longest};
use scaleiq_core::wire::{CHUNK, Frame, FrameReader, MAX_FRAME, Message, encode};

const SPEC: &str = include_str!("../../SPEC.md");

fn read(bytes: &[u8]) -> Frame {
    let mut reader = FrameReader::default();
    bytes.iter().find_map(|byte| reader.push(*byte)).unwrap().unwrap()
}

/// The page's lines for the golden frames, as the types give them.
fn lines() -> Vec<String> {
    let frames = golden().into_iter().zip(1..);
    let line = |((name, message), sequence)| {
        let bytes = encode(sequence, &message).unwrap();
        assert_eq!(read(&bytes), Frame { sequence, message });
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("    {name}: {hex}")
    };
    frames.map(line).collect()
}

#[test]
fn every_message_is_read_back_and_is_what_the_specification_says() {
    let on_page: Vec<&str> = SPEC
        .split("## Golden frames")
        .nth(1)
        .unwrap()
        .lines()
        .filter(|l| l.starts_with("    "))
        .collect();
    let lines = lines();
    assert_eq!(on_page, lines, "the golden frames of SPEC.md should be\n{}", lines.join("\n"));
}

#[test]
fn the_longest_messages_fit() {
    let bytes = [255; CHUNK].into_iter().collect();
    let chunk = Message::UploadChunk { offset: u32::MAX, bytes };
    let bytes = [255; CHUNK].into_iter().collect();
    let learned = Message::Learned { epoch: u64::MAX, length: u32::MAX, offset: u32::MAX, bytes };
    for message in [Message::Decision(longest()), chunk, learned] {
        let bytes = encode(u16::MAX, &message).unwrap();
        assert!(bytes.len() <= MAX_FRAME && !bytes[..bytes.len() - 1].contains(&0));
        assert_eq!(read(&bytes), Frame { sequence: u16::MAX, message });
    }
}
