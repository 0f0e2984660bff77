//! Whatever is uploaded as a pack: no panic. The header is made to fit, so that the body's own
//! checks are what is tried.
//!
//!     RUSTC_BOOTSTRAP=1 cargo fuzz run pack models/edge
#![no_main]

use libfuzzer_sys::fuzz_target;
use scaleiq_core::engine::Pack;

fuzz_target!(|bytes: &[u8]| {
    let mut bytes = bytes.to_vec();
    if let Some((header, body)) = bytes.split_first_chunk_mut::<16>() {
        // Either version.
        let version = 1 + (header[4] & 1);
        header[..8].copy_from_slice(&[b'S', b'I', b'Q', b'P', version, 0, 0, 0]);
        header[8..12].copy_from_slice(&(body.len() as u32).to_le_bytes());
        let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(body);
        header[12..].copy_from_slice(&crc.to_le_bytes());
    }
    if let Ok(pack) = Pack::parse(&bytes) {
        let _ = (pack.forecaster(), pack.q_network());
    }
});
