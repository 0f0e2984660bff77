//! Replays a history through the code that decides live, and through what people use today.
//!
//! ```text
//! CSV, or a server -> history (Load) -> play (every policy, same load and seed) -> table, JSON, HTML
//!                 └> faults (ScaleIQ alone, with what goes wrong in real life) -> table, JSON
//! ```

#[cfg(feature = "http")]
pub mod asked;
pub mod course;
pub mod faults;
pub mod history;
pub mod hours;
pub mod html;
pub mod play;
pub mod recorded;
pub mod recorder;
pub mod seeds;
pub mod seen;
pub mod track;
