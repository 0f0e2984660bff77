//! What the user knows of the future: holidays and campaigns.

use super::grid::STEPS;

/// Kinds of events that can be planned.
pub const PLANS: usize = 2;
/// Names of the kinds, in the order of a [`Plan`].
pub const PLAN_NAMES: [&str; PLANS] = ["holiday", "campaign"];

/// What is planned for an interval, kind by kind: 0 is nothing, 1 the usual size, 2 twice that.
pub type Plan = [f32; PLANS];

/// What is planned for an interval and for the [`STEPS`] that follow it.
pub type Ahead = [Plan; STEPS + 1];

/// Largest size that counts: a slip of the pen must not drown what was learned.
const LARGEST: f32 = 100.0;

/// What is planned from `row` on; nothing where `plans` ends. Rows further ahead than a forecast
/// reaches are not looked at.
#[must_use]
pub fn ahead(plans: &[Plan], row: usize) -> Ahead {
    core::array::from_fn(|step| plans.get(row + step).copied().unwrap_or_default())
}

/// Sizes that can be counted with: what is negative or no number stands for nothing planned.
pub(super) fn sound(ahead: &Ahead) -> Ahead {
    let sound = |size: f32| if size.is_finite() { size.clamp(0.0, LARGEST) } else { 0.0 };
    ahead.map(|plan| plan.map(sound))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_end_and_nonsense_is_nothing() {
        let plans = [[1.0, 0.0], [f32::NAN, -1.0], [f32::INFINITY, 2.0], [1e9, 0.5]];
        let ahead = ahead(&plans, 1);
        assert_eq!(ahead[3..], [[0.0; PLANS]; STEPS - 2]);
        assert_eq!(sound(&ahead)[..3], [[0.0, 0.0], [0.0, 2.0], [LARGEST, 0.5]]);
    }
}
