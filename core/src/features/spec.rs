//! The list of features: name, unit, formula, warm-up.

use crate::units::DAY_S;

/// What a feature's number is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Sine or cosine of a place in a cycle.
    Cycle,
    /// Events per interval, or events.
    Events,
    /// A ratio of like quantities.
    Ratio,
    /// Standard deviations.
    ZScore,
    /// Milliseconds.
    Millis,
    /// Seconds.
    Seconds,
    /// 0 or 1.
    Flag,
}

/// When a feature is defined for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarmUp {
    /// From the first interval on in which what it needs was observed.
    None,
    /// After this many intervals.
    Intervals(u16),
    /// After this many seconds.
    Seconds(u32),
}

/// One feature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FeatureSpec {
    /// Its name, unique.
    pub name: &'static str,
    /// What it is measured in.
    pub unit: Unit,
    /// How it is computed; `x` is the series, `x[k]` its value `k` intervals ago.
    pub formula: &'static str,
    /// When it is defined for the first time.
    pub warm_up: WarmUp,
}

const fn spec(
    name: &'static str,
    unit: Unit,
    formula: &'static str,
    warm_up: WarmUp,
) -> FeatureSpec {
    FeatureSpec { name, unit, formula, warm_up }
}

/// Features per series and window.
pub(super) const PER_WINDOW: usize = 8;
/// Features per series beside those of windows.
pub(super) const PER_SERIES: usize = 3;
/// Features of the calendar, which come first.
pub const CALENDAR: usize = 8;
/// Features per season.
pub(super) const PER_SEASON: usize = 3;
/// Features of operations.
pub(super) const OPERATIONS: usize = 10;
/// All of one series.
const SERIES: usize = 4 * PER_WINDOW + PER_SERIES;

/// Number of features.
pub const COUNT: usize = CALENDAR + 3 * SERIES + 2 * PER_SEASON + OPERATIONS;

pub(super) const CALENDAR_SPECS: [FeatureSpec; CALENDAR] = [
    spec("hour_sin", Unit::Cycle, "sin(2 pi second of day / 86400), UTC", WarmUp::None),
    spec("hour_cos", Unit::Cycle, "cos(2 pi second of day / 86400), UTC", WarmUp::None),
    spec("day_of_week_sin", Unit::Cycle, "sin(2 pi day of week / 7), Monday 0", WarmUp::None),
    spec("day_of_week_cos", Unit::Cycle, "cos(2 pi day of week / 7), Monday 0", WarmUp::None),
    spec("day_of_month_sin", Unit::Cycle, "sin(2 pi (day of month - 1) / 31)", WarmUp::None),
    spec("day_of_month_cos", Unit::Cycle, "cos(2 pi (day of month - 1) / 31)", WarmUp::None),
    spec("month_sin", Unit::Cycle, "sin(2 pi (month - 1) / 12)", WarmUp::None),
    spec("month_cos", Unit::Cycle, "cos(2 pi (month - 1) / 12)", WarmUp::None),
];

/// Features of one series over one window.
macro_rules! window_specs {
    ($series:literal, $window:literal) => {
        [
            spec(
                concat!($series, "_lag_", $window),
                Unit::Events,
                concat!("x[", $window, "]"),
                WarmUp::Intervals($window + 1),
            ),
            spec(
                concat!($series, "_mean_", $window),
                Unit::Events,
                concat!("mean of the last ", $window),
                WarmUp::Intervals($window / 2),
            ),
            spec(
                concat!($series, "_std_", $window),
                Unit::Events,
                concat!("sample standard deviation of the last ", $window),
                WarmUp::Intervals($window / 2),
            ),
            spec(
                concat!($series, "_min_", $window),
                Unit::Events,
                concat!("smallest of the last ", $window),
                WarmUp::Intervals($window / 2),
            ),
            spec(
                concat!($series, "_max_", $window),
                Unit::Events,
                concat!("largest of the last ", $window),
                WarmUp::Intervals($window / 2),
            ),
            spec(
                concat!($series, "_ewm_", $window),
                Unit::Events,
                concat!("e += 2 / (", $window, " + 1) (x - e), missing x skipped"),
                WarmUp::None,
            ),
            spec(
                concat!($series, "_diff_", $window),
                Unit::Events,
                concat!("x - x[", $window, "]"),
                WarmUp::Intervals($window + 1),
            ),
            spec(
                concat!($series, "_pct_", $window),
                Unit::Ratio,
                concat!("(x - x[", $window, "]) / max(x[", $window, "], 1)"),
                WarmUp::Intervals($window + 1),
            ),
        ]
    };
}

