//! The search for better settings: trials of a study, each a training of the forecaster.
//!
//! ```text
//! study/  study.jsonl   what was tried and what came of it: one line an event, only ever added to
//!         trial-0007/   its checkpoint while it is trained, and a lock that says that somebody is at it
//!         best.yaml     the settings that did best
//! ```
//!
//! Processes that search in one folder share the study: each takes the next trial, or one that a process
//! left unfinished (`kill -9`), which goes on from its checkpoint.

pub mod history;
pub mod journal;
pub mod propose;
pub mod study;
