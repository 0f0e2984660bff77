//! What the house is held to: its crates, who may import whom, and how long files may be.
//!
//! ARCHITECTURE.md says why. A rule that has to give way is changed here, with the reason beside it.

/// Crates by folder; each has its root in `src/lib.rs`.
pub const CRATES: [&str; 6] = ["core", "workload", "agent", "trainer", "firmware", "tests"];

/// Rooms that never import others. Rooms are paths below `src`, without `.rs`.
pub struct Rule {
    /// The crate's folder.
    pub of: &'static str,
    /// Rooms that are held to it; none: every room.
    pub rooms: &'static [&'static str],
    /// Rooms that these never import.
    pub never: &'static [&'static str],
    /// Rooms, or parts of rooms, that are left out on either side.
    pub except: &'static [&'static str],
    /// Why.
    pub why: &'static str,
}

/// Who never imports whom.
pub const RULES: [Rule; 0] = [];

/// Files, or folders that end with a slash, in circles that are not opened yet.
pub const KNOWN_CIRCLES: [&[&str]; 4] =
    [&["core/src/"], &["workload/src/"], &["agent/src/"], &["trainer/src/"]];

/// Rooms in circles that are not opened yet.
pub const KNOWN_ROOM_CIRCLES: [&[&str]; 4] = [
    &["decision", "policy"],
    &[
        "actuate", "backtest", "cli", "command", "config", "control", "demo", "journal", "metrics",
        "rows", "serve", "source",
    ],
    &["brain", "device", "planned", "replay", "report"],
    &["bench", "cli", "report", "train"],
];

/// No file of ours is longer, in lines.
pub const MAX_LINES: usize = 450;
/// Nine files of ten are no longer.
pub const P90_LINES: usize = 300;
/// Half of the files are no longer.
pub const MEDIAN_LINES: usize = 150;

/// Files beyond [`MAX_LINES`] that are not divided yet.
pub const KNOWN_LONG: [&str; 6] = [
    "agent/src/metrics.rs",
    "agent/tests/journal.rs",
    "core/src/controller.rs",
    "core/src/situation/mod.rs",
    "core/src/situation/pool.rs",
    "trainer/src/cli.rs",
];
