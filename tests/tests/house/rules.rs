//! What the house is held to: its crates, who may import whom, and how long files may be.
//!
//! ARCHITECTURE.md says why. A rule that has to give way is changed here, with the reason beside it.

/// Crates by folder; each has its root in `src/lib.rs`.
pub(crate) const CRATES: [&str; 6] = ["core", "workload", "agent", "trainer", "firmware", "tests"];

/// Rooms that never import others.
pub(crate) struct Rule {
    /// The crate's folder.
    pub(crate) of: &'static str,
    /// Rooms that are held to it, as paths below `src` without `.rs`; none: every room.
    pub(crate) rooms: &'static [&'static str],
    /// Rooms that these never import; none: every other room.
    pub(crate) never: &'static [&'static str],
    /// Rooms, or parts of rooms, that are left out on either side.
    pub(crate) except: &'static [&'static str],
    /// Why.
    pub(crate) why: &'static str,
}

/// Who never imports whom.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        of: "agent",
        rooms: &[],
        never: &["cli", "app"],
        except: &["main", "cli", "app"],
        why: "cli and app know every room, and no room knows them",
    },
    Rule {
        of: "agent",
        rooms: &[],
        never: &["serve", "lab"],
        except: &["cli", "app"],
        why: "what serves, and what plays, is put together at the top",
    },
    Rule {
        of: "agent",
        rooms: &["config", "error", "text"],
        never: &[],
        except: &["error", "text"],
        why: "what everybody uses uses nobody",
    },
    Rule {
        of: "agent",
        rooms: &["platform"],
        never: &[],
        except: &["config", "error", "text"],
        why: "the machine knows how its connections are configured, and nobody who uses them",
    },
    Rule {
        of: "agent",
        rooms: &["device"],
        never: &[],
        except: &["config", "error", "platform/serial", "text"],
        why: "a device knows its line, and how its port is configured",
    },
    Rule {
        of: "agent",
        rooms: &["observe", "lead"],
        never: &[],
        except: &["config", "error", "platform", "text"],
        why: "sources and leadership know the machine, and not the loop that they serve",
    },
    Rule {
        of: "agent",
        rooms: &["decide", "journal"],
        never: &["actuate", "telemetry", "workload"],
        except: &[],
        why: "the loop drives them: they do not know it",
    },
    Rule {
        of: "agent",
        rooms: &["actuate", "drift", "serve", "telemetry"],
        never: &["workload"],
        // What the loop publishes, what it may be asked, and what these are made of.
        except: &[
            "workload/event",
            "workload/handle",
            "workload/learned",
            "workload/not_ready",
            "workload/prediction",
            "workload/recorder",
            "workload/snapshot",
            "workload/view",
        ],
        why: "they live on what the loop publishes, and do not reach into it",
    },
    Rule {
        of: "agent",
        rooms: &["actuate", "drift", "telemetry", "workload"],
        never: &["actuate", "drift", "serve"],
        except: &[],
        why: "what lives on the loop's events does not know its neighbours",
    },
    Rule {
        of: "agent",
        rooms: &["actuate", "drift", "serve", "telemetry", "workload"],
        never: &["device"],
        except: &[],
        why: "whether a device decides is known to decide alone",
    },
    Rule {
        of: "trainer",
        rooms: &["report", "evaluate"],
        never: &["learn", "cli"],
        except: &[],
        why: "what is judged does not know how it was trained",
    },
    Rule {
        of: "trainer",
        rooms: &["learn"],
        never: &["report", "cli", "export"],
        except: &[],
        why: "training can be run silently, by tests and by a search",
    },
    Rule {
        of: "workload",
        rooms: &["sim"],
        never: &["baselines", "csv", "traffic"],
        except: &[],
        why: "the simulator plays any load, wherever it is from",
    },
    Rule {
        of: "core",
        rooms: &[],
        never: &["controller", "invariant", "wire"],
        except: &["controller", "model"],
        why: "the parts do not know what runs, watches or carries them",
    },
];

/// Files, or folders that end with a slash, in circles that are not opened yet.
pub(crate) const KNOWN_CIRCLES: &[&[&str]] = &[];

/// Rooms in circles that are not opened yet.
pub(crate) const KNOWN_ROOM_CIRCLES: &[&[&str]] = &[];

/// No file of ours is longer, in lines.
pub(crate) const MAX_LINES: usize = 450;
/// Nine files of ten are no longer.
pub(crate) const P90_LINES: usize = 300;
/// Half of the files are no longer.
pub(crate) const MEDIAN_LINES: usize = 150;

/// Files beyond [`MAX_LINES`] that are not divided yet.
pub(crate) const KNOWN_LONG: &[&str] = &[];
