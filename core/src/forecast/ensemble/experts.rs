//! The experts: how many, their names, and the weights that they begin with.

/// One value of each expert.
pub(super) type Opinions = [f32; EXPERTS];

/// Seasons beside day and week that a user may name; a microcontroller has no room for them.
pub const OWN_SEASONS: usize = if cfg!(feature = "seasons") { 2 } else { 0 };
/// Number of experts.
pub const EXPERTS: usize = FIRST_OWN + OWN_SEASONS;
/// The expert that is the network.
pub(crate) const NETWORK: usize = 0;
/// The first of a user's own seasons among the experts, and the weight that each begins with.
pub(super) const FIRST_OWN: usize = 9;
pub(super) const OWN_WEIGHT: f32 = 0.04;
/// Names of the experts, in the order of their weights.
pub const EXPERT_NAMES: [&str; EXPERTS] = as_many(&[
    "network",
    "last_value",
    "slow_smoothing",
    "fast_smoothing",
    "yesterday",
    "last_week",
    "slow_regression",
    "fast_regression",
    "short_regression",
    "own_season_1",
    "own_season_2",
]);
/// Weights before anything was seen: the network, and what is safe on a first day. Seasons are the
/// last value until there are some; regressions must earn their weight.
pub(super) const FIRST_WEIGHTS: Opinions =
    as_many(&[0.25, 0.28, 0.13, 0.25, 0.04, 0.04, 0.003, 0.003, 0.004, 0.0, 0.0]);
/// Weights without a mixture.
pub(super) const NETWORK_ALONE: Opinions =
    as_many(&[1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);

/// The first of `all` that there are experts for.
const fn as_many<T: Copy>(all: &[T; 11]) -> [T; EXPERTS] {
    let mut some = [all[0]; EXPERTS];
    let mut k = 0;
    while k < EXPERTS {
        some[k] = all[k];
        k += 1;
    }
    some
}
