//! What was decided, and everything that led to it.

use crate::forecast::{Basis, HORIZONS};
use crate::plausibility::Doubts;
pub use crate::policy::Prospect;
use crate::policy::{ACTIONS, Preference, Stage};
use crate::settings::Base;
use crate::units::{Jobs, UnixSeconds};
use heapless::Vec;
use serde::{Deserialize, Serialize};

/// What can change a proposed number of jobs, in the order in which the guard applies it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Constraint {
    /// Not more than the 0.99 quantile of the forecast needs, while there is no backlog.
    Ceiling,
    /// Not fewer than the present rate and backlog need (promise S-7).
    ReactiveFloor,
    /// Not fewer than proposed at any time in the scale-down window (promise S-5).
    ScaleDownWindow,
    /// Not fewer while readings look frozen.
    Frozen,
    /// Not more than a multiple of the present jobs at once.
    StepUp,
    /// Not fewer than a share of the present jobs at once.
    StepDown,
    /// The user's limits (promise S-1).
    Limits,
    /// Data too old to act on: hold (promises S-2, S-4).
    Stale,
    /// Data incomplete, or late: never below the present number (promise S-4).
    Missing,
    /// Not more than raise the throughput.
    Useless,
    /// Not more while those that were asked for do not come up.
    Overdue,
}

/// Constraints that can change a number.
pub const MAX_CHANGES: usize = 11;

/// One constraint at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What changed the number.
    pub by: Constraint,
    /// Jobs before.
    pub from: Jobs,
    /// Jobs after.
    pub to: Jobs,
}

/// Why the number of jobs is what it is: one word for people and for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The number stays: it fits what is coming.
    Steady,
    /// More jobs ahead of rising arrivals.
    ForecastRise,
    /// More jobs to work a backlog off.
    CatchUp,
    /// The present rate decides: it needs more jobs, or no forecast says what comes.
    LoadNow,
    /// Fewer jobs: less is coming.
    ForecastFall,
    /// Fewer jobs were proposed and the guard holds them back for now.
    HeldByGuard,
    /// The user's limits decide.
    AtLimit,
    /// Work is waiting and the pool stands still: more jobs would not help.
    Stalled,
    /// Nothing fresh to go by: the number is held, or raised to be on the safe side.
    Blind,
    /// More jobs were seen to do no more work.
    Useless,
    /// Jobs that were asked for long ago do not come up: more would not, either.
    Overdue,
}

impl Reason {
    /// A sentence for people.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Steady => "jobs fit what is coming",
            Self::ForecastRise => "arrivals are forecast to rise",
            Self::CatchUp => "a backlog is being worked off",
            Self::LoadNow => "the present rate decides",
            Self::ForecastFall => "arrivals are forecast to fall",
            Self::HeldByGuard => "scale-down held back by the guard",
            Self::AtLimit => "the configured limit decides",
            Self::Stalled => "the pool stands still: more jobs would not help",
            Self::Blind => "no fresh data: holding at least the last number",
            Self::Useless => "more jobs were seen to do no more work",
            Self::Overdue => "jobs that were asked for do not come up: asking for no more",
        }
    }
}

/// Rates (events per second) that the decision was based on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outlook {
    /// Smoothed present rate.
    pub now: f32,
    /// Median rate at lead time.
    pub lead_q50: f32,
    /// 0.9 quantile at lead time.
    pub lead_q90: f32,
    /// `[q10, q50, q90]` at each of [`HORIZONS`].
    pub horizons: [[f32; 3]; HORIZONS.len()],
}

/// An absolute number of jobs, and how it came about. Latched per epoch: asking twice changes
/// nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Counts samples taken; a decision belongs to one.
    pub epoch: u64,
    /// Time that was passed in.
    pub at: UnixSeconds,
    /// Jobs that should run from now on.
    pub jobs: Jobs,
    /// Jobs in force when it was made: decided last; before that, those that ran or started.
    pub current_jobs: Jobs,
    /// Which rung of the ladder the proposal comes from.
    pub stage: Stage,
    /// What multipliers were applied to.
    pub base: Base,
    /// The multiplier by which the Q-network moved the number away from the plan.
    pub multiplier: Option<f32>,
    /// The value of each action, as the Q-network said when asked last; none if it has no part in it.
    pub q_values: Option<[f32; ACTIONS]>,
    /// Jobs proposed before the guard.
    pub proposed: Jobs,
    /// Each constraint that changed the number, in order.
    pub changes: Vec<Change, MAX_CHANGES>,
    /// Why, in a word.
    pub reason: Reason,
    /// Rates it was based on; `None` when blind.
    pub outlook: Option<Outlook>,
    /// The number decided and the nearest alternative: the best action of the Q-network that was not
    /// taken, or else a job fewer (more, at the lower limit); `None` when blind.
    pub prospects: Option<[Prospect; 2]>,
    /// What was doubted of the sample that it was made on.
    pub doubts: Doubts,
    /// What the Q-network preferred then, and by what margin.
    pub preference: Option<Preference>,
    /// The forecast that it was made on; `None` without one.
    pub forecast: Option<Basis>,
}
