//! Uploads that come to nothing leave what is in force.

mod common;

use common::{Kept, PACK, Room, TestDevice, ask, device, device_with, other_pack, status, upload};
use ed25519_dalek::{Signer, SigningKey};
use scaleiq_core::engine::Pack;
use scaleiq_core::wire::{CHUNK, Message, Refusal, UploadKind};

fn pack_of(device: &mut TestDevice) -> u32 {
    status(device).pack_crc
}

#[test]
fn a_model_is_uploaded_checked_and_then_in_force() {
    let device = device(&Kept::after_power_on());
    let bytes = other_pack();
    let Message::Status(after) = upload(device, &bytes) else { panic!("not taken") };
    assert_eq!(after.pack_crc, Pack::crc(&bytes));
    assert_eq!(ask(device, &Message::UploadEnd), Message::Status(after));
    assert!(matches!(upload(device, PACK), Message::Status(_)));
    assert_eq!(pack_of(device), Pack::crc(PACK));
}

#[test]
fn the_good_model_decides_on_whatever_becomes_of_an_upload() {
    let device = device(&Kept::after_power_on());
    let good = other_pack();
    assert!(matches!(upload(device, &good), Message::Status(_)));
    let with = |at: usize, byte: u8| {
        let mut bytes = PACK.to_vec();
        bytes[at] = byte;
        bytes
    };
    // Damaged, of another version, for an engine that can do more, cut off, with something behind it.
    let long = [PACK, &[1, 2, 3]].concat();
    let hurt = with(PACK.len() / 2, !PACK[PACK.len() / 2]);
    for bytes in [hurt, with(4, 9), with(6, 1), with(7, 128), PACK[..9000].to_vec(), long] {
        assert_eq!(upload(device, &bytes), Message::Refused(Refusal::Pack));
        assert_eq!(ask(device, &Message::UploadEnd), Message::Refused(Refusal::Pack));
        assert_eq!(pack_of(device), Pack::crc(&good));
    }
    let huge = Message::UploadBegin { length: 1 << 30, kind: UploadKind::Model };
    assert_eq!(ask(device, &huge), Message::Refused(Refusal::Storage));
    assert_eq!(pack_of(device), Pack::crc(&good));

    // Broken off before each block: the next upload begins anew.
    let begin = Message::UploadBegin { length: PACK.len() as u32, kind: UploadKind::Model };
    ask(device, &begin);
    for (k, part) in PACK.chunks(CHUNK).enumerate() {
        assert_eq!(ask(device, &Message::UploadEnd), Message::Refused(Refusal::Upload));
        assert_eq!(pack_of(device), Pack::crc(&good), "{k}");
        let bytes = part.iter().copied().collect();
        ask(device, &Message::UploadChunk { offset: (k * CHUNK) as u32, bytes });
    }
    ask(device, &begin);
    assert_eq!(ask(device, &Message::UploadEnd), Message::Refused(Refusal::Upload));
    assert_eq!(pack_of(device), Pack::crc(&good));
}

#[test]
fn a_device_with_a_key_takes_what_was_signed_with_it() {
    let signer = SigningKey::from_bytes(&[7; 32]);
    let room = Room { key: Some(signer.verifying_key().to_bytes()), ..Room::default() };
    let device = device_with(&Kept::after_power_on(), room);
    assert!(!status(device).takes_unsigned);
    let pack = other_pack();
    let signed = |by: &SigningKey| [&pack[..], &by.sign(&pack).to_bytes()].concat();
    let mut altered = signed(&signer);
    altered[100] ^= 1;
    let stranger = signed(&SigningKey::from_bytes(&[8; 32]));
    for bytes in [pack.clone(), altered, stranger] {
        assert_eq!(upload(device, &bytes), Message::Refused(Refusal::Signature));
        assert_eq!(pack_of(device), Pack::crc(PACK));
    }
    assert!(matches!(upload(device, &signed(&signer)), Message::Status(_)));
    assert_eq!(pack_of(device), Pack::crc(&pack));

    // On a bench a signature is passed over.
    let bench = common::device(&Kept::after_power_on());
    assert!(status(bench).takes_unsigned);
    assert!(matches!(upload(bench, &signed(&signer)), Message::Status(_)));
    assert_eq!(pack_of(bench), Pack::crc(&pack));
}
