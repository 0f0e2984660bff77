//! Whatever a file of events holds: no panic, and a series that is read can be used.
//!
//!     RUSTC_BOOTSTRAP=1 cargo fuzz run csv
#![no_main]

use libfuzzer_sys::fuzz_target;
use scaleiq_workload::Series;

fuzz_target!(|bytes: &[u8]| {
    let Ok(series) = Series::from_reader("fuzz", bytes) else { return };
    assert!(series.length_s > 0 && series.measured() <= series.rows.len());
    for events in series.rows.iter().filter_map(|row| row.arrivals_events) {
        assert!(events.is_finite() && events >= 0.0, "{events} events");
    }
    assert!(series.arrivals_filled().iter().all(|events| events.is_finite()));
});
