//! Whatever comes over the line: no panic, and what is read as a message is written as it was read.
//!
//!     RUSTC_BOOTSTRAP=1 cargo fuzz run frame
#![no_main]

use libfuzzer_sys::fuzz_target;
use scaleiq_core::wire::{FrameReader, encode};

fuzz_target!(|bytes: &[u8]| {
    let mut reader = FrameReader::default();
    for frame in bytes.iter().filter_map(|byte| reader.push(*byte)).flatten() {
        let bytes = encode(frame.sequence, &frame.message);
        let bytes = bytes.expect("what fits a frame once does so again");
        let mut again = FrameReader::default();
        let read = bytes.iter().find_map(|byte| again.push(*byte));
        // NaN is not equal to itself: compare as text.
        assert_eq!(format!("{read:?}"), format!("{:?}", Some(Ok::<_, ()>(frame))));
    }
});
