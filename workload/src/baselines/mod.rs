//! The rules that people use today, to compare with. Each is written from the public documentation
//! of its product and has one knob: what its users turn to trade cost for punctuality. Beside each
//! rule stand the knob that is documented or usual, and the values worth a try, cheapest first.
//!
//! All but [`StaticRule`] are listed in [`Peer`]. A rule that cannot see (a sample was lost) leaves
//! the pool as it is.

mod ds2;
mod hpa;
mod lag;
mod oracle;
mod seasonal;
mod trend;

pub use ds2::Ds2Rule;
pub use hpa::HpaRule;
pub use lag::LagRule;
pub use oracle::OracleRule;
pub use seasonal::SeasonalRule;
pub use trend::TrendRule;

use crate::sim::{Load, World};
use scaleiq_core::sample::Sample;
use scaleiq_core::units::{Jobs, UnixSeconds};
use std::collections::VecDeque;

/// Decides the number of jobs from the latest sample and what it remembers.
pub trait ScalingRule {
    /// The rule's name in tables.
    fn name(&self) -> &'static str;

    /// The jobs wanted from now on.
    fn decide(&mut self, sample: &Sample) -> Jobs;
}

/// A pool that never changes.
#[derive(Clone, Copy, Debug)]
pub struct StaticRule {
    /// Knob: the size of the pool. There is no sensible default.
    pub jobs: Jobs,
}

impl ScalingRule for StaticRule {
    fn name(&self) -> &'static str {
        "static"
    }

    fn decide(&mut self, _sample: &Sample) -> Jobs {
        self.jobs
    }
}

/// A rule by name, to be played at any knob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Peer {
    /// [`HpaRule`].
    Hpa,
    /// [`LagRule`].
    Lag,
    /// [`Ds2Rule`].
    Ds2,
    /// [`TrendRule`].
    Trend,
    /// [`SeasonalRule`].
    Seasonal,
    /// [`OracleRule`]: a bound rather than a peer.
    Oracle,
}

impl Peer {
    /// All of them, the bound last.
    pub const ALL: [Self; 6] =
        [Self::Hpa, Self::Lag, Self::Ds2, Self::Trend, Self::Seasonal, Self::Oracle];

    /// Its name in tables and on command lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hpa => HpaRule::NAME,
            Self::Lag => LagRule::NAME,
            Self::Ds2 => Ds2Rule::NAME,
            Self::Trend => TrendRule::NAME,
            Self::Seasonal => SeasonalRule::NAME,
            Self::Oracle => OracleRule::NAME,
        }
    }

    /// The rule of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|peer| peer.name() == name)
    }

    /// Whether it knows what nobody can know, and so is no rule to choose but a bound to all.
    #[must_use]
    pub const fn is_bound(self) -> bool {
        matches!(self, Self::Oracle)
    }

    /// The knob that is documented or usual; one of [`Peer::knobs`].
    #[must_use]
    pub const fn default_knob(self) -> f32 {
        match self {
            Self::Hpa => HpaRule::DEFAULT_TARGET,
            Self::Lag => LagRule::DEFAULT_THRESHOLD_S,
            Self::Ds2 => Ds2Rule::DEFAULT_TARGET,
            Self::Trend => TrendRule::DEFAULT_TARGET,
            Self::Seasonal => SeasonalRule::DEFAULT_TARGET,
            Self::Oracle => OracleRule::DEFAULT_HEAD_ROOM,
        }
    }

    /// The knobs worth a try, cheapest first.
    #[must_use]
    pub const fn knobs(self) -> &'static [f32] {
        match self {
            Self::Hpa => &HpaRule::TARGETS,
            Self::Lag => &LagRule::THRESHOLDS_S,
            Self::Ds2 => &Ds2Rule::TARGETS,
            Self::Trend => &TrendRule::TARGETS,
            Self::Seasonal => &SeasonalRule::TARGETS,
            Self::Oracle => &OracleRule::HEAD_ROOMS,
        }
    }

    /// The rule at `knob`. Only the oracle looks at the load and the world.
    #[must_use]
    pub fn build<'a>(self, knob: f32, load: &'a Load, world: World) -> Box<dyn ScalingRule + 'a> {
        match self {
            Self::Hpa => Box::new(HpaRule::new(knob)),
            Self::Lag => Box::new(LagRule::new(knob)),
            Self::Ds2 => Box::new(Ds2Rule::new(knob)),
            Self::Trend => Box::new(TrendRule::new(knob)),
            Self::Seasonal => Box::new(SeasonalRule::new(knob)),
            Self::Oracle => Box::new(OracleRule::new(knob, load, world)),
        }
    }
}

/// The highest of the numbers of jobs that were recommended within a window of time.
#[derive(Clone, Debug)]
struct Highest {
    window_s: i64,
    /// Recommendations of the window that no later one reaches, so that the first is the highest.
    kept: VecDeque<(UnixSeconds, Jobs)>,
}

impl Highest {
    fn within(window_s: i64) -> Self {
        Self { window_s, kept: VecDeque::new() }
    }

    /// Adds what is recommended at `at`; gives the highest of the window that ends there.
    fn push(&mut self, at: UnixSeconds, jobs: Jobs) -> Jobs {
        while self.kept.back().is_some_and(|(_, kept)| *kept <= jobs) {
            self.kept.pop_back();
        }
        self.kept.push_back((at, jobs));
        while self.kept.front().is_some_and(|(then, _)| at.since(*then) > self.window_s) {
            self.kept.pop_front();
        }
        self.kept.front().map_or(jobs, |(_, highest)| *highest)
    }
}

/// What the Horizontal Pod Autoscaler does to every recommendation by default: up by at most +100 %
/// or 4 pods in 15 s, whichever is more; down to the highest recommendation of the last 300 s.
#[derive(Clone, Debug)]
struct Stabiliser {
    highest: Highest,
    last: Option<Jobs>,
}

impl Default for Stabiliser {
    fn default() -> Self {
        Self { highest: Highest::within(Self::WINDOW_S), last: None }
    }
}

impl Stabiliser {
    const PERIOD_S: u32 = 15;
    const WINDOW_S: i64 = 300;

    fn limit(&mut self, sample: &Sample, have: Jobs, want: Jobs) -> Jobs {
        let highest = self.highest.push(sample.end, want);
        let jobs = if want > have {
            let mut most = have.0;
            // 2^32 jobs are out of reach after 32 doublings, however long the tick.
            for _ in 0..(sample.interval_s / Self::PERIOD_S).clamp(1, 32) {
                most = most.saturating_mul(2).max(most.saturating_add(4));
            }
            want.min(Jobs(most))
        } else {
            have.min(highest)
        };
        self.last = Some(jobs);
        jobs
    }

    fn hold(&self, sample: &Sample) -> Jobs {
        hold(sample, self.last)
    }
}

/// The reference system's work per event, where none has been measured yet.
const FIRST_WORK_MS: f32 = 73.6;

/// Jobs that run or start.
fn have(sample: &Sample) -> Option<Jobs> {
    let (ready, starting) = (sample.jobs_ready?, sample.jobs_starting?);
    Some(Jobs(ready.0.saturating_add(starting.0)))
}

/// Without metrics the pool stays as it is.
fn hold(sample: &Sample, last: Option<Jobs>) -> Jobs {
    have(sample).or(last).unwrap_or(Jobs(1))
}

#[cfg(test)]
mod tests;
