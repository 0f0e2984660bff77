//! Which faults come, and how often.

use super::{Family, FaultKind};
use std::fmt;
use std::str::FromStr;

/// Most faults of one kind in a day.
const MAX_PER_DAY: f32 = 10_000.0;

/// How often each fault comes, per day. The default is never.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FaultPlan {
    per_day: [f32; FaultKind::ALL.len()],
}

impl Default for FaultPlan {
    fn default() -> Self {
        Self { per_day: [0.0; FaultKind::ALL.len()] }
    }
}

impl FaultPlan {
    /// Every fault at its usual rate.
    #[must_use]
    pub fn all() -> Self {
        Self { per_day: FaultKind::ALL.map(|kind| kind.profile().per_day) }
    }

    /// One fault at its usual rate.
    #[must_use]
    pub fn only(kind: FaultKind) -> Self {
        Self::default().with(kind, kind.profile().per_day)
    }

    /// The same with `kind` at `per_day`; a rate that is negative or NaN is none.
    #[must_use]
    pub fn with(mut self, kind: FaultKind, per_day: f32) -> Self {
        if let Some(rate) = self.per_day.get_mut(kind as usize) {
            *rate = per_day.max(0.0);
        }
        self
    }

    /// How often `kind` comes, per day. What lasts from the first moment on comes once, if at all.
    #[must_use]
    pub fn per_day(&self, kind: FaultKind) -> f32 {
        self.per_day.get(kind as usize).copied().unwrap_or(0.0)
    }

    /// The faults of one family alone.
    pub(super) fn family(&self, family: Family) -> Self {
        self.filtered(|kind| kind.profile().family == family)
    }

    /// The faults of the other families.
    pub(super) fn without(&self, family: Family) -> Self {
        self.filtered(|kind| kind.profile().family != family)
    }

    fn filtered(&self, keep: impl Fn(FaultKind) -> bool) -> Self {
        let kept = self.kinds().filter(|kind| keep(*kind));
        kept.fold(Self::default(), |plan, kind| plan.with(kind, self.per_day(kind)))
    }

    /// The faults that come at all.
    pub fn kinds(&self) -> impl Iterator<Item = FaultKind> + '_ {
        FaultKind::ALL.into_iter().filter(|kind| self.per_day(*kind) > 0.0)
    }
}

/// Why a text is no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanError {
    /// There is no fault of this name.
    Unknown(String),
    /// What stands behind the colon is no rate.
    Rate(String),
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => {
                write!(f, "no such fault `{name}`; there are all")?;
                FaultKind::ALL.into_iter().try_for_each(|kind| write!(f, ", {}", kind.name()))
            }
            Self::Rate(rate) => {
                write!(f, "`{rate}` is no rate per day: a number above 0 and up to {MAX_PER_DAY}")
            }
        }
    }
}

impl std::error::Error for PlanError {}

impl FromStr for FaultPlan {
    type Err = PlanError;

    /// Reads `all`, or names with commas between, each with `:RATE` per day behind it if it is to
    /// come more or less often than usual.
    fn from_str(text: &str) -> Result<Self, PlanError> {
        let mut plan = Self::default();
        for part in text.split(',').map(str::trim) {
            let (name, rate) = part.split_once(':').map_or((part, None), |(n, r)| (n, Some(r)));
            let rate = rate.map(parse_rate).transpose()?;
            let one = FaultKind::named(name);
            if one.is_none() && name != "all" {
                return Err(PlanError::Unknown(name.to_string()));
            }
            for kind in FaultKind::ALL.into_iter().filter(|k| one.is_none_or(|one| one == *k)) {
                plan = plan.with(kind, rate.unwrap_or(kind.profile().per_day));
            }
        }
        Ok(plan)
    }
}

fn parse_rate(text: &str) -> Result<f32, PlanError> {
    match text.parse() {
        Ok(rate) if rate > 0.0 && rate <= MAX_PER_DAY => Ok(rate),
        _ => Err(PlanError::Rate(text.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_read() {
        let plan: FaultPlan = "hole, frozen:12".parse().unwrap();
        let usual = FaultKind::Hole.profile().per_day;
        assert_eq!(plan, FaultPlan::only(FaultKind::Hole).with(FaultKind::Frozen, 12.0));
        assert_eq!((plan.per_day(FaultKind::Hole), plan.kinds().count()), (usual, 2));
        assert_eq!("all".parse(), Ok(FaultPlan::all()));
        let often: FaultPlan = "all:3,frozen:7".parse().unwrap();
        assert!((often.per_day(FaultKind::Hole), often.per_day(FaultKind::Frozen)) == (3.0, 7.0));
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        let error = |text: &str| text.parse::<FaultPlan>().unwrap_err().to_string();
        assert!(
            error("hole,gremlins").starts_with("no such fault `gremlins`; there are all, lost")
        );
        for bad in ["hole:", "hole:-1", "hole:nan", "all:1e9"] {
            assert!(error(bad).contains("is no rate per day"), "{bad}");
        }
    }

    #[test]
    fn every_fault_has_a_place_and_a_name_of_its_own() {
        for (index, kind) in FaultKind::ALL.into_iter().enumerate() {
            assert_eq!((kind as usize, FaultKind::named(kind.name())), (index, Some(kind)));
            assert!(kind.profile().per_day > 0.0);
        }
    }
}