/// All features of one series.
macro_rules! series_specs {
    ($series:literal) => {
        concat_specs::<SERIES>(&[
            &[spec($series, Unit::Events, "x", WarmUp::None)],
            &window_specs!($series, 6),
            &window_specs!($series, 12),
            &window_specs!($series, 24),
            &window_specs!($series, 72),
            &[
                spec(
                    concat!($series, "_z"),
                    Unit::ZScore,
                    "(x - mean of the last 72) / std of the last 72; 0 if that is 0",
                    WarmUp::Intervals(36),
                ),
                spec(
                    concat!($series, "_anomaly"),
                    Unit::Flag,
                    "1 if abs(z) > 2.5",
                    WarmUp::Intervals(36),
                ),
            ],
        ])
    };
}

/// Trend, season and rest over one period.
macro_rules! season_specs {
    ($period:literal, $seconds:expr) => {
        [
            spec(
                concat!("arrivals_trend_", $period),
                Unit::Events,
                concat!("mean of the last ", $period, ", in bins"),
                WarmUp::None,
            ),
            spec(
                concat!("arrivals_season_", $period),
                Unit::Events,
                concat!("smoothed x - trend at this phase of the ", $period, ", 0 at first"),
                WarmUp::Seconds($seconds),
            ),
            spec(
                concat!("arrivals_residual_", $period),
                Unit::Events,
                "x - trend - season",
                WarmUp::Seconds($seconds),
            ),
        ]
    };
}

pub(super) const OPERATION_SPECS: [FeatureSpec; OPERATIONS] = [
    spec("queue_pressure", Unit::Ratio, "backlog / max(arrivals, 1)", WarmUp::None),
    spec("processing_efficiency", Unit::Ratio, "processed / max(arrivals, 1)", WarmUp::None),
    spec("in_out_ratio", Unit::Ratio, "arrivals / max(processed, 1)", WarmUp::None),
    spec(
        "queue_utilisation",
        Unit::Ratio,
        "mean backlog / largest backlog of the last 72",
        WarmUp::Intervals(36),
    ),
    spec("load", Unit::Ratio, "arrivals x work / (jobs x interval)", WarmUp::None),
    spec("capacity", Unit::Events, "jobs x interval / work", WarmUp::None),
    spec(
        "arrivals_volatility_72",
        Unit::Ratio,
        "std / mean of the last 72 arrivals",
        WarmUp::Intervals(36),
    ),
    spec("backlog_s", Unit::Seconds, "backlog x work / max(jobs, 1)", WarmUp::None),
    spec("work_ms", Unit::Millis, "mean work per event", WarmUp::None),
    spec("work_change", Unit::Ratio, "work / its ewm over 72 intervals - 1", WarmUp::None),
];

/// All features, in the order of [`super::Features`].
pub static SPECS: [FeatureSpec; COUNT] = concat_specs(&[
    &CALENDAR_SPECS,
    &series_specs!("arrivals"),
    &series_specs!("processed"),
    &series_specs!("backlog"),
    &season_specs!("day", DAY_S),
    &season_specs!("week", 7 * DAY_S),
    &OPERATION_SPECS,
]);

/// Joins lists at compile time; a wrong `N` does not compile.
const fn concat_specs<const N: usize>(parts: &[&[FeatureSpec]]) -> [FeatureSpec; N] {
    let mut all = [spec("", Unit::Flag, "", WarmUp::None); N];
    let (mut at, mut part) = (0, 0);
    while part < parts.len() {
        let mut k = 0;
        while k < parts[part].len() {
            all[at] = parts[part][k];
            at += 1;
            k += 1;
        }
        part += 1;
    }
    assert!(at == N, "COUNT does not match the list");
    all
}
