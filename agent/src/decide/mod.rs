//! Decides: a model with its engine, or a device with what stands in for it, and how its decisions turn
//! out.

mod calendar;
mod choice;
mod decider;
mod device_with_fallback;
mod engine;
mod fallible;
pub mod figures;
pub mod limits;
mod mode;
mod model;
mod open;
mod planned;
pub mod rows;
mod settings;
mod timed;
mod watched;
pub mod workload;

pub use calendar::{Calendar, Event, Informed};
pub use choice::{ModelChoice, ModelFolder, NO_MODEL};
pub use decider::{Decider, Health};
pub use device_with_fallback::DeviceWithFallback;
pub use engine::Engine;
pub use fallible::Fallible;
pub use mode::Mode;
pub use model::ModelId;
pub use open::{open, tell_if_idle};
pub use settings::DeciderSettings;
pub(crate) use timed::Timed;
