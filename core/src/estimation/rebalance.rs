//! What it costs that a pool stands still when jobs come or go, as a consumer group does.

/// A shorter pause at a change is no reason to avoid changes, in seconds.
const SHORT_PAUSE_S: f32 = 2.0;
/// Start-up times differ by a factor of e to this power (standard deviation).
pub const START_SPREAD: f32 = 0.3;

/// Seconds for which a pool stands still while `jobs` come up one after the other: a pause for each, but
/// no longer than from the first start to the last.
pub(super) fn standstill_s(jobs: f32, pause_s: f32, start_up_s: f32) -> f32 {
    if jobs < 1.5 {
        return if jobs < 0.5 { 0.0 } else { pause_s };
    }
    // Expected range of so many normal numbers (about 1.1 for two, 3.1 for ten, 5 for a hundred).
    let log = libm::logf(jobs);
    let range = 2.0 * libm::sqrtf(2.0 * log) * (1.0 - 0.35 / log.max(0.5)).max(0.45);
    (jobs * pause_s).min(pause_s + range * START_SPREAD * start_up_s)
}

/// Whether a change costs a pause that is worth avoiding.
pub(super) fn is_costly(pause_s: f32) -> bool {
    pause_s > SHORT_PAUSE_S
}
