//! What lies ahead: the nowcast at lead time and how much of it is believed.

use super::table::parameters;

parameters! {
    /// The nowcast's numbers.
    pub struct NowcastParams {
        /// Seconds after which the forecast's present error is worth a third. Commit ce76476; range tried:
        /// unknown.
        error_fades_s: f32 = 1200.0, "seconds";
        /// What the forecast's present error is worth before anything was learned. Commit ce76476; range
        /// tried: unknown.
        prior_error: f32 = 0.9, "1";
        /// What the present trend is worth before anything was learned. Commit ce76476; range tried: unknown.
        prior_trend: f32 = 0.7, "1";
        /// How firmly both are believed. Commit ce76476; range tried: unknown.
        prior_worth: f32 = 0.02, "squared errors of the size of the mean rate";
        /// Errors grow with the rate to this power: between constant (0) and proportional (1). Commit
        /// ce76476; range tried: unknown.
        error_power: f32 = 0.2, "1";
        /// A rate near 0 still has errors as this share of the mean rate has. Commit ce76476; range tried:
        /// unknown.
        min_share: f32 = 0.02, "share of the mean rate";
        /// Error expected at first. Commit ce76476; range tried: unknown.
        first_error: f32 = 0.05, "share of the scale";
        /// Outcomes that the first error is worth. Commit ce76476; range tried: unknown.
        first_worth: f32 = 20.0, "outcomes";
        /// Seconds of the fast average of errors; the slow one spans a day. Commit ce76476; range tried:
        /// unknown.
        fast_s: f32 = 1800.0, "seconds";
        /// The trend leads to a rise of at most this: two samples make a line, and no trend. Commit ea1c9cc;
        /// range tried: unknown.
        max_rise: f32 = 1.0, "share of the level";
        /// A rise leads only as far as it is larger than chance: than so many standard deviations of a sample's
        /// count (Poisson). Chosen by ADR 8 (0 before); tried: 0.5, 1, 2.
        rise_by_chance: f32 = 1.0, "standard deviations of a count";
        /// An outcome counts for an error of at most this: no single one decides. Commit b53d7ce; range
        /// tried: unknown.
        max_off: f32 = 10.0, "scales";
        /// Seconds beyond lead time in which a nowcast that missed fades by a factor of e. Commit ea1c9cc;
        /// range tried: unknown.
        missed_s: f32 = 120.0, "seconds";
        /// A rate above what could be justified by this factor comes by a burst that no margin prepares
        /// for. Commit 4134da4 (one step more careful than 4358482); other values tried: unknown.
        beyond: f32 = 1.4, "1";
        /// Traffic that was foreseen below this was at rest. Commit aa3b006; range tried: unknown.
        at_rest: f32 = 0.02, "share of the mean rate";
        /// Traffic above this is back. Commit aa3b006; range tried: unknown.
        back: f32 = 0.5, "share of the mean rate";
        /// The trend is followed on the high path for at most this long. Chosen by ADR 5 (150 before).
        trend_lasts_s: f32 = 120.0, "seconds";
        /// The forecast's own trend is read from `trend_behind_s` before the present to this long after it.
        /// Commit df27f6a; range tried: unknown.
        trend_ahead_s: f32 = 60.0, "seconds";
        /// Where that reading begins: one usual sample back. Commit df27f6a; range tried: unknown.
        trend_behind_s: f32 = 30.0, "seconds";
        /// Room above what was seen and what is forecast for which a pool may be prepared. Chosen on traffic
        /// of four traces (tweets of Amazon and IBM, World Cup, NASA) before their last 21 days, at 40
        /// jobs (commit 4134da4). Tried: 1.1, 1.3, 2.
        room: f32 = 1.3, "1";
        /// The same where changes are costly, since a pool that may not grow when it must has to be large
        /// before. Tried with `room`: 1.1, 1.5, 2, 2.5; chosen by ADR 5 (2.5 before).
        costly_room: f32 = 2.0, "1";
        /// What a forecast may raise while blind goes this far above the highest rate seen. Commit
        /// ea1c9cc; range tried: unknown.
        seen_room: f32 = 1.1, "1";
        /// Jobs come up until so long after lead time: 0.97 of them, at the spread of start-up times that is
        /// taken for usual. Not tuned.
        stragglers: f32 = 0.5, "start-up times";
        /// "Soon" reaches this far beyond lead time. Chosen by ADR 5 (360 before).
        soon_s: f32 = 600.0, "seconds";
        /// "Later" reaches this far beyond lead time. Commit ce76476; range tried: unknown.
        later_s: f32 = 1200.0, "seconds";
        /// A forecast's shape beyond lead time is believed down to this factor of the rate at lead time.
        /// Commit ce76476; range tried: unknown.
        min_shape: f32 = 0.5, "1";
        /// And up to this one. Commit ce76476; range tried: unknown.
        max_shape: f32 = 2.0, "1";
        /// Jobs on their way are expected after this many mean start-up times in the projection of the
        /// backlog. Chosen by ADR 5 (1.1 before).
        coming_late: f32 = 1.5, "start-up times";
    }
}
