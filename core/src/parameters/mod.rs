//! The numbers that the plan, the guard, the nowcast and the margin were tuned with.
//!
//! Each stands in one struct with its unit, what it means and what chose it, and is read from
//! [`Settings::parameters`](crate::settings::Settings::parameters), so that a search or a sweep can try
//! another: [`Parameters::table`] lists them, [`Parameters::set`] changes one by its name. Where history
//! does not tell what else was tried, it says so. A number of the guard that a promise rests on is also
//! stated by [`crate::invariant::Watch`], which calls another one a broken promise.

mod budget;
mod guard;
mod nowcast;
mod planner;
mod table;

pub use budget::BudgetParams;
pub use guard::GuardParams;
pub use nowcast::NowcastParams;
pub use planner::{CheapChanges, CostlyChanges, PlannerParams};
pub use table::Parameter;

use serde::{Deserialize, Serialize};

/// All tuned numbers of the way from an estimate to a number of jobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// How many jobs are planned.
    pub planner: PlannerParams,
    /// What is let through.
    pub guard: GuardParams,
    /// What lies ahead.
    pub nowcast: NowcastParams,
    /// How much room lateness earns.
    pub budget: BudgetParams,
}

impl Parameters {
    /// The numbers in force where nothing else is said.
    pub const DEFAULT: Self = Self {
        planner: PlannerParams::DEFAULT,
        guard: GuardParams::DEFAULT,
        nowcast: NowcastParams::DEFAULT,
        budget: BudgetParams::DEFAULT,
    };

    /// Whether every number can be counted with: finite and not negative.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let Self { planner: PlannerParams { cheap, costly }, guard, nowcast, budget } = self;
        let planner = cheap.is_sound() && costly.is_sound();
        planner && guard.is_sound() && nowcast.is_sound() && budget.is_sound()
    }

    /// Every number with its place, unit, meaning and value, in the order of the structs.
    pub fn table(&self) -> impl Iterator<Item = Parameter> {
        let planner = self.planner.cheap.table("planner.cheap");
        let planner = planner.into_iter().chain(self.planner.costly.table("planner.costly"));
        let rest = self.guard.table("guard").into_iter();
        let rest = rest.chain(self.nowcast.table("nowcast")).chain(self.budget.table("budget"));
        planner.chain(rest)
    }

    /// Changes the number of this group and name, as [`Parameters::table`] has them; whole numbers are
    /// rounded. Says whether there is such a one and `value` is finite and not negative.
    pub fn set(&mut self, group: &str, name: &str, value: f64) -> bool {
        if !(value.is_finite() && value >= 0.0) {
            return false;
        }
        match group {
            "planner.cheap" => self.planner.cheap.set(name, value),
            "planner.costly" => self.planner.costly.set(name, value),
            "guard" => self.guard.set(name, value),
            "nowcast" => self.nowcast.set(name, value),
            "budget" => self.budget.set(name, value),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
