//! What goes wrong between a queue, its pool and whoever scales it.
//!
//! ```text
//! FaultPlan -> Episodes -+-> traffic:    arrivals that end or pause           (the Load)
//!                        +-> conditions: jobs that crash, hang or do not come (the Simulator)
//!                        +-> readings:   samples that lie, or never arrive    (what is told)
//! ```
//!
//! [`FaultKind`] is the table of what is known to happen. [`FaultySimulator`] plays it, [`Trial`]
//! plays a policy with and without it, [`Verdict`] compares, [`Summary`] judges.

mod conditions;
mod episode;
mod kind;
mod lasts;
mod plan;
mod readings;
mod simulator;
mod summary;
mod traffic;
mod trial;
mod verdict;

pub(super) use conditions::Conditions;
pub use episode::Episode;
pub use kind::{Family, FaultKind, Profile};
pub use lasts::Lasts;
pub use plan::{FaultPlan, PlanError};
pub use readings::Reported;
pub use simulator::{FaultySimulator, Tick};
pub use summary::Summary;
pub use trial::{Course, Moment, Trial};
pub use verdict::Verdict;
