//! Whatever a sender pushes as samples: no panic, times in order, and no sample without its number.
//!
//!     RUSTC_BOOTSTRAP=1 cargo fuzz run sample
#![no_main]

use agent::observe::{MAX_SAMPLES, Manner, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let body = parse(bytes, &Manner::rows(120));
    assert!(body.samples.len() <= MAX_SAMPLES);
    assert!(body.samples.is_sorted_by_key(|told| told.sample.end));
    assert!(body.samples.iter().all(|told| told.number > 0 && told.sample.interval_s > 0));
    // Nothing is swallowed: a body that says nothing is refused.
    assert!(!body.samples.is_empty() || !body.refused.is_empty());
});
