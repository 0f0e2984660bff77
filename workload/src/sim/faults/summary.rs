//! What a fault costs over many cases.

use super::kind::{Family, FaultKind};
use super::verdict::{MAX_AFTERMATH, MAX_ASKED, MAX_COST, MAX_SLA_POINTS, Verdict};
use serde::Serialize;
use std::fmt;

/// Standard errors by which a mean may miss its mark,
const SURE: f64 = 2.0;
/// and most percentage points of the SLA that they are good for.
const MAX_DOUBT: f64 = 0.1;

/// Verdicts on one fault in many cases. Marks are of means: with other luck and no fault at all, one
/// case in three loses 0.05 points of its SLA.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// What went wrong.
    pub kind: FaultKind,
    /// Cases.
    pub cases: u32,
    /// Cost over the cost of the clean run, on average.
    pub cost_ratio: f64,
    /// The same in the worst case.
    pub worst_cost: f64,
    /// Percentage points of the SLA gained, on average.
    pub sla_points: f64,
    /// Standard error of that.
    pub sla_error: f64,
    /// The same in the worst case.
    pub worst_sla: f64,
    /// Ticks in which a pool was made smaller while nothing true was told.
    pub blind_falls: u32,
    /// Episodes that were judged by what followed,
    pub ended: u32,
    /// and those of them after which the pool was soon as it would have been.
    pub recovered: u32,
    /// [`Verdict::max_asked`], on average.
    pub max_asked: f64,
    /// [`Verdict::aftermath`], on average.
    pub aftermath: f64,
}

impl Summary {
    /// Names of what [`Summary`] displays.
    pub const HEADING: &str = "fault              cases   cost (worst)    SLA points       (worst)  blind  \
                               recovered  asked  after  marks";

    /// Sums verdicts of one kind up; `None` without any.
    #[must_use]
    pub fn of(verdicts: &[Verdict]) -> Option<Self> {
        let kind = verdicts.first()?.kind;
        let n = verdicts.len() as f64;
        let mean = |f: fn(&Verdict) -> f64| verdicts.iter().map(f).sum::<f64>() / n;
        let most = |f: fn(&Verdict) -> f64| verdicts.iter().map(f).fold(f64::MIN, f64::max);
        let sum = |f: fn(&Verdict) -> u32| verdicts.iter().map(f).sum();
        let sla_points = mean(|v| v.sla_points);
        let square = |v: &Verdict| (v.sla_points - sla_points) * (v.sla_points - sla_points);
        Some(Self {
            kind,
            cases: verdicts.len() as u32,
            cost_ratio: mean(|v| v.cost_ratio),
            worst_cost: most(|v| v.cost_ratio),
            sla_points,
            sla_error: libm::sqrt(verdicts.iter().map(square).sum()) / n,
            worst_sla: -most(|v| -v.sla_points),
            blind_falls: sum(|v| v.blind_falls),
            ended: sum(|v| v.ended),
            recovered: sum(|v| v.recovered),
            max_asked: mean(|v| v.max_asked),
            aftermath: mean(|v| v.aftermath),
        })
    }

    /// Whether the marks of its kind are kept. What carries no information is harmless and over when
    /// it ends; what befalls a pool is answered with bounded numbers; nothing is felt for hours, and
    /// no pool shrinks while blind.
    #[must_use]
    pub fn passes(&self) -> bool {
        let profile = self.kind.profile();
        let harmless = self.cost_ratio <= MAX_COST
            && self.sla_points + (SURE * self.sla_error).min(MAX_DOUBT) >= -MAX_SLA_POINTS;
        let right = match (profile.informs, profile.family) {
            (false, _) => harmless && self.recovers(),
            (true, Family::Pool) => self.max_asked <= MAX_ASKED,
            (true, _) => true,
        };
        right && self.blind_falls == 0 && self.aftermath <= MAX_AFTERMATH
    }

    /// Whether nearly all episodes are over when they end. Two pools that were equal once differ
    /// now and then by themselves.
    fn recovers(&self) -> bool {
        f64::from(self.recovered) >= 0.95 * f64::from(self.ended)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:17} {:>6}  {:>5.3} ({:>5.2})  {:>+7.3} +- {:.3} ({:>+6.2})  {:>5}  {:>5}/{:<5} {:>5.1}  {:>5.2}  {}",
            self.kind.name(),
            self.cases,
            self.cost_ratio,
            self.worst_cost,
            self.sla_points,
            self.sla_error,
            self.worst_sla,
            self.blind_falls,
            self.recovered,
            self.ended,
            self.max_asked,
            self.aftermath,
            if self.passes() { "kept" } else { "missed" },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(kind: FaultKind, cost_ratio: f64, sla_points: f64) -> Verdict {
        Verdict {
            kind,
            episodes: 3,
            cost_ratio,
            sla_points,
            blind_falls: 0,
            ended: 3,
            recovered: 3,
            max_asked: 1.0,
            aftermath: 1.0,
        }
    }

    #[test]
    fn means_are_judged_as_far_as_they_are_known() {
        let of = |points: [f64; 4]| {
            let all = points.map(|p| verdict(FaultKind::Frozen, 1.02, p));
            Summary::of(&all).unwrap()
        };
        assert!(of([-0.3, 0.3, -0.2, 0.2]).passes(), "luck");
        assert!(!of([-0.1, -0.11, -0.09, -0.1]).passes());
        let costly = [verdict(FaultKind::Frozen, 1.2, 0.0)];
        assert!(!Summary::of(&costly).unwrap().passes());
        assert_eq!(Summary::of(&[]), None);
    }

    #[test]
    fn what_befalls_a_pool_may_cost_but_not_without_bound() {
        let bad = verdict(FaultKind::BadRelease, 1.4, -3.0);
        assert!(Summary::of(&[bad]).unwrap().passes());
        let asked = Verdict { max_asked: 9.0, ..bad };
        assert!(!Summary::of(&[asked]).unwrap().passes());
        let felt = Verdict { aftermath: 3.0, ..bad };
        assert!(!Summary::of(&[felt]).unwrap().passes());
    }
}
