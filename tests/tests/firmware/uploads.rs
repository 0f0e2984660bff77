//! Models for an image that was built with a key, and uploads that a reset ends.

use super::board::Board;
use super::image::{FLASH_BYTES, image, sizes};
use ed25519_dalek::{Signer, SigningKey};
use scaleiq_core::engine::Pack;
use scaleiq_core::model::PACK;
use scaleiq_core::wire::{CHUNK, Message, UploadKind};
use scaleiq_tests::networks::shipped;

#[test]
fn an_image_with_a_key_takes_what_was_signed_with_it() {
    let signer = SigningKey::from_bytes(&[7; 32]);
    let key: String = signer.verifying_key().to_bytes().map(|b| format!("{b:02x}")).concat();
    let Some(image) = image("", Some(&key)) else { return };
    let (flash, _) = sizes(&image);
    println!("flash with a key {flash} bytes");
    assert!(flash < FLASH_BYTES);
    let board = Board::start(&image, &["-icount", "shift=4"]);
    let mut client = board.client();
    assert!(!client.status().unwrap().takes_unsigned);

    let shipped = std::fs::read(shipped(PACK)).unwrap();
    let mut pack = Pack::parse(&shipped).unwrap();
    pack.q_network.min_advantage = 0.0;
    let mut other = vec![0; shipped.len() + 100];
    let length = pack.write(&mut other).unwrap();
    other.truncate(length);
    let signed = [&other[..], &signer.sign(&other).to_bytes()].concat();
    let mut altered = signed.clone();
    altered[5000] ^= 1;
    for refused in [&other, &altered] {
        let error = client.upload(UploadKind::Model, refused).unwrap_err().to_string();
        assert!(error.contains("Signature"), "{error}");
        assert_eq!(client.status().unwrap().pack_crc, Pack::crc(&shipped));
    }
    // A reset in the middle, then whole.
    client.ask(&Message::UploadBegin { length: 1000, kind: UploadKind::Model }).unwrap();
    let bytes = signed[..CHUNK].iter().copied().collect();
    client.ask(&Message::UploadChunk { offset: 0, bytes }).unwrap();
    board.reset();
    let after = client.status().unwrap();
    assert_eq!((after.pack_crc, after.uploaded, after.resets), (Pack::crc(&shipped), 0, 1));
    let after = client.upload(UploadKind::Model, &signed).unwrap();
    assert_eq!((after.pack_crc, after.resets), (Pack::crc(&other), 1));
    println!("{} bytes of stack were never used", after.stack_unused.unwrap());
    assert!(after.stack_unused.unwrap() > 2048);
}
